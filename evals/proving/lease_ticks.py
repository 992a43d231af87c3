"""The lease of a case by ticks: two workers whose clocks differ, one stopped or gone, a person awaited.

A worker takes the lease, renews it every tick while it runs, commits under the gate's fence and gives
the lease back as soon as the case waits or has ended. Stopped, it remembers what it held, and goes on
with that when it runs again.
"""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from typing import cast

from evals.proving.tick_search import Happening
from graph import gate
from protocol import lease
from protocol.ports import Tx
from protocol.rows import LeaseHolder, LeaseRow

TTL, RENEW, SKEW = 3, 1, 1
"""Ticks: how long a lease outlives its last renewal, how often it is renewed, how far clocks differ."""
LAST_TICK = 6
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

    @property
    def runs(self) -> bool:
        """Whether it is at work on the case."""
        return self.phase in (Phase.DRIVES, Phase.LEAVES) and not self.stopped


@dataclass(frozen=True, slots=True)
class Scene:
    """Two on one host see each other die; on two hosts their clocks differ by ``offset`` ticks."""

    one_host: bool
    offset: int = 0


SCENES = (Scene(one_host=True), *(Scene(one_host=False, offset=n) for n in (-SKEW, 0, SKEW)))


@dataclass(frozen=True, slots=True)
class Did:
    """What a step did: by which worker, under which token, and whether it was let do it."""

    what: str
    worker: int
    token: int = 0
    accepted: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """``highest``: the newest token ever given. ``commits``, ``stops``, ``crashes``, ``people``: left."""

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
    did: Did | None = None

    def clock(self, worker: int) -> int:
        """What a worker takes for the time."""
        return self.tick + (self.scene.offset if worker == 1 else 0)

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


class LeaseModel:
    """Everything two workers can do with one lease."""

    name = "lease by ticks"

    def starts(self) -> Iterator[tuple[str, State]]:
        """On one host, and on two whose clocks differ."""
        for scene in SCENES:
            ahead = f"the clock of {NAMES[1]} differs by {scene.offset} ticks"
            words = "both workers are on one host" if scene.one_host else f"two hosts: {ahead}"
            yield words, State(scene, lease.free(CASE))

    def key(self, state: State) -> Hashable:
        """All but what the last step did."""
        row, one, two = state.row, *state.workers
        return (
            (state.scene.one_host, state.scene.offset, state.tick, state.case),
            (row.token, row.holder and row.holder.pid, row.expires, state.highest),
            (one.phase, one.token, one.renewed, one.stopped),
            (two.phase, two.token, two.renewed, two.stopped),
            (state.commits, state.stops, state.crashes, state.people),
        )

    def happenings(self, state: State) -> Iterator[Happening[State]]:
        """What both workers, the person who is awaited, and time can do."""
        for number in (0, 1):
            yield from self._by(state, number)
        if state.case is Case.WAITS and state.people > 0:
            yield _happens(state, "a person decides", replace(state, case=Case.DUE, people=state.people - 1))
        overdue = any(w.runs and state.tick - w.renewed >= RENEW for w in state.workers)
        if state.tick < LAST_TICK and not overdue:
            yield _happens(state, "time passes", replace(state, tick=state.tick + 1))

    def _by(self, state: State, number: int) -> Iterator[Happening[State]]:
        worker, name = state.workers[number], f"tick {state.tick}: {NAMES[number]}"
        if worker.stopped:
            again = replace(worker, stopped=False)
            yield _happens(state, f"{NAMES[number]} runs again", state.with_worker(number, again))
        elif worker.phase is Phase.IDLE and state.case is Case.DUE:
            yield Happening(f"{name} takes the case up", partial(_take, state, number))
        elif worker.runs:
            if state.tick > worker.renewed:
                yield Happening(f"{name} renews its lease", partial(_renew, state, number))
            if worker.phase is Phase.LEAVES:
                yield Happening(f"{name} gives its lease back", partial(_give_back, state, number))
            elif state.commits > 0:
                for case in Case:
                    words = f"{name} commits, and the case {'goes on' if case is Case.DUE else case}"
                    yield Happening(words, partial(_commit, state, number, case))
            if state.stops > 0:
                stopped = replace(state, stops=state.stops - 1)
                after = stopped.with_worker(number, replace(worker, stopped=True))
                yield _happens(state, f"{NAMES[number]} is stopped", after)
        if worker.phase in (Phase.DRIVES, Phase.LEAVES) and state.crashes > 0:
            after = replace(state, crashes=state.crashes - 1)
            gone = Worker(Phase.GONE)
            yield _happens(state, f"{NAMES[number]} dies", after.with_worker(number, gone))

    def broken(self, before: State, after: State) -> Iterator[tuple[str, str]]:
        """What must hold of every step of a worker."""
        if after.did is not None:
            yield from _broken_by(before, after, after.did)

    def wrong(self, state: State) -> Iterator[tuple[str, str]]:
        """What must hold of every state."""
        yield from _fenced(state)
        yield from _held_by_nobody(state)
        yield from _not_to_be_had(state)


def _happens(state: State, words: str, after: State) -> Happening[State]:
    told_of_nothing = replace(after, did=None)
    return Happening(f"tick {state.tick}: {words}", lambda: told_of_nothing)


def _dead(state: State, number: int) -> bool:
    """Whether a worker sees that the holder is another, and gone: only on its own host."""
    other = 1 - number
    held = state.row.holder == HOLDERS[other]
    return held and state.scene.one_host and state.workers[other].phase is Phase.GONE


def _taken(state: State, number: int) -> LeaseRow | None:
    dead = _dead(state, number)
    return lease.take(state.row, HOLDERS[number], state.clock(number), TTL, dead=dead)


def _take(state: State, number: int) -> State:
    row = _taken(state, number)
    if row is None:
        return replace(state, did=Did("take", number))
    did = Did("take", number, row.token, accepted=True)
    after = replace(state, row=row, highest=max(state.highest, row.token), did=did)
    return after.with_worker(number, Worker(Phase.DRIVES, row.token, state.tick))


def _renew(state: State, number: int) -> State:
    worker = state.workers[number]
    row = lease.renew(state.row, worker.token, state.clock(number), TTL)
    did = Did("renew", number, worker.token, accepted=row is not None)
    if row is None:
        return replace(state, did=did).with_worker(number, _leaving(state, worker))
    return replace(state, row=row, did=did).with_worker(number, replace(worker, renewed=state.tick))


def _leaving(state: State, worker: Worker) -> Worker:
    """A worker that knows its lease is lost renews nothing any more: it goes at once."""
    return replace(worker, phase=Phase.LEAVES, renewed=state.tick)


def _commit(state: State, number: int, case: Case) -> State:
    worker = state.workers[number]
    accepted = passes_fence(state.row, worker.token)
    did = Did("commit", number, worker.token, accepted=accepted)
    if not accepted:
        return replace(state, did=did).with_worker(number, _leaving(state, worker))
    after = replace(state, case=case, commits=state.commits - 1, did=did)
    return after if case is Case.DUE else after.with_worker(number, replace(worker, phase=Phase.LEAVES))


def _give_back(state: State, number: int) -> State:
    token = state.workers[number].token
    row = lease.give_back(state.row, token)
    did = Did("give back", number, token, accepted=row is not None)
    return replace(state, row=row or state.row, did=did).with_worker(number, Worker())


def _broken_by(before: State, after: State, did: Did) -> Iterator[tuple[str, str]]:
    who = NAMES[did.worker]
    if did.what == "take" and did.accepted:
        if did.token <= before.highest:
            yield "token_grows", f"{who} took over with token {did.token}, which was given before"
        other = before.workers[1 - did.worker]
        held = other.token == before.row.token and before.row.holder == HOLDERS[1 - did.worker]
        if held and other.runs and before.tick - other.renewed <= RENEW:
            yield "live_kept", f"{who} took the case from a worker that runs and renews in time"
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
    if lease.state_of(state.row, state.row.expires) is lease.LeaseState.HELD:
        yield "lapses", "nothing ends the lease of a holder that says nothing more"
    if state.row.expires > state.tick + SKEW + TTL:
        yield "lapses", f"the lease ends at {state.row.expires}, later than any renewal by now allows"


def _not_to_be_had(state: State) -> Iterator[tuple[str, str]]:
    """Free, it is to be had at once; so it is after a death that is seen, and after its end and the skew."""
    for number, worker in enumerate(state.workers):
        if worker.phase is not Phase.IDLE or worker.stopped or state.case is not Case.DUE:
            continue
        if state.row.holder is None:
            invariant, why = "free_is_taken", "it is free"
        elif _dead(state, number):
            invariant, why = "replaced_in_time", "its holder is seen to be gone"
        elif state.tick >= state.row.expires + SKEW:
            invariant, why = "replaced_in_time", f"it ended at {state.row.expires}"
        else:
            continue
        if _taken(state, number) is None:
            yield invariant, f"at tick {state.tick} {NAMES[number]} cannot take the lease, although {why}"
