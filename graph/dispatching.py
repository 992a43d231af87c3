"""How cases come to a process that drives them: the port, and the way of an embedded ledger, which is asked.

The ledger's rows say what is due; whatever brings a case here is a doorbell. One that nobody hears only
delays the case: sooner or later the ledger is asked.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from enum import Enum
from typing import Protocol

from checkpoints.leases import holder_is_dead, host_name
from graph.versions import left_behind
from protocol.ports import Ledger, ReadTx
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


class Dispatcher(Protocol):
    """Brings cases to this process."""

    async def serve(self, work: Work, at_once: int, stop: asyncio.Event, *, once: bool) -> None:
        """Have ``work`` done on cases as they come, ``at_once`` side by side, until ``stop`` is set and what
        was begun has ended. ``once``: only until nothing is due. Cancelled, it cancels what was begun.
        """

    async def look(self) -> None:
        """Once a second: see to what got lost."""


def claimable(tx: ReadTx, world: World, now: float, host: str | None = None) -> list[str]:
    """Cases with work due that nobody drives at ``now`` (wall seconds), oldest first."""
    here = host or host_name()
    free = [case for case, lease in tx.unheld(now, here) if _is_free(lease, now, here)]
    return list(dict.fromkeys([*free, *left_behind(tx, world)]))


def _is_free(lease: LeaseRow | None, now: float, host: str) -> bool:
    if lease is None or lease.holder is None or lease.expires <= now:
        return True
    return holder_is_dead(lease.holder, host)


def make_dispatcher(
    ledger: Ledger, world: World, clock: Callable[[], float], host: str | None, database: str | None
) -> Dispatcher:
    """The way of the database that keeps the ledger. ``clock``: wall seconds, of all who share it."""

    def due(tx: ReadTx) -> list[str]:
        return claimable(tx, world, clock(), host)

    if database is None:
        return Polling(ledger, due, process_clock)
    from checkpoints.procrastinate_jobs import ProcrastinateJobs

    async def unheld() -> list[str]:
        return await ledger.read(due)

    return ProcrastinateJobs(database, unheld)


class Polling:
    """Asks the ledger. Several processes may do so on one ledger: leases keep them apart."""

    def __init__(
        self, ledger: Ledger, due: Callable[[ReadTx], Sequence[str]], clock: Callable[[], float]
    ) -> None:
        self._ledger = ledger
        self._due = due
        self._clock = clock
        self._tasks: dict[str, asyncio.Task[Went]] = {}
        self._resting: dict[str, float] = {}

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
        """Begin what there is room for; whether anything is due that was not begun."""
        if len(self._tasks) >= at_once:
            return True
        due = [case for case in await self._ledger.read(self._due) if case not in self._tasks]
        for case in self._rested(due):
            if len(self._tasks) >= at_once:
                break
            self._tasks[case] = asyncio.ensure_future(work(case))
        return len(due) > 0

    def _rested(self, due: Sequence[str]) -> Iterator[str]:
        now = self._clock()
        self._resting = {case: until for case, until in self._resting.items() if until > now}
        return (case for case in due if case not in self._resting)

    def _end(self) -> None:
        for case, task in [(c, t) for c, t in self._tasks.items() if t.done()]:
            del self._tasks[case]
            if task.result() is not Went.ON:
                self._resting[case] = self._clock() + REST_S
