"""The statements of one connection to PostgreSQL: prepared by name, and sent through libpq itself.

psycopg makes a cursor for each statement and looks up anew how its values are written. Of a statement of the
ledger that is half the time, and the ledger's statements are the same few hundred for as long as it is open.

What only writes waits, inside a transaction, until an answer is wanted, and goes in one message with what is
asked for then: the way to the server and back is the other half. An error of what waited is raised there.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import count
from typing import Any

import psycopg
from psycopg import abc
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.generators import execute
from psycopg.pq import ExecStatus, Format, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult

from checkpoints.postgres_message import send_together

PREPARED_FROM = 3
"""Which use of a statement prepares it: what is asked once or twice is not worth a name."""
MOST = 300
"""Statements that keep their names; a null in place of a value makes another one of the same text."""
_TOGETHER = 500
"""Rows that an iteration turns into values at a time: all of an audit's would take their room twice."""
NUL = "\u2400"
"""What stands for a NUL."""
MOST_WAITING = 8_000
"""Bytes that wait at most: libpq begins to send when it has 8,192, and a server that has a piece of a message
waits for the rest without counting the time."""
_AROUND, _EACH = 100, 8
"""Bytes that a message has at most around a statement, and around each value."""
_DATA = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE)\b")
_MAY_WAIT = re.compile(r"\s*(INSERT|UPDATE|DELETE|SAVEPOINT|RELEASE|BEGIN)\b")
_GOES_TOGETHER = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|SAVEPOINT|RELEASE|BEGIN|COMMIT)\b")
"""What may be in one message with others: one statement, whatever it is."""
_CHANGES_NOTHING = re.compile(r"\s*(SELECT|SAVEPOINT)\b")
"""What leaves the answers alone that were asked for ahead."""

Written = Sequence[abc.Buffer | None]
"""Values as libpq sends them."""


class Answer:
    """The answer to one statement. Its rows become values as they are fetched.

    ``ask``: what has it asked for, if it was not yet when somebody looks at it.
    """

    def __init__(self, loading: abc.Transformer, ask: Callable[[], None]) -> None:
        self._loading = loading
        self._ask = ask
        self._next = 0
        self._came: PGresult | None = None
        self.given_up = False
        """Whether its statement was never done: what came before it failed, or it was rolled back unsent."""

    def came(self, result: PGresult) -> None:
        """It is here."""
        self._came = result

    @property
    def waits(self) -> bool:
        """Whether nobody has asked the server yet."""
        return self._came is None and not self.given_up

    @property
    def _result(self) -> PGresult:
        if self.waits:
            self._ask()
        if self._came is None:
            raise psycopg.OperationalError("the statement was given up before it was sent")
        return self._came

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


@dataclass(frozen=True, slots=True)
class _Asked:
    """A statement as libpq is given it. ``together``: it may be in one message with others."""

    send: Callable[[PGconn], None]
    answer: Answer
    together: bool
    size: int


class Statements:
    """What a connection is asked. psycopg must prepare nothing on it: a ROLLBACK makes it drop all names.

    ``ask``: what an answer does that is looked at before its statement was sent; :meth:`settle`, in the end.
    """

    def __init__(self, raw: "psycopg.Connection[Any]", ask: Callable[[], None]) -> None:
        self._raw = raw
        self._ask = ask
        self._values: abc.Transformer = Transformer(raw)
        self._uses: dict[tuple[str, Sequence[int]], int] = {}
        self._names: dict[tuple[str, Sequence[int]], bytes] = {}
        self._made = count(1)
        self._waiting: list[_Asked] = []
        self._ahead: dict[tuple[str, Sequence[Any]], Answer] = {}

    @property
    def waiting(self) -> bool:
        """Whether a transaction is open of which something was not sent yet."""
        return bool(self._waiting)

    def run(self, sql: str, values: Sequence[Any]) -> Answer:
        """The answer to a statement with ``?`` for each value. Raises psycopg's errors, as its cursors do."""
        with self._raw.lock:
            if len(self._uses) >= MOST and self._may_forget():
                self._forget()
            if (known := self._known(sql, values)) is not None:
                return known
            if sql == "ROLLBACK":
                self.give_up()
            elif sql.startswith("ROLLBACK TO "):
                return self._roll_back(sql)
            asked = self._add(sql, values)
            if not self._may_wait(sql):
                self._settle()
            return asked.answer

    def ask_ahead(self, sql: str, values: Sequence[Any]) -> None:
        """Send a SELECT with what is sent next: it will be run soon, and nothing written before that."""
        with self._raw.lock:
            if self._waiting or self._raw.pgconn.transaction_status == TransactionStatus.INTRANS:
                self._ahead[sql, tuple(values)] = self._add(sql, values).answer

    def forget_ahead(self) -> None:
        """Take no answer for another question's: something may be changed that is not seen here."""
        self._ahead.clear()

    def _known(self, sql: str, values: Sequence[Any]) -> Answer | None:
        """The answer to what was asked ahead. What may change it makes all of them void."""
        if not self._ahead:
            return None
        if _CHANGES_NOTHING.match(sql) is None:
            self._ahead.clear()
            return None
        found = self._ahead.pop((sql, tuple(values)), None)
        return None if found is None or found.given_up else found

    def _add(self, sql: str, values: Sequence[Any]) -> _Asked:
        """Put a statement behind what waits."""
        asked = self._asked(sql, values)
        if not asked.together or self._size() + asked.size > MOST_WAITING:
            self._settle()
        self._waiting.append(asked)
        return asked

    def settle(self) -> None:
        """Have done what waits. Raises the error of the first that went wrong; none behind it is done."""
        with self._raw.lock:
            self._settle()

    def give_up(self) -> None:
        """Forget what waits: its transaction is rolled back."""
        _give_up(self._waiting)
        self._waiting.clear()
        self._ahead.clear()

    def _size(self) -> int:
        return sum(asked.size for asked in self._waiting)

    def _may_wait(self, sql: str) -> bool:
        if _MAY_WAIT.match(sql) is None or self._size() > MOST_WAITING:
            return False
        match self._raw.pgconn.transaction_status:
            case TransactionStatus.INTRANS:
                return True
            case TransactionStatus.IDLE:  # a statement by itself is its own transaction, and durable at once
                return len(self._waiting) > 1 or sql.startswith("BEGIN")
        return False

    def _roll_back(self, sql: str) -> Answer:
        """Undo a savepoint, which may wait itself; then tell what went wrong of what is undone."""
        asked = self._asked(sql, ())
        try:
            self._settle()
        finally:
            self._run_alone(asked)
        return asked.answer

    def _settle(self) -> None:
        waiting, self._waiting = self._waiting, []
        try:
            if len(waiting) == 1:
                self._run_alone(waiting[0])
            elif waiting:
                results = send_together(self._raw, [asked.send for asked in waiting])
                for asked, result in zip(waiting, results, strict=True):
                    asked.answer.came(_right(result))
        except psycopg.errors.InvalidSqlStatementName:  # somebody dropped what was prepared: it is made anew
            self._uses.clear()
            self._names.clear()
            raise
        finally:
            _give_up(waiting)

    def _run_alone(self, asked: _Asked) -> None:
        asked.send(self._raw.pgconn)
        asked.answer.came(self._result())

    def _asked(self, sql: str, values: Sequence[Any]) -> _Asked:
        """A statement that may be prepared: under the types of its values, by which libpq writes them."""
        together = _GOES_TOGETHER.match(sql) is not None
        answer = Answer(self._values, self._ask)
        if not (values or _is_data(sql)):
            return _Asked(partial(_send_words, sql=sql.encode()), answer, together, _AROUND + len(sql))
        written = self._written(values)
        types, formats = self._values.types or (), self._values.formats or ()
        size = _AROUND + sum(_EACH + (0 if value is None else len(value)) for value in written)
        name = self._named((sql, types))
        if name is not None:
            send = partial(_send_prepared, name=name, values=written, formats=formats)
            return _Asked(send, answer, together, size)
        words = _numbered(sql)
        send = partial(_send_anew, sql=words, values=written, types=types, formats=formats)
        return _Asked(send, answer, together, size + len(words))

    def _written(self, values: Sequence[Any]) -> Written:
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
        self._settle()  # a server that refuses to prepare it must know the savepoint to go back to
        name = f"andon_{next(self._made)}".encode()
        self._raw.pgconn.send_prepare(name, _numbered(key[0]), key[1])
        self._result()
        self._names[key] = name
        return name

    def _may_forget(self) -> bool:
        """Not a name by which something waits to be sent, nor one in a transaction that may have failed."""
        return not self._waiting and self._raw.pgconn.transaction_status == TransactionStatus.IDLE

    def _forget(self) -> None:
        names = list(self._names.values())
        self._uses.clear()
        self._names.clear()
        if names:
            self._raw.pgconn.send_query(b"; ".join(b"DEALLOCATE " + name for name in names))
            self._result()

    def _result(self) -> PGresult:
        """Wait for what the server says to what was sent."""
        *_, result = self._raw.wait(execute(self._raw.pgconn))
        return _right(result)


def _give_up(asked: Sequence[_Asked]) -> None:
    for one in asked:
        one.answer.given_up = one.answer.waits


def _right(result: PGresult) -> PGresult:
    """A result; psycopg's error where it is one."""
    if result.status not in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
        raise error_from_result(result)
    return result


def _send_words(pgconn: PGconn, *, sql: bytes) -> None:
    if pgconn.pipeline_status:
        pgconn.send_query_params(sql, ())
    else:
        pgconn.send_query(sql)


def _send_anew(
    pgconn: PGconn, *, sql: bytes, values: Written, types: Sequence[int], formats: Sequence[Format]
) -> None:
    pgconn.send_query_params(sql, values, types, formats, Format.TEXT)


def _send_prepared(pgconn: PGconn, *, name: bytes, values: Written, formats: Sequence[Format]) -> None:
    pgconn.send_query_prepared(name, values, formats, Format.TEXT)


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
