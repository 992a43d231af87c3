"""What the ledger shows beside each cell of the matrix, and what it shows that no contract says."""

from collections import Counter
from typing import Any

from protocol.expectations import OUTSIDE, Cell, How, Matrix
from protocol.ids import PERSON_ASKER
from protocol.manifest import DECIDE
from protocol.observation import Calls, observe
from protocol.ports import ReadTx
from protocol.world import SUPERVISOR, World

_TOLD = (How.HEAR, How.SHOW)


class Observed:
    """Read once; a cell's ``observed`` is {calls, retries, p95_s, events}.

    ``calls``: turns in which one was asked by the other; of a role, the escalations put to it; of the
    outside, the facts recorded. ``events``: of the cell's events, those that were published.
    """

    def __init__(self, world: World, tx: ReadTx) -> None:
        self._calls = observe(tx)
        self._events = _events(world, tx)
        self._escalations = Counter(
            (row.agent, str(rung["role"])) for row in tx.escalations() for rung in row.ladder[: row.rung + 1]
        )

    def of(self, cell: Cell) -> dict[str, Any]:
        """What was observed of one cell."""
        pair = (cell.source, cell.target)
        calls = self._calls.get(pair, Calls())
        hows = {e.how for e in cell.expects}
        if hows & {How.SIGN, How.ESCALATE}:
            calls = Calls(self._escalations[pair])
        told = sum(self._events[cell.target, e.what] for e in cell.expects if e.how in _TOLD)
        if How.RECORD in hows:
            calls = Calls(sum(self._events[OUTSIDE, e.what] for e in cell.expects if e.how is How.RECORD))
        return _shape(calls, told)

    def undeclared(self, matrix: Matrix) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Cells and gaps of calls that no contract names; such a floor was changed after they were made."""
        declared = {(c.source, c.target): c for c in matrix.cells}
        cells: list[dict[str, Any]] = []
        gaps: list[dict[str, Any]] = []
        for (source, target), calls in sorted(self._calls.items()):
            cell = declared.get((source, target))
            if cell is None:
                cells.append(_cell(source, target, calls))
            gaps += [_gap(source, target, r) for r in sorted(calls.requests) if not _names(cell, r)]
            if cell is None and source == PERSON_ASKER:
                gaps.append(_gap(source, target, "a line"))
        return cells, gaps


def _names(cell: Cell | None, request: str) -> bool:
    """Whether the contracts of a cell speak of the request."""
    if cell is None:
        return False
    if request == DECIDE:
        return any(e.how in (How.DECIDE, How.YIELD) for e in cell.expects)
    return any(e.how is How.ASK and e.what == request for e in cell.expects)


def _events(world: World, tx: ReadTx) -> Counter[tuple[str, str]]:
    """How often each of the floor's events was published, by who brought it about."""
    found: Counter[tuple[str, str]] = Counter()
    for kind in sorted({*world.toolbox.events, *world.facts}):
        for event in tx.events(type=kind):
            inside = event.source == SUPERVISOR or event.source in world.manifests
            found[str(event.agent) if inside else OUTSIDE, kind] += 1
    return found


def _shape(calls: Calls, events: int) -> dict[str, Any]:
    p95_s = calls.p95_s
    return {
        "calls": calls.calls,
        "retries": calls.retries,
        "p95_s": None if p95_s is None else round(p95_s, 3),
        "events": events,
    }


def _cell(source: str, target: str, calls: Calls) -> dict[str, Any]:
    return {
        "from": source,
        "to": target,
        "expects": [],
        "data": [],
        "authority": "nobody: no contract says it",
        "observed": _shape(calls, 0),
        "details": [],
    }


def _gap(source: str, target: str, request: str) -> dict[str, Any]:
    asked = f"{target}.{request}" if source != PERSON_ASKER else target
    message = f"{source} asked {asked}, and no contract says so"
    return {"code": "undeclared", "from": source, "to": target, "what": request, "message": message}
