"""Who expects what from whom, read off contracts; and what is expected and not provided (R1, R2)."""

from dataclasses import replace
from typing import Any

import pytest

from protocol.effects import Effects
from protocol.expectations import OUTSIDE, Cell, Expectation, How, matrix_of
from protocol.fields import Instant, KeyOf, ListOf, Maybe
from protocol.gaps import gaps_of
from protocol.manifest import EventInput
from protocol.toolbox import Consequence, FactKind
from protocol.world import World
from tests.floors_loaded import harbour

from .ring import ring_world
from .signing import signing_world
from .yard import world


def cell(made: World, source: str, target: str) -> Cell:
    """The one cell between two parties."""
    (found,) = [c for c in matrix_of(made).cells if (c.source, c.target) == (source, target)]
    return found


def expects(made: World, source: str, target: str) -> set[tuple[str, str]]:
    """What one expects of the other, in short."""
    return {(str(e.how), e.what) for e in cell(made, source, target).expects}


def changed(made: World, agent: str, **parts: dict[str, Any]) -> World:
    """The world, parts of one manifest changed."""
    manifest = made.manifests[agent]
    update = {name: getattr(manifest, name).model_copy(update=fields) for name, fields in parts.items()}
    return replace(made, manifests={**made.manifests, agent: manifest.model_copy(update=update)})


def shadow(made: World, agent: str) -> World:
    """The world, one agent only watching."""
    manifest = made.manifests[agent].model_copy(update={"mode": "shadow"})
    return replace(made, manifests={**made.manifests, agent: manifest})


def test_harbour_expects_what_its_contracts_say() -> None:
    matrix = matrix_of(harbour().world)
    assert matrix.agents == ("berthing", "fairway")
    assert matrix.ends == ("person", OUTSIDE, "berth_master", "harbour_master", "pilot_master")
    assert {(c.source, c.target): [f"{e.how} {e.what}" for e in c.expects] for c in matrix.cells} == {
        ("berthing", "fairway"): ["yield intervals of berth"],
        ("berthing", OUTSIDE): ["hear ship.announced"],
        ("berthing", "berth_master"): ["sign shift_visit", "escalate rung 1 of 2"],
        ("berthing", "harbour_master"): ["sign shift_visit", "escalate rung 2 of 2"],
        ("fairway", "berthing"): [
            "ask find_gap",
            "yield intervals of berth",
            "show visit.shifted",
            "follow note_sounding on sounding.booked",
        ],
        ("fairway", OUTSIDE): ["hear ship.announced", "hear sounding.due"],
        ("fairway", "harbour_master"): ["escalate rung 2 of 2"],
        ("fairway", "pilot_master"): ["escalate rung 1 of 2"],
        ("person", "berthing"): ["ask find_berth"],
        ("person", "fairway"): ["ask sound_berth"],
        (OUTSIDE, "berthing"): ["record ship.announced"],
        (OUTSIDE, "fairway"): ["record sounding.due"],
    }


def test_request_names_the_fields_of_its_schemas_and_an_event_those_of_its_shape() -> None:
    found = {e.what: e for e in cell(harbour().world, "fairway", "berthing").expects}
    asked, shown = found["find_gap"], found["visit.shifted"]
    assert (asked.sends, asked.gets) == (("berth", "minutes", "earliest", "latest"), ("start", "end"))
    assert (shown.sends, shown.gets) == ((), ("visit", "berth", "start", "end"))


def test_action_on_what_another_owns_expects_its_decision() -> None:
    found = expects(world(), "crew", "crane")
    assert ("decide", "take") in found
    assert ("decide", "lift") not in found, "crew owns what a lift writes"


def test_interval_that_others_records_may_hold_expects_them_to_yield() -> None:
    assert ("yield", "intervals of slot") in expects(world(), "crew", "crane")
    assert ("yield", "intervals of slot") in expects(world(), "crane", "crew")


def test_event_that_wakes_is_not_counted_as_shown_too() -> None:
    events = EventInput(hear=["slot.booked"], project=["slot.booked"])
    made = changed(world(), "crew", input_schema={"events": events})
    made = changed(made, "crane", output_schema={"events": ["slot.booked"]})
    hows = [str(e.how) for e in cell(made, "crew", "crane").expects if e.what == "slot.booked"]
    assert hows == ["hear"]


def test_agent_expects_nothing_of_itself() -> None:
    made = changed(world(), "crane", output_schema={"events": ["lift.planned"]})
    assert all(c.source != c.target for c in matrix_of(made).cells)


def test_fact_is_expected_of_the_outside_and_recorded_by_its_owner() -> None:
    fact = FactKind("slot.booked", "crane", {"at": Instant()})
    made = replace(world(), toolbox=replace(world().toolbox, facts=(fact,), events={}))
    assert expects(made, "crew", OUTSIDE) == {("hear", "slot.booked")}
    assert cell(made, OUTSIDE, "crane").expects == (Expectation(How.RECORD, "slot.booked", ("at",)),)


def test_consequence_is_expected_by_whoever_brings_its_event_about() -> None:
    follows = Consequence("note_it", ("lift.planned",), "crane", lambda emit, snapshot: Effects())
    made = replace(world(), toolbox=replace(world().toolbox, consequences=(follows,)))
    made = changed(made, "crew", output_schema={"events": ["lift.planned"]})
    assert ("follow", "note_it on lift.planned") in expects(made, "crew", "crane")


def test_signature_is_expected_of_every_role_of_its_ladder() -> None:
    made = signing_world()
    assert expects(made, "crane", "foreman") == {("sign", "burn"), ("escalate", "rung 1 of 2")}
    assert expects(made, "crane", "boss") == {("sign", "burn"), ("escalate", "rung 2 of 2")}
    assert expects(made, "crew", "boss") == {("escalate", "rung 2 of 2")}, "crew cannot burn"


@pytest.mark.parametrize(
    ("levels", "word"),
    [
        ((4, 2), "a: level 4 over 2"),
        ((2, 4), "b: level 4 over 2"),
        ((3, 3), "b: it is asked, and both have level 3"),
    ],
)
def test_higher_level_has_the_last_word_and_among_equals_whoever_is_asked(
    levels: tuple[int, int], word: str
) -> None:
    assert cell(ring_world(levels), "a", "b").authority == word


@pytest.mark.parametrize(
    ("source", "target", "word"),
    [
        ("fairway", "pilot_master", "pilot_master: a person decides"),
        ("person", "fairway", "fairway: it answers, and acts within its level"),
        ("fairway", OUTSIDE, "outside: facts are recorded, never decided"),
        (OUTSIDE, "fairway", "outside: facts are recorded, never decided"),
    ],
)
def test_people_and_facts_have_the_last_word_over_agents(source: str, target: str, word: str) -> None:
    assert cell(harbour().world, source, target).authority == word


def test_events_alone_give_nobody_a_word() -> None:
    made = changed(world(), "crew", capability_scope={"asks": {}, "can": []})
    made = changed(made, "crane", output_schema={"events": ["slot.booked"]})
    assert cell(made, "crew", "crane").authority == "nobody: events are told, not asked"


def codes(made: World) -> set[tuple[str, str | None, str | None, str]]:
    """The gaps, in short."""
    return {(g.code, g.source, g.target, g.what) for g in gaps_of(made)}


def test_ring_whose_agents_use_all_that_is_offered_has_no_gap() -> None:
    assert codes(ring_world([3, 3, 3])) == set()


def test_harbour_has_two_events_that_nobody_uses() -> None:
    assert codes(harbour().world) == {
        ("unheard", None, "berthing", "berth.assigned"),
        ("unheard", None, "fairway", "pilot.booked"),
    }


def test_request_that_is_offered_and_never_asked_is_a_gap() -> None:
    made = changed(ring_world([3, 3]), "a", capability_scope={"asks": {}})
    assert codes(made) == {("unasked", "a", "b", "settle")}


def test_request_that_is_asked_and_not_answered_is_a_gap() -> None:
    made = changed(ring_world([3, 3]), "b", input_schema={"requests": {}})
    assert codes(made) == {("unanswered", "a", "b", "settle")}


def test_shadow_leaves_whoever_counts_on_it_alone() -> None:
    made = shadow(ring_world([3, 3]), "b")
    assert codes(made) == {("unanswered", "a", "b", "settle"), ("undecided", "a", "b", "decide fit_b")}


def test_event_that_only_a_shadow_would_publish_is_a_gap() -> None:
    made = changed(world(lanes=("a", "a")), "crane", output_schema={"events": ["slot.booked"]})
    assert ("never_emitted", "crew", "crane", "slot.booked") not in codes(made)
    assert ("never_emitted", "crew", "crane", "slot.booked") in codes(shadow(made, "crane"))


def test_event_of_another_lane_whose_hearer_can_ask_nothing_is_a_gap() -> None:
    made = changed(world(), "crane", output_schema={"events": ["slot.booked"]})
    gap = ("one_way", "crew", "crane", "slot.booked")
    assert gap not in codes(made), "crew may ask"
    made = changed(made, "crew", capability_scope={"asks": {}})
    assert gap not in codes(made), "crew may still propose what the crane owns"
    made = changed(made, "crew", capability_scope={"can": ["lift"]})
    assert gap in codes(made)


@pytest.mark.parametrize("field", [KeyOf("booking"), Maybe(KeyOf("booking")), ListOf(KeyOf("booking"))])
def test_event_that_names_what_its_hearer_may_not_read_is_a_gap(field: Any) -> None:
    made = world()
    made = replace(made, toolbox=replace(made.toolbox, events={"slot.booked": {"booking": field}}))
    made = changed(made, "crane", output_schema={"events": ["slot.booked"]})
    gap = ("unreadable", "crew", "crane", "slot.booked")
    assert gap not in codes(made)
    assert gap in codes(changed(made, "crew", capability_scope={"reads": ["crate"]}))
