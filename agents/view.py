"""One agent's view in one turn (R16): its triggers, what it reads, whom it may ask. Never a transcript."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from agents.provenance import OUTSIDE, Shapes, marked_record, marked_trigger, quoted, reporter, shapes_of
from agents.tracking import TrackedSnapshot
from protocol.ids import KEY, case_id
from protocol.manifest import Manifest
from protocol.ports import ReadTx
from protocol.position import Trigger
from protocol.records import Record, Ref
from protocol.rows import CaseRow
from protocol.world import World

RECENT_LINES = 6
"""Earlier lines of the session that a person's request is shown with."""


CHARS_PER_TOKEN = 4
"""The usual estimate for English and JSON; a budget is a bound on size, not a bill."""


class Shown(NamedTuple):
    """A view as JSON, the versions read for it, and how often turns of earlier rounds were tried again."""

    view: dict[str, Any]
    versions: dict[str, int]
    retried: int


def build_view(tx: ReadTx, world: World, case: CaseRow, agent: str, triggers: Iterable[Trigger]) -> Shown:
    """The view; records stand in the order they are named in.

    What others wrote is marked (agents/provenance.py).
    """
    reads: dict[str, int] = {}
    snapshot = TrackedSnapshot(tx, reads)
    manifest = world.manifests[agent]
    shown = [_with_recent(tx, case, t) if t["type"] == "person" else _without_level(t) for t in triggers]
    readable = [t for t in manifest.capability_scope.reads if t in world.types]
    records: dict[Ref, Record] = {}
    for trigger in shown:
        for record in _mentioned(world, snapshot, readable, trigger):
            records.setdefault(record.ref, record)
    turns = list(tx.turns(case.id)) if case.passes else []
    shapes = shapes_of(world.toolbox)
    view = {
        **_frame(manifest, world.config.zone, case.id, tx.now),
        "round": max(1, case.rounds + 1),
        "turn": sum(turn["agent"] == agent for _, turn in turns),
        "triggers": [marked_trigger(shapes, t, _source(tx, t)) for t in shown],
        "resources": {str(r): marked_record(shapes, r, record.body) for r, record in records.items()},
        "versions": {str(r): record.version for r, record in records.items()},
    }
    versions = {t: v for t, v in reads.items() if world.types[t.partition("/")[0]].versioned}
    retried = sum(max(0, turn.get("attempts", 1) - 1) for number, turn in turns if number <= case.rounds)
    return Shown(view, versions, retried)


def _frame(manifest: Manifest, zone: str, case: str, now: str) -> dict[str, Any]:
    """What every view has, and no budget takes away."""
    return {
        "agent": manifest.agent,
        "case": case,
        "round": 1,
        "now": now,
        "zone": zone,
        "turn": 0,
        "triggers": [],
        "resources": {},
        "versions": {},
        "may_ask": {a: list(rs) for a, rs in manifest.capability_scope.asks.items()},
    }


def _source(tx: ReadTx, trigger: Mapping[str, Any]) -> str:
    """Who reported a fact, or the agent that published an event, as a mark names it."""
    row = tx.event(str(trigger["id"])) if trigger.get("id") else None
    if row is None:
        return OUTSIDE
    return reporter(row.source) if row.case is None else f"agent {row.agent}"


def least_tokens(manifest: Manifest, zone: str, trigger: Trigger, shapes: Shapes) -> int:
    """Tokens of the smallest view with this trigger: no records, no earlier lines."""
    frame = _frame(manifest, zone, case_id("", "", ""), "2026-01-01T00:00:00Z")
    marked = marked_trigger(shapes, trigger, reporter("x" * 64))
    return -(-len(quoted({**frame, "triggers": [marked]})) // CHARS_PER_TOKEN)


def _without_level(trigger: Trigger) -> dict[str, Any]:
    return {k: v for k, v in trigger.items() if k != "level"}


def _with_recent(tx: ReadTx, case: CaseRow, trigger: Trigger) -> dict[str, Any]:
    """A person's line with the recent exchange of its session."""
    recent: list[dict[str, str]] = []
    for earlier in tx.session_cases(case.session, RECENT_LINES + 1) if case.session else ():
        if earlier.id != case.id and earlier.text is not None:
            recent.append({"who": earlier.person or "guest", "text": earlier.text[:2000]})
            recent.append({"who": "andon", "text": earlier.reply[:2000]})
    return {**_without_level(trigger), "recent": recent[-2 * RECENT_LINES :]}


def _mentioned(
    world: World, snapshot: TrackedSnapshot, readable: list[str], trigger: Mapping[str, Any]
) -> Iterable[Record]:
    """Records that a trigger names: by key in its data, or in its words."""
    allowed = set(readable)
    for name, value in _strings(trigger):
        if name == "text":
            refs = world.toolbox.mentions(value, snapshot) if world.toolbox.mentions else ()
            yield from (r for ref in refs if ref.type in allowed if (r := snapshot.get(ref.type, ref.key)))
        elif name in allowed:
            if record := snapshot.get(name, value):
                yield record
        elif "/" in value and value.partition("/")[0] in allowed:
            if record := snapshot.get(*value.split("/", 1)):
                yield record
        elif name not in world.types and KEY.fullmatch(value):
            yield from (r for t in readable if (r := snapshot.get(t, value)))


def _strings(value: Any, name: str = "") -> Iterable[tuple[str, str]]:
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _strings(item, key)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _strings(item, name)
