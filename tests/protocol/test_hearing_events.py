"""Who hears an event: others of the lane, other lanes in a case of their own, and one's own reflexes."""

from dataclasses import replace
from typing import Any

import pytest

from protocol.position import Route
from protocol.turns import Proposal
from protocol.world import World

from .memory_store import MemoryStore
from .yard import CASE, T10, T11, Yard, world

LIFT = Proposal("lift", {"crate": "C1", "start": T10, "end": T11})
PLANNED = "lift.planned"


def hearing(w: World, agent: str, *, hear: tuple[str, ...] = (), reflexes: tuple[str, ...] = ()) -> World:
    """The world, one agent hearing these events and answering those by a reflex."""
    manifest = w.manifests[agent]
    events = manifest.input_schema.events.model_copy(update={"hear": list(hear)})
    accepts = manifest.input_schema.model_copy(update={"events": events})
    changes: dict[str, Any] = {"input_schema": accepts, "reflexes": dict.fromkeys(reflexes, "lift")}
    return replace(w, manifests={**w.manifests, agent: manifest.model_copy(update=changes)})


def lifting(w: World, **case: Any) -> Yard:
    """A case in which the crew is asked."""
    store = MemoryStore()
    store.seed("crate", "C1", frozen=False, burnt=False)
    return Yard(w, store, replace(CASE, **case)).wake("crew")


def deaf(lanes: tuple[str, str] = ("a", "a")) -> World:
    """The yard, nobody hearing anything."""
    return hearing(hearing(world(lanes=lanes), "crane"), "crew")


@pytest.mark.parametrize(
    ("hear", "reflexes", "woken"),
    [
        ((), (), False),
        ((PLANNED,), (), False),
        ((), (PLANNED,), True),
        ((PLANNED,), (PLANNED,), True),
        ((PLANNED,), ("slot.booked",), False),
    ],
)
def test_own_event_is_heard_when_a_reflex_answers_it(
    hear: tuple[str, ...], reflexes: tuple[str, ...], woken: bool
) -> None:
    y = lifting(hearing(deaf(), "crew", hear=hear, reflexes=reflexes))
    outcome = y.round(crew=[LIFT])
    assert (tuple(outcome.position.active), outcome.openings) == (("crew",) if woken else (), ())


def test_event_reaches_a_reflex_with_what_it_says() -> None:
    outcome = lifting(hearing(deaf(), "crew", reflexes=(PLANNED,))).round(crew=[LIFT])
    (trigger,) = outcome.position.active["crew"]
    assert (trigger["type"], trigger["event"]) == ("event", PLANNED)
    assert trigger["subject"] == f"lift/{trigger['data']['lift']}"


def test_event_another_agent_caused_is_heard_also_by_its_owner() -> None:
    w = hearing(deaf(), "crane", hear=(PLANNED,))
    assert tuple(lifting(w).round(crew=[LIFT]).position.active) == ("crane",)


def test_event_is_heard_in_another_lane_by_a_case_of_its_own() -> None:
    w = hearing(deaf(("b", "a")), "crane", hear=(PLANNED,))
    outcome = lifting(w).round(crew=[LIFT])
    (opening,) = outcome.openings
    assert (outcome.route, outcome.position.active) == (Route.REPLY, {})
    assert (opening.lane, tuple(opening.active), [e.type for e in opening.events]) == (
        "b",
        ("crane",),
        [PLANNED],
    )


def test_shadow_agent_and_one_that_only_sees_are_not_woken() -> None:
    w = hearing(deaf(), "crane", hear=(PLANNED,))
    shadow = {**w.manifests, "crane": w.manifests["crane"].model_copy(update={"mode": "shadow"})}
    assert not lifting(replace(w, manifests=shadow)).round(crew=[LIFT]).position.active
    assert not lifting(deaf()).round(crew=[LIFT]).position.active


@pytest.mark.parametrize(("depth", "opens"), [(0, True), (5, True), (6, False)])
def test_causes_reach_a_depth_and_then_a_person(depth: int, opens: bool) -> None:
    w = hearing(deaf(("b", "a")), "crane", hear=(PLANNED,))
    y = lifting(w, depth=depth)
    outcome = y.round(crew=[LIFT])
    assert (len(outcome.openings) == 1) is opens
    assert (outcome.route is Route.ESCALATE) is not opens
    assert y.count("limit.causal_depth") == (not opens)


def test_reflex_on_its_own_event_ends_with_the_rounds() -> None:
    y = lifting(hearing(replace_limits(deaf(), rounds=3), "crew", reflexes=(PLANNED,)))
    for hour in range(10, 13):
        times = {"start": f"2026-03-03T{hour}:00:00Z", "end": f"2026-03-03T{hour + 1}:00:00Z"}
        outcome = y.round(crew=[Proposal("lift", {"crate": "C1", **times})])
    assert (outcome.route, outcome.position.active) == (Route.ESCALATE, {})
    assert y.verdict("lift") == ["committed"] * 3 and y.count("limit.reached") == 1


def replace_limits(w: World, **limits: int) -> World:
    """The world with other limits."""
    made = w.config.limits.model_copy(update=limits)
    return replace(w, config=w.config.model_copy(update={"limits": made}))
