"""The ledger's file: whether it is one, of which schema and floor; and making it current."""

import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path

from checkpoints.migrations import migrate, refuse_newer, schema_version, stored_version
from checkpoints.named_sql import named_queries
from checkpoints.sql_reads import CLOCK, Clock
from checkpoints.sqlite_connection import connect, patiently, prepare_writer
from checkpoints.sqlite_files import not_a_ledger, primary_code
from protocol.errors import InvalidFloorError
from protocol.times import whole

FLOOR, LINEAGE, SCHEMA = "floor", "lineage", "schema"
"""Settings a ledger is born with, beside its clock."""
MOVED = "moved_to"
"""The setting of a file whose ledger goes on elsewhere."""


def connect_to_read(path: Path) -> sqlite3.Connection:
    """For reading only; but when a killed writer left a journal, SQLite must be let to roll it back."""
    connection = connect(path, "ro")
    try:
        patiently(path, lambda: connection.execute("SELECT count(*) FROM sqlite_master").fetchone())
    except sqlite3.OperationalError as error:
        connection.close()
        if primary_code(error) not in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN):
            raise
        return connect(path)
    except BaseException:
        connection.close()
        raise
    return connection


def refuse_unreadable(path: Path, connection: sqlite3.Connection) -> None:
    """Raise InvalidFloorError when the file is no ledger, or one of another schema."""
    version = patiently(path, lambda: stored_version(connection))
    if version is None:
        raise not_a_ledger(path)
    refuse_newer(path, version)
    if version < schema_version():
        raise InvalidFloorError(
            f"The ledger {path} has schema {version}, and this Andon reads {schema_version()}.",
            hint="Any command that writes, such as `andon resume`, brings it up to date.",
            code="older_ledger",
        )


def make_current(
    path: Path, connection: sqlite3.Connection, birth: Mapping[str, str], first_hour: Callable[[], str]
) -> None:
    """Bring the file's schema up to date, in one transaction, and set the pragmas of a writer."""
    version = patiently(path, lambda: stored_version(connection))
    if version is None:
        raise not_a_ledger(path)
    refuse_newer(path, version)
    prepare_writer(path, connection)
    if version == schema_version():
        return
    patiently(path, lambda: connection.execute("BEGIN IMMEDIATE"))
    try:
        if (version := stored_version(connection) or 0) < schema_version():  # nobody else was faster
            migrate(connection)
            put = named_queries("queries")["set_meta"]
            connection.execute(put, (SCHEMA, str(schema_version())))
            if version == 0:
                for name, value in {**birth, CLOCK: first_hour()}.items():
                    connection.execute(put, (name, value))
        patiently(path, lambda: connection.execute("COMMIT"))
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def refuse_other_floor(path: Path, connection: sqlite3.Connection, floor: str) -> None:
    """Raise InvalidFloorError when the ledger was made for another floor."""
    query = named_queries("queries")["meta"]
    found = patiently(path, lambda: connection.execute(query, (FLOOR,)).fetchone())
    stored = None if found is None else found[0]
    if stored != floor:
        raise InvalidFloorError(
            f"The ledger {path} belongs to the floor {stored}, not to {floor}.",
            hint="Choose another directory with --data DIR, or the other floor with --floor DIR.",
            code="other_floor",
        )


def refuse_moved(path: Path, connection: sqlite3.Connection) -> None:
    """Raise InvalidFloorError when the ledger goes on elsewhere: two of them would be two truths."""
    query = named_queries("queries")["meta"]
    found = patiently(path, lambda: connection.execute(query, (MOVED,)).fetchone())
    if found is not None:
        raise InvalidFloorError(
            f"The ledger {path} was copied to {found[0]} and goes on there.",
            hint="Name that database with --database URL. This file can still be read.",
            code="ledger_moved",
        )


def first_hour(clock: Clock | None, clock_start: str | None) -> str:
    """Where the clock of a new ledger stands."""
    if clock is not None:
        return whole(clock())
    if clock_start is None:
        raise InvalidFloorError(
            "The floor's clock has no start.",
            hint="State clock_start in floor.yaml.",
            code="clock_start_missing",
        )
    return whole(clock_start)
