"""Looking at a ledger without touching it: nothing is created, migrated or swept."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

from agents.floor_loader import load_floor
from checkpoints.audit_port import AuditTx
from checkpoints.sqlite_ledger import open_reader
from cli.options import Common
from protocol.errors import NotFoundError
from protocol.floor import FloorConfig
from protocol.times import whole
from protocol.world import World
from telemetry.clock import system_now


@contextmanager
def look(common: Common) -> Iterator[tuple[World, AuditTx | None]]:
    """The floor, and its ledger on one consistent state; None when there is no ledger yet."""
    world = load_floor(common.floor).world
    with ExitStack() as stack:
        reader = _reader(common, world)
        try:
            tx = stack.enter_context(reader)
        except NotFoundError:
            tx = None
        yield world, tx


def _reader(common: Common, world: World) -> AbstractContextManager[AuditTx]:
    floor, clock = world.config.floor, ledger_clock(world.config)
    if common.database is None:
        return open_reader(common.ledger, floor, world.types, clock)
    from checkpoints.postgres_ledger import open_reader as open_served

    return open_served(common.database, floor, world.types, clock)


@contextmanager
def look_at(common: Common, what: str) -> Iterator[tuple[World, AuditTx]]:
    """The same for one thing by its id, which a missing ledger does not hold. ``what``: ``case X``."""
    with look(common) as (world, tx):
        if tx is None:
            raise NotFoundError(
                f"There is no {what}: this floor has no ledger yet.",
                hint="`andon chat` or `andon feed FILE` begins one; --data DIR names another.",
                code="unknown_id",
            )
        yield world, tx


def ledger_clock(config: FloorConfig) -> Callable[[], str] | None:
    """The system's clock where the ledger runs on it; None where only events move the ledger's own."""
    return None if config.clock == "floor" else lambda: whole(system_now())
