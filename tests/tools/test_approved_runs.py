"""SUP-01: what a person approved is not changed by an agent."""

from typing import Any

import pytest

from .snapshot_fake import machine_7, tue
from .test_maintenance import PM
from .test_run_actions import MOVE

OVER_702 = {**PM, "start": tue(11), "end": tue(15)}


@pytest.mark.parametrize(
    ("kind", "params", "refused"),
    [
        ("move_run", MOVE, False),
        ("move_run", {**MOVE, "run": "R-702"}, True),
        ("move_run", {**MOVE, "run": "R-702", "to": "M6", "start": tue(11)}, True),
        ("move_run", {**MOVE, "run": "R-702", "start": tue(11)}, False),
        ("cancel_run", {"run": "R-702", "reason": "x"}, True),
        ("cancel_run", {"run": "R-701", "reason": "x"}, False),
        ("open_downtime", OVER_702, True),
        ("open_downtime", {**PM, "start": tue(7), "end": tue(11)}, False),
        ("open_downtime", PM, False),
        ("open_downtime", {**OVER_702, "kind": "corrective", "maintenance_order": "MO-83"}, False),
    ],
)
def test_approved_run_keeps_machine_and_time(kind: str, params: dict[str, Any], refused: bool) -> None:
    plant = machine_7().add("machine", "M6").add("maintenance_order", "MO-83", type="CM")
    found = plant.rule(kind, params)
    assert (found.code if found else None) == ("run_approved" if refused else None)
    if found is not None:
        assert found.role == "production_planner"
        assert "l.brandt" in found.message


def test_downtime_over_an_approved_run_is_no_question_when_nothing_is_free_before_its_limit() -> None:
    """S1 (f): the run keeps its record and is at risk; asking for the change is another action."""
    plant = machine_7("APR-2").add(
        "maintenance_order", "MO-71", est_min=240, earliest=tue(6), hard_limit=tue(12)
    )
    assert plant.rule("open_downtime", {**PM, "start": tue(6), "end": tue(10)}) is None


def test_moved_downtime_is_judged_like_a_new_one() -> None:
    plant = machine_7().downtime("D-1", tue(15), tue(19), maintenance_order="MO-71")
    found = plant.rule("move_downtime", {"downtime": "D-1", "start": tue(11), "end": tue(15)})
    assert found is not None and found.code == "run_approved"
