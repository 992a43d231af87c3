"""What a person is told: what the gate really did, in the engine's own words, then the agents' words."""

from collections.abc import Mapping, Sequence
from typing import Any

from protocol.rows import EscalationRow, Verdict, VerdictRow
from protocol.times import local
from protocol.world import World

MOST_WORDS = 2000
"""Characters of what one agent says that stand in a reply."""
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
    """The reply of a case: the last verdict of each action, what waits, then what each agent says."""
    lines = [verdict_line(world, row) for row in {v.key: v for v in verdicts}.values()]
    lines += [_waiting_line(world, row) for row in waiting]
    lines += [words_of(agent, str(s["text"])) for agent, s in sorted(said.items()) if s.get("text")]
    return "\n".join(lines)


def words_of(agent: str, text: str) -> str:
    """An agent's words under its name. Further lines are indented: none of them looks like the engine's."""
    cut = (
        text if len(text) <= MOST_WORDS else f"{text[:MOST_WORDS]} [{len(text) - MOST_WORDS} characters more]"
    )
    first, *more = [line.rstrip() for line in cut.strip().splitlines()] or [""]
    return "\n".join([f"{agent}: {first}", *(f"  {line}" for line in more)])


def verdict_line(world: World, row: VerdictRow) -> str:
    """One action and what became of it: ``done: Moves run R-701 … (run/R-701)``."""
    kind = world.kinds.get(row.kind)
    try:
        what = kind.summary(row.params) if kind else row.kind
    except (KeyError, TypeError, ValueError):
        what = row.kind  # a refused proposal may lack the params its summary names
    what = _one_line(what)
    where = f" ({row.resource})" if row.resource and row.verdict is Verdict.COMMITTED else ""
    why = (
        f": {_one_line(row.reason)}"
        if row.reason and row.verdict not in (Verdict.COMMITTED, Verdict.ASKED)
        else ""
    )
    code = f" [{row.code}]" if row.code else ""
    return f"{_WORDS[row.verdict]}: {what}{where}{code}{why}"


def _waiting_line(world: World, row: EscalationRow) -> str:
    until = local(row.due_at, world.config.zone)
    return f"Waiting for {row.role} until {until}: {_one_line(row.summary)} ({row.id})"


def _one_line(text: str) -> str:
    """Texts may stand in a summary or a reason: no line break of theirs makes a line of its own."""
    return " ".join(text.split())
