"""What the SQLite ledger does when the disk is full, a COMMIT fails, or somebody else holds the file."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from checkpoints import sqlite_connection
from checkpoints.sqlite_connection import connect, journal_mode_for, patiently
from checkpoints.sqlite_ledger import SqliteLedger
from protocol.errors import DependencyDownError
from protocol.ports import Tx
from tests.checkpoints.kit import put, sqlite


@pytest.fixture(params=[False, True], ids=["threaded", "inline"])
async def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SqliteLedger]:
    async with sqlite(inline=request.param)(tmp_path / "ledger.db") as opened:
        assert isinstance(opened, SqliteLedger)
        yield opened


def big(tx: Tx) -> None:
    for n in range(200):
        put("note", f"N{n}", text="x" * 400)(tx)


async def test_full_disk_loses_the_batch_whole_and_says_so(ledger: SqliteLedger) -> None:
    await ledger.write(put("crate", "C1"))
    pages = ledger._writer.execute("PRAGMA page_count").fetchone()[0]
    ledger._writer.execute(f"PRAGMA max_page_count = {pages + 2}")
    results = await asyncio.gather(
        *(ledger.write(job) for job in (put("crate", "C2"), big, put("crate", "C3"))), return_exceptions=True
    )
    failed = [r for r in results if isinstance(r, DependencyDownError)]
    assert failed
    assert all("full" in f.message and f.exit_code == 69 for f in failed)
    there = await ledger.read(lambda tx: {r.key for r in tx.find("crate")})
    told = {"C1"} | {key for key, r in zip(("C2", "", "C3"), results, strict=True) if r == 0}
    assert there == told
    assert await ledger.read(lambda tx: tx.find("note")) == []
    ledger._writer.execute("PRAGMA max_page_count = 1000000")
    await ledger.write(big)
    assert len(await ledger.read(lambda tx: tx.find("note"))) == 200


async def test_job_that_hides_a_lost_transaction_is_found_out(ledger: SqliteLedger) -> None:
    pages = ledger._writer.execute("PRAGMA page_count").fetchone()[0]
    ledger._writer.execute(f"PRAGMA max_page_count = {pages + 2}")

    def careless(tx: Tx) -> str:
        with pytest.raises(sqlite3.Error):
            big(tx)
        return "fine"

    with pytest.raises(DependencyDownError):
        await ledger.write(careless)


async def test_failing_commit_fails_everybody_who_waits(ledger: SqliteLedger) -> None:
    def bad(tx: Tx) -> None:
        ledger._writer.execute("PRAGMA defer_foreign_keys = ON")
        ledger._writer.execute("INSERT INTO outbox (event_seq) VALUES (77)")

    jobs = [put("crate", "C1"), bad, put("crate", "C2")]
    results = await asyncio.gather(*(ledger.write(job) for job in jobs), return_exceptions=True)
    assert isinstance(results[1], DependencyDownError)
    there = await ledger.read(lambda tx: {r.key for r in tx.find("crate")})
    assert there == {key for key, r in zip(("C1", "", "C2"), results, strict=True) if r == 0}
    assert await ledger.write(put("crate", "C3")) == 0


async def test_batch_fails_together_with_its_commit(tmp_path: Path) -> None:
    """Inline, the three are one batch for certain."""
    async with sqlite(inline=True)(tmp_path / "ledger.db") as ledger:
        assert isinstance(ledger, SqliteLedger)
        writer = ledger._writer

        def bad(tx: Tx) -> None:
            writer.execute("PRAGMA defer_foreign_keys = ON")
            writer.execute("INSERT INTO outbox (event_seq) VALUES (77)")

        jobs = [put("crate", "C1"), bad, put("crate", "C2")]
        results = await asyncio.gather(*(ledger.write(job) for job in jobs), return_exceptions=True)
        assert [type(r) for r in results] == [DependencyDownError] * 3
        assert await ledger.read(lambda tx: tx.find("crate")) == []


class Releasing:
    """Stands for the pause between two tries, and lets go of the lock at the third."""

    def __init__(self, holder: sqlite3.Connection) -> None:
        self.holder, self.waits = holder, 0

    def wait(self, pause_s: float) -> None:
        self.waits += 1
        if self.waits == 3:
            self.holder.execute("COMMIT")


@pytest.mark.parametrize(("lock", "waits"), [("IMMEDIATE", 0), ("EXCLUSIVE", 3)])
async def test_reader_waits_for_another_connection_that_commits(
    ledger: SqliteLedger, lock: str, waits: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder = connect(ledger.path)
    holder.execute(f"BEGIN {lock}")
    pause = Releasing(holder)
    monkeypatch.setattr(sqlite_connection, "_NEVER", pause)
    await ledger.read(lambda tx: tx.counts())
    wal = journal_mode_for(sqlite3.sqlite_version_info) == "wal"  # there nobody waits to read
    assert pause.waits == (0 if wal else waits)
    holder.close()


async def test_writer_waits_for_another_writer(ledger: SqliteLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    holder = connect(ledger.path)
    holder.execute("BEGIN IMMEDIATE")
    pause = Releasing(holder)
    monkeypatch.setattr(sqlite_connection, "_NEVER", pause)
    assert await ledger.write(put("crate", "C1")) == 0
    assert pause.waits == 3
    holder.close()


async def test_commit_waits_for_a_reader_of_another_connection(
    ledger: SqliteLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = connect(ledger.path)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM meta").fetchone()
    pause = Releasing(reader)
    monkeypatch.setattr(sqlite_connection, "_NEVER", pause)
    assert await ledger.write(put("crate", "C1")) == 0
    reader.close()
    assert await ledger.read(lambda tx: len(tx.find("crate"))) == 1


async def test_patience_ends(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    async with sqlite(inline=True)(path):
        holder, other = connect(path), connect(path)
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(DependencyDownError, match="kept the ledger") as error:
            patiently(path, lambda: other.execute("BEGIN IMMEDIATE"), limit_s=0.003)
        assert error.value.error_code == "ledger_locked"
        holder.close()
        other.close()


def test_other_errors_are_not_waited_for(tmp_path: Path) -> None:
    connection = sqlite3.connect(":memory:")
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        patiently(tmp_path, lambda: connection.execute("SELECT * FROM absent"))
    connection.close()
