"""What SQLite itself can say about a ledger: its pages, its references, and its schema."""

import sqlite3
from collections.abc import Iterator
from functools import cache

from checkpoints.named_sql import migration_files, statements

_SCHEMA = "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE '%sqlite_%'"


def soundness(connection: sqlite3.Connection) -> Iterator[str]:
    """Everything that is wrong with the file, a sentence each."""
    for (line,) in connection.execute("PRAGMA integrity_check(100)"):
        if line != "ok":
            yield f"integrity check: {line}"
    for table, rowid, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        yield f"row {rowid} of {table} names a row of {parent} that does not exist"
    found, expected = set(connection.execute(_SCHEMA)), _expected_schema()
    for kind, name, _ in sorted(expected - found):
        yield f"the {kind} {name} is missing or changed"
    for kind, name, _ in sorted(found - expected):
        yield f"the {kind} {name} is not of this schema"


@cache
def _expected_schema() -> frozenset[tuple[str, str, str]]:
    """What the migrations make of an empty database."""
    connection = sqlite3.connect(":memory:")
    try:
        for file in migration_files():
            for statement in statements(file.read_text("utf-8")):
                connection.execute(statement)
        return frozenset(connection.execute(_SCHEMA))
    finally:
        connection.close()
