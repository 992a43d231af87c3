"""A second process on a ledger, for tests: ``python -m tests.checkpoints.worker TASK PATH ...``.

It says ``ready``, waits for a line, does its task, and says what came of it.
"""

import asyncio
import sqlite3
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path

from checkpoints.sqlite_ledger import SqliteLedger
from protocol.ports import Tx
from protocol.records import Ref
from tests.checkpoints.calls import ask
from tests.checkpoints.kit import put, sqlite

PILE = Ref("pile", "P1")


def add_one(tx: Tx) -> None:
    """Change the pile on the version just read."""
    pile = tx.get("pile", "P1")
    assert pile is not None
    assert tx.write(PILE, pile.version, {}, {"count": 1}, "keeper", "c") is not None


def say(text: str) -> None:
    """To the test that waits for it."""
    print(text, flush=True)


async def count(path: Path, times: str) -> None:
    """Add one to the pile so many times, two at a time."""
    async with sqlite(inline=False)(path) as ledger:
        say("ready")
        sys.stdin.readline()
        for _ in range(int(times) // 2):
            await asyncio.gather(ledger.write(add_one), ledger.write(add_one))
        say("done")


async def probe(path: Path, name: str, now_s: str) -> None:
    """Fifty callers ask the breaker at once; how many may call."""
    async with sqlite(inline=False)(path) as ledger:
        say("ready")
        sys.stdin.readline()
        jobs = (ledger.write(ask(f"{name}/{n}", float(now_s))) for n in range(50))
        say(" ".join(sorted(entry for entry in await asyncio.gather(*jobs) if entry != "refused")) or "none")


async def stop_inside(path: Path) -> None:
    """Stop for ever in the middle of a job that has written."""

    def job(tx: Tx) -> None:
        add_one(tx)
        put("crate", "C9")(tx)
        tx.audit({"what": "half"})
        say("inside")
        sys.stdin.readline()

    async with sqlite(inline=True)(path) as ledger:
        await ledger.write(put("crate", "C1"))
        await ledger.write(job)


async def stop_in_commit(path: Path) -> None:
    """Stop when half a transaction is in the file, as a power cut in the middle of COMMIT would."""
    async with sqlite(inline=True)(path) as ledger:
        assert isinstance(ledger, SqliteLedger)
        raw = sqlite3.connect(path, isolation_level=None)
        raw.execute("PRAGMA journal_mode = DELETE")
        raw.execute("PRAGMA cache_size = 1")
        raw.execute("BEGIN IMMEDIATE")
        raw.execute("UPDATE meta SET value = 'elsewhere' WHERE name = 'floor'")
        for n in range(2000):
            raw.execute("INSERT INTO meta VALUES (?, ?)", (f"junk/{n:05}", "x" * 200))
        say("inside")
        sys.stdin.readline()


TASKS: dict[str, Callable[..., Coroutine[None, None, None]]] = {
    "count": count,
    "probe": probe,
    "stop_inside": stop_inside,
    "stop_in_commit": stop_in_commit,
}

if __name__ == "__main__":
    asyncio.run(TASKS[sys.argv[1]](Path(sys.argv[2]), *sys.argv[3:]))
