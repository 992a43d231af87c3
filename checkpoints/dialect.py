"""What tells one SQL database from another, as far as a ledger is concerned: little, on purpose.

The queries are one text for all of them, with ``?`` for a value; a connection translates what it must.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


class Cursor(Protocol):
    """The answer to one statement."""

    @property
    def rowcount(self) -> int:
        """How many rows were changed."""

    def fetchone(self) -> Any: ...
    def fetchall(self) -> list[Any]: ...
    def __iter__(self) -> Iterator[Any]: ...


class Connection(Protocol):
    """A connection whose transactions are begun and ended by statements. ``sqlite3.Connection`` is one.

    What only writes may wait to be run until an answer is looked at that was asked for with it or later.
    """

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open, and can still be committed or rolled back."""

    def execute(self, sql: str, parameters: Sequence[Any] = ..., /) -> Cursor: ...


def ask_ahead(connection: Connection, sql: str, values: Sequence[Any] = ()) -> None:
    """Say what will be asked, unless something is written first: a distant database may be asked at once."""
    ahead = getattr(connection, "ahead", None)
    if ahead is not None:
        ahead(sql, values)


def settled(answer: Cursor) -> None:
    """Have everything run up to the statement that this answers. Raises the error of whatever fails."""
    if getattr(answer, "waits", False):
        int(answer.rowcount)


@dataclass(frozen=True, slots=True)
class Dialect:
    """One kind of database. ``queries``: those of a file by name. ``soundness``: what it finds wrong."""

    name: str
    queries: Callable[[str], Mapping[str, str]]
    soundness: Callable[[Any], Iterable[str]]
