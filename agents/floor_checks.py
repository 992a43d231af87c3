"""The checks on floor.yaml and on each manifest alone (between agents: floor_between)."""

from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from agents.floor_catalogue import Code
from agents.floor_drafts import Draft
from agents.floor_parts import Parts
from protocol.authority import SUBJECT
from protocol.errors import Problem
from protocol.floor import FloorConfig
from protocol.ids import PERSON_ASKER
from protocol.manifest import DECIDE, Manifest
from protocol.times import is_instant
from protocol.world import SUPERVISOR

_RESERVED_AGENTS = frozenset({PERSON_ASKER, SUPERVISOR})


def check_config(parts: Parts) -> Iterator[Problem]:
    """The problems of floor.yaml."""
    draft = parts.config
    yield from _clock(draft)
    yield from _names(draft)
    yield from _people(draft)
    yield from _approvals(draft)
    config = draft.value
    if config.models.router not in config.models.tiers:
        yield draft.problem(
            Code.TIER_UNKNOWN, f"models.tiers has no {config.models.router}", "models", "router"
        )
    if parts.toolbox is not None:
        known = {rule.name for rule in parts.toolbox.rules}
        for number, name in enumerate(config.rules):
            if name not in known:
                yield draft.problem(Code.RULE_UNKNOWN, f"the tools define no rule {name}", "rules", number)


def _clock(draft: Draft[FloorConfig]) -> Iterator[Problem]:
    config = draft.value
    try:
        ZoneInfo(config.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        message = f"{config.zone!r} is no time zone; write one like Europe/Berlin"
        yield draft.problem(Code.BAD_ZONE, message, "zone")
    if config.clock == "floor" and config.clock_start is None and "clock_start" not in draft.touched:
        message = "clock: floor needs clock_start, the instant at which the floor begins"
        yield draft.problem(Code.CLOCK_START_MISSING, message, "clock")
    if config.clock_start is not None and not is_instant(config.clock_start):
        message = "clock_start must be an instant with its offset, such as 2026-03-02T10:00+01:00"
        yield draft.problem(Code.WRONG_VALUE, message, "clock_start")


def _names(draft: Draft[FloorConfig]) -> Iterator[Problem]:
    config = draft.value
    named = {"lanes": config.lanes, "roles": config.roles, "people": [p.id for p in config.people]}
    for field, names in named.items():
        seen: set[str] = set()
        for number, name in enumerate(names):
            if name in seen:
                yield draft.problem(Code.DUPLICATE_NAME, f"{field} names {name} twice", field, number)
            seen.add(name)


def _people(draft: Draft[FloorConfig]) -> Iterator[Problem]:
    if "roles" in draft.touched:
        return
    for number, person in enumerate(draft.value.people):
        for role in person.roles:
            if role not in draft.value.roles:
                message = f"{person.id} holds the role {role}, which roles does not list"
                yield draft.problem(Code.PERSON_ROLE_UNKNOWN, message, "people", number, "roles")


def _approvals(draft: Draft[FloorConfig]) -> Iterator[Problem]:
    config = draft.value
    if draft.touched & {"roles", "people"}:
        return
    for name, policy in config.approvals.items():
        roles = [rung.role for rung in policy.ladder]
        for number, role in enumerate(roles):
            path = ("approvals", name, "ladder", number)
            if role == SUBJECT:
                continue
            if role not in config.roles:
                message = f"the ladder of {name} asks the role {role}, which roles does not list"
                yield draft.problem(Code.APPROVAL_ROLE_UNKNOWN, message, *path)
            elif not _holders(config, role):
                message = f"the ladder of {name} asks the role {role}, which nobody holds"
                yield draft.problem(Code.APPROVAL_ROLE_UNHELD, message, *path)
        signers = {person for role in roles for person in _holders(config, role)}
        if SUBJECT not in roles and 0 < len(signers) < policy.quorum:
            message = f"{name} needs {policy.quorum} signatures and its ladder reaches {len(signers)} person"
            yield draft.problem(Code.APPROVAL_QUORUM_UNREACHABLE, message, "approvals", name, "quorum")


def _holders(config: FloorConfig, role: str) -> set[str]:
    return {person.id for person in config.people if role in person.roles}


def check_agent(parts: Parts, folder: str) -> Iterator[Problem]:
    """The problems of one agent's folder that need no other agent."""
    draft = parts.drafts[folder]
    yield from _identity(parts, folder, draft)
    yield from _escalation(parts, draft)
    yield from _scope(draft)
    yield from _schemas(draft)
    manifest, config = draft.value, parts.config
    if (
        not {"lanes"} & config.touched
        and "lane" not in draft.touched
        and manifest.lane not in config.value.lanes
    ):
        message = f"{folder} works in the lane {manifest.lane}, which floor.yaml does not list"
        yield draft.problem(Code.LANE_UNKNOWN, message, "lane")
    tiers = config.value.models.tiers
    if manifest.model is not None and "models" not in config.touched and manifest.model.tier not in tiers:
        message = f"floor.yaml has no model tier {manifest.model.tier}"
        yield draft.problem(Code.TIER_UNKNOWN, message, "model", "tier")


def _identity(parts: Parts, folder: str, draft: Draft[Manifest]) -> Iterator[Problem]:
    name = draft.value.agent
    if name != folder:
        message = f"the folder is agents/{folder} and the agent says it is {name}; give both one name"
        yield draft.problem(Code.AGENT_NAME_MISMATCH, message, "agent")
    if parts.agents[name] is not draft:
        other = parts.agents[name].document.file
        yield draft.problem(Code.DUPLICATE_AGENT, f"{other} already describes an agent {name}", "agent")
    if name in _RESERVED_AGENTS:
        yield draft.problem(Code.RESERVED_NAME, f"no agent may be called {name}; the engine uses it", "agent")
    if DECIDE in draft.value.input_schema.requests:
        message = f"every owner answers {DECIDE} already; give this request another name"
        yield draft.problem(Code.RESERVED_NAME, message, "input_schema", "requests", DECIDE)


def _escalation(parts: Parts, draft: Draft[Manifest]) -> Iterator[Problem]:
    config = parts.config
    if config.touched & {"roles", "people"}:
        return
    for number, role in enumerate(draft.value.escalation_path.to):
        path = ("escalation_path", "to", number)
        if role not in config.value.roles:
            message = f"the escalation path names the role {role}, which floor.yaml does not list"
            yield draft.problem(Code.ESCALATION_ROLE_UNKNOWN, message, *path)
        elif not _holders(config.value, role):
            message = f"the escalation path names the role {role}, which nobody in floor.yaml holds"
            yield draft.problem(Code.ESCALATION_ROLE_UNHELD, message, *path)


def _scope(draft: Draft[Manifest]) -> Iterator[Problem]:
    scope, requests = draft.value.capability_scope, draft.value.input_schema.requests
    for number, kind in enumerate(scope.cannot):
        if kind in scope.can:
            message = f"{kind} stands in both can and cannot; keep one"
            yield draft.problem(Code.CAN_AND_CANNOT, message, "capability_scope", "cannot", number)
    for event, kind in draft.value.reflexes.items():
        if kind not in scope.can and "capability_scope" not in draft.touched:
            message = f"the reflex on {event} proposes {kind}, which can does not list"
            yield draft.problem(Code.REFLEX_OUTSIDE_CAN, message, "reflexes", event)
    answers = draft.value.output_schema.answers
    for name in requests.keys() - answers.keys():
        if "output_schema" not in draft.touched and name != DECIDE:
            message = f"the request {name} has no schema under output_schema.answers"
            yield draft.problem(Code.REQUEST_WITHOUT_ANSWER, message, "input_schema", "requests", name)
    for name in answers.keys() - requests.keys():
        if "input_schema" not in draft.touched:
            message = f"answers describes {name}, which input_schema.requests does not accept"
            yield draft.problem(Code.ANSWER_WITHOUT_REQUEST, message, "output_schema", "answers", name)


def _schemas(draft: Draft[Manifest]) -> Iterator[Problem]:
    found: dict[tuple[str, ...], Mapping[str, Any]] = {}
    for name, request in draft.value.input_schema.requests.items():
        found["input_schema", "requests", name, "schema"] = request.schema_
    for name, answer in draft.value.output_schema.answers.items():
        found["output_schema", "answers", name] = answer
    for path, schema in found.items():
        if problem := _schema_problem(schema):
            where, said = problem
            message = f"{'.'.join(path)} is not a JSON Schema: {said}"
            yield draft.problem(Code.SCHEMA_INVALID, message, *path, *where)


def _schema_problem(schema: Mapping[str, Any]) -> tuple[tuple[str | int, ...], str] | None:
    """The path in a schema and what is wrong there, or None."""
    # jsonschema is slow to import, and reading floor.yaml alone needs none of it.
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    validator = Draft202012Validator(Draft202012Validator.META_SCHEMA)
    if error := best_match(validator.iter_errors(schema)):
        return tuple(error.absolute_path), error.message
    return next(_foreign_references(schema, ()), None)


def _foreign_references(
    node: object, path: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """References out of the schema: they would need a network to resolve."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("$ref", "$dynamicRef") and isinstance(value, str) and not value.startswith("#"):
                yield (
                    (*path, key),
                    f"{value} lies outside the schema; only references like #/$defs/NAME are read",
                )
            yield from _foreign_references(value, (*path, key))
    elif isinstance(node, list):
        for number, item in enumerate(node):
            yield from _foreign_references(item, (*path, number))
