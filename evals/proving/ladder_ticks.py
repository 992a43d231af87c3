"""One approval by ticks: rungs, shifts, expiry, a server asleep, and who decides when.

A tick is a minute of the ledger clock. The approval is opened, decided, swept and applied by the
engine's own functions. Sweeping is never due at once: whoever does not sweep is asleep.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from functools import partial
from itertools import accumulate, product
from typing import Any, cast

from evals.proving.abstract_floor import CASE
from evals.proving.ladder_checks import Did, State, state_wrong, step_wrong
from evals.proving.ladder_floor import RUNGS, TICK_S, Cast, Ladder, ladder_world, proposed
from evals.proving.model_ledger import ModelLedger, as_tx
from evals.proving.tick_search import Happening
from graph.deciding import Wanted, record_decision
from graph.gate import make_pass, ready
from graph.sweeping import sweep
from protocol.deciding import APPROVE, REJECT
from protocol.ports import Tx
from protocol.position import Position
from protocol.records import Record, Ref
from protocol.rows import DecisionRow, EscalationRow, EscalationState
from protocol.times import minutes_between, plus
from protocol.world import World

TICKS = (1, 2, 3)
"""How long a rung may be."""
EXPIRIES = (1, 2, 3, 4)
QUORUMS = (1, 2)
EDITED_EXPIRY = 3
"""The longest expiry under which the record may change, once: the approval asked for anew lasts as long."""
_SAYS = {APPROVE: "signs", REJECT: "rejects"}


class LadderModel:
    """Every ladder of a floor, with everything that people, the sweep, the gate and time can do."""

    name = "ladder by ticks"

    def __init__(self, world: World, players: Cast, ladders: Sequence[Ladder] | None = None) -> None:
        self._world = world
        self._cast = players
        self._ladders = list(all_ladders()) if ladders is None else ladders

    def starts(self) -> Iterator[tuple[str, State]]:
        """Each ladder, with its first rung asked."""
        for number, ladder in enumerate(self._ladders):
            world = ladder_world(self._world, self._cast, ladder)
            edits = int(ladder.expiry <= EDITED_EXPIRY)
            yield str(ladder), State(world, proposed(world, self._cast), number, edits)

    def key(self, state: State) -> Hashable:
        """The rows that decide something yet; not their names, nor how often they were written.

        Of a decision it matters who gave it and which roles they held then; of what was shown, whether
        it still stands; of a case that has ended, nothing.
        """
        ledger = state.ledger
        case = ledger.cases[CASE]
        if case.status.ended:
            return state.ladder, case.status
        places = {identifier: n for n, identifier in enumerate(ledger.escalation_rows)}
        return (
            (state.ladder, state.edits, ledger.now),
            tuple(places[i] for i in case.position["waiting"]),
            tuple(_row_part(ledger, row) for row in ledger.escalation_rows.values()),
            tuple(self._decision_part(places, d) for d in ledger.decision_rows if not d.spent),
        )

    def _decision_part(self, places: Mapping[str, int], d: DecisionRow) -> Hashable:
        held = self._world.config.roles_of(d.person, d.at) & set(self._cast.roles)
        return places[d.escalation], d.person, d.decision, held

    def happenings(self, state: State) -> Iterator[Happening[State]]:
        """What people, the sweep, the gate, somebody outside and time can do."""
        ledger = state.ledger
        row = list(ledger.escalation_rows.values())[-1]
        when = f"tick {minutes_between(self._cast.start, ledger.now)}"
        due = list(ledger.due(ledger.now))
        if due:
            yield Happening(f"{when}: the sweep runs", partial(_sweep, state))
        for person, decision in self._decisions(row, ledger.now):
            words = f"{when}: {person} {_SAYS[decision]}"
            yield Happening(words, partial(_decide, state, row, person, decision))
            if due:
                then = f"{words}, while a sweep that has read what is due goes on"
                yield Happening(then, partial(_race, state, row, person, decision))
        case = ledger.cases[CASE]
        if case.status.ended:
            return
        if ready(as_tx(ledger), Position.from_json(case.position)):
            yield Happening(f"{when}: the gate applies what was decided", partial(_apply, state))
        if state.edits > 0:
            yield Happening(f"{when}: the record changes", partial(_edit, state))
        if ledger.now <= max(r.expires_at for r in ledger.escalation_rows.values()):
            yield Happening(f"{when}: time passes", partial(_wait, state))

    def _decisions(self, row: EscalationRow, now: str) -> Iterator[tuple[str, str]]:
        """Everybody tries to sign what is asked, and one to say no; what is closed, one tries to sign."""
        people = self._cast.people
        if row.state is not EscalationState.PENDING:
            yield people[0], APPROVE
            return
        yield from ((person, APPROVE) for person in people)
        asked = {str(r["role"]) for r in row.ladder[: row.rung + 1]}
        config = self._world.config
        yield from [(person, REJECT) for person in people if config.roles_of(person, now) & asked][:1]

    def broken(self, before: State, after: State) -> Iterator[tuple[str, str]]:
        """What must hold of every step."""
        yield from step_wrong(before, after)

    def wrong(self, state: State) -> Iterator[tuple[str, str]]:
        """What must hold of every state."""
        yield from state_wrong(state)


def all_ladders() -> Iterator[Ladder]:
    """Every ladder of up to three rungs with one and two to sign, of those alike the shortest."""
    for expiry, quorum in product(EXPIRIES, QUORUMS):
        shapes: dict[Hashable, tuple[int, ...]] = {}
        for count in range(1, RUNGS + 1):
            for rungs in product(TICKS, repeat=count):
                shapes.setdefault(_shape(rungs, expiry), rungs)
        yield from (Ladder(rungs, expiry, quorum) for rungs in shapes.values())


def _shape(rungs: tuple[int, ...], expiry: int) -> Hashable:
    """What shows of a ladder: the ends before the expiry, whether one meets it, and whether more follow."""
    ends = [end for end in accumulate(rungs) if end < expiry]
    rest = list(accumulate(rungs))[len(ends) :]
    return tuple(ends), rest[:1] == [expiry], len(rest[:2])


class _ReadBefore:
    """The ledger as a sweep sees it that has read what is due before somebody else wrote."""

    def __init__(self, ledger: ModelLedger, due: Sequence[EscalationRow]) -> None:
        self._ledger = ledger
        self._due = due

    def due(self, now: str) -> Sequence[EscalationRow]:
        """What was read."""
        return self._due

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)


def _row_part(ledger: ModelLedger, row: EscalationRow) -> Hashable:
    if row.state not in (EscalationState.PENDING, EscalationState.APPROVED):
        return row.state
    fresh = all(ledger.records[Ref.parse(text)].version == v for text, v in row.bound.items())
    return row.state, row.rung, row.role, row.due_at, row.expires_at, fresh


def _after(state: State, did: Did | None) -> State:
    return State(state.world, state.ledger.copy(), state.ladder, state.edits, did)


def _sweep(state: State) -> State:
    after = _after(state, Did("sweep"))
    sweep(as_tx(after.ledger))
    return after


def _decide(state: State, row: EscalationRow, person: str, decision: str) -> State:
    after = _after(state, Did("decide", person, row.id))
    record_decision(as_tx(after.ledger), state.world, Wanted(row.id, decision, person, "proof"))
    return after


def _race(state: State, row: EscalationRow, person: str, decision: str) -> State:
    due = list(state.ledger.due(state.ledger.now))
    after = _decide(state, row, person, decision)
    sweep(cast(Tx, _ReadBefore(after.ledger, due)))
    return after


def _apply(state: State) -> State:
    after = _after(state, Did("apply"))
    make_pass(as_tx(after.ledger), state.world, CASE, after.ledger.token)
    return after


def _edit(state: State) -> State:
    after = _after(state, Did("edit"))
    after.edits -= 1
    ((ref, record),) = after.ledger.records.items()
    after.ledger.records[ref] = Record(ref, record.version + 1, record.body)
    return after


def _wait(state: State) -> State:
    after = _after(state, Did("wait"))
    after.ledger.now = plus(after.ledger.now, seconds=TICK_S)
    return after
