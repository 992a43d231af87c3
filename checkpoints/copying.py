"""A ledger moved from its file into PostgreSQL: every row of every table, counted and compared, or nothing.

The file is kept as it was, but for a note of where its ledger went: two that go on would be two truths.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path

from checkpoints.dialect import Connection
from checkpoints.ledger_database import make_current as make_schema
from checkpoints.ledger_file import MOVED, make_current, refuse_moved, refuse_other_floor
from checkpoints.named_sql import migration_files, named_queries, statements
from checkpoints.postgres_connection import PostgresConnection, connect, place
from checkpoints.postgres_statements import without_nul
from checkpoints.postgres_trouble import opening_errors
from checkpoints.sqlite_connection import connect as connect_file
from checkpoints.sqlite_connection import patiently
from checkpoints.sqlite_files import file_errors
from protocol.errors import DependencyDownError, InvalidFloorError, NotFoundError

_TOGETHER = 500
"""Rows sent at a time."""


def copy_ledger(
    path: Path, url: str, floor: str, told: Callable[[str, int], None] = lambda _table, _rows: None
) -> Mapping[str, int]:
    """Copy the ledger of ``floor`` from the file ``path`` to the empty database at ``url``; rows by table.

    While it runs nobody writes to the file. A copy that arrived whole, and whose file was not marked since
    the process died, is finished by copying again. ``told``: a table, and how many of its rows were copied.
    Raises NotFoundError without a file, InvalidFloorError when either cannot be used or the database holds
    another ledger, DependencyDownError when the server goes away or what arrived is not what was sent:
    nothing is kept then.
    """
    if not path.exists() or path.stat().st_size == 0:
        raise NotFoundError(
            f"There is no ledger at {path} to copy.",
            hint="Name its directory with --data DIR.",
            code="no_ledger",
        )
    with file_errors(path), _held(path, floor) as source:
        target = connect(url)
        try:
            with opening_errors(place(url)):
                counts = _fill(url, source, target, floor, told)
        finally:
            target.close()
        source.execute(named_queries("queries")["set_meta"], (MOVED, place(url)))
        patiently(path, lambda: source.execute("COMMIT"))
    return counts


def _fill(
    url: str,
    source: sqlite3.Connection,
    target: PostgresConnection,
    floor: str,
    told: Callable[[str, int], None],
) -> Mapping[str, int]:
    """Copy every table and compare it, in one transaction of the target."""
    make_schema(url, target, {"floor": floor}, lambda: "")
    if _is_used(target):
        return _already_there(url, source, target)
    target.execute("BEGIN")
    target.execute("DELETE FROM meta")  # the file brings its own
    counts = {table: _copy(source, target, table, told) for table in tables()}
    if differing := _differing(source, target):
        raise DependencyDownError(
            f"The rows of {differing[0]} did not arrive at {place(url)} as they were. Nothing was kept.",
            hint="Try again; if it happens twice, run `andon audit` on the file.",
            code="copy_differs",
        )
    target.execute("COMMIT")
    return counts


def _already_there(url: str, source: sqlite3.Connection, target: PostgresConnection) -> Mapping[str, int]:
    """The rows by table, when the target holds this very ledger; else InvalidFloorError."""
    if _differing(source, target):
        raise InvalidFloorError(
            f"The database {place(url)} holds a ledger already; nothing was copied.",
            hint="Name an empty database, or drop its schema andon first.",
            code="database_not_empty",
        )
    return {table: _seen(source, table, _columns(source, table))[0] for table in tables()}


def tables() -> Sequence[str]:
    """The ledger's tables, each after those it refers to."""
    scratch = sqlite3.connect(":memory:")
    try:
        for file in migration_files():
            for statement in statements(file.read_text("utf-8")):
                scratch.execute(statement)
        names = [
            n
            for (n,) in scratch.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid")
        ]
        return [n for n in names if not n.startswith("sqlite_")]
    finally:
        scratch.close()


@contextmanager
def _held(path: Path, floor: str) -> Iterator[sqlite3.Connection]:
    """The file with its write lock held: whoever wants to write waits, and what is read stays as it is."""
    source = connect_file(path)
    try:
        make_current(path, source, {}, lambda: "")
        refuse_other_floor(path, source, floor)
        refuse_moved(path, source)
        patiently(path, lambda: source.execute("BEGIN IMMEDIATE"))
        yield source
    finally:
        if source.in_transaction:
            source.execute("ROLLBACK")
        source.close()


def _is_used(target: PostgresConnection) -> bool:
    """Whether anything was ever recorded there."""
    found = target.execute("SELECT EXISTS (SELECT FROM inbox) OR EXISTS (SELECT FROM writes)").fetchone()
    return found is None or bool(found[0])


def _differing(source: sqlite3.Connection, target: PostgresConnection) -> list[str]:
    """The tables whose rows are not the same in both."""
    columns = {table: _columns(source, table) for table in tables()}
    return [t for t, names in columns.items() if _seen(source, t, names) != _seen(target, t, names)]


def _copy(
    source: sqlite3.Connection, target: PostgresConnection, table: str, told: Callable[[str, int], None]
) -> int:
    names = _columns(source, table)
    listed, marks = ", ".join(names), ", ".join("?" * len(names))
    count = 0
    with closing(source.execute(f"SELECT {listed} FROM {table}")) as rows:  # noqa: S608 - of the migrations
        while batch := rows.fetchmany(_TOGETHER):
            target.execute_many(f"INSERT INTO {table} ({listed}) VALUES ({marks})", batch)  # noqa: S608 - same
            count += len(batch)
            told(table, count)
    return count


def _columns(source: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in source.execute(f"PRAGMA table_info({table})")]


def _seen(connection: Connection, table: str, columns: Sequence[str]) -> tuple[int, int]:
    """How many rows a table has, and the sum of their hashes: the same in whatever order they come."""
    count, total = 0, 0
    for row in connection.execute(f"SELECT {', '.join(columns)} FROM {table}"):  # noqa: S608 - the same
        total += int.from_bytes(sha256(repr(without_nul(row)).encode()).digest(), "big")
        count += 1
    return count, total
