"""The checks of ``andon doctor`` that look at the disk and the files on it. Nothing is changed."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from checkpoints.file_systems import is_shared, open_to_others, type_of
from checkpoints.free_space import FREE_FOR_EACH, RESERVE, RESERVE_BYTES, free_bytes
from checkpoints.ledger_file import connect_to_read
from checkpoints.library_floor import OLDEST, installed, too_old
from checkpoints.sqlite_connection import connect, journal_mode_for, patiently
from checkpoints.sqlite_damage import first_damage, refuse_emptied, refuse_foreign_journal, refuse_links
from checkpoints.sqlite_files import file_errors
from cli.exits import DEPENDENCY, INVALID
from cli.findings import FAIL, OK, WARN, Check, nearest
from cli.options import Common
from protocol.errors import AndonError, DependencyDownError, InvalidFloorError

MIN_FREE_MIB = 100
"""Below this a ledger may not be able to keep the next day's rows."""
CHECKPOINTS = "checkpoints.db"
LOOKED_FOR_S = 2.0
"""How long a file that others write is waited for."""
_MIB = 1 << 20


def storage(common: Common) -> Iterator[Check]:
    """All of them, in the order in which one depends on another."""
    yield libraries()
    yield sqlite()
    yield place(common)
    yield file_system(common.data)
    yield disk(common)
    if common.data.is_dir():
        yield modes(common.data)
    yield integrity(common)
    yield checkpoints(common)


def libraries() -> Check:
    """Whether a library has advisories that apply to Andon."""
    if old := list(too_old()):
        hint = "Run `make chat` or `make check` once: either brings them up to date."
        return Check("libraries", FAIL, "; ".join(old), hint, DEPENDENCY)
    found = ", ".join(f"{name} {version}" for name in OLDEST if (version := installed(name)) is not None)
    return Check("libraries", OK, f"{found}: none with known advisories")


def sqlite() -> Check:
    """The SQLite of this Python, and the journal it may use. Andon uses no other SQLite."""
    major, minor, patch = sqlite3.sqlite_version_info[:3]
    mode = journal_mode_for((major, minor, patch))
    why = "" if mode == "wal" else "; WAL is used from 3.51.3 on, older ones can corrupt it"
    return Check("sqlite", OK, f"{sqlite3.sqlite_version}, journal mode {mode}{why}")


def place(common: Common) -> Check:
    """Whether the ledger's file can be used under this name."""
    at = nearest(common.data)
    if not at.is_dir() or not os.access(at, os.W_OK | os.X_OK):
        hint = "Choose a directory you may write to with --data DIR."
        return Check("data", FAIL, f"{common.data} cannot be written", hint, INVALID)
    if failed := _failure("data", lambda: refuse_links(common.ledger)):
        return failed
    made = "" if common.data.is_dir() else ", will be made when it is needed"
    return Check("data", OK, f"{common.data}{made}")


def file_system(data: Path) -> Check:
    """Whether locks and fsync of the file system are to be trusted."""
    kind = type_of(nearest(data))
    if kind is None:
        return Check("file system", OK, "unknown: this system does not say")
    if is_shared(kind):
        hint = (
            "Keep the data on a local disk: over a network, locks and fsync may not hold what they promise."
        )
        return Check("file system", WARN, f"{kind}, reached over a network or through a program", hint)
    return Check("file system", OK, kind)


def disk(common: Common) -> Check:
    """The room that is left, and whether new work is taken at all."""
    free, stop = free_bytes(nearest(common.data) / "ledger.db"), RESERVE_BYTES * FREE_FOR_EACH
    reserve = common.data / RESERVE
    if free < stop:
        detail = f"{free / _MIB:.1f} MiB free: no new work is taken below {stop // _MIB} MiB"
        return Check("disk", FAIL, detail, "Make room: what was accepted is safe and goes on.", DEPENDENCY)
    kept = f", {RESERVE_BYTES // _MIB} MiB in reserve" if reserve.exists() else ""
    if free // _MIB < MIN_FREE_MIB:
        hint = "Make room, or choose another disk with --data DIR."
        return Check("disk", WARN, f"{free // _MIB} MiB free{kept}", hint)
    return Check("disk", OK, f"{free // _MIB} MiB free{kept}")


def modes(data: Path) -> Check:
    """Whether others of this machine can reach the data."""
    found = list(open_to_others(data))
    if not found:
        return Check("modes", OK, "nobody else reads or writes the data")
    hint = f"Take it away: chmod -R go= {data}"
    return Check("modes", WARN, "; ".join(found), hint)


def integrity(common: Common) -> Check:
    """Whether the ledger's pages fit together; `andon audit` looks at the rows."""
    path = common.ledger
    if not path.exists():
        return Check("integrity", OK, "no ledger to look at")

    def look() -> str | None:
        refuse_emptied(path, common.data / CHECKPOINTS)
        refuse_foreign_journal(path)
        with file_errors(path), closing(connect_to_read(path)) as connection:
            return patiently(path, lambda: first_damage(connection), LOOKED_FOR_S)

    try:
        found = look()
    except AndonError as error:
        return Check("integrity", FAIL, error.message, error.hint, error.exit_code)
    if found is not None:
        hint = "Stop every process, keep a copy, and restore it from a backup."
        return Check("integrity", FAIL, f"{path} is damaged: {found}", hint, INVALID)
    return Check("integrity", OK, "the ledger's pages fit together; `andon audit` checks its rows")


def checkpoints(common: Common) -> Check:
    """Whether the cache can be read. It is replaced when it cannot, so this is no more than a warning."""
    path = common.data / CHECKPOINTS
    if not path.exists():
        return Check("checkpoints", OK, "none yet")
    try:
        with file_errors(path), closing(connect(path)) as connection:  # reading only leaves a journal behind
            found = patiently(path, lambda: first_damage(connection), LOOKED_FOR_S)
    except DependencyDownError as error:
        return Check("checkpoints", WARN, error.message, error.hint)
    except InvalidFloorError as error:
        found = error.message
    if found is None:
        return Check("checkpoints", OK, f"sound, {path.stat().st_size / _MIB:.1f} MiB")
    hint = "The next command that writes replaces it; every case goes on from the ledger."
    return Check("checkpoints", WARN, f"{path.name} is damaged: {found}", hint)


def _failure(name: str, look: Callable[[], None]) -> Check | None:
    try:
        look()
    except AndonError as error:
        return Check(name, FAIL, error.message, error.hint, error.exit_code)
    return None
