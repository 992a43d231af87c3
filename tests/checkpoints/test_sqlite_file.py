"""The embedded ledger's file: private, asserted, refused in one sentence, never half made."""

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from textwrap import dedent

import pytest

from checkpoints import migrations
from checkpoints.named_sql import migration_files, named_queries, statements
from checkpoints.sqlite_connection import connect, journal_mode_for, prepare_reader, prepare_writer
from checkpoints.sqlite_files import file_errors
from checkpoints.sqlite_ledger import SqliteLedger, open_reader
from protocol.errors import InvalidFloorError, NotFoundError
from tests.architecture.sources import ROOT
from tests.checkpoints.kit import ADAPTERS, START, TYPES, pass_row, put, sqlite

open_sqlite = sqlite(inline=True)


@pytest.mark.parametrize(
    ("version", "mode"),
    [
        ((3, 7, 0), "delete"),
        ((3, 40, 1), "delete"),
        ((3, 51, 2), "delete"),
        ((3, 51, 3), "wal"),
        ((3, 51, 9), "wal"),
        ((3, 52, 0), "delete"),
        ((3, 52, 1), "wal"),
        ((4, 0, 0), "wal"),
    ],
)
def test_wal_is_used_only_where_it_cannot_corrupt(version: tuple[int, int, int], mode: str) -> None:
    assert journal_mode_for(version) == mode


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
async def test_files_are_private_from_their_creation(tmp_path: Path, umask: int) -> None:
    path, modes = tmp_path / "data" / "ledger.db", {}
    before = os.umask(umask)
    try:
        async with open_sqlite(path) as ledger:
            modes = await ledger.write(lambda tx: _modes(path, put("crate", "C1")(tx)))
    finally:
        os.umask(before)
    assert modes
    assert {name: oct(mode) for name, mode in modes.items()} == dict.fromkeys(modes, "0o600")
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def _modes(path: Path, _: object) -> dict[str, int]:
    """The modes of the ledger's files in the middle of a transaction."""
    return {p.name: stat.S_IMODE(p.stat().st_mode) for p in path.parent.iterdir()}


async def test_others_lose_their_access_to_a_copied_ledger(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    async with open_sqlite(path):
        pass
    path.chmod(0o644)
    async with open_sqlite(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_durable_pragmas_are_set(tmp_path: Path) -> None:
    async with open_sqlite(tmp_path / "ledger.db") as ledger:
        assert isinstance(ledger, SqliteLedger)
        found = {
            n: ledger._writer.execute(f"PRAGMA {n}").fetchone()[0] for n in ("synchronous", "journal_mode")
        }
        assert found == {"synchronous": 2, "journal_mode": journal_mode_for(sqlite3.sqlite_version_info)}
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            ledger._reader.execute("DELETE FROM meta")


def test_writer_follows_references_and_a_reader_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "some.db"
    with closing(sqlite3.connect(path)) as first:
        first.execute("CREATE TABLE a (x INTEGER PRIMARY KEY) STRICT")
        first.execute("CREATE TABLE b (x INTEGER REFERENCES a (x)) STRICT")
    with closing(connect(path)) as writer:
        prepare_writer(path, writer)
        with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
            writer.execute("INSERT INTO b VALUES (1)")
    with closing(connect(path)) as reader:
        prepare_reader(reader)
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            reader.execute("INSERT INTO a VALUES (1)")


def test_place_that_sqlite_cannot_open_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(InvalidFloorError) as refused, file_errors(tmp_path), closing(connect(tmp_path)):
        pass
    assert refused.value.error_code == "data_not_writable"


def test_pragma_that_does_not_hold_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "ledger.db"
    path.touch()
    monkeypatch.setattr("checkpoints.sqlite_connection.journal_mode_for", lambda _: "memoryless")
    connection = connect(path)
    with pytest.raises(InvalidFloorError, match="journal_mode at 'delete'") as error:
        prepare_writer(path, connection)
    connection.close()
    assert error.value.error_code == "unsafe_sqlite"


async def test_plain_begin_is_used_for_reading_only() -> None:
    texts = {p.name: p.read_text("utf-8") for p in (ROOT / "checkpoints").rglob("*.py")}
    served = {
        "copying.py",
        "postgres_statements.py",
        "procrastinate_jobs.py",
    }  # PostgreSQL's only BEGIN
    scratch = {"audit_compare.py", "audit_seals.py", "rebuilding.py"}  # what nobody else has open
    plain = {name for name, text in texts.items() if '"BEGIN"' in text}
    assert plain == {"sqlite_ledger.py", *served, *scratch}
    assert texts["sqlite_ledger.py"].count('"BEGIN"') == 1
    locking = {name for name, text in texts.items() if '"BEGIN IMMEDIATE"' in text}
    assert locking == {"copying.py", "ledger_file.py", "sqlite_ledger.py"}


def names(directory: Path) -> list[str]:
    return sorted(p.name for p in directory.iterdir())


# What is refused


def empty_database(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE songs (id INTEGER PRIMARY KEY)")
    connection.commit()
    connection.close()


FOREIGN: dict[str, Callable[[Path], object]] = {
    "text": lambda p: p.write_text("not a database, but longer than a header of one hundred bytes. " * 9),
    "short text": lambda p: p.write_text("hello"),
    "binary": lambda p: p.write_bytes(bytes(range(256)) * 40),
    "somebody's database": empty_database,
}


@pytest.mark.parametrize("kind", sorted(FOREIGN))
async def test_foreign_file_is_refused_and_left_alone(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "ledger.db"
    FOREIGN[kind](path)
    path.chmod(0o644)
    before = path.read_bytes()
    with pytest.raises(InvalidFloorError, match="is not an Andon ledger") as error:
        async with open_sqlite(path):
            pass
    assert error.value.error_code == "not_a_ledger"
    assert error.value.hint
    with pytest.raises(InvalidFloorError, match="is not an Andon ledger"), open_reader(path, "yard", TYPES):
        pass
    assert path.read_bytes() == before
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert names(tmp_path) == ["ledger.db"]


async def test_ledger_of_another_floor_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    async with open_sqlite(path):
        pass
    with pytest.raises(InvalidFloorError, match="belongs to the floor yard, not to quay") as error:
        async with open_sqlite(path, floor="quay"):
            pass
    assert error.value.error_code == "other_floor"
    with (
        pytest.raises(InvalidFloorError, match="belongs to the floor yard"),
        open_reader(path, "quay", TYPES),
    ):
        pass


async def test_newer_schema_is_refused_by_writers_and_readers(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    async with open_sqlite(path):
        pass
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {migrations.schema_version() + 1}")
    connection.close()
    newer = migrations.schema_version() + 1
    with pytest.raises(InvalidFloorError, match=f"schema {newer}, and this Andon knows {newer - 1}") as error:
        async with open_sqlite(path):
            pass
    assert error.value.error_code == "newer_ledger"
    with pytest.raises(InvalidFloorError, match=f"schema {newer}"), open_reader(path, "yard", TYPES):
        pass


async def test_damaged_ledger_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    async with open_sqlite(path):
        pass
    content = bytearray(path.read_bytes())
    content[100:4096] = b"\xff" * 3996
    path.write_bytes(content)
    with pytest.raises(InvalidFloorError) as error:
        async with open_sqlite(path):
            pass
    assert error.value.error_code == "ledger_damaged"


async def test_floor_clock_needs_a_start(tmp_path: Path) -> None:
    with pytest.raises(InvalidFloorError, match="no start") as error:
        async with open_sqlite(tmp_path / "ledger.db", clock_start=None):
            pass
    assert error.value.error_code == "clock_start_missing"
    with pytest.raises(NotFoundError), open_reader(tmp_path / "ledger.db", "yard", TYPES):
        pass


@pytest.mark.parametrize(
    "kind", ["a file where the directory should be", "a directory where the file should be"]
)
async def test_place_that_cannot_hold_a_ledger_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "data" / "ledger.db"
    if kind.startswith("a file"):
        path.parent.write_text("")
    else:
        path.mkdir(parents=True)
    with pytest.raises(InvalidFloorError, match="cannot be used") as error:
        async with open_sqlite(path):
            pass
    assert error.value.error_code == "data_not_writable"
    assert "--data DIR" in error.value.hint


@pytest.fixture
def shared() -> Iterator[Path]:
    """A directory that a process without rights can look into, which pytest's are not."""
    place = Path(tempfile.mkdtemp(dir="/tmp"))
    place.chmod(0o755)
    yield place
    shutil.rmtree(place)


UNPRIVILEGED = """
    import asyncio, os, sys
    from pathlib import Path
    from checkpoints.sqlite_ledger import SqliteLedger
    from protocol.errors import InvalidFloorError
    if os.geteuid() == 0:
        os.setgid(65534), os.setuid(65534)  # nobody: the superuser may write anywhere
    try:
        asyncio.run(SqliteLedger.open(Path(sys.argv[1]), floor="yard", clock=None,
                                      clock_start="2026-03-02T09:00:00Z", world_types={}))
    except InvalidFloorError as error:
        print(error.exit_code, error.error_code, error.message)
"""


@pytest.mark.parametrize("there", ["nothing", "a ledger"])
async def test_directory_one_may_not_write_to_is_refused(shared: Path, there: str) -> None:
    place = shared / "data"
    place.mkdir()
    if there == "a ledger":
        async with open_sqlite(place / "ledger.db"):
            pass
    before = sorted(place.iterdir())
    place.chmod(0o555)
    done = python(UNPRIVILEGED, str(place / "ledger.db"))
    assert done.stdout.startswith("3 data_not_writable The data directory"), done.stderr
    assert sorted(place.iterdir()) == before


def python(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a small program beside the engine."""
    return subprocess.run(
        [sys.executable, "-c", dedent(program), *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


# Reading without writing


def test_absent_ledger_is_not_found(tmp_path: Path) -> None:
    for path in (tmp_path / "ledger.db", tmp_path / "none" / "ledger.db"):
        with pytest.raises(NotFoundError) as error, open_reader(path, "yard", TYPES):
            pass
        assert error.value.error_code == "no_ledger"
    assert list(tmp_path.iterdir()) == []


async def test_reader_changes_no_byte(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    async with open_sqlite(path) as ledger:
        await ledger.write(put("crate", "C1", place="north"))
    before = path.read_bytes()
    with open_reader(path, "yard", TYPES) as tx:
        assert [r.key for r in tx.find("crate", place="north")] == ["C1"]
        assert tx.now == START
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            list(tx.rows("DELETE FROM meta"))
    assert path.read_bytes() == before
    assert names(tmp_path) == ["ledger.db", "reserve"]


def test_reading_imports_neither_sqlite_utils_nor_langgraph(tmp_path: Path) -> None:
    program = """
        import asyncio, sys
        from pathlib import Path
        from checkpoints.sqlite_ledger import SqliteLedger, open_reader
        async def main(path):
            start = "2026-03-02T09:00:00Z"
            floor = {"floor": "yard", "clock": None, "clock_start": start, "world_types": {}}
            await (await SqliteLedger.open(path, **floor)).close()
            with open_reader(path, "yard", {}) as tx:
                print(tx.counts()["cases"], sorted({"sqlite_utils", "langgraph"} & set(sys.modules)))
        asyncio.run(main(Path(sys.argv[1])))
    """
    path = str(tmp_path / "ledger.db")
    assert python(program, path).stdout == "0 ['sqlite_utils']\n"  # it was due: the ledger was made
    assert python(program, path).stdout == "0 []\n"


# Migrations


def scratch(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    return connection


def test_migrations_are_listed_and_numbered_without_a_gap() -> None:
    assert [int(f.name[:4]) for f in migration_files()] == list(range(1, migrations.schema_version() + 1))


def test_migration_stopped_at_any_statement_leaves_the_old_schema(tmp_path: Path) -> None:
    full = (migration_files()[0]).read_text("utf-8")
    parts = list(statements(full))
    broken = tmp_path / "0001_ledger.sql"
    for stop in range(0, len(parts), 7):
        broken.write_text("\n".join([*parts[:stop], "CREATE TABLE meta (x) STRICT, WITHOUT;"]))
        connection = scratch(tmp_path / "ledger.db")
        with pytest.raises(sqlite3.OperationalError):
            migrations.migrate(connection, [broken])
        connection.execute("ROLLBACK")
        assert migrations.stored_version(connection) == 0
        connection.close()


def test_older_ledger_is_brought_up_to_date_and_keeps_its_rows(tmp_path: Path) -> None:
    known = migrations.schema_version()
    more = tmp_path / f"{known + 1:04}_colours.sql"
    more.write_text(
        "ALTER TABLE inbox ADD COLUMN colour TEXT;\nCREATE INDEX inbox_colour ON inbox (colour);\n"
    )
    connection = scratch(tmp_path / "ledger.db")
    migrations.migrate(connection)
    connection.execute("INSERT INTO meta VALUES ('floor', 'yard')")
    connection.execute("COMMIT")
    connection.execute("BEGIN IMMEDIATE")
    migrations.migrate(connection, [*migration_files(), more])
    connection.execute("COMMIT")
    assert migrations.stored_version(connection) == known + 1
    assert connection.execute("SELECT value FROM meta").fetchall() == [("yard",)]
    assert connection.execute("SELECT colour FROM inbox").fetchall() == []
    connection.close()


async def test_ledger_of_the_first_schema_goes_on_with_its_passes(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    connection = scratch(path)
    migrations.migrate(connection, migration_files()[:1])
    settings = {"floor": "yard", "lineage": "l1", "schema": "1", "clock": START}
    connection.executemany("INSERT INTO meta VALUES (?, ?)", settings.items())
    connection.execute("INSERT INTO passes VALUES ('case_1', 1, 1, ?, '{}', 'reply', 1)", (START,))
    connection.execute("COMMIT")
    connection.close()
    async with open_sqlite(path) as ledger:
        await ledger.write(lambda tx: tx.put_pass(pass_row(2)))
        passes = await ledger.read(lambda tx: tx.passes("case_1"))
    assert [(p.pass_no, p.clock_s) for p in passes] == [(1, None), (2, pass_row().clock_s)]


async def test_reader_says_when_a_ledger_is_older(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "ledger.db"
    async with open_sqlite(path):
        pass
    known = migrations.schema_version()
    monkeypatch.setattr("checkpoints.ledger_file.schema_version", lambda: known + 1)
    monkeypatch.setattr("checkpoints.migrations.schema_version", lambda: known + 1)
    with pytest.raises(InvalidFloorError, match=f"schema {known}, and this Andon reads {known + 1}") as error:
        open_reader(path, "yard", TYPES).__enter__()
    assert error.value.error_code == "older_ledger"


# The SQL itself


def test_every_statement_of_the_schema_is_strict_or_no_table() -> None:
    for file in migration_files():
        for statement in statements(file.read_text("utf-8")):
            if statement.startswith("CREATE TABLE"):
                assert "STRICT" in statement.rpartition(")")[2], statement


@pytest.mark.parametrize("file", ["queries", "audit"])
def test_every_query_is_valid_and_used(tmp_path: Path, file: str) -> None:
    connection = scratch(tmp_path / "ledger.db")
    for migration in migration_files():
        for statement in statements(migration.read_text("utf-8")):
            connection.execute(statement)
    code = "".join(p.read_text("utf-8") for p in (ROOT / "checkpoints").glob("*.py"))
    for name, sql in named_queries(file).items():
        connection.execute(f"EXPLAIN {sql}", (None,) * sql.count("?"))
        names = {name, name.removesuffix("_of_case")}  # the longer name is put together
        assert any(f"{quote}{n}{quote}" in code for n in names for quote in "'\""), name
    connection.close()


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("runnable", "cases_runnable"),
        ("session_cases", "cases_session"),
        ("children", "cases_cause"),
        ("claims", "claims_resource"),
        ("due", "escalations_open"),
        ("actions_like", "escalations_action"),
        ("events_of_case", "events_case"),
        ("verdicts", "verdicts_case"),
        ("unspent", "sqlite_autoindex_decisions_1"),
    ],
)
async def test_hot_query_uses_its_index(tmp_path: Path, name: str, index: str) -> None:
    async with open_sqlite(tmp_path / "ledger.db"):
        pass
    sql = named_queries("queries")[name]
    with open_reader(tmp_path / "ledger.db", "yard", TYPES) as tx:
        plan = " ".join(
            str(row[3]) for row in tx.rows(f"EXPLAIN QUERY PLAN {sql}", *(None,) * sql.count("?"))
        )
    assert f"INDEX {index}" in plan
    assert "SCAN cases" not in plan or name == "runnable"


async def test_rows_that_must_not_change_refuse_it(tmp_path: Path) -> None:
    """The triggers, on a table each; what an auditor sees when they are gone is tested with the audit."""
    path = tmp_path / "ledger.db"
    async with open_sqlite(path) as ledger:
        await ledger.write(put("crate", "C1"))
        await ledger.write(lambda tx: tx.audit({"what": "x"}))
        await ledger.write(lambda tx: tx.put_turn("case_1", 1, "crew", {"agent": "crew"}))
    connection = sqlite3.connect(path)
    for table in ("writes", "audit", "turns"):
        for sql in (
            f"DELETE FROM {table}",
            f"UPDATE {table} SET rowid = rowid",
            f"UPDATE {table} SET body = 'x'",
        ):
            if "rowid" in sql and table == "turns":
                continue
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                connection.execute(sql)
    connection.close()


def test_every_adapter_is_in_the_contract() -> None:
    assert set(ADAPTERS) == {"sqlite", "sqlite-inline", "postgres"}
