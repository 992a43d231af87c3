"""The checks on floor.yaml and on each manifest alone (between agents: floor_between)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from agents.floor_catalogue import Code
from agents.floor_drafts import Draft
from agents.floor_json_schema import schema_problems
from agents.floor_models import check_models
from agents.floor_parts import Parts
from agents.yaml_source import NodePath, dotted
from protocol.authority import SUBJECT
from protocol.errors import Problem
from protocol.floor import FloorConfig
from protocol.ids import NAME, PERSON_ASKER
from protocol.manifest import DECIDE, Manifest
from protocol.times import is_instant
from protocol.world import SUPERVISOR

_RESERVED_AGENTS = frozenset({PERSON_ASKER, SUPERVISOR})
_RESERVED_ROLES = frozenset({SUBJECT, "policy"})
"""Words that stand for a role: in a ladder the one an action names, in a signature the policy's."""
_RESERVED_PEOPLE = frozenset({"guest"})
"""Whoever the terminal's user is not known as: may ask, and holds no role."""


def check_config(parts: Parts) -> Iterator[Problem]:
    """The problems of floor.yaml."""
    draft = parts.config
    yield from _clock(draft)
    yield from _names(draft)
    yield from _people(draft)
    yield from _unused(parts)
    yield from check_models(parts)
    if parts.toolbox is not None:
        known = {rule.name for rule in parts.toolbox.rules}
        for number, name in enumerate(draft.value.rules):
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
    elif config.clock_start is not None and config.clock == "system" and "clock" not in draft.touched:
        message = "clock: system follows the machine's clock and does not use clock_start"
        yield draft.problem(Code.CLOCK_START_UNUSED, message, "clock_start")


def _names(draft: Draft[FloorConfig]) -> Iterator[Problem]:
    config = draft.value
    listed: dict[NodePath, Sequence[str | None]] = {
        ("lanes",): config.lanes,
        ("roles",): config.roles,
        ("rules",): config.rules,
        ("people",): [p.id for p in config.people],
        ("deliver",): [r.name for r in config.deliver],
    }
    listed |= {("people", n, "roles"): person.roles for n, person in enumerate(config.people)}
    for name, policy in config.approvals.items():
        listed["approvals", name, "reject_options"] = [o.code for o in policy.reject_options]
    yield from _twice(draft, listed)
    users = [person.os_user for person in config.people]
    for number, user in enumerate(users):
        if user is not None and user in users[:number]:
            message = f"people gives the os_user {user} to two persons"
            yield draft.problem(Code.DUPLICATE_NAME, message, "people", number, "os_user")
    for number, role in enumerate(config.roles):
        if role in _RESERVED_ROLES:
            message = f"no role may be called {role}; approvals use the word for another role"
            yield draft.problem(Code.RESERVED_NAME, message, "roles", number)
    for number, person in enumerate(config.people):
        if person.id in _RESERVED_PEOPLE:
            message = f"nobody may be called {person.id}; it stands for whoever the floor does not know"
            yield draft.problem(Code.RESERVED_NAME, message, "people", number, "id")


def _twice(draft: Draft[Any], listed: Mapping[NodePath, Sequence[str | None]]) -> Iterator[Problem]:
    """Names that a list has had before."""
    for path, names in listed.items():
        if len(set(names)) == len(names):
            continue
        for number, name in enumerate(names):
            if name in names[:number]:
                message = f"{dotted(path)} names {name} twice"
                yield draft.problem(Code.DUPLICATE_NAME, message, *path, number)


def _people(draft: Draft[FloorConfig]) -> Iterator[Problem]:
    if "roles" in draft.touched:
        return
    for number, person in enumerate(draft.value.people):
        for place, role in enumerate(person.roles):
            if role not in draft.value.roles:
                message = f"{person.id} holds the role {role}, which roles does not list"
                yield draft.problem(Code.PERSON_ROLE_UNKNOWN, message, "people", number, "roles", place)


def _unused(parts: Parts) -> Iterator[Problem]:
    """Lanes where nobody works, and roles nobody holds that nothing else complains of."""
    draft, config = parts.config, parts.config.value
    if not draft.touched & {"lanes"} and parts.complete("lane"):
        lanes = {manifest.value.lane for manifest in parts.drafts.values()}
        for number, lane in enumerate(config.lanes):
            if lane not in lanes and parts.drafts:
                message = f"no agent works in the lane {lane}"
                yield draft.problem(Code.LANE_EMPTY, message, "lanes", number)
    if draft.touched & {"people", "approvals"} or not parts.complete("escalation_path"):
        return
    asked = {rung.role for policy in config.approvals.values() for rung in policy.ladder}
    asked |= {role for d in parts.drafts.values() for role in d.value.escalation_path.to}
    for number, role in enumerate(config.roles):
        if role not in asked and not config_holders(config, role):
            yield draft.problem(Code.ROLE_UNHELD, f"nobody holds the role {role}", "roles", number)


def config_holders(config: FloorConfig, role: str) -> set[str]:
    """The people who ever hold a role, on whatever shift."""
    return {person.id for person in config.people if role in person.roles}


def check_agent(parts: Parts, folder: str) -> Iterator[Problem]:
    """The problems of one agent's folder that need no other agent."""
    draft = parts.drafts[folder]
    yield from _identity(parts, folder, draft)
    yield from _escalation(parts, draft)
    yield from _scope(draft)
    yield from _twice(draft, _lists(draft.value))
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
    if name != folder and NAME.fullmatch(folder):
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
    config, path = parts.config, draft.value.escalation_path.to
    for number, role in enumerate(path):
        place = ("escalation_path", "to", number)
        if role in path[:number]:
            message = f"the escalation path comes back to {role}, who did not answer before"
            yield draft.problem(Code.ESCALATION_ROLE_REPEATED, message, *place)
        elif config.touched & {"roles", "people"}:
            continue
        elif role not in config.value.roles:
            message = f"the escalation path names the role {role}, which floor.yaml does not list"
            yield draft.problem(Code.ESCALATION_ROLE_UNKNOWN, message, *place)
        elif not config_holders(config.value, role):
            message = f"the escalation path names the role {role}, which nobody in floor.yaml holds"
            yield draft.problem(Code.ESCALATION_ROLE_UNHELD, message, *place)


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
    events = draft.value.input_schema.events
    for number, event in enumerate(events.project):
        if event in events.hear:
            message = f"{event} is heard, which shows it too; take it out of project"
            yield draft.problem(
                Code.HEARD_AND_PROJECTED, message, "input_schema", "events", "project", number
            )


def _lists(manifest: Manifest) -> dict[NodePath, Sequence[str]]:
    """Every list of names in a manifest but the escalation path, whose order means more."""
    scope, inputs, outputs = manifest.capability_scope, manifest.input_schema, manifest.output_schema
    found: dict[NodePath, Sequence[str]] = {
        ("capability_scope", "can"): scope.can,
        ("capability_scope", "cannot"): scope.cannot,
        ("capability_scope", "reads"): scope.reads,
        ("input_schema", "events", "hear"): inputs.events.hear,
        ("input_schema", "events", "project"): inputs.events.project,
        ("output_schema", "events"): outputs.events,
        ("output_schema", "errors"): outputs.errors,
        ("authority", "owns"): manifest.authority.owns,
    }
    found |= {("capability_scope", "asks", other): names for other, names in scope.asks.items()}
    found |= {("input_schema", "requests", n, "from"): r.from_ for n, r in inputs.requests.items()}
    return found


def _schemas(draft: Draft[Manifest]) -> Iterator[Problem]:
    found: dict[tuple[str, ...], Mapping[str, Any]] = {}
    for name, request in draft.value.input_schema.requests.items():
        found["input_schema", "requests", name, "schema"] = request.schema_
    for name, answer in draft.value.output_schema.answers.items():
        found["output_schema", "answers", name] = answer
    for path, schema in found.items():
        for code, where, said in _unreported(draft, path, schema):
            yield draft.problem(code, f"{'.'.join(path)}: {said}", *path, *where)


def _unreported(
    draft: Draft[Manifest], path: tuple[str, ...], schema: Mapping[str, Any]
) -> Iterable[tuple[Code, NodePath, str]]:
    """A schema's problems; none when the file is refused there already."""
    refused = any(place[: len(path)] == path for place in draft.document.refused)
    return () if refused else schema_problems(schema)
