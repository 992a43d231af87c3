"""Recordings of a ledger and their replays, for tests."""

from pathlib import Path
from typing import Any

from agents.floor_loader import Floor, load_floor
from checkpoints.recordings import Part, parts
from graph.app import App
from graph.replay_case import Wish, replay_case
from graph.replaying import Replayed
from protocol.world import World
from tests.agents.floor_copies import HARBOUR


async def recording(app: App, case: str) -> list[Part]:
    """What was kept of a case."""
    return await app.ledger.read(lambda tx: parts(tx, case))  # type: ignore[arg-type]


async def cases(app: App) -> list[str]:
    """Every case of a ledger, oldest first."""
    return [row.id for row in reversed(await app.ledger.read(lambda tx: tx.cases()))]


def replay(
    case: str, kept: list[Part], floor: Floor | Path = HARBOUR, world: World | None = None, **wish: Any
) -> tuple[dict[str, Any], Replayed]:
    """A case, run again on a floor. In virtual time: not inside of a loop that runs."""
    loaded = load_floor(floor) if isinstance(floor, Path) else floor
    return replay_case(loaded, case, kept, Wish(**wish), world=world)
