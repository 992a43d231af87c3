"""A worker: drives cases as they come, and keeps time, until it is told to stop."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Protocol

from graph.dispatching import Dispatcher, Went, is_free
from graph.driving import AT_ONCE, Driver
from protocol.errors import DependencyDownError
from protocol.ports import Ledger, ReadTx
from protocol.rows import CaseRow
from protocol.world import World

EVERY_S = 1.0
"""How often a worker looks at what is due by the clock."""
GRACE_S = 30.0
"""How long a round may take to finish after a worker was told to stop: a manifest's usual timeout."""

_log = logging.getLogger("andon.working")
Told = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Shift:
    """How a worker works. ``at_once``: cases side by side. ``grace_s``: seconds that rounds get to finish
    when it stops. ``once``: it stops by itself when nothing is due.
    """

    at_once: int = AT_ONCE
    grace_s: float = GRACE_S
    once: bool = False


class WorkerApp(Protocol):
    """What a worker needs of the application."""

    @property
    def world(self) -> World: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def driver(self) -> Driver: ...
    async def sweep(self) -> list[str]:
        """End what is due on the ledger clock."""

    async def deliver(self) -> object:
        """Send what is due to receivers outside."""


class Worker:
    """Works on what ``dispatcher`` brings. ``told``: hears of each case that went somewhere."""

    def __init__(self, app: WorkerApp, dispatcher: Dispatcher, told: Told, host: str | None = None) -> None:
        self._app = app
        self._host = host
        self._dispatcher = dispatcher
        self._told = told
        self._room = Room()

    async def run(self, stop: asyncio.Event, shift: Shift) -> None:
        """Work until ``stop`` is set; then finish the rounds that have begun, within their time of grace, and
        give back the cases they belong to. Cancelled, it gives back at once.
        """
        serving = asyncio.ensure_future(
            self._dispatcher.serve(self._work, shift.at_once, stop, once=shift.once)
        )
        others = [asyncio.ensure_future(self._every(self._app.sweep))]
        others.append(asyncio.ensure_future(self._every(self._dispatcher.look)))
        others.append(asyncio.ensure_future(self._every(self._app.deliver)))
        stopping = asyncio.ensure_future(stop.wait())
        try:
            await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not serving.done():
                self._app.driver.stop()
                await asyncio.wait({serving}, timeout=shift.grace_s)
        finally:
            for task in (*others, stopping):
                task.cancel()
            if not serving.done():
                serving.cancel()
            await asyncio.gather(*others, stopping, return_exceptions=True)
            with suppress(asyncio.CancelledError):
                await serving
        if shift.once and not stop.is_set():
            await self._app.deliver()  # what the last cases published

    async def _every(self, step: Callable[[], Awaitable[object]]) -> None:
        """Do ``step`` each second, whatever came of it before: a ledger that is away will be back."""
        while True:
            try:
                await step()
            except DependencyDownError as error:
                _log.warning("the clock is not kept for now: %s", error)
            except Exception:  # noqa: BLE001 - whatever it was, the next second may be better
                _log.exception("what is done each second failed")
            await asyncio.sleep(EVERY_S)

    async def _work(self, case: str) -> Went:
        """Drive one case; alone, when it is its last attempt: whoever dies then, dies of it."""
        try:
            found = await self._app.ledger.read(lambda tx: self._state(tx, case))
            if found is None:
                return Went.HELD
            last = found > 0 and found >= self._app.world.config.limits.attempts - 1
            async with self._room.alone() if last else self._room.shared():
                if not await self._app.driver.drive(case):
                    return Went.HELD
            row = await self._app.ledger.read(lambda tx: tx.case(case))
        except DependencyDownError as error:
            _log.warning("case %s goes on later: %s", case, error)
            return Went.WRONG
        except Exception:  # noqa: BLE001 - whose fault it was does not matter to the other cases
            _log.exception("case %s could not go on", case)
            self._told(
                {"case": case, "status": "open", "code": "attempt_failed", "rounds": None, "duration_s": None}
            )
            return Went.WRONG
        if row is None:
            return Went.HELD
        self._told(_shape(row))
        return Went.BACK if row.runnable else Went.ON

    def _state(self, tx: ReadTx, case: str) -> int | None:
        """Attempts on a case that ended badly; None when it is not to be had, or others have driven it."""
        row = tx.case(case)
        if row is None or not (row.runnable or row.fingerprint != self._app.world.fingerprint):
            return None
        free = is_free(tx.lease(case), self._app.driver.sightings, self._host)
        return tx.tries(case) if free else None


def _shape(row: CaseRow) -> dict[str, Any]:
    """One case in ``andon/worker/v1``. ``duration_s``: all drives of it together."""
    duration_s = None if row.duration_ms is None else row.duration_ms / 1000
    return {
        "case": row.id,
        "status": str(row.status),
        "code": row.code,
        "rounds": row.rounds,
        "duration_s": duration_s,
    }


class Room:
    """Where cases are driven side by side, or one alone: so that whoever kills a process does it alone, and
    those that were there by chance are not counted out with it.
    """

    def __init__(self) -> None:
        self._changed = asyncio.Condition()
        self._inside = 0
        self._closed = False

    @asynccontextmanager
    async def shared(self) -> AsyncIterator[None]:
        """With others."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self._closed)
            self._inside += 1
        try:
            yield
        finally:
            async with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """After those that are inside, and before all that come later."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self._closed)
            self._closed = True
            try:
                await self._changed.wait_for(lambda: self._inside == 0)
            except BaseException:
                self._closed = False
                self._changed.notify_all()
                raise
        try:
            yield
        finally:
            async with self._changed:
                self._closed = False
                self._changed.notify_all()
