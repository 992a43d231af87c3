"""``floor.yaml`` as data: strict, closed, and who holds which role at what hour."""

from typing import Any

import pytest
from pydantic import ValidationError

from protocol.floor import Engine, FloorConfig, Hours, on_shift

from . import strictness

WHOLE: dict[str, Any] = {
    "floor": "yard",
    "version": 1,
    "purpose": "tests",
    "zone": "Europe/Berlin",
    "lanes": ["yard"],
    "roles": ["foreman", "boss"],
    "people": [
        {"id": "f.day", "name": "Day", "roles": ["foreman"], "hours": {"from": "07:00", "to": "15:00"}},
        {"id": "f.night", "name": "Night", "roles": ["foreman"], "hours": {"from": "23:00", "to": "07:00"}},
        {"id": "b.two", "name": "Boss", "roles": ["boss", "foreman"]},
    ],
    "approvals": {"burn": {"ladder": [{"role": "foreman", "answer_s": 600}]}},
}
RUNG = {"role": "foreman", "answer_s": 600}


def changed(path: str, value: object) -> dict[str, Any]:
    """The whole floor with one value put in its place; ``...`` takes it away."""
    return strictness.with_value(WHOLE, path, value)


def problems(data: dict[str, Any]) -> list[str]:
    """Where a floor is wrong."""
    return strictness.problems_of(FloorConfig, data)


def config(data: dict[str, Any] | None = None) -> FloorConfig:
    return FloorConfig.model_validate(data or WHOLE)


def test_whole_floor_is_taken() -> None:
    assert problems(WHOLE) == []


@pytest.mark.parametrize("name", ["floor", "version", "purpose", "lanes", "roles", "people"])
def test_field_that_is_required_may_not_be_left_out(name: str) -> None:
    assert problems(changed(name, ...)) == [name]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("surprise", 1),
        ("lanes", []),
        ("lanes", ["Yard"]),
        ("roles", []),
        ("people", []),
        ("people.0.roles", []),
        ("people.0.id", "F.Day"),
        ("people.0.badge", 7),
        ("people.0.hours.to", "24:00"),
        ("people.0.hours.to", "7:00"),
        ("people.0.hours.from", ...),
        ("clock", "wall"),
        ("identity", "anybody"),
        ("topology", "ring"),
        ("fact_window_s", -1),
        ("fact_window_s", "86400"),
        ("limits.rounds", 0),
        ("limits.rounds", 101),
        ("limits.rounds", True),
        ("limits.turns", 5),
        ("limits.answers_per_exchange", 0),
        ("limits.rereads", -1),
        ("limits.proposals", 0),
        ("limits.open_escalations", 0),
        ("limits.causal_depth", 0),
        ("limits.attempts", 0),
        ("engine.answer_s", 0),
        ("engine.loud", True),
        ("models.tiers", {"Small": "offline"}),
        ("approvals.burn.ladder", []),
        ("approvals.burn.ladder", [{"role": "foreman"}]),
        ("approvals.burn.ladder", [{"role": "foreman", "answer_s": 0}]),
        ("approvals.burn.ladder", [{**RUNG, "then": "boss"}]),
        ("approvals.burn.quorum", 0),
        ("approvals.burn.quorum", 3),
        ("approvals.burn.edit", "yes"),
        ("approvals.burn.on_exhausted", "approve"),
        ("approvals.burn.meaning", "applause"),
        ("approvals.burn.expires_s", 0),
        ("approvals.burn.reject_options", [{"code": "No such", "title": "x"}]),
        ("approvals.burn.separate", "true"),
    ],
)
def test_value_that_does_not_fit_is_told_where_it_stands(path: str, value: object) -> None:
    (found,) = problems(changed(path, value))
    assert found.replace("from_", "from").startswith(path)


def test_limits_that_are_not_stated_are_the_designs() -> None:
    limits = config().limits
    assert (limits.rounds, limits.answers_per_exchange, limits.rereads) == (8, 3, 3)
    assert (limits.proposals, limits.open_escalations, limits.causal_depth) == (20, 5, 6)
    assert limits.attempts == 3
    assert (config().engine.answer_s, config().fact_window_s) == (900, 86400)


def test_policy_that_says_little_means_the_careful_thing() -> None:
    policy = config().approvals["burn"]
    assert (policy.quorum, policy.edit, policy.on_exhausted) == (1, "never", "reject")


def test_silence_can_be_configured_to_anything_but_a_yes() -> None:
    options = ("reject", "hold")
    found = [v for v in ("reject", "hold", "approve", "commit") if not problems(_silence(v))]
    assert tuple(found) == options


def _silence(value: str) -> dict[str, Any]:
    return changed("approvals.burn.on_exhausted", value)


@pytest.mark.parametrize(
    ("start", "end", "at", "on"),
    [
        ("07:00", "15:00", "05:59:59", False),
        ("07:00", "15:00", "06:00:00", True),
        ("07:00", "15:00", "13:59:59", True),
        ("07:00", "15:00", "14:00:00", False),
        ("23:00", "07:00", "21:59:59", False),
        ("23:00", "07:00", "22:00:00", True),
        ("23:00", "07:00", "05:59:59", True),
        ("23:00", "07:00", "06:00:00", False),
        ("00:00", "00:00", "11:00:00", True),
    ],
)
def test_shift_is_half_open_at_the_site_and_may_run_over_midnight(
    start: str, end: str, at: str, on: bool
) -> None:
    hours = Hours.model_validate({"from": start, "to": end})
    assert on_shift(hours, f"2026-03-02T{at}Z", "Europe/Berlin") is on


def test_shift_follows_the_sites_summer_time() -> None:
    hours = Hours.model_validate({"from": "07:00", "to": "15:00"})
    assert [on_shift(hours, f"2026-{day}T05:30:00Z", "Europe/Berlin") for day in ("03-28", "03-30")] == [
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("person", "at", "roles"),
    [
        ("f.day", "2026-03-02T09:00:00Z", {"foreman"}),
        ("f.day", "2026-03-02T14:00:00Z", set()),
        ("f.night", "2026-03-02T09:00:00Z", set()),
        ("f.night", "2026-03-02T23:00:00Z", {"foreman"}),
        ("b.two", "2026-03-02T03:00:00Z", {"boss", "foreman"}),
        ("guest", "2026-03-02T09:00:00Z", set()),
        ("crane", "2026-03-02T09:00:00Z", set()),
        ("", "2026-03-02T09:00:00Z", set()),
    ],
)
def test_roles_are_held_on_shift_and_by_nobody_else(person: str, at: str, roles: set[str]) -> None:
    assert config().roles_of(person, at) == roles


def test_holders_stand_in_the_order_of_the_file() -> None:
    assert config().holders("foreman", "2026-03-02T09:00:00Z") == ["f.day", "b.two"]
    assert config().holders("foreman", "2026-03-02T23:00:00Z") == ["f.night", "b.two"]
    assert config().holders("pope", "2026-03-02T09:00:00Z") == []


def test_floor_that_was_read_cannot_be_changed() -> None:
    made = config()
    with pytest.raises(ValidationError):
        made.limits.rounds = 100
    with pytest.raises(ValidationError):
        made.approvals["burn"].quorum = 2


def test_breakers_open_after_three_failures_unless_the_floor_says_otherwise() -> None:
    policy = Engine().breaker.policy(20.0)
    assert (policy.failures, policy.cooldown_s, policy.lease_s) == (3, 30, 20.0)
    assert Engine.model_validate({"breaker": {"failures": 5}}).breaker.policy(1.0).failures == 5
