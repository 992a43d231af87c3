"""Sorting rows by a column without holding them in memory: they wait in a temporary file."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager

from graph.feed_file import Row
from protocol.errors import DependencyDownError

MEMORY_KIB = 2048
"""What the temporary file may keep in memory."""


def sorted_rows(rows: Iterable[Row], column: str) -> Iterator[Row]:
    """The rows by the text of a column, equal ones in the file's order; DependencyDownError without room."""
    with (
        _told(),
        closing(sqlite3.connect("", isolation_level=None)) as spool,
    ):  # "": a file that vanishes with us
        spool.execute(f"PRAGMA cache_size = -{MEMORY_KIB}")
        spool.execute("PRAGMA temp_store = FILE")
        spool.execute("PRAGMA journal_mode = OFF")
        spool.execute("CREATE TABLE waiting (at TEXT, line INTEGER, identity TEXT, cells TEXT)")
        spool.execute("BEGIN")
        for row in rows:
            values = (row.cells[column], row.line, row.identity, json.dumps(row.cells))
            spool.execute("INSERT INTO waiting VALUES (?, ?, ?, ?)", values)
        spool.execute("COMMIT")
        ordered = spool.execute("SELECT line, identity, cells FROM waiting ORDER BY at, line")
        for line, identity, cells in ordered:
            yield Row(line, identity, json.loads(cells))


@contextmanager
def _told() -> Iterator[None]:
    """Tell in one sentence that the temporary file could not be written."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise DependencyDownError(
            f"The rows could not be sorted in a temporary file: {error}.",
            hint="Make room where temporary files lie, or name another place with SQLITE_TMPDIR.",
            code="no_room_to_sort",
        ) from error
