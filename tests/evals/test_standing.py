"""What a step did is the difference of two standings; what it should not have done fails the attempt."""

from pathlib import Path

import pytest

from agents.floor_loader import load_floor
from evals.runner import Attempt, run_attempt
from tests.agents.floor_copies import FAIRWAY, TOOLBOX, Edit, copy_harbour
from tests.evals.suite_texts import GOOD, HARBOUR, suite_of

HEARS = Edit(FAIRWAY, "sounding.due], project: [visit.shifted]", "sounding.due, visit.shifted], project: []")
BROKEN = Edit(TOOLBOX, 'sounded=emit.data["end"]', 'sounded=emit.data["no such field"]')
STEPS = """user: {text: Move V-1 to B2 from 2026-05-04 18:00, as: a.vos}
      - approval: {as: k.maes, decision: approve, process: same}"""
SCRIPT = """given:
      scripts:
        fairway:
          - - move: propose
              kind: book_sounding
              params: {berth: B3, start: 2026-05-07T08:00+02:00, end: 2026-05-07T10:00+02:00}"""
BOOKED = "{type: state, find: {type: sounding, berth: B3, start: 2026-05-07T08:00+02:00}, count: 1}"


async def play(directory: Path, process: str, expect: str, *edits: Edit) -> Attempt:
    """A signed move of a ship, after which the fairway's script books a sounding in a case of its own."""
    floor = copy_harbour(directory / "floor", HEARS, *edits)
    text = GOOD.replace(str(HARBOUR), str(floor)).replace("severity: blocker", SCRIPT)
    text = text.replace("user: Where is V-1?", STEPS.replace("process: same", f"process: {process}"))
    file = suite_of(directory, text.replace("{type: status, equals: done}", expect))
    return await run_attempt(file, file.suite.cases[0], load_floor(floor), 1)


async def test_scripts_may_write_instants_with_any_offset(tmp_path: Path) -> None:
    found = await play(tmp_path, "same", BOOKED)
    assert (found.status, found.failures, found.error) == ("passed", [], "")


async def test_turn_that_a_fresh_process_took_without_its_script_is_told(tmp_path: Path) -> None:
    found = await play(tmp_path, "new", "{type: audit}")
    assert (found.status, found.error.split(": ")[0]) == ("error", "unscripted_turn")
    assert "fairway" in found.error


@pytest.mark.parametrize(
    ("expect", "status"),
    [
        ("{type: side_effect_count, action: shift_visit, equals: 1}", "failed"),
        ("{type: events, event: case.stopped, count: 1}", "passed"),
        ("{type: events, event: case.stopped, count: 2}", "failed"),
    ],
)
async def test_case_that_the_floors_code_stopped_fails_unless_looked_at(
    tmp_path: Path, expect: str, status: str
) -> None:
    found = await play(tmp_path, "same", expect, BROKEN)
    assert (found.status, found.error) == (status, "")
    if "case.stopped" not in expect:
        assert [(c.id, "KeyError" in str(c.finding.actual)) for c in found.failures] == [
            ("case.stopped", True)
        ]
