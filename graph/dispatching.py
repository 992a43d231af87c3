"""How cases come to a process that drives them: the port, and the way of an embedded ledger, which is asked.

The ledger's rows say what is due; whatever brings a case here is a doorbell. One that nobody hears only
delays the case: sooner or later the ledger is asked.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from enum import Enum
from typing import Protocol

from checkpoints.leases import Sightings
from graph.versions import left_behind
from protocol.ports import Ledger
from protocol.rows import LeaseRow
from protocol.world import World
from telemetry.clock import process_clock

PAUSE_S = 1.0
"""How long the ledger is left alone when nothing was due in it (DESIGN section 7)."""
REST_S = 1.0
"""How long a case is left alone that could not go on here."""


class Went(Enum):
    """How a case went that was taken up."""

    ON = "on"
    """As far as it goes without a person."""
    BACK = "back"
    """To the end of its round; the process is to stop."""
    HELD = "held"
    """Nowhere: another process holds it."""
    WRONG = "wrong"
    """Nowhere: it failed, or the ledger is away."""


Work = Callable[[str], Awaitable[Went]]
Due = Callable[[], Awaitable[Mapping[str, bool]]]
"""Cases with work due that nobody drives, oldest first; True for one whose last holder is gone."""


class Dispatcher(Protocol):
    """Brings cases to this process."""

    async def serve(self, work: Work, at_once: int, stop: asyncio.Event, *, once: bool) -> None:
        """Have ``work`` done on cases as they come, ``at_once`` side by side, until ``stop`` is set and what
        was begun has ended. ``once``: only until nothing is due. Cancelled, it cancels what was begun.
        """

    async def look(self) -> None:
        """Once a second: see to what got lost."""


def make_dispatcher(
    ledger: Ledger, world: World, sightings: Sightings, *, host: str | None, database: str | None
) -> Dispatcher:
    """The way of the database that keeps the ledger. ``sightings``: what this process has seen of leases."""

    async def due() -> dict[str, bool]:
        """A look at every lease that is held; see Due."""
        found, behind = await ledger.read(lambda tx: (tx.undone(), left_behind(tx, world)))
        free = {case: _is_held(lease) for case, lease in found if is_free(lease, sightings, host)}
        return free | {case: False for case in behind if case not in free}

    if database is None:
        return Polling(due, process_clock)
    from checkpoints.procrastinate_jobs import ProcrastinateJobs

    return ProcrastinateJobs(database, due)


def is_free(lease: LeaseRow | None, sightings: Sightings, host: str | None) -> bool:
    """Whether a case can be had, as far as this process has seen. ``host``: how this host is called."""
    return lease is None or not _is_held(lease) or sightings.ended(lease, host)


def _is_held(lease: LeaseRow | None) -> bool:
    return lease is not None and lease.holder is not None


class Polling:
    """Asks the ledger. Several processes may do so on one ledger: leases keep them apart."""

    def __init__(self, due: Due, clock: Callable[[], float]) -> None:
        self._due = due
        self._clock = clock
        self._tasks: dict[str, asyncio.Task[Went]] = {}
        self._resting: dict[str, float] = {}
        self._known: deque[str] = deque()
        self._looked_at = -PAUSE_S

    async def serve(self, work: Work, at_once: int, stop: asyncio.Event, *, once: bool) -> None:
        """See Dispatcher."""
        stopped = asyncio.ensure_future(stop.wait())
        try:
            while not stop.is_set():
                waiting = await self._start(work, at_once)
                if once and not waiting and not self._tasks:
                    return
                await asyncio.wait(
                    {stopped, *self._tasks.values()}, timeout=PAUSE_S, return_when=asyncio.FIRST_COMPLETED
                )
                self._end()
            await asyncio.gather(*self._tasks.values())
        finally:
            stopped.cancel()
            for task in self._tasks.values():
                task.cancel()
            await asyncio.gather(stopped, *self._tasks.values(), return_exceptions=True)
            self._tasks.clear()

    async def look(self) -> None:
        """Nothing gets lost here."""

    async def _start(self, work: Work, at_once: int) -> bool:
        """Begin what there is room for; whether anything is due that was not begun.

        With many cases due it is not asked again for each: what others took meanwhile is seen when it is
        taken up.
        """
        if len(self._tasks) >= at_once:
            return True
        if not self._known or self._clock() - self._looked_at >= PAUSE_S:
            self._looked_at = self._clock()
            self._known = deque(case for case in await self._due() if case not in self._tasks)
        due = len(self._known) > 0
        self._resting = {case: until for case, until in self._resting.items() if until > self._looked_at}
        while self._known and len(self._tasks) < at_once:
            case = self._known.popleft()
            if case not in self._resting:
                self._tasks[case] = asyncio.ensure_future(work(case))
        return due

    def _end(self) -> None:
        for case, task in [(c, t) for c, t in self._tasks.items() if t.done()]:
            del self._tasks[case]
            if task.result() is not Went.ON:
                self._resting[case] = self._clock() + REST_S
