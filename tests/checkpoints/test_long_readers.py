"""Readers that stay: a writer waits for them within bounds, then says so; a write-ahead log stays bounded."""

import asyncio
import functools
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from checkpoints import sqlite_ledger, wal_bound
from checkpoints.sqlite_connection import connect, journal_mode_for, patiently
from checkpoints.sqlite_saver import open_saver
from checkpoints.wal_bound import is_too_large, write_back
from protocol.errors import DependencyDownError
from tests.checkpoints.kit import put, sqlite
from tests.graph.harbour_app import LAY, SHIFT, opened


@contextmanager
def reader_of(path: Path, table: str = "meta") -> Iterator[sqlite3.Connection]:
    """A connection in the middle of reading."""
    connection = connect(path)
    connection.execute("BEGIN")
    connection.execute(f"SELECT * FROM {table}").fetchone()
    try:
        yield connection
    finally:
        connection.close()


async def test_writer_that_waited_its_time_for_a_reader_is_refused_and_the_next_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if journal_mode_for(sqlite3.sqlite_version_info) == "wal":
        pytest.skip("with WAL no writer waits for readers")
    monkeypatch.setattr(sqlite_ledger, "patiently", functools.partial(patiently, limit_s=0.02))
    async with sqlite(inline=False)(tmp_path / "ledger.db") as ledger:
        with reader_of(tmp_path / "ledger.db"):
            with pytest.raises(DependencyDownError, match="kept the ledger") as error:
                await ledger.write(put("crate", "C1"))
            assert (error.value.error_code, error.value.exit_code) == ("ledger_locked", 69)
            assert "try again" in error.value.hint
            assert await ledger.read(lambda tx: tx.find("crate")) == []
        assert await ledger.write(put("crate", "C2")) == 0
        assert [r.key for r in await ledger.read(lambda tx: tx.find("crate"))] == ["C2"]


async def test_readers_that_come_and_go_without_a_pause_starve_no_writer(tmp_path: Path) -> None:
    path, ended = tmp_path / "ledger.db", threading.Event()
    rounds = [0] * 4

    def keep_reading(number: int) -> None:
        connection = connect(path)
        while not ended.is_set():
            patiently(path, lambda: connection.execute("SELECT count(*) FROM resources").fetchone())
            rounds[number] += 1
        connection.close()

    async with sqlite(inline=False)(path) as ledger:
        threads = [threading.Thread(target=keep_reading, args=(n,)) for n in range(len(rounds))]
        for thread in threads:
            thread.start()
        try:
            for n in range(20):
                assert await ledger.write(put("crate", f"C{n}")) == 0
        finally:
            ended.set()
            for thread in threads:
                await asyncio.to_thread(thread.join)
        assert len(await ledger.read(lambda tx: tx.find("crate"))) == 20
    assert all(rounds)


# The write-ahead log, which the checkpoints always have, and the ledger where SQLite is new enough


@pytest.fixture
def with_wal(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if this SQLite were new enough: what makes old ones corrupt takes two writers at one instant."""
    for module in ("sqlite_connection", "sqlite_ledger"):
        monkeypatch.setattr(f"checkpoints.{module}.journal_mode_for", lambda _: "wal")


@pytest.mark.usefixtures("with_wal")
async def test_log_that_a_reader_holds_stops_growing_and_the_writer_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ledger.db"
    monkeypatch.setattr(wal_bound, "LARGEST_WAL_BYTES", 300_000)
    monkeypatch.setattr(sqlite_ledger, "write_back", functools.partial(write_back, limit_s=0.02))
    async with sqlite(inline=True)(path) as ledger:
        with reader_of(path):
            kept = 0
            while not is_too_large(path):
                await ledger.write(put("note", f"N{kept}", text="x" * 5000))
                kept += 1
            with pytest.raises(DependencyDownError, match="kept the ledger") as error:
                await ledger.write(put("note", "MORE"))
            assert error.value.error_code == "ledger_locked"
            assert (tmp_path / "ledger.db-wal").stat().st_size < 400_000
        await ledger.write(put("note", "LAST"))
        assert not is_too_large(path)
        assert len(await ledger.read(lambda tx: tx.find("note"))) == kept + 1


@pytest.mark.usefixtures("with_wal")
async def test_log_without_readers_is_written_back_and_nobody_notices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wal_bound, "LARGEST_WAL_BYTES", 50_000)
    async with sqlite(inline=True)(tmp_path / "ledger.db") as ledger:
        for n in range(50):
            await ledger.write(put("note", f"N{n}", text="x" * 5000))
        assert len(await ledger.read(lambda tx: tx.find("note"))) == 50
    assert not (tmp_path / "ledger.db-wal").exists()


async def test_case_goes_on_from_the_ledger_while_a_reader_holds_the_checkpoints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wal_bound, "LARGEST_WAL_BYTES", 10_000)
    async with opened(tmp_path) as app:
        path = tmp_path / "checkpoints.db"
        with reader_of(path, "checkpoints"):
            shape: dict[str, Any] = await app.ask(SHIFT, person="guest")
            for _ in range(5):
                await app.ask(SHIFT, person="guest")
            assert (await app.ask(LAY, person="guest"))["status"] == "done"
            size = (tmp_path / "checkpoints.db-wal").stat().st_size
            assert size < 60_000
        decided = await app.decide(shape["waiting"][0]["id"], "approve", person="k.maes")
        assert decided["status"] == "done"


async def test_saver_knows_its_file(tmp_path: Path) -> None:
    async with open_saver(tmp_path / "checkpoints.db") as saver:
        assert getattr(saver, "path", None) == tmp_path / "checkpoints.db"
