"""What an error of SQLite means while a ledger is open: try with more room, try later, or never go on.

After a failed fsync the operating system may have dropped what was not written, and a second fsync may
report success: nothing this process believes of the file can be trusted. The same holds for a file in
which a page does not fit. Both freeze the ledger: this process reads and writes it no more.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from checkpoints.sqlite_damage import damaged
from checkpoints.sqlite_files import primary_code
from protocol.errors import AndonError, DependencyDownError

_UNSYNCED = frozenset({sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_DIR_FSYNC})
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_DISK = frozenset(
    {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, *_DAMAGED}
)
_MAY_LACK_ROOM = frozenset({sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN})


class FrozenLedgerError(DependencyDownError):
    """The ledger's file can no longer be trusted by this process."""

    code = "ledger_frozen"


def root(error: BaseException) -> BaseException:
    """The error of the disk that another one was raised for; the error itself when there is none."""
    found: BaseException | None = error
    while found is not None and not is_of_disk(found):
        found = found.__cause__
    return found or error


def is_of_disk(error: BaseException) -> bool:
    """Whether an error is the file's or the disk's, and not that of a statement."""
    return isinstance(error, sqlite3.Error) and primary_code(error) in _DISK


def may_lack_room(error: BaseException) -> bool:
    """Whether an error is one that a full disk gives, too."""
    return isinstance(error, sqlite3.Error) and primary_code(error) in _MAY_LACK_ROOM


def is_full(error: BaseException) -> bool:
    """Whether SQLite says that there is no room."""
    return isinstance(error, sqlite3.Error) and primary_code(error) == sqlite3.SQLITE_FULL


def final(path: Path, error: BaseException) -> AndonError | None:
    """What to say from now on, when nothing may be read or written after ``error``; else None."""
    if not isinstance(error, sqlite3.Error):
        return None
    if primary_code(error) in _DAMAGED:
        return damaged(path, str(error))
    if getattr(error, "sqlite_errorcode", 0) in _UNSYNCED:
        return FrozenLedgerError(
            f"The disk did not confirm what was written to the ledger {path}: this process uses it no more.",
            hint=(
                "Whether the last step was kept is not certain. Check the disk, start again, and look with "
                "`andon doctor` and `andon cases` before repeating it."
            ),
        )
    return None


def down(path: Path, error: BaseException) -> AndonError:
    """Why nothing of a transaction remains."""
    if isinstance(error, AndonError):
        return error
    told: AndonError
    if is_full(error):
        told = DependencyDownError(
            f"The disk of the ledger {path} is full. Nothing of this step was kept.",
            hint="Make room and run `andon resume`: what was accepted before is safe and goes on.",
            code="disk_full",
        )
    else:
        told = DependencyDownError(
            f"The ledger {path} could not be written: {error}. Nothing of this step was kept.",
            hint="Check the free space and the health of the disk, and try again.",
            code="ledger_down",
        )
    told.__cause__ = error
    return told


@contextmanager
def read_errors(path: Path) -> Iterator[None]:
    """Tell an error of the disk while reading in one sentence; a wrong statement stays what it is."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if told := final(path, error):
            raise told from error
        if not is_of_disk(error):
            raise
        raise DependencyDownError(
            f"The ledger {path} cannot be read: {error}.",
            hint="Check the health of the disk, and try again.",
            code="ledger_down",
        ) from error
