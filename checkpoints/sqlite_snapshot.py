"""A copy of a live ledger to look at for as long as it takes: whoever writes waits for one step at most.

Without WAL a reader keeps writers from committing, and an audit of a large ledger takes minutes.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from itertools import pairwise
from pathlib import Path

from checkpoints.ledger_file import connect_to_read, refuse_other_floor, refuse_unreadable
from checkpoints.sql_reads import Clock, SqlReads
from checkpoints.sqlite_connection import prepare_reader
from checkpoints.sqlite_files import damaged, file_errors
from checkpoints.sqlite_ledger import Types, reading
from protocol.errors import NotFoundError

PAGES = 2048
"""Pages per step, 8 MiB: some milliseconds under the lock that keeps writers from committing."""
PAUSE_S = 0.002
RESTARTS = 2
"""How often SQLite may begin anew, because somebody wrote between two steps, before the rest goes in one."""


class _RestartedError(Exception):
    """Somebody writes all the time."""


@contextmanager
def open_snapshot(
    path: Path, floor: str, world_types: Types, clock: Clock | None = None
) -> Iterator[SqlReads]:
    """The ledger as it is at one instant, copied to a file without a name that goes with the block.

    The temporary directory (SQLITE_TMPDIR, TMPDIR) must have room for it. Raises what ``open_reader`` does.
    """
    if not path.exists() or path.stat().st_size == 0:
        raise NotFoundError(
            f"There is no ledger at {path} yet.",
            hint="`andon chat` or `andon run` makes one.",
            code="no_ledger",
        )
    with closing(sqlite3.connect("", isolation_level=None, check_same_thread=False)) as copy:
        with file_errors(path), closing(connect_to_read(path)) as source:
            prepare_reader(source)
            refuse_unreadable(path, source)
            refuse_other_floor(path, source, floor)
            copy_pages(source, copy)
        with ExitStack() as stack:
            with file_errors(path):
                prepare_reader(copy)
                tx = stack.enter_context(_instant(path, copy, world_types, clock))
            yield tx


@contextmanager
def _instant(
    path: Path, copy: sqlite3.Connection, world_types: Types, clock: Clock | None
) -> Iterator[SqlReads]:
    """Raises InvalidFloorError when not even the ledger clock can be read."""
    with ExitStack() as stack:
        try:
            tx = stack.enter_context(reading(path, copy, world_types, clock))
        except TypeError as error:
            raise damaged(path, "its clock is missing") from error
        yield tx


def copy_pages(source: sqlite3.Connection, copy: sqlite3.Connection) -> None:
    """Copy a database step by step; in one step when others write so often that no copy would ever end."""
    left: list[int] = []

    def watch(_: int, remaining: int, __: int) -> None:
        left.append(remaining)
        if sum(later >= sooner for sooner, later in pairwise(left)) > RESTARTS:  # it came no further
            raise _RestartedError

    try:
        source.backup(copy, pages=PAGES, progress=watch, sleep=PAUSE_S)
    except _RestartedError:
        source.backup(copy)
