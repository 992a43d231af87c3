"""A ledger that moves from its file into PostgreSQL."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from checkpoints.copying import copy_ledger, tables
from checkpoints.postgres_connection import PostgresConnection, connect
from checkpoints.postgres_ledger import PostgresLedger, open_reader
from checkpoints.sqlite_ledger import SqliteLedger
from checkpoints.sqlite_ledger import open_reader as open_file
from protocol.errors import DependencyDownError, InvalidFloorError, NotFoundError
from protocol.records import Ref
from tests.checkpoints.kit import FULL_CASE, START, TYPES, put, sqlite
from tests.postgres import drop_database, new_database

pytestmark = pytest.mark.long


@pytest.fixture
def url() -> Iterator[str]:
    """A database of its own."""
    made = new_database()
    yield made
    drop_database(made)


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    """A file with a ledger in which a few things happened."""
    file = tmp_path / "ledger.db"
    async with sqlite(inline=True)(file) as ledger:
        for number in range(700):
            await ledger.write(put("note", f"N-{number}", text=f"Notiz {number} – ä\u0001"))
        await ledger.write(put("pile", "P1", count=3))
        await ledger.write(
            lambda tx: tx.write(Ref("pile", "P1"), 0, {}, {"count": 4}, "keeper", "c/1/keeper/1")
        )
        await ledger.write(lambda tx: tx.accept("line", "1", "text", {}))
        await ledger.write(lambda tx: tx.open_case(FULL_CASE))
        await ledger.write(lambda tx: tx.audit({"what": "test"}))
    return file


async def test_every_row_arrives_and_the_ledger_goes_on_there(path: Path, url: str) -> None:
    with open_file(path, "yard", TYPES) as tx:
        there = tx.get("pile", "P1"), tx.case(FULL_CASE.id), tx.meta("lineage"), dict(tx.counts())
    told: list[tuple[str, int]] = []
    counts = copy_ledger(path, url, "yard", lambda table, rows: told.append((table, rows)))
    assert (counts["resources"], counts["writes"], counts["cases"], counts["audit"]) == (701, 702, 1, 1)
    assert ("resources", 500) in told
    with open_reader(url, "yard", TYPES) as tx:
        assert (tx.get("pile", "P1"), tx.case(FULL_CASE.id), tx.meta("lineage"), dict(tx.counts())) == there
        assert not list(tx.soundness())
    ledger = await PostgresLedger.open(url, floor="yard", clock=None, clock_start=START, world_types=TYPES)
    try:
        await ledger.write(put("note", "N-new", text="after"))
        new = await ledger.read(lambda tx: tx.writes(Ref("note", "N-new")))
    finally:
        await ledger.close()
    assert new[0].seq == 703


async def test_the_file_is_only_read_from_then_on(path: Path, url: str) -> None:
    copy_ledger(path, url, "yard")
    with open_file(path, "yard", TYPES) as tx:
        assert tx.counts()["cases"] == 1
    with pytest.raises(InvalidFloorError) as refused:
        await SqliteLedger.open(path, floor="yard", clock=None, clock_start=START, world_types=TYPES)
    assert refused.value.error_code == "ledger_moved"
    with pytest.raises(InvalidFloorError):
        copy_ledger(path, new_database(), "yard")


async def test_a_database_in_use_is_left_as_it_is(path: Path, url: str) -> None:
    ledger = await PostgresLedger.open(url, floor="yard", clock=None, clock_start=START, world_types=TYPES)
    await ledger.write(put("note", "N-1", text="mine"))
    await ledger.close()
    with pytest.raises(InvalidFloorError) as refused:
        copy_ledger(path, url, "yard")
    assert refused.value.error_code == "database_not_empty"
    with open_reader(url, "yard", TYPES) as tx:
        record = tx.get("note", "N-1")
        assert record is not None
        assert record["text"] == "mine"
    async with sqlite(inline=True)(path) as still:  # and the file can be written as before
        await still.write(put("note", "N-more", text="on"))


async def test_what_does_not_arrive_as_it_was_leaves_nothing(
    path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = PostgresConnection.execute_many

    def losing(self: PostgresConnection, sql: str, rows: list[tuple[object, ...]]) -> None:
        sent(self, sql, rows[:-1] if "INTO balances" in sql else rows)

    monkeypatch.setattr(PostgresConnection, "execute_many", losing)
    with pytest.raises(DependencyDownError) as refused:
        copy_ledger(path, url, "yard")
    assert refused.value.error_code == "copy_differs"
    connection = connect(url)
    assert [connection.execute(f"SELECT count(*) FROM {t}").fetchone() for t in ("writes", "audit")] == [
        (0,),
        (0,),
    ]
    connection.close()
    monkeypatch.undo()
    assert copy_ledger(path, url, "yard")["writes"] == 702


def test_without_a_ledger_there_is_nothing_to_copy(tmp_path: Path, url: str) -> None:
    with pytest.raises(NotFoundError):
        copy_ledger(tmp_path / "ledger.db", url, "yard")


def test_tables_come_after_those_they_refer_to() -> None:
    order = tables()
    assert order.index("inbox") < order.index("cases")
    assert order.index("events") < order.index("outbox")
    assert order.index("escalations") < order.index("decisions")
    assert order.index("resources") < order.index("balances")


def test_another_program_s_file_is_refused(tmp_path: Path, url: str) -> None:
    file = tmp_path / "ledger.db"
    sqlite3.connect(file).execute("CREATE TABLE mine (x)").connection.close()
    with pytest.raises(InvalidFloorError):
        copy_ledger(file, url, "yard")


def _unmarked(path: Path) -> None:
    """As a process leaves it that died between the two commits."""
    connection = sqlite3.connect(path)
    connection.execute("DELETE FROM meta WHERE name = 'moved_to'")
    connection.commit()
    connection.close()


async def test_a_copy_that_was_not_marked_is_finished_by_copying_again(path: Path, url: str) -> None:
    counts = copy_ledger(path, url, "yard")
    _unmarked(path)
    assert copy_ledger(path, url, "yard") == counts
    with pytest.raises(InvalidFloorError) as refused:
        await SqliteLedger.open(path, floor="yard", clock=None, clock_start=START, world_types=TYPES)
    assert refused.value.error_code == "ledger_moved"


async def test_a_file_that_went_on_since_is_not_taken_for_its_copy(path: Path, url: str) -> None:
    copy_ledger(path, url, "yard")
    _unmarked(path)
    async with sqlite(inline=True)(path) as ledger:
        await ledger.write(put("note", "N-late", text="written here"))
    with pytest.raises(InvalidFloorError) as refused:
        copy_ledger(path, url, "yard")
    assert refused.value.error_code == "database_not_empty"


async def test_a_server_that_goes_away_in_the_middle_leaves_nothing(
    path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = PostgresConnection.execute_many

    def cut(self: PostgresConnection, sql: str, rows: list[tuple[object, ...]]) -> None:
        if "INTO writes" in sql:
            with psycopg.connect(url, autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s)", (self.raw.info.backend_pid,))
        sent(self, sql, rows)

    monkeypatch.setattr(PostgresConnection, "execute_many", cut)
    with pytest.raises(DependencyDownError) as refused:
        copy_ledger(path, url, "yard")
    assert refused.value.error_code == "ledger_down"
    async with sqlite(inline=True)(path) as still:
        await still.write(put("note", "N-on", text="the file goes on"))
    monkeypatch.undo()
    assert copy_ledger(path, url, "yard")["writes"] == 703
