"""Which version of the system a ledger was last opened by, and what each version was made of.

A version is the floor's parts and the engine's own: the names of its nodes and the shape of a case's
state are what a checkpoint rests on. Each is stored once, under its hash, so that a case of any earlier
one can be told what has changed since; going back to an older version is a change like any other.
"""

from collections.abc import Sequence
from dataclasses import replace

from graph.nodes import NODES
from graph.state import SCHEMA_VERSION, CaseState
from protocol.canonical import digest, dumps
from protocol.ports import Ledger, ReadTx, Tx
from protocol.versions import changes, parsed, told
from protocol.world import World

ENGINE = "0.1.0"
"""The engine's own version; a test compares it with the package's."""
CURRENT = "version"
"""The setting that holds the hash of the version which opened the ledger last."""


def with_engine(world: World) -> World:
    """The floor as this engine runs it: its fingerprint covers both."""
    graph = {
        "version": ENGINE,
        "nodes": " ".join(NODES),
        "state": " ".join(sorted(CaseState.__annotations__)),
        "state_schema": str(SCHEMA_VERSION),
    }
    version = {**world.version, "engine": graph}
    return replace(world, version=version, fingerprint=digest(version))


async def remember(ledger: Ledger, world: World) -> None:
    """Note which version has the ledger open now, and what it is made of."""
    if await ledger.read(lambda tx: tx.meta(CURRENT)) != world.fingerprint:
        await ledger.write(lambda tx: _note(tx, world))


def _note(tx: Tx, world: World) -> None:
    was = tx.meta(CURRENT)
    if was is not None:
        changed: list[str] = differences(tx, world, was)
        tx.audit({"what": "version", "was": was, "now": world.fingerprint, "changed": changed})
    if tx.meta(_stored(world.fingerprint)) is None:
        tx.set_meta(_stored(world.fingerprint), dumps({k: dict(v) for k, v in world.version.items()}))
    tx.set_meta(CURRENT, world.fingerprint)


def differences(tx: ReadTx, world: World, fingerprint: str) -> list[str]:
    """What is different now from the version with that fingerprint, in words."""
    was = parsed(tx.meta(_stored(fingerprint)))
    return ["a version of which nothing is stored"] if was is None else told(changes(was, world.version))


def left_behind(tx: ReadTx, world: World) -> Sequence[str]:
    """Cases that have not ended and run under another version than ``world``, oldest first.

    None while another version opened the ledger last: two versions at work side by side would take the
    same cases from one another for ever. What has work due is taken over by whoever does it.
    """
    return tx.of_other_versions(world.fingerprint) if tx.meta(CURRENT) == world.fingerprint else []


def _stored(fingerprint: str) -> str:
    return f"{CURRENT}/{fingerprint}"
