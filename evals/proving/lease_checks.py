"""What must hold of a lease at every tick: one token passes the fence, nothing is held by nobody."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import cast

from graph import gate
from protocol import lease
from protocol.ports import Tx
from protocol.rows import LeaseHolder, LeaseRow

TTL, RENEW, SKEW = 3, 1, 9
"""Ticks: how long a lease outlives its last renewal, how often it is renewed, how far clocks differ."""
CASE = "case"
HOLDERS = (LeaseHolder("one", 1, "1"), LeaseHolder("two", 2, "2"))
NAMES = ("worker one", "worker two")


class Phase(StrEnum):
    """What a worker does."""

    IDLE = "idle"
    DRIVES = "drives"
    LEAVES = "leaves"
    """It goes no further with the case, and has yet to give the lease back."""
    GONE = "gone"


class Case(StrEnum):
    """Where the case stands."""

    DUE = "due"
    WAITS = "waits for a person"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Worker:
    """A process. ``renewed``: the tick of its last renewal. ``stopped``: by a signal, it does nothing."""

    phase: Phase = Phase.IDLE
    token: int = 0
    renewed: int = 0
    stopped: bool = False
    saw: lease.Sighting | None = None
    """What it has seen of a lease that the other holds."""

    @property
    def runs(self) -> bool:
        """Whether it is at work on the case."""
        return self.phase in (Phase.DRIVES, Phase.LEAVES) and not self.stopped


@dataclass(frozen=True, slots=True)
class Scene:
    """Two on one host see each other die; on two hosts their clocks differ by ``offset`` ticks."""

    one_host: bool
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Did:
    """What a step did: by which worker, under which token, and whether it was let do it."""

    what: str
    worker: int
    token: int = 0
    accepted: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """``highest``: the newest token ever given. ``walls``: by how much each worker's wall clock is ahead.
    ``commits``, ``stops``, ``crashes``, ``people``, ``steps`` (of a wall clock that is set): left.
    """

    scene: Scene
    row: LeaseRow
    workers: tuple[Worker, Worker] = (Worker(), Worker())
    tick: int = 0
    case: Case = Case.DUE
    highest: int = 0
    commits: int = 2
    stops: int = 1
    crashes: int = 1
    people: int = 1
    steps: int = 0
    walls: tuple[int, int] = (0, 0)
    did: Did | None = None

    def clock(self, worker: int) -> int:
        """What a worker's wall clock shows, and so what it writes into a lease."""
        return self.tick + self.walls[worker]

    def with_worker(self, number: int, worker: Worker) -> "State":
        """The state with this worker in place of the one of that number."""
        one, two = self.workers
        return replace(self, workers=(worker, two) if number == 0 else (one, worker))


class _Fence:
    """The one thing of a ledger that the gate's fence asks."""

    def __init__(self, row: LeaseRow) -> None:
        self._row = row

    def holds(self, case: str, token: int) -> bool:
        """As a ledger answers it, from its row."""
        return case == self._row.case and lease.holds(self._row, token)


def passes_fence(row: LeaseRow, token: int) -> bool:
    """Whether the gate lets a pass under ``token`` begin."""
    try:
        gate.check_fence(cast(Tx, _Fence(row)), row.case, token)
    except gate.LeaseLostError:
        return False
    return True


def is_dead(state: State, number: int) -> bool:
    """Whether a worker sees that the holder is another, and gone: only on its own host."""
    other = 1 - number
    held = state.row.holder == HOLDERS[other]
    return held and state.scene.one_host and state.workers[other].phase is Phase.GONE


def sight(state: State, number: int) -> lease.Sighting | None:
    """What a worker remembers once it has looked at the lease."""
    return (
        None if state.row.holder is None else lease.sighted(state.workers[number].saw, state.row, state.tick)
    )


def is_current(state: State, saw: lease.Sighting) -> bool:
    """Whether the lease is still as it was seen."""
    return (saw.token, saw.expires) == (state.row.token, state.row.expires)


def has_ended(state: State, number: int) -> bool:
    """Whether a worker that looks now has seen the lease end. Elapsed time is the tick on every host."""
    saw = sight(state, number)
    return is_dead(state, number) or (saw is not None and lease.unchanged(saw, state.tick, TTL))


def taken(state: State, number: int) -> LeaseRow | None:
    """The lease in a worker's hands, if it is to be had."""
    ended = has_ended(state, number)
    return lease.take(state.row, HOLDERS[number], state.clock(number), TTL, ended=ended)


def step_wrong(before: State, after: State) -> Iterator[tuple[str, str]]:
    """(invariant, what is wrong) of a step."""
    if after.did is not None:
        yield from _broken_by(before, after, after.did)


def state_wrong(state: State) -> Iterator[tuple[str, str]]:
    """(invariant, what is wrong) of a state."""
    yield from _fenced(state)
    yield from _held_by_nobody(state)
    yield from _not_to_be_had(state)


def _broken_by(before: State, after: State, did: Did) -> Iterator[tuple[str, str]]:
    who = NAMES[did.worker]
    if did.what == "take" and did.accepted:
        if did.token <= before.highest:
            yield "token_grows", f"{who} took over with token {did.token}, which was given before"
        other = before.workers[1 - did.worker]
        held = other.token == before.row.token and before.row.holder == HOLDERS[1 - did.worker]
        if held and other.runs and before.tick - other.renewed <= RENEW:
            yield "live_kept", f"{who} took the case from a worker that runs and renews in time"
    if did.what == "renew" and did.accepted and after.row == before.row:
        yield "renewal_shows", f"{who} renewed its lease, and whoever watches it sees no change"
    if did.what == "commit" and did.accepted and did.token != before.highest:
        yield "newest_commits", f"{who} committed with token {did.token}; the newest is {before.highest}"
    if did.what in ("renew", "give back") and did.token != before.highest and after.row != before.row:
        yield "stale_changes_nothing", f"{who} has token {did.token} and changed the lease of another"


def _fenced(state: State) -> Iterator[tuple[str, str]]:
    let_in = [
        w.token
        for w in state.workers
        if w.phase in (Phase.DRIVES, Phase.LEAVES) and passes_fence(state.row, w.token)
    ]
    if len(let_in) > 1:
        yield "one_fence", f"the gate would let both workers commit, with tokens {let_in[0]} and {let_in[1]}"


def _held_by_nobody(state: State) -> Iterator[tuple[str, str]]:
    """A holder is at work, on its way out, or gone: a case that only waits for a person has none."""
    if state.row.holder is None:
        return
    worker = state.workers[HOLDERS.index(state.row.holder)]
    if worker.phase is Phase.IDLE:
        yield "given_back", f"the case {state.case}, its worker has left it, and the lease is still held"
    if lease.state_of(state.row, ended=True) is lease.LeaseState.HELD:
        yield "lapses", "nothing ends the lease of a holder that says nothing more"


def _not_to_be_had(state: State) -> Iterator[tuple[str, str]]:
    """Free, it is to be had at once; so it is after a death that is seen, and unchanged for its length."""
    for number, worker in enumerate(state.workers):
        if worker.phase is not Phase.IDLE or worker.stopped or state.case is not Case.DUE:
            continue
        if state.row.holder is None:
            invariant, why = "free_is_taken", "it is free"
        elif is_dead(state, number):
            invariant, why = "replaced_in_time", "its holder is seen to be gone"
        elif (
            worker.saw is not None
            and is_current(state, worker.saw)
            and state.tick - worker.saw.since_s >= TTL
        ):
            invariant, why = "replaced_in_time", f"it has seen it unchanged since tick {worker.saw.since_s}"
        else:
            continue
        if taken(state, number) is None:
            yield invariant, f"at tick {state.tick} {NAMES[number]} cannot take the lease, although {why}"
