"""A path of the search in plain words: who says what in which round, what people and the world do."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from evals.proving.abstract_floor import CASE
from evals.proving.adversary import Choice
from evals.proving.moves import OVERRIDE, Change, Decision, Gate, Move, Wait
from evals.proving.state import State, open_rows
from protocol.rows import EscalationRow

if TYPE_CHECKING:
    from evals.proving.search import Node, Search

_BETWEEN = {
    "touch": "before the gate decides, {record} changes",
    "block": "before the gate decides, {record} is blocked by a fact",
    OVERRIDE: "before the gate decides, a person puts {record} where they want it",
    "late": "the gate comes to it after the approval has ended",
}
_CHANGES = {
    "touch": "{record} changes",
    "block": "{record} is blocked by a fact",
    OVERRIDE: "a person puts {record} where they want it",
}
_SAYS = {
    "agree": "agrees",
    "refuse": "refuses",
    "counter": "offers",
    "defer": "defers",
}


def told(search: "Search", nodes: Sequence["Node"], last: Move | None) -> Iterator[str]:
    """One sentence for each thing that happens on a path, the last move included."""
    record = str(search.model.contested)
    moves = [n.move for n in nodes[1:]] + ([last] if last is not None else [])
    for node, move in zip(nodes, moves, strict=False):
        if move is None:
            continue
        match move:
            case Gate():
                yield from _gate(search, node.state, move, record)
            case Wait():
                rows = open_rows(node.state.ledger)
                due = min(r.due_at for r in rows)
                yield f"nobody answers: {', '.join(f'{r.role} was asked' for r in rows if r.due_at == due)}"
            case Change(how):
                yield _CHANGES[how].format(record=record)


def _gate(search: "Search", state: State, move: Gate, record: str) -> Iterator[str]:
    case = state.ledger.cases[move.case]
    when = f"round {case.position['round']}"
    if move.case != CASE:
        when = f"{when} of the case in lane {search.world.lane(next(iter(case.position['active']), ''))}"
    for choice in move.turns:
        for text in _turn(search, state, choice, case.position["exchanges"]):
            yield f"{when}: {choice.agent} {text}"
    rows = open_rows(state.ledger)
    for decision in move.decisions:
        yield _decision(rows[decision.number], decision)
    if move.between is not None:
        yield _BETWEEN[move.between].format(record=record)


def _turn(
    search: "Search", state: State, choice: Choice, exchanges: dict[str, dict[str, object]]
) -> Iterator[str]:
    if choice.failure is not None:
        yield {"timeout": "does not answer in time", "error": "fails", "invalid": "answers what is no turn"}[
            choice.failure
        ]
        return
    for identifier, said, place in choice.answers:
        x = exchanges[identifier]
        other = x["asker"] if x["owner"] == choice.agent else x["owner"]
        where = {"known": " with a known code", "": ""}.get(place, f" {place}")
        to = f" to {other}" if said == "defer" else ""
        yield f"{_SAYS[said]}{where}{to} ({x['request']})"
    if choice.starts is not None:
        how, place = choice.starts
        matter, act = search.question.matter, search.question.acts.get(choice.agent, "")
        if how == "propose":
            yield f"proposes {act} at {place}"
        elif not place:
            yield f"asks {matter.owner} for {matter.request}"
        else:
            open_ = "with its place left open" if place == "hole" else f"at {place}"
            yield f"asks {matter.owner} for {matter.request}, for {act} {open_}"
    if not choice.answers and choice.starts is None:
        yield "says nothing"


def _decision(row: EscalationRow, decision: Decision) -> str:
    what = {"approve": "approves", "reject": "rejects"}.get(decision.decision)
    if what is None:
        assert decision.option is not None
        what = f"chooses {row.options[decision.option]['title']!r} in"
    return f"{decision.person} {what} {row.type} {row.summary!r}"
