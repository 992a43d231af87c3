"""Forking one case for somebody: what is set, who is asked anew, and the shape of the answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agents.backend import OFFLINE, Endpoint, endpoints_of, patient
from agents.floor_loader import Floor
from agents.models import open_models
from checkpoints.rebuilding import Base
from checkpoints.recordings import DamagedRecordingError, Part
from checkpoints.taped_records import Supposed, Taped, read_in, written_in
from checkpoints.taping import Statement
from graph.fork_course import Course, course_of, differences
from graph.forking import Fork, Plan, jobs_of
from graph.recorded_items import check_parts
from graph.replay_case import RECORDED, damaged, no_recording, run_apart
from graph.replay_shape import Asked, recorded_fingerprints, replay_shape
from graph.replaying import Replayed
from graph.secrets import Secrets, environment_secret
from graph.supposing import require, supposed
from graph.versions import with_engine
from protocol.errors import UsageError
from protocol.records import Ref

_LEDGER, _OPENING = "the ledger as it was then", "the recording and the floor's opening state"


@dataclass(frozen=True, slots=True)
class ForkWish:
    """What somebody wants of a fork. ``sets``: texts ``TYPE/KEY.FIELD=VALUE``; ``after``: the pass that it
    follows, None for the start of the case. ``model`` None: the policies. ``base``: what the ledger held
    then; None: there is no ledger, and the floor's opening state stands in.
    """

    sets: Sequence[str] = ()
    model: str | None = None
    endpoint: Endpoint = field(default_factory=Endpoint)
    after: int | None = None
    base: Base | None = None
    secret: Secrets = environment_secret


def statements_of(parts: Sequence[Part]) -> list[Statement]:
    """Everything a recording asked and wrote."""
    return [statement for item in jobs_of(parts) for statement in item["asked"]]


def fork_case(floor: Floor, case: str, parts: Sequence[Part], wish: ForkWish) -> dict[str, Any]:
    """Shape ``replay`` of a fork, with ``fork`` in it. Raises UsageError and NotFoundError for what cannot be
    forked so.
    """
    if wish.model == RECORDED:
        raise UsageError(
            "A fork asks somebody where nothing is recorded.",
            hint="Leave --model out for the policies, or name openai:NAME.",
            code="bad_fork",
        )
    if not parts:
        raise no_recording(case)
    world = with_engine(floor.world)
    wanted = supposed(wish.sets, world.types)
    try:
        check_parts(parts)
        base = wish.base or Base([_seeded(ref, body, wanted) for ref, body in floor.seed], floor.claims)
        known = _known(base, parts)
        require(known, wanted, _LEDGER if wish.base else _OPENING)
        endpoints = endpoints_of(world.config.models, patient(wish.endpoint, world.manifests), wish.secret)
        live = open_models(wish.model or OFFLINE, endpoints, floor.policies)
        fork = Fork(floor, world, case, parts, Plan(live, wanted, base, wish.after, every_turn=not wish.sets))
        recorded = course_of([item["asked"] for item in jobs_of(parts)], case)
        _require_pass(recorded, wish.after)
        found = run_apart(fork.run, live)
    except DamagedRecordingError as error:
        raise damaged(case, error) from error
    asked = Asked(
        case, wish.model or OFFLINE, wish.after, recorded_fingerprints(parts) != {world.fingerprint}
    )
    return _shape(asked, parts, fork, found, recorded, _was(known, wanted))


def _shape(
    asked: Asked,
    parts: Sequence[Part],
    fork: Fork,
    found: Replayed,
    recorded: Course,
    was: list[dict[str, Any]],
) -> dict[str, Any]:
    found.unreached = 0  # steps of a course that is not taken
    if not fork.forked:
        found.notes.append("it differs from its recording before the fork, so nothing was set")
        return {**replay_shape(asked, parts, found), "fork": None}
    now = course_of(fork.did, asked.case)
    found.differences = [*differences(recorded, now), *found.differences]
    return {
        **replay_shape(asked, parts, found),
        "fork": {
            "after": asked.until,
            "set": was,
            "asked_anew": [{"agent": agent, "round": at} for agent, at in fork.anew],
            "recorded": recorded.to_json(),
            "forked": now.to_json(),
        },
    }


def _known(base: Base, parts: Sequence[Part]) -> dict[Ref, Taped]:
    """Every record that there is to begin with; of those on tape in the oldest version."""
    known = {record.ref: record for record in base.records}
    own, taped = set[Ref](), dict[Ref, Taped]()
    for statement in statements_of(parts):
        for record in read_in(statement):
            oldest = taped.get(record.ref)
            taped[record.ref] = record if oldest is None or record.version < oldest.version else oldest
        own |= {record.ref for record, _ in written_in(statement) if record.version == 0}
    return known | {ref: record for ref, record in taped.items() if ref not in own}


def _seeded(ref: Ref, body: Mapping[str, Any], wanted: Supposed) -> Taped:
    balances = wanted.types[ref.type].balances
    fields = {name: value for name, value in body.items() if name not in balances}
    return Taped(ref, 0, fields, {name: body.get(name, 0) for name in balances})


def _was(known: Mapping[Ref, Taped], wanted: Supposed) -> list[dict[str, Any]]:
    return [
        {"resource": str(ref), "field": name, "was": known[ref][name], "value": value}
        for ref, change in wanted.fields.items()
        for name, value in change.items()
    ]


def _require_pass(recorded: Course, after: int | None) -> None:
    if after is not None and after not in recorded.passes:
        number = len(recorded.passes)
        raise UsageError(
            f"--until {after}: the case has {number} {'pass' if number == 1 else 'passes'}.",
            hint="Without --until the fork is at its start.",
            code="bad_fork",
        )
