"""The checks on numbers: limits without room, what applies behind an open breaker, and views' budgets."""

from collections.abc import Iterator, Mapping
from typing import Any

from agents.floor_catalogue import Code
from agents.floor_drafts import Draft
from agents.floor_fields import smallest
from agents.floor_json_schema import schema_problems
from agents.floor_parts import Parts
from agents.provenance import Shapes, shapes_of
from agents.view import least_tokens
from protocol.errors import Problem
from protocol.ids import PERSON_ASKER, derive
from protocol.manifest import DECIDE, Manifest
from protocol.toolbox import Toolbox

_ROUNDS_OF_A_REQUEST = 2
"""One in which it is asked, one in which it is answered."""


def check_bounds(parts: Parts) -> Iterator[Problem]:
    """Every problem of limits, degraded modes and budgets."""
    yield from _limits(parts)
    for draft in parts.drafts.values():
        yield from _degraded(draft)
        yield from _budget(parts, draft)


def _limits(parts: Parts) -> Iterator[Problem]:
    draft, limits = parts.config, parts.config.value.limits
    if "limits" in draft.touched:
        return
    asks = [d for d in parts.drafts.values() if d.value.capability_scope.asks]
    if asks and limits.rounds < _ROUNDS_OF_A_REQUEST:
        message = f"a case of {limits.rounds} round ends before any request is answered; allow at least 2"
        yield draft.problem(Code.LIMIT_TOO_SMALL, message, "limits", "rounds")
        return
    for name in ("answers_per_exchange", "rereads"):
        most = getattr(limits, name)
        if draft.states("limits", name) and most >= limits.rounds:
            message = f"{name} {most} is never reached: each takes a round, and a case has {limits.rounds}"
            yield draft.problem(Code.LIMIT_UNREACHED, message, "limits", name)
    breaker, watch = draft.value.engine.breaker, draft.value.watch
    if "engine" not in draft.touched and breaker.min_calls > breaker.window:
        message = (
            f"min_calls {breaker.min_calls} is never reached: only {breaker.window} calls are remembered"
        )
        yield draft.problem(Code.LIMIT_UNREACHED, message, "engine", "breaker", "min_calls")
    if draft.states("watch", "causal_depth") and watch.causal_depth >= limits.causal_depth:
        message = (
            f"an alert above depth {watch.causal_depth} never comes: chains end at {limits.causal_depth}"
        )
        yield draft.problem(Code.LIMIT_UNREACHED, message, "watch", "causal_depth")


def _degraded(draft: Draft[Manifest]) -> Iterator[Problem]:
    mode = draft.value.degraded_mode
    if mode is None:
        return
    path = ("degraded_mode",)
    for name, user in (("max_age_s", "cached"), ("default", "default")):
        if mode.when_open != user and draft.states("degraded_mode", name):
            message = f"{name} is not used; only when_open: {user} does"
            yield draft.problem(Code.DEGRADED_FIELD_UNUSED, message, *path, name)
    if mode.when_open == "cached" and mode.max_age_s == 0:
        message = "when_open: cached needs max_age_s, or no answer is ever young enough"
        yield draft.problem(Code.DEGRADED_AGE_MISSING, message, *path, "max_age_s")
    if mode.when_open != "default":
        return
    if mode.default is None:
        message = "when_open: default needs default, the answer that is given"
        yield draft.problem(Code.DEGRADED_DEFAULT_MISSING, message, *path, "when_open")
    elif not draft.touched & {"input_schema", "output_schema"}:
        answers = _answers_to_agents(draft.value)
        if not any(_fits(schema, mode.default) for schema in answers.values()):
            named = ", ".join(answers) or "no request at all"
            message = f"default fits no answer that an agent could get ({named})"
            yield draft.problem(Code.DEGRADED_DEFAULT_UNFIT, message, *path, "default")


def _answers_to_agents(manifest: Manifest) -> dict[str, Mapping[str, Any]]:
    """Schemas of the answers to what agents may ask: breakers stand between agents."""
    requests = manifest.input_schema.requests
    asked = [name for name, request in requests.items() if set(request.from_) - {PERSON_ASKER}]
    answers = manifest.output_schema.answers
    return {name: answers[name] for name in asked if name in answers}


def _fits(schema: Mapping[str, Any], value: object) -> bool:
    # jsonschema is slow to import, and few floors have a default.
    from jsonschema import Draft202012Validator

    return bool(schema_problems(schema)) or Draft202012Validator(schema).is_valid(value)


def _budget(parts: Parts, draft: Draft[Manifest]) -> Iterator[Problem]:
    """Whether a view fits from which everything that may be dropped is gone; the prompt does not count."""
    if draft.touched & {"agent", "capability_scope", "input_schema", "context"}:
        return
    manifest, zone = draft.value, parts.config.value.zone
    budget = manifest.context.budget_tokens
    shapes = shapes_of(parts.toolbox) if parts.toolbox else Shapes({}, {}, {})
    for why, trigger in _triggers(parts, manifest):
        least = least_tokens(manifest, zone, trigger, shapes)
        if least > budget:
            message = f"budget_tokens is {budget}, and the smallest view of {why} takes {least}"
            yield draft.problem(Code.BUDGET_TOO_SMALL, message, "context", "budget_tokens")
            return


def _triggers(parts: Parts, manifest: Manifest) -> Iterator[tuple[str, dict[str, Any]]]:
    """The smallest trigger of each kind that the agent can be woken by, and its name."""
    requests = manifest.input_schema.requests
    if any(PERSON_ASKER in request.from_ for request in requests.values()):
        yield "a person's line", {"type": "person", "person": "a", "roles": [], "text": "a", "recent": []}
    for name, request in requests.items():
        if set(request.from_) - {PERSON_ASKER}:
            yield f"the request {name}", _request(name, _required(request.schema_), None)
    if parts.toolbox is None:
        return
    shapes = {**parts.toolbox.events, **{fact.type: fact.data for fact in parts.toolbox.facts}}
    for event in sorted(manifest.input_schema.events.hear):
        if event in shapes:
            yield f"the event {event}", _event(event, smallest(shapes[event]))
    for kind, params in _decided(parts, parts.toolbox, manifest):
        yield f"the request {DECIDE} on {kind}", _request(DECIDE, {}, {"kind": kind, "params": params})


def _required(schema: Mapping[str, Any]) -> dict[str, int]:
    """The params that a request cannot lack, each as short as a value can be."""
    names = schema.get("required")
    return {name: 0 for name in names if isinstance(name, str)} if isinstance(names, list) else {}


def _decided(parts: Parts, toolbox: Toolbox, manifest: Manifest) -> Iterator[tuple[str, dict[str, Any]]]:
    """Actions on what the agent owns that others may propose."""
    others = {
        kind
        for draft in parts.drafts.values()
        if draft.value is not manifest
        for kind in draft.value.capability_scope.can
    }
    for action in toolbox.actions:
        if action.name in others and set(action.writes) & set(manifest.authority.owns):
            yield action.name, smallest(action.params)


def _event(event: str, data: dict[str, Any]) -> dict[str, Any]:
    shape = {"type": "event", "id": derive("evt", event), "event": event, "subject": "a", "data": data}
    return {**shape, "occurred": "2026-01-01T00:00:00Z"}


def _request(name: str, params: dict[str, Any], carries: dict[str, Any] | None) -> dict[str, Any]:
    carried = None if carries is None else {**carries, "holes": []}
    shape: dict[str, Any] = {"type": "request", "exchange": "x1", "from": "a", "request": name}
    return {**shape, "params": params, "carries": carried, "position": None, "insist": False}
