"""Several processes on one ledger, and processes that are killed."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from checkpoints.sqlite_connection import journal_mode_for
from checkpoints.sqlite_ledger import SqliteLedger, open_reader
from tests.architecture.sources import ROOT
from tests.checkpoints.calls import NOW, OPENED
from tests.checkpoints.kit import TYPES, put, sqlite

pytestmark = pytest.mark.long

open_sqlite = sqlite(inline=False)


@contextmanager
def worker(task: str, path: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A worker that has said its first word; killed at the end at the latest."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.checkpoints.worker", task, str(path), *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().strip() in ("ready", "inside")
        yield process
    finally:
        process.kill()
        process.communicate()


async def test_no_update_is_lost_between_two_processes(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    async with open_sqlite(path) as ledger:
        await ledger.write(put("pile", "P1", count=0))
    with worker("count", path, "100") as one, worker("count", path, "100") as two:
        for process in (one, two):
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        for process in (one, two):
            assert process.stdout is not None
            assert process.stdout.readline().strip() == "done"
    with open_reader(path, "yard", TYPES) as tx:
        pile = tx.get("pile", "P1")
        assert pile is not None
        assert (pile.version, pile["count"]) == (200, 200)


async def test_of_the_callers_of_two_processes_one_probes(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    async with open_sqlite(path) as ledger:
        await ledger.write(lambda tx: tx.save_breaker(OPENED, 0))
    with worker("probe", path, "a", str(NOW + 30)) as one, worker("probe", path, "b", str(NOW + 30)) as two:
        for process in (one, two):
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        answers = [process.stdout.readline().strip() for process in (one, two) if process.stdout]
    assert sorted(answers) == ["none", "probe"]


async def test_killed_transaction_leaves_nothing_and_blocks_nobody(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    async with open_sqlite(path) as ledger:
        await ledger.write(put("pile", "P1", count=0))
    with worker("stop_inside", path) as process:
        process.kill()
        process.wait()
        with open_reader(path, "yard", TYPES) as tx:
            assert [r.key for r in tx.find("crate")] == ["C1"]
        async with open_sqlite(path) as ledger:
            assert await ledger.write(put("crate", "C2")) == 0
            assert await ledger.read(lambda tx: [r.version for r in tx.find("pile")]) == [0]
            assert await ledger.read(lambda tx: tx.counts()["audit_entries"]) == 0


async def test_kill_in_the_middle_of_commit_is_rolled_back_by_reader_and_writer(tmp_path: Path) -> None:
    for name in ("reader", "writer"):
        path = tmp_path / name / "ledger.db"
        async with open_sqlite(path) as ledger:
            await ledger.write(put("crate", "C1"))
        with worker("stop_in_commit", path) as process:
            process.kill()
            process.wait()
        left = "wal" if journal_mode_for(sqlite3.sqlite_version_info) == "wal" else "journal"
        assert (path.parent / f"ledger.db-{left}").stat().st_size > 0, "the crash left a journal"
        if name == "reader":
            with open_reader(path, "yard", TYPES) as tx:
                assert [r.key for r in tx.find("crate")] == ["C1"]
                assert tx.meta("junk/00000") is None
        async with open_sqlite(path) as ledger:
            assert isinstance(ledger, SqliteLedger)
            assert await ledger.read(lambda tx: (tx.meta("floor"), tx.meta("junk/00000"))) == ("yard", None)
            assert await ledger.read(lambda tx: list(tx.soundness())) == []  # type: ignore[attr-defined]
