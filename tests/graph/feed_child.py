"""A process that feeds a file and kills itself: ``feed_child FLOOR FILE WRITE PHASE``.

WRITE counts the ledger's jobs from 1. PHASE: ``inside`` the job's transaction, when all of it is
written and nothing committed, or ``after`` the commit, before anybody hears of it.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from graph.feed import feed
from protocol.ports import Ledger, ReadTx, Tx
from tests.graph.feed_floor import opened


def die() -> None:
    """As if somebody had pulled the plug."""
    os.kill(os.getpid(), signal.SIGKILL)


class DyingLedger:
    """A ledger whose process does not live past one job."""

    def __init__(self, ledger: Ledger, at: int, phase: str) -> None:
        self._ledger, self._at, self._phase, self._jobs = ledger, at, phase, 0

    async def write(self, job: Callable[[Tx], Any]) -> Any:
        self._jobs += 1
        if self._jobs != self._at:
            return await self._ledger.write(job)

        def last(tx: Tx) -> Any:
            value = job(tx)
            if self._phase == "inside":
                die()
            return value

        await self._ledger.write(last)
        die()
        return None

    async def read(self, job: Callable[[ReadTx], Any]) -> Any:
        return await self._ledger.read(job)

    async def close(self) -> None:
        await self._ledger.close()


async def main(floor: str, file: str, at: str, phase: str) -> None:
    """Feed, and die on the way."""
    async with opened(Path(floor)) as app:
        dying = DyingLedger(app.ledger, int(at), phase)
        await feed(replace(app, ledger=dying), Path(file))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
