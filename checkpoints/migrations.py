"""The schema of the ledger: its version, and bringing an older one up to it in one transaction."""

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from checkpoints.named_sql import migration_files, statements
from protocol.errors import InvalidFloorError
from protocol.failpoints import Point, failpoint

if TYPE_CHECKING:
    from sqlite_utils import Database

APPLICATION_ID = 0x414E444F
"""``ANDO`` in the file's header: how a ledger is told from any other SQLite file."""


def schema_version(files: Sequence[Path] | None = None) -> int:
    """The version this code knows: the number of the last migration."""
    return int((files or migration_files())[-1].name[:4])


def stored_version(connection: sqlite3.Connection) -> int | None:
    """The schema version of a file: 0 when it is empty, None when it is not a ledger at all."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if application == 0 and tables == 0:
        return 0
    if application != APPLICATION_ID:
        return None
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def refuse_newer(path: Path, version: int) -> None:
    """Raise InvalidFloorError when a file was written by a newer Andon."""
    if version > schema_version():
        raise InvalidFloorError(
            f"The ledger {path} has schema {version}, and this Andon knows {schema_version()}.",
            hint="Use the Andon that wrote it, or a newer one.",
            code="newer_ledger",
        )


def migrate(connection: sqlite3.Connection, files: Sequence[Path] | None = None) -> None:
    """Apply what is due. The caller holds the write lock and commits; a crash leaves the old schema.

    sqlite-utils keeps the list of applied migrations. It is imported here, since it takes longer to
    import than a short command takes to run, and is hardly ever needed.
    """
    from sqlite_utils import Database, Migrations

    due = Migrations("ledger")
    for file in files or migration_files():
        due(name=file.stem)(_applying(file))
    database = Database(connection, recursive_triggers=False, execute_plugins=False)
    due.apply(database)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {schema_version(files)}")


def _applying(file: Path) -> "Callable[[Database], None]":
    def apply(database: "Database") -> None:
        for statement in statements(file.read_text("utf-8")):
            database.conn.execute(statement)
            failpoint(Point.MIGRATING)

    return apply
