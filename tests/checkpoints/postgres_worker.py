"""A second process on a ledger in PostgreSQL: ``python -m tests.checkpoints.postgres_worker TASK URL ...``.

It says ``ready``, waits for a line, does its task, and says what came of it.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from unittest.mock import patch

from checkpoints import postgres_connection
from checkpoints.postgres_ledger import PostgresLedger
from checkpoints.postgres_saver import open_postgres_saver
from protocol.ports import Tx
from tests.checkpoints.kit import START, TYPES, put
from tests.checkpoints.worker import add_one, say


@asynccontextmanager
async def opened(url: str, *, inline: bool = False) -> AsyncIterator[PostgresLedger]:
    """The ledger at a URL."""
    ledger = await PostgresLedger.open(
        url, floor="yard", clock=None, clock_start=START, world_types=TYPES, inline=inline
    )
    try:
        yield ledger
    finally:
        await ledger.close()


async def count(url: str, times: str) -> None:
    """Add one to the pile so many times, two at a time."""
    async with opened(url) as ledger:
        say("ready")
        sys.stdin.readline()
        for _ in range(int(times) // 2):
            await asyncio.gather(ledger.write(add_one), ledger.write(add_one))
        say("done")


async def stop_inside(url: str, idle_ms: str) -> None:
    """Stop in the middle of a job that has written, the first time it runs; then say how often it ran."""
    ran: list[int] = []

    def job(tx: Tx) -> None:
        ran.append(1)
        if len(ran) == 1:
            add_one(tx)
            put("crate", "C9")(tx)
            tx.audit({"what": "half"})
            say("inside")
            sys.stdin.readline()
        tx.audit({"what": "whole"})

    with patch.dict(postgres_connection._SESSION, {"idle_in_transaction_session_timeout": idle_ms}):
        async with opened(url, inline=True) as ledger:
            await ledger.write(job)
            say(f"ran {len(ran)}")


async def migrate(url: str) -> None:
    """Open the ledger and the saver of an empty database, at the same moment as others."""
    say("ready")
    sys.stdin.readline()
    async with opened(url), open_postgres_saver(url):
        say("done")


TASKS: dict[str, Callable[..., Coroutine[None, None, None]]] = {
    "count": count,
    "stop_inside": stop_inside,
    "migrate": migrate,
}

if __name__ == "__main__":
    asyncio.run(TASKS[sys.argv[1]](*sys.argv[2:]))
