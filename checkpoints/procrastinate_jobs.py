"""Procrastinate as the doorbell of a PostgreSQL ledger: a job per case with work due, deferred in the
transaction that made it due. The ledger's rows are the truth: a job that gets lost is deferred again.

A job has a lock, so that no two workers take up one case, and a queueing lock, so that one ring is enough.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from typing import Any

import procrastinate
import psycopg
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Status
from procrastinate.schema import SchemaManager

from checkpoints.postgres_connection import PostgresConnection, alone, session_of

QUEUE, TASK = "andon", "andon.case"
HEARTBEAT_S, STALLED_S = 2.0, 8.0
"""How often a worker says that it lives, and after how long a silence its jobs are given to others."""
UNHEARD_S = 4.0
"""A silence of two heartbeats, which is enough where the case's holder was seen to be gone."""
FORGOTTEN_S = 60.0
"""After how long a silence nothing is remembered of a worker."""
POLL_S = 1.0
"""How often a worker looks for jobs that it was not told of."""
_AGAIN_S = 1.0
"""How long a worker waits after it lost the database."""
AHEAD = 1
"""The priority of a case that was begun: it has waited before those that were not."""
_TOGETHER = 100
"""Lost jobs that are deferred again in one look."""
_PREPARING = 0x414E444A
"""The key of the lock under which one process makes the tables, and the others wait."""
_WITHOUT = """
SELECT due.id FROM unnest(%(cases)s::text[]) WITH ORDINALITY AS due (id, place) WHERE NOT EXISTS (
  SELECT 1 FROM procrastinate_jobs AS job
  WHERE job.lock = 'case:' || due.id AND job.status IN ('todo', 'doing'))
ORDER BY due.place LIMIT %(most)s
"""
_TAKE_BACK = """
DELETE FROM procrastinate_jobs WHERE queueing_lock = ? AND status = 'todo'
  AND NOT EXISTS (SELECT 1 FROM cases WHERE id = ? AND runnable = 1)
"""
_log = logging.getLogger("andon.jobs")


def prepare(url: str, connection: PostgresConnection) -> None:
    """Make Procrastinate's tables in the ledger's schema, unless they are there."""
    if _is_prepared(connection):
        return
    with alone(url, connection, _PREPARING):
        connection.execute("BEGIN")
        if not _is_prepared(connection):
            schema = SchemaManager(connector=_deferring().connector).get_schema()
            connection.raw.execute(schema.encode())
        connection.execute("COMMIT")


def _is_prepared(connection: PostgresConnection) -> bool:
    found = connection.execute("SELECT to_regclass('procrastinate_jobs') IS NOT NULL").fetchone()
    return found is not None and bool(found[0])


def ring(connection: PostgresConnection, cases: Sequence[str]) -> None:
    """Defer a job for each case, in the transaction that is open; for one that has a job already, none.

    A second job for a case breaks a unique key, and with it the transaction: hence the savepoints.
    """
    if not cases:
        return
    try:
        with connection.raw.transaction():
            _defer(connection, cases)
    except AlreadyEnqueued:
        for case in cases if len(cases) > 1 else ():
            with suppress(AlreadyEnqueued), connection.raw.transaction():
                _defer(connection, (case,))


def take_back(connection: PostgresConnection, cases: Sequence[str]) -> None:
    """Delete the jobs of cases that have nothing due any more, as far as no worker has them yet.

    A case is often driven by the process that opened it: its jobs would be kept for a worker to come.
    """
    for case in cases:
        connection.execute(_TAKE_BACK, (_lock(case), case))


def _defer(connection: PostgresConnection, cases: Sequence[str]) -> None:
    manager = _deferring().job_manager
    manager.batch_defer_jobs(jobs=[_job(case) for case in cases], connection=connection.raw)


def _job(case: str, priority: int = 0) -> procrastinate.jobs.Job:
    name = _lock(case)
    return procrastinate.jobs.Job(
        id=None,
        queue=QUEUE,
        priority=priority,
        lock=name,
        queueing_lock=name,
        task_name=TASK,
        task_kwargs={"case": case},
    )


def _lock(case: str) -> str:
    return f"case:{case}"


@cache
def _deferring() -> procrastinate.App:
    """An application that only defers, on connections that it is given."""
    return procrastinate.App(connector=procrastinate.SyncPsycopgConnector())


class ProcrastinateJobs:
    """Dispatcher. ``due``: the cases with work due that nobody drives, oldest first; True for one whose
    last holder is gone.
    """

    def __init__(self, url: str, due: Callable[[], Awaitable[Mapping[str, bool]]]) -> None:
        self._conninfo = session_of(url)
        self._due = due
        self._app: procrastinate.App | None = None
        self._running: set[asyncio.Task[Any]] = set()

    async def serve(
        self, work: Callable[[str], Awaitable[object]], at_once: int, stop: asyncio.Event, *, once: bool
    ) -> None:
        """See graph.dispatching.Dispatcher."""
        stopped = asyncio.ensure_future(stop.wait())
        try:
            while not stop.is_set():
                try:
                    await self._serve(work, at_once, stopped, once=once)
                    if once and not await self._due():
                        return
                except (ConnectorException, psycopg.Error) as error:
                    _log.warning("jobs cannot be had for now: %s", error)
                await asyncio.wait({stopped}, timeout=_AGAIN_S)
        finally:
            stopped.cancel()
            for task in self._running:
                task.cancel()
            await asyncio.gather(stopped, *self._running, return_exceptions=True)

    async def _serve(
        self,
        work: Callable[[str], Awaitable[object]],
        at_once: int,
        stopped: "asyncio.Future[Any]",
        *,
        once: bool,
    ) -> None:
        """Until told to stop, or the database is lost; ``once``: until no job is left."""
        connector = procrastinate.PsycopgConnector(conninfo=self._conninfo, min_size=1, max_size=4)
        app = procrastinate.App(connector=connector)

        @app.task(name=TASK, queue=QUEUE)
        async def drive(case: str) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._running.add(task)
            try:
                await work(case)
            finally:
                self._running.discard(task)

        async with app.open_async():
            self._app = app
            if once:
                await self.look()
            serving = asyncio.ensure_future(
                app.run_worker_async(
                    queues=[QUEUE],
                    concurrency=at_once,
                    wait=not once,
                    delete_jobs="always",
                    install_signal_handlers=False,
                    fetch_job_polling_interval=POLL_S,
                    update_heartbeat_interval=HEARTBEAT_S,
                    stalled_worker_timeout=FORGOTTEN_S,
                )
            )
            try:
                await asyncio.wait({serving, stopped}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                self._app = None
                serving.cancel()  # it takes no more jobs, and returns when those it has have ended
                with suppress(asyncio.CancelledError):
                    await serving

    async def look(self) -> None:
        """Take jobs from workers that are silent, and defer again what has no job."""
        app = self._app
        if app is None:
            return
        try:
            due = await self._due()
            await _take_over(app, [case for case, is_left in due.items() if is_left])
            if due:
                for case in await _without_job(app, list(due)):
                    with suppress(AlreadyEnqueued):
                        job = _job(case, AHEAD if due[case] else 0)
                        await app.job_manager.defer_job_async(job=job)
        except (ConnectorException, psycopg.Error) as error:
            _log.warning("lost jobs are looked for later: %s", error)


async def _take_over(app: procrastinate.App, left: Sequence[str]) -> None:
    """End the jobs of workers that are silent: what of them is still due is deferred anew.

    ``left``: cases whose last holder is gone. Their jobs need no long silence; a worker that has fetched
    one since, and lives, is not silent.
    """
    manager, locks = app.job_manager, frozenset(map(_lock, left))
    silent = list(await manager.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=STALLED_S))
    if locks:
        unheard = await manager.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=UNHEARD_S)
        silent += [job for job in unheard if job.lock in locks]
    for job in {job.id: job for job in silent}.values():
        _log.warning("the worker of %s is silent: its job is given to others", job.lock)
        with suppress(ConnectorException):  # another worker has seen it, too
            await manager.finish_job(job=job, status=Status.FAILED, delete_job=True)


async def _without_job(app: procrastinate.App, cases: Sequence[str]) -> list[str]:
    rows = await _connector(app).execute_query_all_async(_WITHOUT, cases=list(cases), most=_TOGETHER)
    return [str(row["id"]) for row in rows]


def _connector(app: procrastinate.App) -> procrastinate.PsycopgConnector:
    assert isinstance(app.connector, procrastinate.PsycopgConnector)
    return app.connector
