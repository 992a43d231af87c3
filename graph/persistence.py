"""Where a floor's ledger and its checkpoints live: files in the data directory, or a PostgreSQL database."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checkpoints.sqlite_ledger import SqliteLedger
from checkpoints.steady_clock import SteadyClock
from graph.state import is_over
from protocol.floor import FloorConfig
from protocol.ports import Ledger
from protocol.times import whole
from protocol.world import World
from telemetry.clock import boot_clock, shared_clock, system_now

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver

LEDGER, CHECKPOINTS = "ledger.db", "checkpoints.db"
"""The files in a data directory."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where both are. ``database`` None: files in ``data_dir``. ``inline``: see ``SqliteLedger.open``."""

    data_dir: Path
    database: str | None = None
    inline: bool = False


@asynccontextmanager
async def open_ledger(place: Place, world: World) -> AsyncIterator[tuple[Ledger, Callable[[], float]]]:
    """The ledger, made or brought up to date, and the wall seconds that all who share it go by.

    On one machine that is its own clock; of several, the server's, since theirs differ.
    """
    config = world.config
    settings: dict[str, Any] = {
        "floor": config.floor,
        "clock": system_clock(config),
        "clock_start": clock_start(config),
        "world_types": world.types,
        "inline": place.inline,
    }
    if place.database is None:
        embedded = await SqliteLedger.open(place.data_dir / LEDGER, **settings)
        try:
            yield embedded, shared_clock
        finally:
            await embedded.close()
        return
    from checkpoints.postgres_ledger import PostgresLedger

    served = await PostgresLedger.open(place.database, **settings)
    try:
        yield served, served.seconds
    finally:
        await served.close()


@asynccontextmanager
async def open_checkpoints(place: Place) -> "AsyncIterator[BaseCheckpointSaver[str]]":
    """The cache of where cases continue, beside the ledger."""
    if place.database is None:
        from checkpoints.sqlite_saver import open_saver

        async with open_saver(place.data_dir / CHECKPOINTS, is_over) as saver:
            yield saver
        return
    from checkpoints.postgres_saver import open_postgres_saver

    async with open_postgres_saver(place.database, is_over) as served:
        yield served


def system_clock(config: FloorConfig) -> Callable[[], str] | None:
    """The ledger clock's source: the system's, or None for a floor clock that only events move."""
    return None if config.clock == "floor" else SteadyClock(lambda: whole(system_now()), boot_clock)


def clock_start(config: FloorConfig) -> str | None:
    """Where a floor clock begins."""
    return None if config.clock_start is None else whole(config.clock_start)
