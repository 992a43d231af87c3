"""The embedded ledger: one SQLite file, one writer per process, short reads beside it."""

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from threading import Lock
from typing import TypeVar

from checkpoints.dialect import Dialect
from checkpoints.disk_tx import DiskTx
from checkpoints.free_space import FreeSpace
from checkpoints.job_queue import Failed, JobQueue, Outcome, each
from checkpoints.ledger_file import (
    FLOOR,
    LINEAGE,
    connect_to_read,
    first_hour,
    make_current,
    refuse_moved,
    refuse_other_floor,
    refuse_unreadable,
)
from checkpoints.named_sql import named_queries
from checkpoints.shared_transaction import TransactionLostError, run_jobs
from checkpoints.sql_reads import CLOCK, Clock, SqlReads
from checkpoints.sqlite_connection import connect, journal_mode_for, patiently, prepare_reader
from checkpoints.sqlite_damage import refuse_damaged, refuse_emptied, refuse_foreign_journal, refuse_links
from checkpoints.sqlite_files import file_errors, keep_private, make_private, place_errors
from checkpoints.sqlite_soundness import soundness
from checkpoints.sqlite_trouble import down, final, is_full, is_of_disk, may_lack_room, read_errors, root
from checkpoints.wal_bound import is_too_large, write_back
from protocol.errors import AndonError, DependencyDownError, NotFoundError
from protocol.failpoints import Point, failpoint
from protocol.ports import ReadTx, Tx
from protocol.toolbox import ResourceType

SQLITE = Dialect("sqlite", named_queries, soundness)

T = TypeVar("T")
Types = Mapping[str, ResourceType]


class SqliteLedger:
    """Ledger. Made by :meth:`open`."""

    def __init__(
        self, path: Path, writer: sqlite3.Connection, types: Types, clock: Clock | None, *, inline: bool
    ) -> None:
        self.path = path
        self._writer = writer
        self._room = FreeSpace(path)
        self._room.lay_down()
        self._final: AndonError | None = None
        self._reader = connect(path)
        prepare_reader(self._reader)
        self._types = types
        self._clock = clock
        self._sql = named_queries("queries")
        # Without WAL a commit needs the file to itself. Taking turns here is fair, and waits for no poll.
        self._has_wal = journal_mode_for(sqlite3.sqlite_version_info) == "wal"
        shared = inline or self._has_wal
        self._turn: AbstractContextManager[object] = nullcontext() if shared else Lock()
        # A queue costs a third of what an executor's futures cost, and most of a read is getting there.
        self._reads: JobQueue[ReadTx] | None = (
            None if inline else JobQueue(self._run_reads, inline=False, name="ledger-reader")
        )
        self._queue: JobQueue[Tx] = JobQueue(self._run_batch, inline=inline, name="ledger-writer")

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        floor: str,
        clock: Clock | None,
        clock_start: str | None,
        world_types: Types,
        inline: bool = False,
        lineage: str | None = None,
    ) -> "SqliteLedger":
        """Open the ledger at ``path``; create or migrate it first when that is due.

        ``clock`` None: a floor clock, which starts at ``clock_start`` and is stored. ``inline``: jobs
        run on the event loop's own thread. ``lineage``: the id of a ledger made now. Raises
        InvalidFloorError when the place or the file cannot be used, DependencyDownError when
        another process keeps it locked.
        """
        refuse_links(path)
        refuse_emptied(path, path.with_name("checkpoints.db"))
        make_private(path)
        refuse_foreign_journal(path)
        with file_errors(path), place_errors(path):
            writer = connect(path)
            try:
                birth = {FLOOR: floor, LINEAGE: lineage or os.urandom(16).hex()}
                make_current(path, writer, birth, lambda: first_hour(clock, clock_start))
                refuse_other_floor(path, writer, floor)
                refuse_moved(path, writer)
                refuse_damaged(path, writer)
                keep_private(path)
                return cls(path, writer, world_types, clock, inline=inline)
            except BaseException:
                writer.close()
                raise

    async def write(self, job: Callable[[Tx], T]) -> T:
        """Run ``job`` in a savepoint; returns after COMMIT. An exception rolls its savepoint back."""
        return await self._queue.submit(job)

    async def read(self, job: Callable[[ReadTx], T]) -> T:
        """Run ``job`` on one consistent state."""
        return self._run_read(job) if self._reads is None else await self._reads.submit(job)

    async def close(self) -> None:
        """Finish what waits and close the file."""
        await self._queue.close()
        if self._reads is not None:
            await self._reads.close()
        self._reader.close()
        self._writer.close()

    def _run_read(self, job: Callable[[ReadTx], T]) -> T:
        if self._final is not None:
            raise self._final
        try:
            with self._turn, reading(self.path, self._reader, self._types, self._clock) as tx:
                return job(tx)
        except AndonError as error:
            self._final = error if final(self.path, root(error)) else self._final
            raise

    def _run_reads(self, jobs: Sequence[Callable[[ReadTx], object]]) -> Sequence[Outcome]:
        """Run each on a state of its own: those behind it see what was written meanwhile."""
        return each(jobs, self._run_read)

    def _run_batch(self, jobs: Sequence[Callable[[Tx], object]]) -> Sequence[Outcome]:
        """Run jobs in one transaction, a savepoint each. When it cannot be committed, all of them fail."""
        if self._final is not None:
            return [Failed(self._final)] * len(jobs)
        try:
            return self._transact(jobs)
        except (sqlite3.Error, TransactionLostError, DependencyDownError) as told:
            error = root(told)
            self._final = final(self.path, error)
            if self._final or not self._makes_room(error):
                return [Failed(self._final or down(self.path, error))] * len(jobs)
        finally:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
        return self._run_batch(jobs)  # not for ever: the reserve is gone now

    def _makes_room(self, error: BaseException) -> bool:
        """Whether a full disk was the cause, and the reserve was there to be given up."""
        return (is_full(error) or (may_lack_room(error) and self._room.is_short)) and self._room.give_up()

    def _transact(self, jobs: Sequence[Callable[[Tx], object]]) -> Sequence[Outcome]:
        do = self._writer.execute
        if self._has_wal and is_too_large(self.path):
            write_back(self.path, self._writer)
        patiently(self.path, lambda: do("BEGIN IMMEDIATE"))
        stored = do(self._sql["meta"], (CLOCK,)).fetchone()[0]
        outcomes, clock = run_jobs(self._writer, jobs, self._new_tx, stored)
        for outcome in outcomes:
            if isinstance(outcome, Failed) and is_of_disk(error := root(outcome.error)):
                raise error  # the disk has failed one of them: what the others wrote is in doubt
        if self._writer.in_transaction:
            if clock != stored:
                do(self._sql["set_meta"], (CLOCK, clock))
            with self._turn:
                patiently(self.path, lambda: do("COMMIT"))
            failpoint(Point.DURABLE)
        return outcomes

    def _new_tx(self, clock: str) -> DiskTx:
        tx = DiskTx(SQLITE, self._writer, self._types, self._clock, clock)
        tx.room = self._room
        return tx


@contextmanager
def reading(
    path: Path, connection: sqlite3.Connection, types: Types, clock: Clock | None
) -> Iterator[SqlReads]:
    """One state of the ledger for as long as the block lasts."""

    def begin() -> str:
        if not connection.in_transaction:
            connection.execute("BEGIN")
        return str(connection.execute(named_queries("queries")["meta"], (CLOCK,)).fetchone()[0])

    with read_errors(path):
        try:
            yield SqlReads(SQLITE, connection, types, clock, patiently(path, begin))
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")


@contextmanager
def open_reader(path: Path, floor: str, world_types: Types, clock: Clock | None = None) -> Iterator[SqlReads]:
    """Read a ledger without creating, migrating or sweeping anything.

    Raises NotFoundError when there is none yet, InvalidFloorError when it cannot be used.
    """
    if not path.exists() or path.stat().st_size == 0:
        raise NotFoundError(
            f"There is no ledger at {path} yet.",
            hint="`andon chat` or `andon run` makes one.",
            code="no_ledger",
        )
    refuse_foreign_journal(path)
    with file_errors(path):
        connection = connect_to_read(path)
        try:
            prepare_reader(connection)
            refuse_unreadable(path, connection)
            refuse_other_floor(path, connection, floor)
        except BaseException:
            connection.close()
            raise
    try:
        with reading(path, connection, world_types, clock) as tx:
            yield tx
    finally:
        connection.close()
