"""The lease of a case by ticks: two workers whose clocks differ and are set, one stopped or gone, a person
awaited.

A worker takes the lease, renews it every tick while it runs, commits under the gate's fence and gives
the lease back as soon as the case waits or has ended. Stopped, it remembers what it held, and goes on
with that when it runs again. Who finds the lease held looks at it every tick: it has ended when it has not
changed for its whole length of the observer's own elapsed time, whatever any wall clock shows.
"""

from collections.abc import Hashable, Iterator
from dataclasses import replace
from functools import partial

from evals.proving.lease_checks import (
    CASE,
    HOLDERS,
    NAMES,
    RENEW,
    SKEW,
    TTL,
    Case,
    Did,
    Phase,
    Scene,
    State,
    Worker,
    is_current,
    passes_fence,
    sight,
    state_wrong,
    step_wrong,
    taken,
)
from evals.proving.tick_search import Happening
from protocol import lease

LAST_TICK = 6
SCENES = (Scene(one_host=True), *(Scene(one_host=False, offset=n) for n in (-SKEW, 0, SKEW)))


class LeaseModel:
    """Everything two workers can do with one lease."""

    name = "lease by ticks"

    def starts(self) -> Iterator[tuple[str, State]]:
        """On one host, and on two whose clocks differ; and with a clock that is set meanwhile."""
        for scene in SCENES:
            ahead = f"the clock of {NAMES[1]} differs by {scene.offset} ticks"
            words = "both workers are on one host" if scene.one_host else f"two hosts: {ahead}"
            yield words, State(scene, lease.free(CASE), walls=(0, scene.offset))
        for scene in SCENES[:2]:
            words = (
                f"a clock is set; {'one host' if scene.one_host else 'two hosts'}, and no person is awaited"
            )
            yield words, State(scene, lease.free(CASE), walls=(0, scene.offset), people=0, commits=1, steps=1)

    def key(self, state: State) -> Hashable:
        """All but what the last step did, and what clocks show, save how far the stamp is ahead of them.

        A stamp never comes back, so who has seen an older one has seen none of this lease.
        """
        row, one, two = state.row, *state.workers
        held_by = None if row.holder is None else HOLDERS.index(row.holder)
        ahead = None if held_by is None else row.expires - state.clock(held_by)
        return (
            (state.scene.one_host, state.tick, state.case),
            (row.token, held_by, ahead, state.highest),
            (one.phase, one.token, one.renewed, one.stopped, _seen_since(state, one)),
            (two.phase, two.token, two.renewed, two.stopped, _seen_since(state, two)),
            (state.commits, state.stops, state.crashes, state.people, state.steps),
        )

    def happenings(self, state: State) -> Iterator[Happening[State]]:
        """What both workers, the person who is awaited, and time can do."""
        for number in (0, 1):
            yield from self._by(state, number)
        if state.case is Case.WAITS and state.people > 0:
            yield _happens(state, "a person decides", replace(state, case=Case.DUE, people=state.people - 1))
        if state.steps > 0:
            yield from _set_clocks(state)
        if state.tick < LAST_TICK and not _overdue(state):
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
        yield from step_wrong(before, after)

    def wrong(self, state: State) -> Iterator[tuple[str, str]]:
        """What must hold of every state."""
        yield from state_wrong(state)


def _overdue(state: State) -> bool:
    """Whether somebody has to act before time passes: who runs renews, who waits looks at the lease."""
    if any(w.runs and state.tick - w.renewed >= RENEW for w in state.workers):
        return True
    waits = (n for n, w in enumerate(state.workers) if w.phase is Phase.IDLE and not w.stopped)
    return state.case is Case.DUE and any(sight(state, n) != state.workers[n].saw for n in waits)


def _set_clocks(state: State) -> Iterator[Happening[State]]:
    """The wall clock of a worker that holds the lease is set: by much, or just by what a renewal adds."""
    if state.row.holder is None:
        return
    number = HOLDERS.index(state.row.holder)
    for by in (-RENEW, SKEW):
        moved = [w + by * (n == number) for n, w in enumerate(state.walls)]
        after = replace(state, walls=(moved[0], moved[1]), steps=state.steps - 1)
        yield _happens(state, f"the clock of {NAMES[number]} is set by {by} ticks", after)


def _seen_since(state: State, worker: Worker) -> float | None:
    """The tick since which a worker has seen the lease as it is."""
    return worker.saw.since_s if worker.saw is not None and is_current(state, worker.saw) else None


def _happens(state: State, words: str, after: State) -> Happening[State]:
    told_of_nothing = replace(after, did=None)
    return Happening(f"tick {state.tick}: {words}", lambda: told_of_nothing)


def _take(state: State, number: int) -> State:
    row = taken(state, number)
    if row is None:
        seen = replace(state.workers[number], saw=sight(state, number))
        return replace(state, did=Did("take", number)).with_worker(number, seen)
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
