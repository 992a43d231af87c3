"""A bound for a write-ahead log: a reader that never ends would let it grow until the disk is full."""

import sqlite3
from pathlib import Path

from checkpoints.sqlite_connection import BUSY_S, patiently

LARGEST_WAL_BYTES = 64 << 20
"""Beyond this nothing is added until the log has been written back: thousands of cases of work."""


def is_too_large(path: Path, most_bytes: int | None = None) -> bool:
    """Whether the log beside a database has outgrown its bound."""
    try:
        size = path.with_name(f"{path.name}-wal").stat().st_size
    except FileNotFoundError:
        return False
    return size > (LARGEST_WAL_BYTES if most_bytes is None else most_bytes)


def write_back(path: Path, connection: sqlite3.Connection, limit_s: float = BUSY_S) -> None:
    """Empty the log into the database; DependencyDownError when a reader needs it for ``limit_s`` seconds."""

    def step() -> None:
        if connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            busy = sqlite3.OperationalError("a reader needs the write-ahead log")
            busy.sqlite_errorcode = sqlite3.SQLITE_BUSY
            raise busy

    patiently(path, step, limit_s)
