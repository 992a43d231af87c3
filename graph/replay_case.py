"""Replaying one case for somebody: which model answers beside it, on which floor, and the answer's shape."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from agents.backend import OFFLINE, Endpoint, endpoints_of, patient
from agents.floor_loader import Floor
from agents.models import ModelAccess, letting_go, open_models
from checkpoints.recordings import DamagedRecordingError, Part
from graph.recorded_items import check_parts
from graph.replay_shape import Asked, recorded_fingerprints, replay_shape, was_played_by_policies
from graph.replaying import Replay, Replayed
from graph.secrets import Secrets, environment_secret
from graph.versions import with_engine
from protocol.errors import NotFoundError
from protocol.world import World
from telemetry.virtual_time import in_virtual_time

RECORDED = "recorded"
"""The name of the model that only says again what it said."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants of a replay. ``model`` None: the policies for a case that they played, else what
    was recorded. ``until``: after so many passes it stops.
    """

    model: str | None = None
    endpoint: Endpoint = field(default_factory=Endpoint)
    until: int | None = None
    secret: Secrets = environment_secret


def replay_case(
    floor: Floor, case: str, parts: Sequence[Part], wish: Wish, *, world: World | None = None
) -> tuple[dict[str, Any], Replayed]:
    """Run a recording again on a floor as it is now. Shape ``replay``, and everything that was found.

    Raises NotFoundError for a recording that is empty or damaged.
    """
    if not parts:
        raise no_recording(case)
    world = world or with_engine(floor.world)
    model = wish.model or (OFFLINE if was_played_by_policies(parts) else RECORDED)
    live: ModelAccess | None = None
    if model != RECORDED:
        endpoints = endpoints_of(world.config.models, patient(wish.endpoint, world.manifests), wish.secret)
        live = open_models(model, endpoints, floor.policies)
    try:
        check_parts(parts)
        replay = Replay(floor, world, case, parts, live=live, policies=model == OFFLINE, until=wish.until)
        found = run_apart(replay.run, live)
    except DamagedRecordingError as error:
        raise damaged(case, error) from error
    changed = recorded_fingerprints(parts) != {world.fingerprint}
    shape = replay_shape(Asked(case, model, wish.until, changed), parts, found)
    return {**shape, "fork": None}, found


def run_apart(run: Callable[[], Awaitable[Replayed]], live: ModelAccess | None) -> Replayed:
    """Run in a time of its own; the connections of ``live`` end with it."""

    async def closing() -> Replayed:
        async with letting_go(live):
            return await run()

    return in_virtual_time(lambda _: closing())


def no_recording(case: str) -> NotFoundError:
    """What to say of a case that was not recorded."""
    return NotFoundError(
        f"There is no recording of case {case}.",
        hint="It ran before cases were recorded, its recording was dropped, or the floor records none "
        "(`keep_recordings_days` under `engine:` in floor.yaml).",
        code="no_recording",
    )


def damaged(case: str, error: DamagedRecordingError) -> NotFoundError:
    """What to say of a recording in the ledger that cannot be read."""
    return NotFoundError(
        f"The recording of case {case} is damaged: {error}.",
        hint="The ledger does not rest on it; `andon trace` tells the case from the ledger.",
        code="damaged_recording",
    )
