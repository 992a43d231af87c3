"""The manifest: six required fields, strict types, nothing unknown, nothing changed afterwards."""

from typing import Any

import pytest
from pydantic import ValidationError

from protocol.manifest import Manifest

from . import strictness

WHOLE: dict[str, Any] = {
    "agent": "crane",
    "version": 1,
    "purpose": "Lends the slots.",
    "lane": "yard",
    "capability_scope": {
        "can": ["reserve"],
        "cannot": ["burn"],
        "reads": ["slot"],
        "asks": {"crew": ["find", "count"]},
    },
    "input_schema": {
        "requests": {"find": {"from": ["person", "crew"], "schema": {"type": "object"}}},
        "events": {"hear": ["lift.planned"], "project": ["lift.done"]},
    },
    "output_schema": {"answers": {"find": {"type": "object"}}, "events": ["slot.booked"], "errors": ["none"]},
    "authority": {"level": 3, "owns": ["slot"]},
    "escalation_path": {"after_retries": 2, "to": ["foreman", "boss"]},
    "timeout_policy": {"call_s": 30, "event_s": 120},
}


def with_value(path: str, value: object) -> dict[str, Any]:
    """The whole manifest with one value put in its place; ``...`` takes it away."""
    return strictness.with_value(WHOLE, path, value)


def problems(data: dict[str, Any]) -> list[str]:
    """Where a manifest is wrong."""
    return strictness.problems_of(Manifest, data)


def test_whole_manifest_is_taken() -> None:
    assert problems(WHOLE) == []


REQUIRED = [
    "agent",
    "version",
    "purpose",
    "lane",
    "capability_scope",
    "input_schema",
    "output_schema",
    "authority",
    "escalation_path",
    "timeout_policy",
]


@pytest.mark.parametrize("name", REQUIRED)
def test_field_that_is_required_may_not_be_left_out(name: str) -> None:
    assert problems(with_value(name, ...)) == [name]


def test_everything_that_is_missing_is_told_at_once() -> None:
    assert sorted(problems({})) == sorted(REQUIRED)


@pytest.mark.parametrize(
    "path",
    [
        "level",
        "capability_scope.may",
        "input_schema.request",
        "input_schema.events.ignore",
        "output_schema.error",
        "authority.rank",
        "escalation_path.then",
        "timeout_policy.call_ms",
        "degraded_mode",
        "rate",
        "model",
        "context",
    ],
)
def test_key_nobody_knows_is_refused_at_every_depth(path: str) -> None:
    value = {"surprise": 1} if path in {"degraded_mode", "rate", "model", "context"} else 1
    assert any(found.startswith(path) for found in problems(with_value(path, value)))


@pytest.mark.parametrize("level", [0, 6, -1, "3", 3.0, True, None])
def test_level_is_a_whole_number_from_1_to_5(level: object) -> None:
    assert problems(with_value("authority.level", level)) == ["authority.level"]


@pytest.mark.parametrize("level", [1, 5])
def test_both_ends_of_the_levels_are_levels(level: int) -> None:
    assert problems(with_value("authority.level", level)) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("agent", "Crane"),
        ("agent", "crane-2"),
        ("agent", "2crane"),
        ("agent", ""),
        ("agent", "c" * 65),
        ("lane", "Yard"),
        ("version", 0),
        ("version", "1"),
        ("version", True),
        ("purpose", ""),
        ("purpose", "x" * 501),
        ("capability_scope.can", ["Reserve"]),
        ("capability_scope.can", "reserve"),
        ("capability_scope.can", ("reserve",)),
        ("capability_scope.asks", {"Crew": ["find"]}),
        ("capability_scope.asks", {"crew": ["find it"]}),
        ("capability_scope.asks", ["crew"]),
        ("input_schema.requests.find.from", []),
        ("input_schema.requests.find.from", ...),
        ("input_schema.requests.find.schema", ...),
        ("input_schema.events.hear", ["planned"]),
        ("input_schema.events.hear", ["Lift.planned"]),
        ("output_schema.events", ["booked"]),
        ("output_schema.errors", ["No slot"]),
        ("authority.owns", ["slot/S1"]),
        ("escalation_path.to", []),
        ("escalation_path.to", ["Foreman"]),
        ("escalation_path.after_retries", 6),
        ("escalation_path.after_retries", -1),
        ("timeout_policy.call_s", 0),
        ("timeout_policy.call_s", 3601),
        ("timeout_policy.call_s", 0.5),
        ("timeout_policy.event_s", ...),
        ("mode", "retired"),
        ("degraded_mode", {"when_open": "ignore"}),
        ("degraded_mode", {"when_open": "cached", "then": "reply"}),
        ("degraded_mode", {"when_open": "cached", "max_age_s": -1}),
        ("reflexes", {"planned": "reserve"}),
        ("reflexes", {"lift.planned": "Reserve"}),
        ("rate", {"per_minute": 0}),
        ("model", {"tier": "Large Model"}),
        ("context", {"budget_tokens": 199}),
    ],
)
def test_value_that_does_not_fit_is_told_where_it_stands(path: str, value: object) -> None:
    (found,) = problems(with_value(path, value))
    assert found.startswith(path)


def test_published_contract_cannot_be_changed() -> None:
    made = Manifest.model_validate(WHOLE)
    with pytest.raises(ValidationError):
        made.authority.level = 5
    with pytest.raises(ValidationError):
        made.mode = "shadow"


def test_error_never_repeats_what_was_written() -> None:
    with pytest.raises(ValidationError) as caught:
        Manifest.model_validate(with_value("lane", "SECRET-1"))
    assert "SECRET-1" not in str(caught.value)


def test_what_is_left_out_means_the_careful_thing() -> None:
    made = Manifest.model_validate(WHOLE)
    assert (made.mode, made.degraded_mode, made.rate, made.context.budget_tokens) == (
        "active",
        None,
        None,
        4000,
    )
    bare = Manifest.model_validate(
        with_value("input_schema", {})
        | {"output_schema": {}}
        | {"capability_scope": {"can": [], "cannot": [], "reads": []}}
        | {"authority": {"level": 1}}
    )
    assert bare.input_schema.requests == {} and bare.authority.owns == []
    assert bare.hears() == frozenset() and not bare.may_ask("crew", "find")


def test_event_of_a_reflex_is_heard_and_a_projected_one_is_not() -> None:
    made = Manifest.model_validate(with_value("reflexes", {"fire.seen": "reserve"}))
    assert made.hears() == {"lift.planned", "fire.seen"}


@pytest.mark.parametrize(
    ("other", "request_", "may"),
    [
        ("crew", "find", True),
        ("crew", "count", True),
        ("crew", "decide", False),
        ("crew", "fin", False),
        ("clerk", "find", False),
        ("crane", "find", False),
    ],
)
def test_agent_may_ask_what_its_scope_lists_and_nothing_else(other: str, request_: str, may: bool) -> None:
    assert Manifest.model_validate(WHOLE).may_ask(other, request_) is may
