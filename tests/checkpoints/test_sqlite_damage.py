"""Damaged files, and files beside which something foreign lies: refused at the start, frozen in a run."""

import shutil
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from checkpoints.sqlite_connection import connect
from checkpoints.sqlite_damage import refuse_damaged
from checkpoints.sqlite_ledger import SqliteLedger, open_reader
from checkpoints.sqlite_trouble import FrozenLedgerError, down, final
from protocol.errors import AndonError, DependencyDownError, InvalidFloorError
from protocol.ports import Tx
from tests.checkpoints.kit import TYPES, put, sqlite

PAGE = 4096
open_sqlite = sqlite(inline=True)


def many(tx: Tx) -> None:
    for n in range(300):
        put("note", f"N{n}", text="x" * 300)(tx)


async def filled(path: Path) -> bytes:
    """A ledger with some hundred records; its content."""
    async with open_sqlite(path) as ledger:
        await ledger.write(many)
    return content_of(path)


def content_of(path: Path) -> bytes:
    return path.read_bytes()


def zeroed(content: bytes, page: int) -> bytes:
    return content[: page * PAGE] + bytes(PAGE) + content[(page + 1) * PAGE :]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "half of it is gone": lambda c: c[: len(c) // 2],
    "its last page is gone": lambda c: c[:-PAGE],
    "torn in the middle of a page": lambda c: c[: len(c) - PAGE // 2],
    "a page is zeroed": lambda c: zeroed(c, len(c) // PAGE // 2),
    "its second page is zeroed": lambda c: zeroed(c, 1),
    "the header is of zeroes": lambda c: bytes(100) + c[100:],
}


@pytest.mark.parametrize("damage", DAMAGES)
async def test_damaged_file_is_refused_by_name_and_left_alone(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "ledger.db"
    content = DAMAGES[damage](await filled(path))
    path.write_bytes(content)
    with pytest.raises(InvalidFloorError, match=r"ledger\.db") as refused:
        async with open_sqlite(path):
            pass
    assert refused.value.error_code in {"ledger_damaged", "not_a_ledger"}
    assert refused.value.hint
    assert path.read_bytes() == content


async def test_emptied_ledger_is_not_taken_for_a_new_one(tmp_path: Path) -> None:
    path, cache = tmp_path / "ledger.db", tmp_path / "checkpoints.db"
    path.touch()
    async with open_sqlite(path):
        pass  # a process that died before it made anything leaves such a file: nothing is lost
    path.write_bytes(b"")
    cache.write_bytes(b"anything")
    with pytest.raises(InvalidFloorError, match="is damaged: it is empty") as refused:
        async with open_sqlite(path):
            pass
    assert refused.value.error_code == "ledger_damaged"
    assert path.read_bytes() == b""


async def test_large_ledger_is_not_read_through_at_each_start(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(zeroed(await filled(path), 40))
    connection = sqlite3.connect(path)
    refuse_damaged(path, connection, most_bytes=PAGE)
    with pytest.raises(InvalidFloorError, match="is damaged"):
        refuse_damaged(path, connection)
    connection.close()


async def test_looking_waits_for_a_commit_of_somebody_else(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    await filled(path)
    with closing(connect(path)) as busy, closing(connect(path)) as connection:
        busy.execute("BEGIN EXCLUSIVE")
        release = threading.Timer(0.2, busy.execute, ["COMMIT"])
        release.start()
        refuse_damaged(path, connection)
        assert not busy.in_transaction
        release.join()


# Journals of others


def in_the_middle(path: Path, into: Path) -> None:
    """A copy of a ledger and its journal while a transaction has begun to overwrite pages."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA cache_size = 2")
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("UPDATE resources SET body = substr(body, 1, 5)")
    connection.execute("UPDATE meta SET value = value")
    into.mkdir()
    for name in (path.name, f"{path.name}-journal"):
        shutil.copy(path.with_name(name), into / name)
    connection.execute("ROLLBACK")
    connection.close()


def at_commit(path: Path, into: Path) -> None:
    """The same while a reader holds a commit up, and with the beginning that SQLite writes next."""
    reader, writer = (sqlite3.connect(path, isolation_level=None, timeout=0) for _ in range(2))
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM meta").fetchall()
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("UPDATE resources SET body = substr(body, 1, 5)")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        writer.execute("COMMIT")
    into.mkdir()
    for name in (path.name, f"{path.name}-journal"):
        shutil.copy(path.with_name(name), into / name)
    with (into / f"{path.name}-journal").open("r+b") as journal:
        header = journal.read(28)
        sector, page = (int.from_bytes(header[at : at + 4], "big") for at in (20, 24))
        records = (journal.seek(0, 2) - sector) // (page + 8)
        journal.seek(0)
        journal.write(bytes.fromhex("d9d505f920a163d7") + records.to_bytes(4, "big"))
    reader.close()
    writer.execute("ROLLBACK")
    writer.close()


async def test_journal_of_the_own_last_writer_is_played_back(tmp_path: Path) -> None:
    path, copy = tmp_path / "ledger.db", tmp_path / "copy" / "ledger.db"
    before = await filled(path)
    in_the_middle(path, copy.parent)
    assert copy.read_bytes() != before
    async with open_sqlite(copy) as ledger:
        assert len(await ledger.read(lambda tx: tx.find("note"))) == 300
    assert copy.read_bytes() == before


@pytest.mark.parametrize("at", ["in the middle", "at its commit"])
async def test_journal_of_another_ledger_is_refused_and_not_played_back(tmp_path: Path, at: str) -> None:
    path, other = tmp_path / "ledger.db", tmp_path / "other" / "ledger.db"
    await filled(path)
    await filled(other)
    async with open_sqlite(other) as ledger:  # its counter of changes is further on, and it is larger
        for n in range(5):
            await ledger.write(put("crate", f"C{n}", place="x" * 5000))
    (in_the_middle if at == "in the middle" else at_commit)(other, tmp_path / "copy")
    before = path.read_bytes()
    shutil.copy(tmp_path / "copy" / "ledger.db-journal", tmp_path / "ledger.db-journal")
    for _ in range(2):
        with pytest.raises(InvalidFloorError, match=r"ledger\.db-journal beside .* another database") as no:
            async with open_sqlite(path):
                pass
        assert no.value.error_code == "foreign_journal"
        with pytest.raises(InvalidFloorError, match="another database"), open_reader(path, "yard", TYPES):
            pass
    assert path.read_bytes() == before
    (tmp_path / "ledger.db-journal").unlink()
    async with open_sqlite(path) as ledger:
        assert len(await ledger.read(lambda tx: tx.find("note"))) == 300


async def test_wal_beside_a_ledger_that_uses_none_is_refused(tmp_path: Path) -> None:
    path, other = tmp_path / "ledger.db", tmp_path / "other.db"
    before = await filled(path)
    if before[18] != 1:
        pytest.skip("this SQLite is new enough for WAL: one may lie beside the ledger")
    connection = sqlite3.connect(other, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE songs (id INTEGER PRIMARY KEY, name TEXT)")
    connection.execute("INSERT INTO songs VALUES (1, 'x')")
    shutil.copy(tmp_path / "other.db-wal", tmp_path / "ledger.db-wal")
    connection.close()
    with pytest.raises(InvalidFloorError, match=r"ledger\.db-wal beside") as refused:
        async with open_sqlite(path):
            pass
    assert refused.value.error_code == "foreign_journal"
    assert path.read_bytes() == before


@pytest.mark.parametrize(("pages", "own"), [(0, True), (1, False), (-1, False)])
async def test_journal_without_the_first_page_must_know_the_number_of_pages(
    tmp_path: Path, pages: int, own: bool
) -> None:
    """As a program leaves it that writes before its commit."""
    path = tmp_path / "ledger.db"
    before = await filled(path)
    count = int.from_bytes(before[28:32], "big")
    numbers = b"".join(n.to_bytes(4, "big") for n in (1, 0, count + pages, 512, PAGE))
    page = before[2 * PAGE : 3 * PAGE]
    checksum = sum(page[at] for at in range(PAGE - 200, 0, -200))
    record = (3).to_bytes(4, "big") + page + checksum.to_bytes(4, "big")
    header = bytes.fromhex("d9d505f920a163d7") + numbers
    (tmp_path / "ledger.db-journal").write_bytes(header.ljust(512, b"\0") + record)
    if own:
        async with open_sqlite(path) as ledger:
            assert len(await ledger.read(lambda tx: tx.find("note"))) == 300
        return
    with pytest.raises(InvalidFloorError, match="another database"):
        async with open_sqlite(path):
            pass


@pytest.mark.parametrize("content", [b"", b"left over", bytes(5000), b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"])
async def test_what_is_no_journal_is_ignored(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ledger.db"
    await filled(path)
    (tmp_path / "ledger.db-journal").write_bytes(content)
    async with open_sqlite(path) as ledger:
        assert len(await ledger.read(lambda tx: tx.find("note"))) == 300


# In a run


@pytest.mark.parametrize("inline", [True, False])
async def test_ledger_damaged_under_a_running_process_is_frozen(tmp_path: Path, inline: bool) -> None:
    path = tmp_path / "ledger.db"
    await filled(path)
    async with sqlite(inline=inline)(path) as ledger:
        await ledger.write(put("crate", "C1"))
        content = content_of(path)
        with path.open("r+b") as stream:
            for page in range(12, len(content) // PAGE):
                stream.seek(page * PAGE)
                stream.write(bytes(PAGE))
        with pytest.raises(InvalidFloorError, match=r"ledger\.db is damaged") as refused:
            await ledger.read(lambda tx: tx.find("note"))
        assert refused.value.error_code == "ledger_damaged"
        with path.open("r+b") as stream:
            stream.write(content)  # even then: what this process holds of it may be wrong
        for again in (ledger.write(put("crate", "C2")), ledger.read(lambda tx: tx.counts())):
            with pytest.raises(InvalidFloorError, match="is damaged"):
                await again


async def test_wrong_statement_is_no_trouble_of_the_disk(tmp_path: Path) -> None:
    async with open_sqlite(tmp_path / "ledger.db") as ledger:
        assert isinstance(ledger, SqliteLedger)
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            await ledger.read(lambda tx: list(tx.rows("SELECT * FROM songs")))  # type: ignore[attr-defined]
        assert await ledger.write(put("crate", "C1")) == 0


def error_of(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("told by the disk")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("code", "kind", "name"),
    [
        (sqlite3.SQLITE_IOERR_FSYNC, FrozenLedgerError, "ledger_frozen"),
        (sqlite3.SQLITE_IOERR_DIR_FSYNC, FrozenLedgerError, "ledger_frozen"),
        (sqlite3.SQLITE_CORRUPT, InvalidFloorError, "ledger_damaged"),
        (sqlite3.SQLITE_NOTADB, InvalidFloorError, "ledger_damaged"),
        (sqlite3.SQLITE_IOERR_WRITE, None, "ledger_down"),
        (sqlite3.SQLITE_FULL, None, "disk_full"),
        (sqlite3.SQLITE_READONLY, None, "ledger_down"),
    ],
)
def test_error_of_the_disk_is_final_or_not(
    tmp_path: Path, code: int, kind: type[AndonError] | None, name: str
) -> None:
    found = final(tmp_path, error_of(code))
    assert type(found) is (kind or type(None))
    told = found or down(tmp_path, error_of(code))
    assert told.error_code == name
    assert isinstance(told, DependencyDownError | InvalidFloorError)
