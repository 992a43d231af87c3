"""Which agents anything ever reaches, and what roles a signature can name: told from the contracts alone."""

from pathlib import Path

import pytest

from agents.fitting import fit
from agents.floor_approvals import _returned
from agents.floor_catalogue import Code
from agents.floor_loader import check_floor, load_floor
from agents.provenance import marked_trigger, quoted, shapes_of
from agents.view import CHARS_PER_TOKEN, least_tokens
from tests.agents.floor_copies import ACTIONS, BERTHING, CONFIG, FAIRWAY, HARBOUR, Edit, copy_harbour, told_of

DEAF = Edit(FAIRWAY, "hear: [ship.announced, sounding.due], ", "")
UNASKED = Edit(FAIRWAY, "from: [person]", "from: [berthing]")
ASKING = Edit(
    BERTHING,
    "  reads: [berth, visit, sounding]\n",
    "  reads: [berth, visit, sounding]\n  asks: {fairway: [sound_berth]}\n",
)
BOTH_UNASKED = Edit(BERTHING, "from: [person]", "from: [fairway]")
BOTH_ASKING = Edit(FAIRWAY, "[find_gap]", "[find_gap, find_berth]")
BOTH_DEAF = Edit(BERTHING, "hear: [ship.announced]", "")


def unreached(tmp_path: Path, *edits: Edit) -> set[str]:
    problems = check_floor(copy_harbour(tmp_path / "floor", *edits))
    return {p.file.split("/")[1] for p in problems if p.code == Code.AGENT_UNREACHABLE}


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        ((DEAF,), set()),
        ((UNASKED,), set()),
        ((DEAF, UNASKED), {"fairway"}),
        ((DEAF, UNASKED, ASKING), set()),
        ((DEAF, UNASKED, ASKING, BOTH_DEAF, BOTH_UNASKED, BOTH_ASKING), {"berthing", "fairway"}),
        # Hearing what only oneself does wakes nobody; a reflex on it does, and so does another's action.
        (
            (
                DEAF,
                UNASKED,
                Edit(FAIRWAY, "project: [visit.shifted", "hear: [pilot.booked], project: [visit.shifted"),
            ),
            {"fairway"},
        ),
        (
            (DEAF, UNASKED, Edit(FAIRWAY, "project: [visit.shifted", "hear: [visit.shifted], project: [")),
            set(),
        ),
        # What it owns others may propose: it is asked to decide.
        (
            (
                DEAF,
                UNASKED,
                Edit(BERTHING, "can: [assign", "can: [book_pilot, assign"),
            ),
            set(),
        ),
    ],
)
def test_agent_is_reached_by_persons_facts_and_agents_at_work(
    edits: tuple[Edit, ...], expected: set[str], tmp_path: Path
) -> None:
    assert unreached(tmp_path, *edits) == expected


SHIFT_POLICY = "  shift_visit:\n    ladder:\n      - {role: berth_master, answer_s: 900}\n"
SUBJECT = Edit(CONFIG, SHIFT_POLICY, SHIFT_POLICY.replace("berth_master", "subject"))
RETURN = 'return "policy" if visit is not None and visit["promised"] else None'


@pytest.mark.parametrize(
    ("returned", "told"),
    [
        (RETURN, True),
        ('return "policy"', True),
        ("return POLICY", True),
        (
            'if visit is None:\n        return None\n    return "policy" if visit["promised"] else POLICY',
            True,
        ),
        ("return None", True),
        ('return "harbour_master" if visit else None', False),
        ('return visit["ship"] if visit else "policy"', False),
        ('return (visit and visit["ship"]) or "policy"', False),
        ("return ROLES[0]", False),
    ],
)
def test_subject_without_a_role_is_told_only_when_it_is_certain(
    returned: str, told: bool, tmp_path: Path
) -> None:
    constants = Edit(
        ACTIONS, "PASSAGE_MIN = 90", 'PASSAGE_MIN = 90\nPOLICY = "policy"\nROLES = ["harbour_master"]'
    )
    floor = copy_harbour(tmp_path / "floor", SUBJECT, constants, Edit(ACTIONS, RETURN, returned))
    assert [p.code for p in told_of(floor)] == ([Code.APPROVAL_SUBJECT_UNNAMED] if told else [])


def test_signature_that_is_no_plain_function_may_return_anything() -> None:
    class Odd:
        def __call__(self) -> str:
            return "policy"

    assert "policy" not in set(_returned(Odd()))
    assert set(_returned(lambda: "policy")) == {"policy"}


def test_smallest_view_is_one_that_fits_and_no_smaller_budget_is_enough() -> None:
    world = load_floor(HARBOUR).world
    manifest = world.manifests["fairway"]
    trigger = {
        "type": "person",
        "person": "a",
        "roles": [],
        "text": "a",
        "recent": [{"who": "a", "text": "b" * 99}],
    }
    shapes = shapes_of(world.toolbox)
    least = least_tokens(manifest, "UTC", {**trigger, "recent": []}, shapes)
    view = {
        "agent": "fairway",
        "case": "case_aaaaaaaaaaaaaaaa",
        "round": 1,
        "now": "2026-01-01T00:00:00Z",
        "zone": "UTC",
        "turn": 0,
        "triggers": [marked_trigger(shapes, trigger)],
        "resources": {"berth/B1": {"x": 1}},
        "versions": {"berth/B1": 1},
        "may_ask": {"berthing": ["find_gap"]},
    }
    assert fit(view, 1) == ("line: " + "b" * 80, "berth/B1")
    assert (least - 1) * CHARS_PER_TOKEN < len(quoted(view)) <= least * CHARS_PER_TOKEN
