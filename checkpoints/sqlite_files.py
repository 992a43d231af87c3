"""Database files on disk: made private from their first byte, and refused with one sentence when unusable."""

import errno
import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from protocol.errors import DependencyDownError, InvalidFloorError

_PLACE = frozenset(
    {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_AUTH}
)
_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})


def primary_code(error: sqlite3.Error) -> int:
    """SQLite's primary result code, extended bits cut off; 0 for an error of Python's own."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def make_private(path: Path) -> None:
    """Create ``path`` with mode 0600, in a directory made 0700, unless it is there.

    The mode is given at creation, so that no instant exists at which others could open the file;
    SQLite gives the journals beside it the same mode. Raises InvalidFloorError when the place
    cannot be written to.
    """
    with place_errors(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        os.close(descriptor)
        if not os.access(path.parent, os.W_OK | os.X_OK):  # the journal is made beside the file
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def keep_private(path: Path) -> None:
    """Take away from others what an existing ledger was given, by a copy or a wide umask."""
    with place_errors(path):
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            path.chmod(0o600)


@contextmanager
def place_errors(path: Path) -> Iterator[None]:
    """Turn errors of the file system into the one sentence a user needs."""
    try:
        yield
    except OSError as error:
        why = error.strerror or str(error)
        raise InvalidFloorError(
            f"The data directory {path.parent} cannot be used: {path.name}: {why}.",
            hint="Choose a directory you may write to with --data DIR.",
            code="data_not_writable",
        ) from error


@contextmanager
def file_errors(path: Path) -> Iterator[None]:
    """Turn SQLite's errors while a file is opened into the one sentence a user needs."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _translated(error, path) from error
    except UnicodeError as error:  # SQLite names what it cannot read of a damaged schema
        raise damaged(path, "its schema cannot be read") from error


def _translated(error: sqlite3.DatabaseError, path: Path) -> Exception:
    code = primary_code(error)
    if code == sqlite3.SQLITE_NOTADB:
        return not_a_ledger(path)
    if code == sqlite3.SQLITE_CORRUPT:
        return damaged(path, str(error))
    if code in _PLACE:
        return InvalidFloorError(
            f"The ledger {path} cannot be opened: {error}.",
            hint="Check that the file and its directory are yours, or choose another with --data DIR.",
            code="data_not_writable",
        )
    if code in _BUSY:
        return locked(path)
    return DependencyDownError(f"The ledger {path} cannot be read: {error}.", code="ledger_down")


def damaged(path: Path, why: str) -> InvalidFloorError:
    """The file was a ledger, and is broken."""
    return InvalidFloorError(
        f"The ledger {path} is damaged: {why}.",
        hint="Restore it from a backup; `andon audit` on a copy says what is wrong.",
        code="ledger_damaged",
    )


def not_a_ledger(path: Path) -> InvalidFloorError:
    """The file is something else."""
    return InvalidFloorError(
        f"{path} is not an Andon ledger.",
        hint="Move that file away, or choose another directory with --data DIR.",
        code="not_a_ledger",
    )


def locked(path: Path) -> DependencyDownError:
    """Somebody else held the file all the time."""
    return DependencyDownError(
        f"Another process has kept the ledger {path} locked for too long.",
        hint="Look for a process that hangs on it, and try again.",
        code="ledger_locked",
    )
