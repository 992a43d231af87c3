"""Jobs that share a transaction: a savepoint each, so that what one of them raises undoes only its own."""

from collections.abc import Callable, Sequence
from functools import partial

from checkpoints.dialect import Connection
from checkpoints.job_queue import Done, Failed, Outcome
from checkpoints.sql_tx import SqlTx
from protocol.failpoints import Point, failpoint
from protocol.ports import Tx


class TransactionLostError(Exception):
    """The database has rolled the whole transaction back: a full disk, a lost connection, a deadlock."""


def run_jobs(
    connection: Connection,
    jobs: Sequence[Callable[[Tx], object]],
    new_tx: Callable[[str], SqlTx],
    clock: str,
    at_end: Callable[[SqlTx], None] = lambda _: None,
) -> tuple[list[Outcome], str]:
    """The outcome of each job, and the clock to record after them. The caller begins and commits.

    ``new_tx`` makes a job's transaction at a recorded clock; ``at_end`` is done at the end of each, as a
    part of it. Raises TransactionLostError when nothing of any job remains.
    """

    def whole(job: Callable[[Tx], object], tx: SqlTx) -> object:
        value = job(tx)
        at_end(tx)
        return value

    outcomes: list[Outcome] = []
    for job in jobs:
        tx = new_tx(clock)
        outcome, clock = _run_job(connection, partial(whole, job, tx), tx, clock, alone=len(jobs) == 1)
        outcomes.append(outcome)
    failpoint(Point.ROUTED)
    return outcomes, clock


def _run_job(
    connection: Connection, job: Callable[[], object], tx: SqlTx, clock: str, *, alone: bool
) -> tuple[Outcome, str]:
    """The outcome of one job, and the clock to record after it. A job alone is its whole transaction."""
    do = connection.execute
    if not alone:
        do("SAVEPOINT job")
    try:
        try:
            value = job()
        finally:
            if not alone:
                tx.settle()
    except BaseException as error:
        if not connection.in_transaction:
            raise TransactionLostError(str(error)) from error
        do("ROLLBACK" if alone else "ROLLBACK TO job")
        if not alone:
            do("RELEASE job")
        if not isinstance(error, Exception):
            raise
        return Failed(error), clock
    if not connection.in_transaction:
        raise TransactionLostError("a job went on after the transaction was gone")
    if not alone:
        do("RELEASE job")
    return Done(value), tx.recorded_clock
