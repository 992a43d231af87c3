"""The ledger in PostgreSQL: any number of processes on any number of machines, which take turns to write.

A turn is the lock on the clock's row, taken first and held until COMMIT (docs/adr/0006): rows are numbered
without a gap, time is read under the lock, and no two transactions ever wait for each other crosswise.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeVar

import psycopg

from checkpoints.dialect import Dialect
from checkpoints.job_queue import Failed, JobQueue, Outcome, each
from checkpoints.ledger_database import make_current, refuse_other_floor, refuse_unreadable
from checkpoints.ledger_file import FLOOR, LINEAGE, first_hour
from checkpoints.named_sql import named_queries
from checkpoints.postgres_connection import WAIT_S, PostgresConnection, connect, patiently, place
from checkpoints.postgres_soundness import soundness
from checkpoints.postgres_trouble import LostError, away, down, is_of_server, opening_errors, unsure
from checkpoints.procrastinate_jobs import prepare, ring, take_back
from checkpoints.shared_transaction import TransactionLostError, run_jobs
from checkpoints.sql_reads import CLOCK, Clock, SqlReads
from checkpoints.sql_tx import SqlTx
from checkpoints.steady_clock import ServerHour, SteadyClock
from protocol.errors import DependencyDownError
from protocol.failpoints import Point, failpoint
from protocol.ports import ReadTx, Tx
from protocol.toolbox import ResourceType

T = TypeVar("T")
Types = Mapping[str, ResourceType]


def _queries(file: str) -> Mapping[str, str]:
    """Those that both databases know, and in their place those that PostgreSQL says differently."""
    return {**named_queries(file), **(named_queries(f"postgres_{file}") if file in _OWN_WORDS else {})}


_OWN_WORDS = frozenset({"watch"})
POSTGRES = Dialect("postgres", _queries, soundness)

_TURN = """
SELECT value, to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
  pg_current_xact_id()::text, extract(epoch FROM clock_timestamp())::float8
FROM meta WHERE name = 'clock' FOR UPDATE
"""
_STATE = """
SELECT value, to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
FROM meta WHERE name = 'clock'
"""


class PostgresLedger:
    """Ledger. Made by :meth:`open`."""

    def __init__(
        self,
        url: str,
        types: Types,
        clock: Clock | None,
        *,
        server_clock: bool,
        inline: bool,
        wait_s: float = WAIT_S,
    ) -> None:
        self._url = url
        self._wait_s = wait_s
        self._types = types
        self._clock = clock
        self._server_clock = server_clock
        self._sql = POSTGRES.queries("queries")
        self._elapsed = time.monotonic
        self._writer = connect(url)
        self._read_clock = (_server_s(self._writer), self._elapsed())
        self._reader = connect(url)
        self._reads: JobQueue[ReadTx] | None = (
            None if inline else JobQueue(self._run_reads, inline=False, name="ledger-reader")
        )
        self._queue: JobQueue[Tx] = JobQueue(self._run_batch, inline=inline, name="ledger-writer")

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        floor: str,
        clock: Clock | None,
        clock_start: str | None,
        world_types: Types,
        server_clock: bool = True,
        inline: bool = False,
        lineage: str | None = None,
        wait_s: float = WAIT_S,
    ) -> "PostgresLedger":
        """Open the ledger at ``url``; create or migrate it first when that is due.

        ``clock`` None: a floor clock, which starts at ``clock_start`` and is stored. ``server_clock``: any
        other clock is read from the server, the one that all machines share. ``inline``: jobs run on the
        event loop's own thread. ``wait_s``: for how long a server that goes away is waited for. Raises
        InvalidFloorError when the database cannot be used, DependencyDownError when nobody answers.
        """
        connection = connect(url)
        try:
            with opening_errors(place(url)):
                birth = {FLOOR: floor, LINEAGE: lineage or os.urandom(16).hex()}
                make_current(url, connection, birth, lambda: first_hour(clock, clock_start))
                refuse_other_floor(url, connection, floor)
                prepare(url, connection)
                return cls(url, world_types, clock, server_clock=server_clock, inline=inline, wait_s=wait_s)
        finally:
            connection.close()

    def seconds(self) -> float:
        """The server's wall seconds: as last read, and gone on since. All who share the ledger use them."""
        server_s, at_s = self._read_clock
        return server_s + (self._elapsed() - at_s)

    async def write(self, job: Callable[[Tx], T]) -> T:
        """Run ``job`` in a savepoint; returns after COMMIT. An exception rolls its savepoint back.

        When the server goes away, or ends the transaction, the job is run again on the state it finds then.
        """
        return await self._queue.submit(job)

    async def read(self, job: Callable[[ReadTx], T]) -> T:
        """Run ``job`` on one consistent state."""
        return self._run_read(job) if self._reads is None else await self._reads.submit(job)

    async def close(self) -> None:
        """Finish what waits and close the connections."""
        await self._queue.close()
        if self._reads is not None:
            await self._reads.close()
        self._reader.close()
        self._writer.close()

    # Reading

    def _run_read(self, job: Callable[[ReadTx], T]) -> T:
        """Run ``job`` on one state; once more when the connection turns out to be dead."""
        try:
            try:
                return self._read_once(job)
            except LostError:
                self._reader.close()
                self._reader = patiently(self._url, lambda: connect(self._url), self._wait_s)
                return self._read_once(job)
        except LostError as error:
            raise away(place(self._url), error) from error
        except psycopg.Error as error:
            if not is_of_server(error):
                raise
            raise down(place(self._url), error) from error

    def _read_once(self, job: Callable[[ReadTx], T]) -> T:
        with reading(self._reader, self._types, self._clock, server_clock=self._server_clock) as tx:
            return job(tx)

    def _run_reads(self, jobs: Sequence[Callable[[ReadTx], object]]) -> Sequence[Outcome]:
        """Run each on a state of its own: those behind it see what was written meanwhile."""
        return each(jobs, self._run_read)

    # Writing

    def _run_batch(self, jobs: Sequence[Callable[[Tx], object]]) -> Sequence[Outcome]:
        """Run jobs in one transaction, a savepoint each. When it cannot be committed, all of them fail."""
        try:
            return [self._told(o) for o in patiently(self._url, lambda: self._attempt(jobs), self._wait_s)]
        except (psycopg.Error, TransactionLostError, DependencyDownError) as error:
            return [Failed(down(place(self._url), error))] * len(jobs)
        finally:
            self._writer.reset()

    def _told(self, outcome: Outcome) -> Outcome:
        """What a job hears of the server is a sentence; what it did wrong itself stays what it is."""
        match outcome:
            case Failed(psycopg.Error() as error) if is_of_server(error):
                return Failed(down(place(self._url), error))
        return outcome

    def _attempt(self, jobs: Sequence[Callable[[Tx], object]]) -> Sequence[Outcome]:
        """One transaction. LostError when nothing of it remains, and it can be run again."""
        self._writer.reset()
        if not self._writer.usable:
            self._writer.close()
            self._writer = connect(self._url)
        do = self._writer.execute
        do("BEGIN ISOLATION LEVEL READ COMMITTED")
        stored, hour, transaction, server_s = do(_TURN).fetchone()  # type: ignore[misc]
        self._read_clock = (server_s, self._elapsed())
        clock = _clock(self._clock, hour, server_clock=self._server_clock)
        try:
            outcomes, now = run_jobs(
                self._writer,
                jobs,
                lambda at: SqlTx(POSTGRES, self._writer, self._types, clock, at),
                stored,
                self._tell_workers,
            )
        except TransactionLostError as error:
            raise LostError(str(error)) from error
        if self._writer.in_transaction:
            if now != stored:
                do(self._sql["set_meta"], (CLOCK, now))
            try:
                self._commit(str(transaction))
            except psycopg.Error as error:  # of a statement that waited until then: nothing is kept
                return [Failed(error)] * len(jobs)
            failpoint(Point.DURABLE)
        return outcomes

    def _tell_workers(self, tx: SqlTx) -> None:
        """Of what is due since this job, and of what is not any more."""
        ring(self._writer, tx.woken())
        take_back(self._writer, tx.rested())

    def _commit(self, transaction: str) -> None:
        """COMMIT; when the connection is lost in it, the server is asked what became of the transaction."""
        try:
            answer = self._writer.execute("COMMIT").statusmessage
        except LostError:
            if self._writer.alive or not self._was_committed(transaction):
                raise  # a server that answers has said that it did not commit
            return
        if answer != "COMMIT":  # PostgreSQL rolls back, and calls it no error, when a statement had failed
            raise TransactionLostError("a statement failed, and its job went on as if it had not")

    def _was_committed(self, transaction: str) -> bool:
        """Whether a transaction whose COMMIT got no answer is durable. UnsureError when nobody can say."""
        try:
            epoch = self._writer.epoch
            return patiently(self._url, lambda: was_committed(self._url, transaction, epoch), self._wait_s)
        except DependencyDownError as error:
            raise unsure(place(self._url)) from error


def was_committed(url: str, transaction: str, epoch: str) -> bool:
    """Whether the server committed it. LostError while it cannot say, UnsureError when it never can.

    A server that crashed has given the numbers of transactions it lost to others: only its no counts then.
    """
    connection = connect(url)
    try:
        found = connection.execute("SELECT pg_xact_status(?::xid8)", (transaction,)).fetchone()
    except psycopg.errors.InvalidParameterValue:  # it has not given that number yet: it crashed
        return False
    finally:
        connection.close()
    match None if found is None else found[0]:
        case "committed" if connection.epoch == epoch:
            return True
        case "committed" | None:
            raise unsure(place(url))
        case "aborted":
            return False
        case _:
            raise LostError("the server has not ended the transaction yet")


def _server_s(connection: PostgresConnection) -> float:
    """Wall seconds of the server, now."""
    return float(connection.execute("SELECT extract(epoch FROM clock_timestamp())::float8").fetchone()[0])  # type: ignore[index]


def _clock(clock: Clock | None, hour: str, *, server_clock: bool) -> Clock | None:
    """The clock of one transaction: the server's hour, read under the lock, unless the floor has its own."""
    if clock is None or not server_clock:
        return clock
    return ServerHour(clock, hour) if isinstance(clock, SteadyClock) else lambda: hour


@contextmanager
def reading(
    connection: PostgresConnection, types: Types, clock: Clock | None, *, server_clock: bool
) -> Iterator[SqlReads]:
    """One state of the ledger for as long as the block lasts."""
    connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    try:
        stored, hour = connection.execute(_STATE).fetchone()  # type: ignore[misc]
        yield SqlReads(POSTGRES, connection, types, _clock(clock, hour, server_clock=server_clock), stored)
        connection.execute("COMMIT")
    finally:
        connection.reset()


@contextmanager
def open_reader(
    url: str, floor: str, world_types: Types, clock: Clock | None = None, *, server_clock: bool = True
) -> Iterator[SqlReads]:
    """Read a ledger without creating, migrating or sweeping anything.

    Raises NotFoundError when there is none yet, InvalidFloorError when it cannot be used,
    DependencyDownError when nobody answers.
    """
    connection = connect(url)
    try:
        with opening_errors(place(url)):
            refuse_unreadable(url, connection)
            refuse_other_floor(url, connection, floor)
        with reading(connection, world_types, clock, server_clock=server_clock) as tx:
            yield tx
    except LostError as error:
        raise away(place(url), error) from error
    finally:
        connection.close()
