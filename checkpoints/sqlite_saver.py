"""LangGraph's checkpoints in a SQLite file: a cache of where to continue, never the record.

Whatever happens to this file, the ledger brings every case to the same end. It is therefore written
with ``synchronous=NORMAL``, and deleted when it fails its check.
"""

import logging
import os
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from checkpoints.library_floor import refuse_old_libraries
from checkpoints.sqlite_files import keep_private, make_private, primary_code
from protocol.errors import DependencyDownError
from protocol.failpoints import Point, failpoint

if TYPE_CHECKING:
    from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

    from checkpoints.checkpoint_cache import Over

# langgraph reads this once, when it is first imported; only with it does a compiled graph load
# nothing but the types of its own state (langgraph.md, section 7).
os.environ["LANGGRAPH_STRICT_MSGPACK"] = "true"

_log = logging.getLogger("andon.checkpoints")

BUSY_S = 30.0
"""How long a connection waits for another process, in seconds."""
_DAMAGED = frozenset(
    {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FORMAT}
)


@asynccontextmanager
async def open_saver(path: Path, over: "Over | None" = None) -> "AsyncIterator[AsyncSqliteSaver]":
    """A saver on ``path`` that loads plain data only. A damaged file is replaced by an empty one.

    ``over``: whether a thread has ended, and nothing of it need be kept.
    """
    refuse_old_libraries()
    import aiosqlite

    from checkpoints.plain_serializer import PlainSerializer
    from checkpoints.sqlite_cache import SqliteCache

    make_private(path)
    with _told(path):
        sound = is_sound(path)
    if not sound:
        _log.warning("the checkpoints in %s are damaged and are replaced: the ledger has every case", path)
        discard(path)
        failpoint(Point.RECOVERING)
        make_private(path)
    keep_private(path)
    async with aiosqlite.connect(path, timeout=BUSY_S) as connection:
        saver = SqliteCache(connection, serde=PlainSerializer())
        saver.path, saver.over = path, over
        with _told(path):
            await connection.execute("PRAGMA synchronous = NORMAL")
            await saver.setup()
        yield saver


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Tell an error of the disk in one sentence: a cache that cannot be made is no reason for a traceback."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise DependencyDownError(
            f"The checkpoints {path} cannot be written: {error}.",
            hint="Check the free space of the disk and who else uses the file; the ledger has every case.",
            code="checkpoints_down",
        ) from error


def is_sound(path: Path) -> bool:
    """Whether SQLite finds nothing wrong with a file; a locked one counts as sound."""
    connection = sqlite3.connect(path, timeout=BUSY_S)
    try:
        return bool(connection.execute("PRAGMA integrity_check(1)").fetchone()[0] == "ok")
    except sqlite3.DatabaseError as error:
        if primary_code(error) in _DAMAGED:
            return False
        if primary_code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return True
        raise
    finally:
        connection.close()


def discard(path: Path) -> None:
    """Delete a database file and the journals beside it."""
    for end in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + end).unlink(missing_ok=True)
