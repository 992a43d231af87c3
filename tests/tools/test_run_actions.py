"""What scheduling may do with runs, and what it is refused with."""

from typing import Any

import pytest

from protocol.commit import Applied, Blocked
from protocol.effects import Effects, Refusal

from .snapshot_fake import FakePlant, machine_7, tue

PLAN = {
    "order": "O-310", "operation": "OP10", "machine": "M7", "start": tue(15), "quantity": 100,
    "setup_min": 30, "run_min": 210,
}  # fmt: skip
MOVE = {"run": "R-701", "to": "M7", "start": tue(15)}


def code(found: object) -> str | None:
    return found.code if isinstance(found, Refusal) else None


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, None),
        ({"order": "O-999"}, "unknown_order"),
        ({"machine": "M99"}, "unknown_machine"),
        ({"operation": "OP20"}, "unknown_operation"),
        ({"machine": "M4"}, "unable"),
        ({"start": "2026-03-02T08:59:00Z"}, "past"),
        ({"start": tue(23)}, "no_capacity"),
        ({"start": tue(22, 45)}, "no_capacity"),
        ({"start": tue(23), "setup_min": 0}, None),
        ({"machine": "M8"}, "machine_down"),
        ({"machine": "M9"}, "locked_out"),
    ],
)
def test_planning_is_refused_with_the_code_of_its_cause(
    changes: dict[str, Any], expected: str | None
) -> None:
    plant = machine_7().add("machine", "M4", abilities=["turn_mill"])
    plant.add("machine", "M8", state="Down", since=plant.now)
    plant.add("machine", "M9", state="LockedOut", since=plant.now)
    assert code(plant.would("plan_run", {**PLAN, **changes})) == expected


@pytest.mark.parametrize("state", ["Forecast", "Completed", "Cancelled"])
def test_orders_that_are_not_released_are_not_planned(state: str) -> None:
    plant = machine_7().order("O-400", state=state)
    assert code(plant.would("plan_run", {**PLAN, "order": "O-400"})) == "not_released"


def test_machine_is_planned_again_after_its_breakdown_is_expected_to_end() -> None:
    plant = machine_7().add("machine", "M8", state="Down")
    plant.downtime("D-1", tue(8), tue(12), machine="M8", kind="breakdown", state="open")
    assert code(plant.would("plan_run", {**PLAN, "machine": "M8", "start": tue(11)})) == "machine_down"
    assert isinstance(plant.would("plan_run", {**PLAN, "machine": "M8", "start": tue(12)}), Effects)


def test_planned_run_holds_machine_and_setter() -> None:
    plant = machine_7()
    assert isinstance(plant.commit("plan_run", PLAN), Applied)
    (made,) = plant.told("run.planned")
    assert (made["start"], made["end"]) == (tue(15), tue(19))
    assert [c.holder.key for c in plant.claims("machine/M7", tue(15), tue(19))] == [made["run"]]
    assert [c.end for c in plant.claims("setter/SITE", tue(15), tue(19))] == [tue(15, 30)]


def test_two_set_ups_do_not_share_the_setter() -> None:
    plant = machine_7().add("machine", "M6")
    found = plant.commit("plan_run", {**PLAN, "machine": "M6", "start": tue(11, 15)})
    assert isinstance(found, Blocked)
    assert found.wanted.resource == "setter/SITE"


def test_moved_run_keeps_its_length_and_frees_its_place() -> None:
    plant = machine_7()
    assert isinstance(plant.commit("move_run", MOVE), Applied)
    assert (plant.of("run", "R-701")["start"], plant.of("run", "R-701")["end"]) == (tue(15), tue(19))
    assert not plant.claims("machine/M7", tue(7), tue(11))
    assert plant.told("run.moved")[0]["from"]["start"] == tue(7)


def test_run_is_not_moved_onto_another() -> None:
    plant = machine_7()
    found = plant.commit("move_run", {**MOVE, "start": tue(10)})
    assert isinstance(found, Blocked)
    assert found.held.holder.key == "R-702"


@pytest.mark.parametrize(
    ("state", "expected"),
    [("Ready", None), ("Running", "run_started"), ("Suspended", "run_started"), ("Completed", "run_over")],
)
def test_only_a_run_that_has_not_started_moves(state: str, expected: str | None) -> None:
    plant = FakePlant().add("machine", "M7").order("O-310").run("R-701", tue(7), tue(11), state=state)
    assert code(plant.would("move_run", MOVE)) == expected
    assert code(plant.would("cancel_run", {"run": "R-701", "reason": "x"})) == expected


def test_run_at_risk_takes_its_time_again_where_it_lay() -> None:
    plant = machine_7().run("R-703", tue(15), tue(19), at_risk="D-1")
    assert not plant.claims("machine/M7", tue(15), tue(19))
    assert isinstance(plant.commit("move_run", {**MOVE, "run": "R-703"}), Applied)
    assert plant.of("run", "R-703")["at_risk"] is None
    assert plant.claims("machine/M7", tue(15), tue(19))


def test_cancelled_run_gives_its_time_back() -> None:
    plant = machine_7()
    assert isinstance(plant.commit("cancel_run", {"run": "R-701", "reason": "not needed"}), Applied)
    assert plant.of("run", "R-701")["state"] == "Cancelled"
    assert not plant.claims("machine/M7", tue(7), tue(11))


def moves(*pairs: tuple[str, str], **more: Any) -> dict[str, Any]:
    return {"moves": [{"run": r, "to": "M7", "start": s} for r, s in pairs], "reason": "better", **more}


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        (moves(("R-702", tue(15)), gain_min=60), None),
        (moves(("R-702", tue(15))), "no_gain"),
        (moves(("R-701", tue(15)), gain_min=60), "not_approved"),
        (moves(("R-999", tue(15)), gain_min=60), "unknown_run"),
        (moves(("R-702", tue(15)), ("R-702", tue(19)), gain_min=60), "unknown_run"),
        (moves(("R-702", tue(15)), ("R-701", "2026-03-02T08:00:00Z"), gain_min=60), "past"),
    ],
)
def test_approved_runs_change_for_a_reason_or_not_at_all(
    params: dict[str, Any], expected: str | None
) -> None:
    assert code(machine_7().would("change_approved_runs", params)) == expected


def test_signed_change_swaps_two_runs_and_carries_its_own_approval() -> None:
    plant = machine_7()
    swap = moves(("R-702", tue(7)), ("R-701", tue(11)), gain_min=60)
    assert isinstance(plant.commit("change_approved_runs", swap, ("l.brandt",)), Applied)
    run = plant.of("run", "R-702")
    assert (run["start"], run["approval"], run["approved_by"]) == (tue(7), "esc_aaaaaaaaaaaaaaaa", "l.brandt")


def test_operations_of_an_order_stay_in_sequence() -> None:
    plant = machine_7()
    plant.run("R-711", tue(15), tue(16), operation="OP20")
    found = plant.commit("move_run", {**MOVE, "start": tue(16)})
    assert code(found) == "sequence"
    assert plant.of("run", "R-701")["start"] == tue(7)
