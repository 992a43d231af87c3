"""500 in stock, two commits of 400 from two long-lived processes at the same instant, 100 times (S2 b)."""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from checkpoints.audit import audit
from graph.app import open_app
from tests.recovery.stock_clerk import RANK, ROOT, item, order, settings

pytestmark = pytest.mark.long

TIMES = 100
HEAD_START_S = 0.004


@contextmanager
def clerks(data: Path) -> Iterator[list[tuple[IO[str], IO[str]]]]:
    """One process for each order; both are up before either is asked anything."""
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.recovery.stock_clerk", str(data), str(TIMES), who],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for who in RANK
    ]
    pipes = [(p.stdin, p.stdout) for p in started]
    try:
        for _, said in pipes:
            assert said is not None
            assert said.readline() == "ready\n"
        yield pipes  # type: ignore[misc]  # both streams are pipes
    finally:
        for process in started:
            process.communicate(timeout=60)


async def test_exactly_one_of_two_simultaneous_commits_gets_the_stock(tmp_path: Path) -> None:
    async with open_app(settings(tmp_path, TIMES)):
        pass  # the ledger is there and seeded before the two begin
    ends: Counter[tuple[str, ...]] = Counter()
    with clerks(tmp_path) as pipes:
        for n in range(TIMES):
            at = time.monotonic() + HEAD_START_S
            for told, _ in pipes:
                told.write(f"{n} {at}\n")
                told.flush()
            ends[tuple(said.readline().strip() for _, said in pipes)] += 1
    # FIRST outranks SECOND: it never takes what SECOND has, it asks the materials planner for it.
    assert set(ends) <= {("done", "refused"), ("waiting", "done")}, ends
    async with open_app(settings(tmp_path, TIMES)) as app:
        report = await app.ledger.read(lambda tx: audit(tx, app.world))  # type: ignore[arg-type]
        assert report["violations"] == []
        for n in range(TIMES):
            stock = await app.ledger.read(lambda tx, n=n: tx.get("stock", item(n)))  # type: ignore[misc]
            got = await app.ledger.read(
                lambda tx, n=n: [a["order"] for a in tx.find("allocation", item=item(n))]  # type: ignore[misc]
            )
            assert stock is not None
            assert (stock["on_hand"], stock["on_hand"] - stock["allocated"]) == (500, 100)
            assert len(got) == 1
            assert got[0] in {order(who, n) for who in RANK}
