"""Taping one job on the ledger: each statement with what it gave, and the clock readings, in order.

What is on tape is data of JSON: enough for the job to run again without a database (checkpoints/playing.py).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

from checkpoints.dialect import Connection, Cursor, ask_ahead
from checkpoints.named_sql import named_queries
from checkpoints.sql_reads import Clock, SqlReads

FILES = ("queries", "outbox", "inbound", "spending", "watch", "postgres_watch")
"""The files whose queries a case may ask; a query of the later ones has its file's name before its own."""
FIND = "find"
"""The one query that is put together as it is asked; what is added to it stands behind its name."""

Item = dict[str, Any]
Statement = Sequence[Any]
"""The name of a query, its values, and its rows or how many it changed."""


class Given:
    """The answer to a statement, taken from its database at once."""

    def __init__(self, rows: list[Any], rowcount: int) -> None:
        self._rows = rows
        self._next = 0
        self.rowcount = rowcount

    def fetchone(self) -> Any:
        """The next row, or None."""
        if self._next >= len(self._rows):
            return None
        self._next += 1
        return self._rows[self._next - 1]

    def fetchall(self) -> list[Any]:
        """The rows that are left."""
        return list(self)

    def __iter__(self) -> Iterator[Any]:
        while (row := self.fetchone()) is not None:
            yield row


class _Kept:
    """The answer to a statement that waits: taken from its database when it is wanted."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor
        self._given: Given | None = None
        self.on_tape: list[Any] | int = 0
        """Its rows or how many it changed; 0 as long as nobody has looked."""

    @property
    def waits(self) -> bool:
        """Whether its database was not asked yet."""
        return bool(getattr(self._cursor, "waits", False))

    @property
    def given_up(self) -> bool:
        """Whether it was never done, by reason of what was asked before it or came after."""
        return bool(getattr(self._cursor, "given_up", False))

    def take(self) -> Given:
        """The answer, from now on without its database."""
        if self._given is None:
            changed = self._cursor.rowcount
            rows = None if getattr(self._cursor, "description", None) is None else self._cursor.fetchall()
            self._given = Given(rows or [], changed)
            self.on_tape = changed if rows is None else list(rows)
        return self._given

    @property
    def rowcount(self) -> int:
        """See Cursor."""
        return self.take().rowcount

    def fetchone(self) -> Any:
        """See Cursor."""
        return self.take().fetchone()

    def fetchall(self) -> list[Any]:
        """See Cursor."""
        return self.take().fetchall()

    def __iter__(self) -> Iterator[Any]:
        return iter(self.take())


class TapedConnection:
    """A connection that keeps what goes through it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._statements: list[tuple[str, Sequence[Any], list[Any] | int | _Kept]] = []

    @property
    def in_transaction(self) -> bool:
        """See Connection."""
        return self._connection.in_transaction

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Cursor:
        """See Connection. Rows that are there are read at once, as every caller of ours does anyway."""
        cursor = self._connection.execute(sql, parameters)
        if getattr(cursor, "waits", False):
            kept = _Kept(cursor)
            self._statements.append((sql, parameters, kept))
            return kept
        if getattr(cursor, "description", None) is None:
            self._statements.append((sql, parameters, cursor.rowcount))
            return cursor
        rows = cursor.fetchall()
        self._statements.append((sql, parameters, rows))
        return Given(rows, cursor.rowcount)

    def ahead(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Passed on: only what is asked in the end is on tape."""
        ask_ahead(self._connection, sql, parameters)

    def settle(self) -> None:
        """Take the answers that nobody has looked at. Raises the error of a statement that had waited."""
        for _, _, answer in self._statements:
            if isinstance(answer, _Kept) and not answer.given_up:
                answer.take()

    def asked(self) -> list[Statement]:
        """What was asked and done, as it is put on tape."""
        return [
            [named(sql), list(values), _plain(answer.on_tape if isinstance(answer, _Kept) else answer)]
            for sql, values, answer in self._statements
            if not (isinstance(answer, _Kept) and answer.given_up)
        ]


class _TapedClock:
    """A ledger clock whose readings are kept, each with the step it had noticed by then."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.readings: list[str] = []
        self.step_s = 0

    def __call__(self) -> str:
        reading = self._clock()
        self.step_s = int(getattr(self._clock, "step_s", 0))
        self.readings.append(reading)
        return reading


@contextmanager
def tape(tx: SqlReads, item: Item) -> Iterator[None]:
    """Put on ``item`` what goes through ``tx`` as long as the block lasts, whatever becomes of the job."""
    before = tx.stands()
    taped, clock = TapedConnection(tx.connection), None if tx.clock is None else _TapedClock(tx.clock)
    connection, source = tx.go_through(taped, clock)
    try:
        yield
        taped.settle()
    finally:
        tx.go_through(connection, source)
        item["before"] = before
        item["asked"] = taped.asked()
        item["hours"] = None if clock is None else clock.readings
        item["step_s"] = 0 if clock is None else clock.step_s
        item["after"] = tx.stands()["now"]


def _plain(answer: list[Any] | int) -> list[Any] | int:
    return answer if isinstance(answer, int) else [list(row) for row in answer]


def named(sql: str) -> str:
    """A statement by the name of its query, so that a database's own words for it make no difference."""
    name = _names().get(sql)
    if name is not None:
        return name
    find = named_queries(FILES[0])[FIND]
    return f"{FIND}{sql.removeprefix(find)}" if sql.startswith(find) else sql


def sql_of(name: str) -> str:
    """The words behind a name, as SQLite says them."""
    by_name = _by_name()
    if name in by_name:
        return by_name[name]
    return f"{by_name[FIND]}{name.removeprefix(FIND)}" if name.startswith(f"{FIND} ") else name


def known_sql(name: str) -> str | None:
    """The words behind the name of a query; None for one that no query has."""
    return _by_name().get(name)


@cache
def _by_name() -> dict[str, str]:
    return {called: sql for sql, called in reversed(_names().items())}


@cache
def _names() -> dict[str, str]:
    found: dict[str, str] = {}
    for file in FILES:
        found |= {sql: _called(file, name) for name, sql in named_queries(file).items()}
    return found


def _called(file: str, name: str) -> str:
    file = file.removeprefix("postgres_")
    return name if file == FILES[0] else f"{file}.{name}"
