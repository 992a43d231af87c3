"""LangGraph's checkpoints in PostgreSQL, beside the ledger: a cache, never the record."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, closing
from typing import TYPE_CHECKING, Any

from checkpoints.library_floor import refuse_old_libraries
from checkpoints.postgres_connection import WAIT_S, alone, connect, place, session_of
from checkpoints.postgres_trouble import away, opening_errors

if TYPE_CHECKING:
    from checkpoints.checkpoint_cache import Over
    from checkpoints.postgres_cache import PostgresCache

# langgraph reads this once, when it is first imported (see sqlite_saver).
os.environ["LANGGRAPH_STRICT_MSGPACK"] = "true"

_MAKING = 0x414E4443
"""The key of the lock under which one process makes the saver's tables, and the others wait."""
MOST_CONNECTIONS = 4
"""Of one process: cases that read or write checkpoints at the same moment."""


@asynccontextmanager
async def open_postgres_saver(url: str, over: "Over | None" = None) -> "AsyncIterator[PostgresCache]":
    """A saver in the database at ``url`` that loads plain data only.

    ``over``: whether a thread has ended, and nothing of it need be kept. Connections are looked at before
    they are used: a server that was away does no harm. Raises DependencyDownError when nobody answers.
    """
    refuse_old_libraries()
    from psycopg import AsyncConnection
    from psycopg.rows import DictRow, dict_row
    from psycopg_pool import AsyncConnectionPool, PoolTimeout

    from checkpoints.plain_serializer import PlainSerializer
    from checkpoints.postgres_cache import PostgresCache

    settings: dict[str, Any] = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row}
    pool: AsyncConnectionPool[AsyncConnection[DictRow]] = AsyncConnectionPool(
        session_of(url),
        min_size=1,
        max_size=MOST_CONNECTIONS,
        kwargs=settings,
        check=AsyncConnectionPool.check_connection,
        timeout=WAIT_S,
        open=False,
    )
    try:
        await pool.open(wait=True, timeout=WAIT_S)
    except PoolTimeout as error:
        raise away(place(url), error) from error
    try:
        saver = PostgresCache(pool, serde=PlainSerializer())
        saver.over = over
        await _set_up(url, saver)
        yield saver
    finally:
        await pool.close()


async def _set_up(url: str, saver: "PostgresCache") -> None:
    """Make the saver's tables. Not in a transaction of ours: some of its indexes are made concurrently."""
    with (
        opening_errors(place(url)),
        closing(await asyncio.to_thread(connect, url)) as guard,
        ExitStack() as held,
    ):
        await asyncio.to_thread(held.enter_context, alone(url, guard, _MAKING))
        await saver.setup()
