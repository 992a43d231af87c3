"""The statements of one connection to PostgreSQL: prepared by name, and sent through libpq itself.

psycopg makes a cursor for each statement and looks up anew how its values are written. Of a statement of the
ledger that is half the time, and the ledger's statements are the same few hundred for as long as it is open.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import count
from typing import Any

import psycopg
from psycopg import abc
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.generators import execute
from psycopg.pq import ExecStatus, Format, TransactionStatus
from psycopg.pq.abc import PGresult

PREPARED_FROM = 3
"""Which use of a statement prepares it: what is asked once or twice is not worth a name."""
MOST = 300
"""Statements that keep their names; a null in place of a value makes another one of the same text."""
_TOGETHER = 500
"""Rows that an iteration turns into values at a time: all of an audit's would take their room twice."""
NUL = "\u2400"
"""What stands for a NUL."""
_DATA = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE)\b")


class Answer:
    """The answer to one statement. Its rows become values as they are fetched."""

    def __init__(self, result: PGresult, loading: abc.Transformer) -> None:
        self._result = result
        self._loading = loading
        self._next = 0

    @property
    def rowcount(self) -> int:
        """How many rows were changed or found; -1 for a statement that does neither."""
        touched = self._result.command_tuples
        return -1 if touched is None else touched

    @property
    def statusmessage(self) -> str:
        """What the server calls what it did."""
        return (self._result.command_status or b"").decode()

    @property
    def description(self) -> range | None:
        """Its columns, by number; None for a statement that gives no rows."""
        return range(self._result.nfields) if self._result.status == ExecStatus.TUPLES_OK else None

    def fetchone(self) -> tuple[Any, ...] | None:
        """The next row, or None."""
        return next(iter(self._some(1)), None)

    def fetchall(self) -> list[tuple[Any, ...]]:
        """The rows that are left."""
        return self._some(self._result.ntuples)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        while rows := self._some(_TOGETHER):
            yield from rows

    def _some(self, most: int) -> list[tuple[Any, ...]]:
        first = self._next
        self._next = min(first + most, self._result.ntuples)
        if first == self._next:
            return []
        if self._loading.pgresult is not self._result:  # the answer to another statement was read meanwhile
            self._loading.set_pgresult(self._result)
        return self._loading.load_rows(first, self._next, tuple)


class Statements:
    """What a connection is asked. psycopg must prepare nothing on it: a ROLLBACK makes it drop all names."""

    def __init__(self, raw: "psycopg.Connection[Any]") -> None:
        self._raw = raw
        self._values: abc.Transformer = Transformer(raw)
        self._uses: dict[tuple[str, Sequence[int]], int] = {}
        self._names: dict[tuple[str, Sequence[int]], bytes] = {}
        self._made = count(1)

    def run(self, sql: str, values: Sequence[Any]) -> Answer:
        """The answer to a statement with ``?`` for each value. Raises psycopg's errors, as its cursors do."""
        with self._raw.lock:
            if len(self._uses) >= MOST and self._raw.pgconn.transaction_status == TransactionStatus.IDLE:
                self._forget()
            if values or _is_data(sql):
                return self._run_data(sql, values)
            self._raw.pgconn.send_query(sql.encode())
            return self._answer()

    def _run_data(self, sql: str, values: Sequence[Any]) -> Answer:
        """Run one that may be prepared: under the types of its values, by which libpq writes them."""
        written = self._written(values)
        types, formats = self._values.types or (), self._values.formats
        name = self._named((sql, types))
        if name is None:
            self._raw.pgconn.send_query_params(_numbered(sql), written, types, formats, Format.TEXT)
        else:
            self._raw.pgconn.send_query_prepared(name, written, formats, Format.TEXT)
        try:
            return self._answer()
        except psycopg.errors.InvalidSqlStatementName:  # somebody dropped what was prepared: it is made anew
            self._uses.clear()
            self._names.clear()
            raise

    def _written(self, values: Sequence[Any]) -> Sequence[abc.Buffer | None]:
        try:
            return self._values.dump_sequence(values, _formats(len(values)))
        except psycopg.DataError:  # of a NUL; looking for one in every text takes longer than writing it
            return self._values.dump_sequence(without_nul(values), _formats(len(values)))

    def _named(self, key: tuple[str, Sequence[int]]) -> bytes | None:
        """The name under which a statement is prepared, now if it is due; None for one that is not."""
        name = self._names.get(key)
        if name is not None:
            return name
        uses = self._uses[key] = self._uses.get(key, 0) + 1
        if uses < PREPARED_FROM:
            return None
        name = f"andon_{next(self._made)}".encode()
        self._raw.pgconn.send_prepare(name, _numbered(key[0]), key[1])
        self._answer()
        self._names[key] = name
        return name

    def _forget(self) -> None:
        names = list(self._names.values())
        self._uses.clear()
        self._names.clear()
        if names:
            self._raw.pgconn.send_query(b"; ".join(b"DEALLOCATE " + name for name in names))
            self._answer()

    def _answer(self) -> Answer:
        """Wait for what the server says to what was sent."""
        *_, result = self._raw.wait(execute(self._raw.pgconn))
        if result.status not in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
            raise error_from_result(result)
        return Answer(result, self._values)


def without_nul(values: Sequence[Any]) -> list[Any]:
    """Values as PostgreSQL stores them. In ours a NUL can only stand in prose, and is kept as its symbol."""
    return [v.replace("\x00", NUL) if isinstance(v, str) else v for v in values]


def _is_data(sql: str) -> bool:
    return _DATA.match(sql) is not None


@cache
def _formats(number: int) -> Sequence[PyFormat]:
    return [PyFormat.AUTO] * number


@cache
def _numbered(sql: str) -> bytes:
    """The statement as libpq reads it, with $1, $2 and so on."""
    numbers = count(1)
    return re.sub(r"\?", lambda _: f"${next(numbers)}", sql).encode()
