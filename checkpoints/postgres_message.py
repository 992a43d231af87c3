"""Several statements in one message to PostgreSQL, by libpq's pipeline: one way there and back for all."""

from collections.abc import Callable, Sequence
from typing import Any

import psycopg
from psycopg.abc import PQGen
from psycopg.generators import fetch_many, send
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn, PGresult


def send_together(
    raw: "psycopg.Connection[Any]", sends: Sequence[Callable[[PGconn], None]]
) -> list[PGresult]:
    """The result of each in order, at least up to the first that is an error: nothing behind it is done.

    All of it is written before any goes out, so that a process that is stopped meanwhile does not leave the
    server waiting for the rest. Raises psycopg.OperationalError when the connection is lost.
    """
    pgconn = raw.pgconn
    pgconn.enter_pipeline_mode()
    try:
        for one in sends:
            one(pgconn)
        pgconn.pipeline_sync()
        return raw.wait(_results(pgconn, len(sends)))
    finally:
        _leave(pgconn)


def _results(pgconn: PGconn, number: int) -> PQGen[list[PGresult]]:
    yield from send(pgconn)
    found: list[PGresult] = []
    for _ in range(number):
        try:
            results = yield from fetch_many(pgconn)
        except psycopg.DatabaseError:
            if any(result.status == ExecStatus.FATAL_ERROR for result in found):
                return found  # which says better why the connection is gone
            raise
        if not results:
            raise psycopg.OperationalError("the connection was lost in the middle of an answer")
        found.append(results[-1])
    yield from fetch_many(pgconn)  # the end of the message
    return found


def _leave(pgconn: PGconn) -> None:
    try:
        pgconn.exit_pipeline_mode()
    except psycopg.OperationalError:  # answers are still to come, and nobody will know whose they are
        pgconn.finish()
