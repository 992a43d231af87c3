"""Several processes on one ledger in PostgreSQL, and processes that are killed or stopped."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import psycopg
import pytest

from checkpoints.postgres_ledger import open_reader
from tests.architecture.sources import ROOT
from tests.checkpoints.kit import TYPES, put
from tests.checkpoints.postgres_worker import opened
from tests.postgres import some_database

pytestmark = pytest.mark.long


@pytest.fixture
def url() -> Iterator[str]:
    """An empty database."""
    with some_database() as made:
        yield made


@contextmanager
def worker(task: str, url: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A worker, from the moment at which it is made; killed at the end at the latest."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.checkpoints.postgres_worker", task, url, *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def heard(process: subprocess.Popen[str]) -> str:
    """What it says next."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def go(process: subprocess.Popen[str]) -> None:
    """Let it go on."""
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


async def test_no_update_is_lost_between_two_processes(url: str) -> None:
    async with opened(url) as ledger:
        await ledger.write(put("pile", "P1", count=0))
    with worker("count", url, "60") as one, worker("count", url, "60") as two:
        assert [heard(process) for process in (one, two)] == ["ready", "ready"]
        go(one)
        go(two)
        assert [heard(process) for process in (one, two)] == ["done", "done"]
    with open_reader(url, "yard", TYPES) as tx:
        pile = tx.get("pile", "P1")
        assert pile is not None
        assert (pile.version, pile["count"]) == (120, 120)
        assert [row.version for row in tx.writes(pile.ref)] == list(range(121))
        assert [row.seq for row in tx.writes(pile.ref)] == list(range(1, 122))


async def test_killed_transaction_leaves_nothing_and_blocks_nobody(url: str) -> None:
    async with opened(url) as ledger:
        await ledger.write(put("pile", "P1", count=0))
        with worker("stop_inside", url, "60000") as process:
            assert heard(process) == "inside"
            process.kill()
            process.wait()
            assert await ledger.write(put("crate", "C2")) == 0
        assert await ledger.read(lambda tx: [r.key for r in tx.find("crate")]) == ["C2"]
        assert await ledger.read(lambda tx: [r.version for r in tx.find("pile")]) == [0]
        assert await ledger.read(lambda tx: tx.counts()["audit_entries"]) == 0


async def test_stopped_transaction_is_ended_for_others_and_commits_nothing_when_it_goes_on(url: str) -> None:
    async with opened(url) as ledger:
        await ledger.write(put("pile", "P1", count=0))
        with worker("stop_inside", url, "300") as process:
            assert heard(process) == "inside"
            os.kill(process.pid, signal.SIGSTOP)
            assert await ledger.write(put("crate", "C2")) == 0
            go(process)
            os.kill(process.pid, signal.SIGCONT)
            assert heard(process) == "ran 2"
            process.wait()
        assert await ledger.read(lambda tx: [r.key for r in tx.find("crate")]) == ["C2"]
        assert await ledger.read(lambda tx: [r.version for r in tx.find("pile")]) == [0]
        assert await ledger.read(lambda tx: tx.counts()["audit_entries"]) == 1


@pytest.mark.parametrize("many", [3, pytest.param(8, marks=pytest.mark.soak)])
def test_processes_that_open_an_empty_database_at_once_make_one_schema(url: str, many: int) -> None:
    with ExitStack() as stack:
        processes = [stack.enter_context(worker("migrate", url)) for _ in range(many)]
        assert [heard(process) for process in processes] == ["ready"] * many
        for process in processes:
            go(process)
        assert [heard(process) for process in processes] == ["done"] * many
        assert [process.wait() for process in processes] == [0] * many
    with open_reader(url, "yard", TYPES) as tx:
        assert list(tx.soundness()) == []
        assert len(tx.meta("lineage") or "") == 32
    with psycopg.connect(url) as raw:
        found = raw.execute("SELECT count(*), count(DISTINCT v) FROM andon.checkpoint_migrations").fetchone()
        assert found is not None
        assert found[0] == found[1] > 1
