"""The registry in the ledger: which authority was in force when, read by the audit and never by the gate."""

from protocol.ports import Ledger, ReadTx, Tx
from protocol.world import World

REGISTRY = "registry"
"""The audit entry that holds one; entries about what was done under it name its hash."""


async def register(ledger: Ledger, world: World) -> None:
    """Note who may do what on this floor, unless it is noted already. Once for every version of it."""
    if await ledger.read(lambda tx: _noted(tx, world)):
        return
    await ledger.write(lambda tx: note_registry(tx, world))


def note_registry(tx: Tx, world: World) -> None:
    """The same inside a transaction."""
    if not _noted(tx, world):
        tx.set_meta(_name(world), tx.now)
        tx.audit({"what": REGISTRY, REGISTRY: world.registry_hash, **world.registry})


def _noted(tx: ReadTx, world: World) -> bool:
    return tx.meta(_name(world)) is not None


def _name(world: World) -> str:
    return f"{REGISTRY}/{world.registry_hash}"
