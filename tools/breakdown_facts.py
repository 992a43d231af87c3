"""Facts about machines that appear, stop and come back, in whatever order the reports arrive.

A breakdown is one downtime, known by its machine and the instant it began: two sources that tell of it
make one record.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count, zip_longest
from typing import Any

from protocol.effects import Effects, Emit, Put, Release
from protocol.fields import Flag, KeyOf, ListOf, Maybe, Shape, Text
from protocol.ids import derive_key
from protocol.records import Record, Snapshot
from protocol.times import micros, parse, show
from protocol.toolbox import Fact, FactKind, create, put

from .events import MACHINE_STATE
from .machine_time import earlier
from .maintenance_actions import closed_event, downtime_claim, downtime_record, opened_data
from .values import UNTOLD

_ADDED: Shape = {
    "machine": KeyOf("machine"),
    "line": Text(16),
    "abilities": ListOf(Text(64)),
    "asset": Maybe(Text(64)),
}
_STATE: Shape = {
    **MACHINE_STATE,
    "order": Maybe(KeyOf("order")),
    "worker": Maybe(Text(64)),
    "rework": Maybe(Flag()),
    "flags": Maybe(ListOf(Text(64))),
}


def machine_added(fact: Fact, snapshot: Snapshot) -> Effects:
    """A machine that the floor does not know yet, up until somebody says otherwise."""
    data = fact.data
    if snapshot.get("machine", data["machine"]) is not None:
        return Effects()
    told: dict[str, Any] = {name: data.get(name) for name in ("line", "abilities", "asset")}
    made = create("machine", data["machine"], **told, state="Up", since=None, reason=None, locks=[])
    return Effects(puts=(made,))


def machine_down(fact: Fact, snapshot: Snapshot) -> Effects:
    """A machine has stopped. Told late, it changes what was, not what the machine is now."""
    at, machine = _instant(fact), snapshot.get("machine", fact.data["machine"])
    if machine is None:
        return Effects()
    told = Told.of(snapshot, machine.key)
    if at in told.downs:
        return Effects()
    after = told.after(downs=(at,))
    effects = _mended(told, after)
    downtime = _new_breakdown(told, after, at)
    opened = Emit("downtime.opened", str(downtime.ref), opened_data(downtime, forced=True))
    puts = (*effects.puts, downtime, *_standing(machine, after, fact))
    claims = (downtime_claim(downtime.ref, downtime.fields),) if after.end_of(at) is None else ()
    return replace(effects, puts=puts, claims=claims, events=(*effects.events, opened))


def machine_up(fact: Fact, snapshot: Snapshot) -> Effects:
    """A machine is back: what it was down for ends. A lock outlasts any report."""
    at, machine = _instant(fact), snapshot.get("machine", fact.data["machine"])
    if machine is None:
        return Effects()
    told = Told.of(snapshot, machine.key)
    after = told.after(ups=(at,))
    effects = _mended(told, after)
    found = snapshot.find("downtime", machine=machine.key, state="open")
    repaired = [d for d in found if d["kind"] not in ("breakdown", "lockout") and not earlier(at, d["start"])]
    ended = (put("downtime", d.key, state="closed", end=at) for d in repaired)
    return replace(
        effects,
        puts=(*effects.puts, *ended, *_standing(machine, after, fact)),
        releases=(*effects.releases, *(Release(d.ref) for d in repaired)),
        events=(*effects.events, *(closed_event(d, at) for d in repaired)),
    )


@dataclass(frozen=True, slots=True)
class Paired:
    """Every report of a machine in the order of what happened: when each stop ended, and what ended none.

    ``instants``: all of them; ``ups``: those that it is back; ``lasting``: the stops that none ended.
    """

    instants: frozenset[str]
    ups: Sequence[str]
    ends: Mapping[str, str]
    spare: Sequence[str]
    lasting: Sequence[str]

    @classmethod
    def of(cls, downs: Iterable[str], ups: Iterable[str]) -> "Paired":
        """A report that the machine is back ends the stop that lasts longest, or all of them when the next
        report is another stop. So it depends on what was reported, and not on when the reports came in.
        """
        reports = sorted([(micros(t), False, t) for t in downs] + [(micros(t), True, t) for t in ups])
        instants = frozenset(t for *_, t in reports)
        ends: dict[str, str] = {}
        waiting: list[str] = []
        spare: list[str] = []
        for (_, is_up, at), following in zip_longest(reports, reports[1:]):
            if not is_up:
                waiting.append(at)
                continue
            another = following is not None and following[1]
            over = waiting[:1] if another else waiting
            waiting = waiting[len(over) :]
            ends |= dict.fromkeys(over, at)
            if not over:
                spare.append(at)
        return cls(instants, [t for _, is_up, t in reports if is_up], ends, spare, waiting)

    def end_of(self, start: str) -> str | None:
        """When the stop that began then ended, or None when it has not."""
        return self.ends.get(start)


@dataclass(frozen=True, slots=True)
class Told:
    """What has been told of a machine's breakdowns. ``marks``: reports that it is back whose stop nobody
    has told of yet, kept as downtimes without length.
    """

    machine: str
    breakdowns: Sequence[Record]
    marks: Mapping[str, Record]

    @classmethod
    def of(cls, snapshot: Snapshot, machine: str) -> "Told":
        """As the machine's downtimes say it."""
        found = snapshot.find("downtime", machine=machine)
        marks = {d["end"]: d for d in found if d["kind"] == UNTOLD}
        real = [d for d in found if d["kind"] == "breakdown"]
        return cls(machine, sorted(real, key=lambda d: (micros(d["start"]), d.key)), marks)

    @property
    def downs(self) -> set[str]:
        """When stops began."""
        return {d["start"] for d in self.breakdowns}

    def after(self, downs: Iterable[str] = (), ups: Iterable[str] = ()) -> Paired:
        """All reports with these among them."""
        known = {d["end"] for d in self.breakdowns if d["state"] == "closed"} | set(self.marks)
        return Paired.of(self.downs | set(downs), known | set(ups))


def _mended(told: Told, after: Paired) -> Effects:
    """The breakdowns with the ends that all reports together give them; a mark for each that ended none."""
    puts: list[Put] = []
    releases: list[Release] = []
    events: list[Emit] = []
    for record in told.breakdowns:
        end = after.end_of(record["start"])
        if end is None or (record["state"] == "closed" and record["end"] == end):
            continue
        puts.append(put("downtime", record.key, state="closed", end=end))
        events.append(closed_event(record, end))
        if record["state"] == "open":
            releases.append(Release(record.ref))
    used = {d.key for d in (*told.breakdowns, *told.marks.values())}
    for at in after.spare:
        if at not in told.marks:
            keys = (derive_key("D-", "up", told.machine, at, n) for n in count())
            key = next(k for k in keys if k not in used)  # a mark that became a breakdown keeps its key
            puts.append(create("downtime", key, **_closed(told.machine, at, at) | {"kind": UNTOLD}))
    return Effects(puts=tuple(puts), releases=tuple(releases), events=tuple(events))


def _new_breakdown(told: Told, after: Paired, at: str) -> Put:
    """A breakdown told of now: the mark that waited for it, or a record of its own."""
    end = after.end_of(at)
    waited = next((mark for up, mark in told.marks.items() if up not in after.spare), None)
    if waited is not None and end is not None:
        return Put(waited.ref, _closed(told.machine, at, end))
    key = derive_key("D-", "breakdown", told.machine, at)
    if end is None:
        return downtime_record(key, told.machine, "breakdown", at, None)
    return create("downtime", key, **_closed(told.machine, at, end))


def _closed(machine: str, start: str, end: str) -> dict[str, Any]:
    place = {"machine": machine, "start": start, "end": end}
    return {**place, "kind": "breakdown", "maintenance_order": None, "state": "closed"}


def _standing(machine: Record, after: Paired, fact: Fact) -> tuple[Put, ...]:
    """The machine as all reports leave it: down while a stop lasts. What others said later stands."""
    was, since = machine["state"], machine["since"]
    if machine["locks"] or was not in ("Up", "Down"):
        return ()
    by_others = since is not None and since not in after.instants
    lasting = [d for d in after.lasting if not (by_others and was == "Up" and earlier(d, since))]
    if not lasting and not after.ups:
        return ()
    now, at = ("Down", lasting[0]) if lasting else ("Up", after.ups[-1])
    if (now, at) == (was, since) or (by_others and (now == was or earlier(at, since))):
        return ()
    told = _reason(fact) if at == _instant(fact) else machine["reason"]
    return (put("machine", machine.key, state=now, since=at, reason=told if lasting else None),)


def _instant(fact: Fact) -> str:
    """When it happened, in the one text of an instant: reports are told apart by it."""
    return show(parse(fact.data["at"]))


def _reason(fact: Fact) -> str | None:
    reason = fact.data.get("reason")
    return str(reason)[:200] if reason else None


BREAKDOWN_FACTS = (
    FactKind("machine.added", "maintenance", _ADDED, machine_added),
    FactKind("machine.down", "maintenance", _STATE, machine_down),
    FactKind("machine.up", "maintenance", _STATE, machine_up),
)
