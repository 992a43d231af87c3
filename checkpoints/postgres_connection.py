"""Connections to a PostgreSQL ledger: the same statements as SQLite's, and errors that say what is left."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import psycopg
from psycopg.adapt import Dumper
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import TransactionStatus
from psycopg.types.numeric import Int8BinaryDumper, Int8Dumper
from psycopg.types.string import StrDumper

from checkpoints.postgres_schema import SCHEMA
from protocol.errors import DependencyDownError, InvalidFloorError

WAIT_S = 30.0
"""How long a writer waits for its turn, and for a server that is away, in seconds (DESIGN section 7)."""
IDLE_S = 10.0
"""How long a transaction may stand still before the server ends it: its process was stopped in it."""
_SESSION = {
    "search_path": SCHEMA,
    "synchronous_commit": "on",
    "lock_timeout": f"{int(WAIT_S * 1000)}",
    "idle_in_transaction_session_timeout": f"{int(IDLE_S * 1000)}",
    "timezone": "UTC",
    "client_min_messages": "warning",
}
_AGAIN = (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected)
_CONNECT_S = 5
NUL = "\u2400"
"""What stands for a NUL."""


class LostError(Exception):
    """The transaction is gone: the server ended it or is away, or it met another one. It may be run again."""


class _Flag(Dumper):
    """A flag is 0 or 1 in the ledger, on every database."""

    oid = Int8Dumper.oid

    def dump(self, obj: Any) -> bytes:
        return b"1" if obj else b"0"


class _Text(StrDumper):
    """PostgreSQL stores no NUL in text. In ours it can only stand in prose, and is kept as its symbol."""

    def dump(self, obj: str) -> Any:
        return super().dump(obj.replace("\x00", NUL) if "\x00" in obj else obj)


class PostgresConnection:
    """``Connection`` over psycopg: ``?`` for values, whole numbers as bigint, text as text."""

    def __init__(self, raw: "psycopg.Connection[tuple[Any, ...]]") -> None:
        self.raw = raw
        self._lost = False

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open, and can still be committed or rolled back."""
        return not self._lost and self.raw.info.transaction_status in (
            TransactionStatus.INTRANS,
            TransactionStatus.INERROR,
        )

    @property
    def usable(self) -> bool:
        """Whether a transaction can begin."""
        return not self.raw.closed and self.raw.info.transaction_status is TransactionStatus.IDLE

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> "psycopg.Cursor[tuple[Any, ...]]":
        """Run one statement. LostError when its transaction is gone with it."""
        try:
            return self.raw.execute(_placed(sql), parameters or None)
        except _AGAIN as error:
            self._lost = True
            raise LostError(str(error)) from error
        except psycopg.Error as error:
            if not self.raw.broken and not self.raw.closed:
                raise
            self._lost = True
            raise LostError(_words(error)) from error

    def close(self) -> None:
        """Give the connection back to the server, whatever is open in it."""
        self.raw.close()

    def reset(self) -> None:
        """End what is open. A connection that is lost stays so."""
        if not self.raw.closed and self.raw.info.transaction_status is not TransactionStatus.IDLE:
            self.raw.execute("ROLLBACK")
        self._lost = self.raw.closed


def connect(url: str) -> PostgresConnection:
    """A new connection, set for the ledger.

    Raises InvalidFloorError for a URL that is none, or a server that would lose what it acknowledged;
    DependencyDownError when nobody answers.
    """
    try:
        raw = psycopg.connect(session_of(url), autocommit=True, prepare_threshold=2)
    except psycopg.OperationalError as error:
        raise away(url, error) from error
    for kind, dumper in ((int, Int8Dumper), (int, Int8BinaryDumper), (bool, _Flag), (str, _Text)):
        raw.adapters.register_dumper(kind, dumper)
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        found = raw.execute(f"SHOW {name}").fetchone()
        if found is None or found[0] == "off":
            raw.close()
            raise InvalidFloorError(
                f"The PostgreSQL server runs with {name} = off, and would lose what it acknowledged.",
                hint=f"Set {name} = on in its configuration.",
                code="unsafe_postgres",
            )
    return PostgresConnection(raw)


def session_of(url: str) -> str:
    """The URL as libpq reads it, with what a session of Andon needs. InvalidFloorError when it is none."""
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
    given = str(parts.get("options") or "")
    options = " ".join([given, *(f"-c {name}={value}" for name, value in _SESSION.items())]).strip()
    wait_s = parts.get("connect_timeout") or _CONNECT_S
    return make_conninfo(url, options=options, connect_timeout=wait_s)


def is_postgres(url: str) -> bool:
    """Whether a database is named the way PostgreSQL's are."""
    return url.startswith(("postgresql://", "postgres://"))


def place(url: str) -> str:
    """Where a ledger is, for people: without its password."""
    parts = conninfo_to_dict(url)
    user = f"{parts['user']}@" if parts.get("user") else ""
    return f"postgresql://{user}{parts.get('host') or 'localhost'}/{parts.get('dbname') or ''}"


def away(url: str, error: Exception) -> DependencyDownError:
    """Nobody answers, or not for long enough."""
    return DependencyDownError(
        f"The ledger {place(url)} cannot be reached: {_words(error)}.",
        hint="Check that the server runs and that the database exists, and try again.",
        code="ledger_down",
    )


def _words(error: Exception) -> str:
    """The first line of what libpq says, which holds no password."""
    lines: Iterable[str] = str(error).strip().splitlines()
    return next(iter(lines), type(error).__name__).rstrip(".")


@cache
def _placed(sql: str) -> str:
    return sql.replace("%", "%%").replace("?", "%s")
