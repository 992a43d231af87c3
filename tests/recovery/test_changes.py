"""The version changes while a case waits, in real processes: the case goes on, or a person is asked.

A few changes are played in every run; all of them, with the page they make, in a soak.
"""

from pathlib import Path

import pytest

from tests.agents.floor_copies import HARBOUR
from tests.recovery.change.catalogue import CHANGES
from tests.recovery.change.page import PAGE, became, begun, cell, page, played
from tests.recovery.change.scenes import SCENES, Became, taken_over
from tests.recovery.programs import KILLED

pytestmark = pytest.mark.long

TELLING = [
    ("the text of a prompt", "round"),
    ("code of the tools, with another effect", "signed"),
    ("an agent renamed", "round"),
    ("an agent removed", "fact"),
    ("an agent made a shadow", "turn"),
    ("a level lowered", "answered"),
    ("a request removed", "round"),
    ("a required field added to an action", "approval"),
    ("a field of an action narrowed", "turn"),
    ("an approval's quorum raised", "signed"),
    ("a person removed", "signed"),
    ("a role removed", "question"),
    ("the engine: the node that waits for people renamed", "approval"),
    ("the engine: the schema of a case's state", "round"),
]
BY_NAME = {change.what: change for change in CHANGES}


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every scene, made once."""
    where = tmp_path_factory.mktemp("scenes")
    assert begun(where) == {scene: 0 if scene in ("approval", "question") else KILLED for scene in SCENES}
    return where


def on_the_page(what: str, scene: str) -> str:
    """The cell of a change in the table."""
    (line,) = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith(f"| {what} |")]
    return line.split("|")[2 + list(SCENES).index(scene)].strip()


def never_done_with_nothing(found: Became) -> None:
    """It is done only when something was done; nothing is left lying, and the audit is clean."""
    for stage in (found.after, found.end):
        assert stage["status"] != "done" or stage["commits"], stage
        assert stage["runnable"] == []
    assert found.end["status"] in ("done", "refused", "failed"), "people decided all they were asked"
    assert found.violations == []


@pytest.mark.parametrize(("what", "scene"), TELLING, ids=lambda part: part.replace(" ", "_"))
def test_case_goes_on_or_a_person_is_asked(what: str, scene: str, scenes: Path) -> None:
    found = became(scenes, BY_NAME[what], scene)
    assert cell(found) == on_the_page(what, scene)
    never_done_with_nothing(found)
    assert len(found.told) == 1, "taken over once, and that is told"


def test_going_back_to_the_first_version_is_a_change_as_well(scenes: Path, tmp_path: Path) -> None:
    lowered = BY_NAME["a level lowered"].floor(tmp_path / "floor")
    there = taken_over(scenes / "approval", tmp_path / "there", lowered, stay=True)
    assert [state for _, state, *_ in there.after["escalations"]].count("pending") == 1
    back = taken_over(tmp_path / "there", tmp_path / "back", HARBOUR)
    assert back.told == [
        ["agent berthing: authority.level 3 -> 1"],
        ["agent berthing: authority.level 1 -> 3"],
    ]
    states = [state for _, state, *_ in back.after["escalations"]]
    assert (states.count("superseded"), states.count("pending")) == (2, 1)
    assert back.end["commits"] == ["shift_visit"]
    never_done_with_nothing(back)


def test_version_that_did_not_change_takes_nothing_over(scenes: Path) -> None:
    assert became(scenes, BY_NAME["nothing"], "approval").told == []


@pytest.mark.soak
def test_page_shows_what_every_change_makes_of_every_case(tmp_path: Path) -> None:
    rows = played(tmp_path)
    for _, cells in rows:
        for found in cells.values():
            never_done_with_nothing(found)
    assert PAGE.read_text("utf-8") == page(rows), "write it anew: python -m tests.recovery.change.page"


def test_every_change_is_on_the_page() -> None:
    assert [c.what for c in CHANGES if not on_the_page(c.what, "approval")] == []
