"""Connections to a PostgreSQL ledger: the same statements as SQLite's, and errors that say what is left."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from psycopg.adapt import Dumper
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import Conninfo, TransactionStatus
from psycopg.types.numeric import Int8BinaryDumper, Int8Dumper
from psycopg.types.string import StrDumper

from checkpoints.postgres_schema import SCHEMA
from checkpoints.postgres_statements import Answer, Statements, without_nul
from checkpoints.postgres_trouble import LostError, UnsureError, away, words
from protocol.errors import DependencyDownError, InvalidFloorError

T = TypeVar("T")

WAIT_S = 30.0
"""How long a writer waits for its turn, and for a server that is away, in seconds (DESIGN section 7)."""
IDLE_S = 10.0
"""How long a transaction may stand still before the server ends it: its process was stopped in it."""
_SESSION = {
    "search_path": SCHEMA,
    "synchronous_commit": "on",
    "lock_timeout": f"{int(WAIT_S * 1000)}",
    "statement_timeout": "0",  # a turn is waited for longer than statements of others may take
    "idle_in_transaction_session_timeout": f"{int(IDLE_S * 1000)}",
    "extra_float_digits": "1",  # with less, a number comes back as another one
    "timezone": "UTC",
    "client_min_messages": "warning",
}
_RUN_AGAIN = (
    psycopg.errors.SerializationFailure,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.InvalidSqlStatementName,
)
"""What undoes a transaction that may go well the next time: it met another one, or lost what was prepared."""
_CONNECT_S = 5
_OLDEST = 130000
"""The oldest server that tells what became of a transaction by its number: PostgreSQL 13."""
_SAFE = ("fsync", "full_page_writes", "synchronous_commit")
_LOOK = """
SELECT current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit'),
  current_setting('server_encoding'), (SELECT stats_reset::text FROM pg_stat_bgwriter)
"""
"""Figures of the server are kept over an orderly stop, and begin anew after a crash."""
_PAUSE_S, _LONGEST_PAUSE_S = 0.05, 1.0
_NEVER = threading.Event()


class _Flag(Dumper):
    """A flag is 0 or 1 in the ledger, on every database."""

    oid = Int8Dumper.oid

    def dump(self, obj: Any) -> bytes:
        return b"1" if obj else b"0"


class PostgresConnection:
    """``Connection`` over psycopg: ``?`` for values, whole numbers as bigint, text as text.

    ``epoch``: changes when the server has crashed, and not when it was stopped in order.
    """

    def __init__(self, raw: "psycopg.Connection[tuple[Any, ...]]", epoch: str = "") -> None:
        self._raw = raw
        self.epoch = epoch
        self._statements = Statements(raw, self._settle)
        self._lost = False

    @property
    def raw(self) -> "psycopg.Connection[tuple[Any, ...]]":
        """The connection of psycopg, with nothing waiting to be sent before what is asked there."""
        self._settle()
        self._statements.forget_ahead()
        return self._raw

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open, and can still be committed or rolled back."""
        status = self._raw.info.transaction_status
        begun = status in (TransactionStatus.INTRANS, TransactionStatus.INERROR)
        return not self._lost and (begun or self._statements.waiting)

    @property
    def usable(self) -> bool:
        """Whether a transaction can begin."""
        idle = self._raw.info.transaction_status is TransactionStatus.IDLE
        return self.alive and idle and not self._statements.waiting

    @property
    def alive(self) -> bool:
        """Whether there is a server at its other end, as far as anybody noticed."""
        return not self._raw.closed and not self._raw.broken

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Answer:
        """Run one statement. LostError when its transaction is gone with it.

        One that only writes is run with the next that is not, or when its answer is looked at: its error is
        raised there.
        """
        try:
            return self._statements.run(sql, parameters)
        except psycopg.Error as error:
            raise self._told(error) from error

    def ahead(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Have a question asked with what is sent next; its answer is there when it is executed, unless
        something is written before that. Only inside a transaction.
        """
        try:
            self._statements.ask_ahead(sql, parameters)
        except psycopg.Error as error:
            raise self._told(error) from error

    def _settle(self) -> None:
        try:
            self._statements.settle()
        except psycopg.Error as error:
            raise self._told(error) from error

    def _told(self, error: psycopg.Error) -> Exception:
        """What is raised for an error: itself, unless the transaction is gone with it."""
        if self.alive and not isinstance(error, _RUN_AGAIN):
            return error
        self._lost = True
        return LostError(words(error))

    def execute_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run one statement for each of ``rows``, without waiting for each."""
        raw = self.raw
        raw.prepare_threshold = 0
        try:
            with raw.cursor() as cursor:
                cursor.executemany(sql.replace("%", "%%").replace("?", "%s"), [without_nul(r) for r in rows])
        finally:
            raw.prepare_threshold = None

    def close(self) -> None:
        """Give the connection back to the server, whatever is open in it."""
        self._statements.give_up()
        self._raw.close()

    def reset(self) -> None:
        """End what is open; never raises. A connection that is lost stays so."""
        self._statements.give_up()
        try:
            if not self._raw.closed and self._raw.info.transaction_status is not TransactionStatus.IDLE:
                self._raw.execute("ROLLBACK")
        except psycopg.Error:
            self._raw.close()
        self._lost = self._raw.closed


def connect(url: str) -> PostgresConnection:
    """A new connection, set for the ledger.

    Raises InvalidFloorError for a URL that is none, or a server that would lose what it acknowledged;
    DependencyDownError when nobody answers.
    """
    conninfo = session_of(url)
    try:
        raw = psycopg.connect(conninfo, autocommit=True, prepare_threshold=None)
    except psycopg.Error as error:
        raise away(place(url), error) from error
    try:
        epoch = _safe(url, raw)
    except psycopg.Error as error:
        raw.close()
        raise away(place(url), error) from error
    except BaseException:
        raw.close()
        raise
    write_as_the_ledger(raw)
    return PostgresConnection(raw, epoch)


def write_as_the_ledger(raw: "psycopg.Connection[tuple[Any, ...]]") -> None:
    """Have a connection write values as the columns of a ledger hold them."""
    for kind, dumper in ((int, Int8Dumper), (int, Int8BinaryDumper), (bool, _Flag), (str, StrDumper)):
        raw.adapters.register_dumper(kind, dumper)


def _safe(url: str, raw: "psycopg.Connection[tuple[Any, ...]]") -> str:
    """The server's epoch. InvalidFloorError when a ledger is not safe with it."""
    if raw.info.server_version < _OLDEST:
        raise InvalidFloorError(
            f"The server of {place(url)} is PostgreSQL {raw.info.server_version // 10000}.",
            hint="PostgreSQL 13 is the oldest that Andon uses.",
            code="unsafe_postgres",
        )
    *settings, encoding, epoch = raw.execute(_LOOK).fetchone() or ()
    for name, value in zip(_SAFE, settings, strict=True):
        if value == "off":
            raise InvalidFloorError(
                f"The PostgreSQL server runs with {name} = off, and would lose what it acknowledged.",
                hint=f"Set {name} = on in its configuration.",
                code="unsafe_postgres",
            )
    if encoding != "UTF8":
        raise InvalidFloorError(
            f"The database {place(url)} keeps text as {encoding}, which has not every character.",
            hint="Make it with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0.",
            code="unsafe_postgres",
        )
    return str(epoch)


def session_of(url: str) -> str:
    """The URL as libpq reads it, with what a session of Andon needs. InvalidFloorError when it is none.

    What the URL or libpq's environment says besides is kept; where they disagree with Andon, Andon wins.
    """
    try:
        parts = conninfo_to_dict(url) if is_postgres(url) else None
    except psycopg.ProgrammingError:
        parts = None
    if parts is None:
        raise InvalidFloorError(
            "--database is not the URL of a PostgreSQL database.",
            hint="Write it as postgresql://USER@HOST:PORT/NAME; a password may stand in ~/.pgpass.",
            code="bad_database",
        )
    around = {
        o.keyword.decode(): o.val.decode() for o in Conninfo.get_defaults() if o.val and o.keyword in _MERGED
    }
    given = str(parts.get("options") or around.get("options", ""))
    options = " ".join([given, *(f"-c {name}={value}" for name, value in _SESSION.items())]).strip()
    wait_s = parts.get("connect_timeout") or around.get("connect_timeout") or _CONNECT_S
    return make_conninfo(url, options=options, connect_timeout=wait_s, client_encoding="UTF8")


_MERGED = frozenset({b"options", b"connect_timeout"})


def is_postgres(url: str) -> bool:
    """Whether a database is named the way PostgreSQL's are."""
    return url.startswith(("postgresql://", "postgres://"))


def place(url: str) -> str:
    """Where a ledger is, for people: without its password."""
    parts = conninfo_to_dict(url)
    user = f"{parts['user']}@" if parts.get("user") else ""
    port = f":{parts['port']}" if parts.get("port") else ""
    return f"postgresql://{user}{parts.get('host') or 'localhost'}{port}/{parts.get('dbname') or ''}"


def patiently(
    url: str, step: Callable[[], T], limit_s: float = WAIT_S, elapsed: Callable[[], float] = time.monotonic
) -> T:
    """Do ``step``, again when a transaction was lost or the server is away; DependencyDownError at last."""
    until_s, pause_s = elapsed() + limit_s, _PAUSE_S
    while True:
        try:
            return step()
        except UnsureError:
            raise
        except (LostError, DependencyDownError) as error:
            if elapsed() >= until_s:
                if isinstance(error, DependencyDownError):
                    raise
                raise away(place(url), error) from error
        _NEVER.wait(pause_s)
        pause_s = min(pause_s * 1.5, _LONGEST_PAUSE_S)


@contextmanager
def alone(url: str, connection: PostgresConnection, key: int) -> Iterator[None]:
    """Be the only one who holds the lock ``key`` of a database. Not inside a transaction.

    It is asked for again and again, and never waited for in a statement: making an index concurrently waits
    for every statement under way, and a transaction that began before the wait may not see what was made.
    """

    def take() -> None:
        found = connection.execute("SELECT pg_try_advisory_lock(?)", (key,)).fetchone()
        if found is None or not found[0]:
            raise LostError("another process has been making tables for too long")

    patiently(url, take)
    try:
        yield
    finally:
        connection.reset()
        if connection.usable:
            connection.execute("SELECT pg_advisory_unlock(?)", (key,))
