"""Connections to a SQLite ledger: journal mode, pragmas, and waiting in turn for the one writer's place."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Literal, TypeVar
from urllib.parse import quote

from checkpoints.sqlite_files import locked, primary_code
from protocol.errors import InvalidFloorError

T = TypeVar("T")

BUSY_S = 30.0
"""How long a connection waits for others, in seconds (DESIGN section 7)."""
_PAUSE_S = 0.001
_LONGEST_PAUSE_S = 0.005
_NEVER = Event()
_STATEMENTS = 256
"""Prepared statements a connection keeps: more than there are queries."""
_FULL = 2


def journal_mode_for(version: tuple[int, int, int]) -> Literal["wal", "delete"]:
    """The journal mode that is safe on a version of SQLite.

    Before 3.51.3 two connections writing and checkpointing one WAL file at the same instant can
    corrupt it, and 3.52.0 was withdrawn (langgraph.md, section 1).
    """
    return "wal" if version >= (3, 51, 3) and version != (3, 52, 0) else "delete"


def connect(path: Path, mode: Literal["rw", "ro"] = "rw") -> sqlite3.Connection:
    """A connection that waits for nobody by itself; see :func:`patiently`.

    ``rw`` may roll back what a killed writer left in the journal; ``ro`` fails when there is any.
    """
    return sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?mode={mode}",
        uri=True,
        timeout=0,  # SQLite's own handler backs off ever longer, and a busy writer starves the others
        isolation_level=None,
        check_same_thread=False,
        cached_statements=_STATEMENTS,
    )


def prepare_writer(path: Path, connection: sqlite3.Connection) -> None:
    """Set the pragmas of the connection that writes, and assert them: a durable commit rests on them."""
    journal_mode = journal_mode_for(sqlite3.sqlite_version_info)
    patiently(path, lambda: connection.execute(f"PRAGMA journal_mode = {journal_mode}").fetchone())
    wanted: dict[str, str | int] = {
        "synchronous": _FULL,
        "foreign_keys": 1,
        "cache_spill": 0,  # a page written before COMMIT would need the exclusive lock in the middle of a job
    }
    for name, value in wanted.items():
        connection.execute(f"PRAGMA {name} = {value}")
    _assert_pragmas(connection, {"journal_mode": journal_mode, **wanted})


def prepare_reader(connection: sqlite3.Connection) -> None:
    """Let a connection change nothing of the ledger's content."""
    connection.execute("PRAGMA query_only = ON")
    _assert_pragmas(connection, {"query_only": 1})


def _assert_pragmas(connection: sqlite3.Connection, wanted: dict[str, str | int]) -> None:
    for name, value in wanted.items():
        found = connection.execute(f"PRAGMA {name}").fetchone()[0]
        if found != value:
            raise InvalidFloorError(
                f"SQLite keeps {name} at {found!r} where the ledger needs {value!r}.",
                hint="Close other programs that use this ledger, and check the SQLite of this Python.",
                code="unsafe_sqlite",
            )


def patiently(path: Path, step: Callable[[], T], limit_s: float = BUSY_S) -> T:
    """Do ``step``, again while others hold the file; DependencyDownError after ``limit_s`` seconds.

    The pauses are short and hardly grow, so that whoever waits long is as likely to be next as a
    newcomer. Both BEGIN and COMMIT may be repeated: a COMMIT that found readers stays open, and
    keeps new readers out.
    """
    waited_s, pause_s = 0.0, _PAUSE_S
    while True:
        try:
            return step()
        except sqlite3.OperationalError as error:
            if primary_code(error) not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise
            if waited_s >= limit_s:
                raise locked(path) from error
        _NEVER.wait(pause_s)
        waited_s += pause_s
        pause_s = min(pause_s * 1.02, _LONGEST_PAUSE_S)
