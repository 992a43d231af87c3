"""Comparing two long lists of rows in bounded memory: what was logged with what is there."""

import sqlite3
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Self

_SCHEMA = """
CREATE TABLE rows (key TEXT PRIMARY KEY, expected TEXT, found TEXT) WITHOUT ROWID;
"""
_EXPECT = """
INSERT INTO rows (key, expected) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET expected = excluded.expected
"""
_FIND = "INSERT INTO rows (key, found) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET found = excluded.found"
_DIFFERENCES = "SELECT key, expected, found FROM rows WHERE expected IS NOT found ORDER BY key"

Difference = tuple[str, str | None, str | None]


class Comparison:
    """A scratch table that SQLite keeps in memory while it is small, and in a file without a name after that.

    Of several values under one key the last one counts, on either side.
    """

    def __init__(self) -> None:
        self._scratch = sqlite3.connect("", isolation_level=None)
        self._scratch.executescript(_SCHEMA)
        self._scratch.execute("BEGIN")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._scratch.close()

    def expect(self, rows: Iterable[tuple[str, str]]) -> None:
        """(key, value) pairs as they must be."""
        self._scratch.executemany(_EXPECT, rows)

    def find(self, rows: Iterable[tuple[str, str]]) -> None:
        """(key, value) pairs as they are."""
        self._scratch.executemany(_FIND, rows)

    def differences(self) -> Iterator[Difference]:
        """(key, expected, found) where the two differ, by key; None on the side that has no such key."""
        yield from self._scratch.execute(_DIFFERENCES)
