"""What a person is told: the agents' words, then what the gate really did, in the engine's own words."""

from collections.abc import Mapping, Sequence
from typing import Any

from protocol.rows import EscalationRow, Verdict, VerdictRow
from protocol.times import local
from protocol.world import World

_WORDS = {
    Verdict.COMMITTED: "done",
    Verdict.DUPLICATE: "done before",
    Verdict.ASKED: "asked",
    Verdict.CONFLICT: "changed meanwhile",
    Verdict.REFUSED: "refused",
    Verdict.OVERRULED: "overruled",
    Verdict.SHADOWED: "shadow only",
    Verdict.ESCALATED: "a person decides",
}


def compose(
    world: World,
    said: Mapping[str, Mapping[str, Any]],
    verdicts: Sequence[VerdictRow],
    waiting: Sequence[EscalationRow],
) -> str:
    """The reply of a case: agents by name, then the last verdict of each action, then what waits."""
    lines = [str(s["text"]) for _, s in sorted(said.items()) if s.get("text")]
    for row in {v.key: v for v in verdicts}.values():
        lines.append(verdict_line(world, row))
    lines += [_waiting_line(world, row) for row in waiting]
    return "\n".join(lines)


def verdict_line(world: World, row: VerdictRow) -> str:
    """One action and what became of it: ``done: Moves run R-701 … (run/R-701)``."""
    kind = world.kinds.get(row.kind)
    try:
        what = kind.summary(row.params) if kind else row.kind
    except (KeyError, TypeError, ValueError):
        what = row.kind  # a refused proposal may lack the params its summary names
    where = f" ({row.resource})" if row.resource and row.verdict is Verdict.COMMITTED else ""
    why = f": {row.reason}" if row.reason and row.verdict not in (Verdict.COMMITTED, Verdict.ASKED) else ""
    code = f" [{row.code}]" if row.code else ""
    return f"{_WORDS[row.verdict]}: {what}{where}{code}{why}"


def _waiting_line(world: World, row: EscalationRow) -> str:
    until = local(row.due_at, world.config.zone)
    return f"Waiting for {row.role} until {until}: {row.summary} ({row.id})"
