"""Downtimes inside their limits, breakdowns, and the way back to production."""

from typing import Any

import pytest

from protocol.commit import Applied, Blocked

from .plant_world import plant as world
from .snapshot_fake import NOW, FakePlant, machine_7, tue
from .test_run_actions import code

PM = {"machine": "M7", "start": tue(15), "end": tue(19), "kind": "preventive", "maintenance_order": "MO-71"}
EARLY = {**PM, "start": tue(6), "end": tue(10)}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, None),
        ({"machine": "M99"}, "unknown_machine"),
        ({"maintenance_order": "MO-99"}, "unknown_order"),
        ({"maintenance_order": None}, "unknown_order"),
        ({"maintenance_order": "MO-80"}, "unknown_order"),
        ({"maintenance_order": "MO-81"}, "done_already"),
        ({"maintenance_order": "MO-82"}, "already_planned"),
        ({"end": tue(18)}, "too_short"),
        ({"end": tue(15)}, "too_short"),
        ({"start": tue(5), "end": tue(9)}, "too_early"),
        ({"start": tue(63), "end": tue(67)}, "past_hard_limit"),
        ({"kind": "corrective"}, "no_fact"),
        ({"kind": "breakdown", "maintenance_order": None}, "no_fact"),
        ({"kind": "corrective", "maintenance_order": "MO-83"}, None),
    ],
)
def test_downtime_is_refused_with_the_code_of_its_cause(
    changes: dict[str, Any], expected: str | None
) -> None:
    plant = machine_7().add("machine", "M6").add("maintenance_order", "MO-80", machine="M6")
    plant.add("maintenance_order", "MO-81", state="WorkDone").add("maintenance_order", "MO-82")
    plant.add("maintenance_order", "MO-83", type="CM")
    plant.downtime("D-1", tue(30), tue(34), maintenance_order="MO-82")
    assert code(plant.would("open_downtime", {**PM, **changes})) == expected


def test_preventive_downtime_in_a_free_window_plans_its_order() -> None:
    plant = machine_7()
    assert isinstance(plant.commit("open_downtime", PM), Applied)
    assert plant.of("maintenance_order", "MO-71")["state"] == "Planned"
    assert plant.told("downtime.opened")[0]["forced"] is False
    assert plant.of("calendar", "M7@2026-03-03")["bookings"][0]["start"] == tue(15)


def test_preventive_downtime_waits_for_a_window_while_one_is_free() -> None:
    found = machine_7().commit("open_downtime", EARLY)
    assert isinstance(found, Blocked)
    assert found.held.holder.key == "R-701"


@pytest.mark.parametrize("approval", [None, "APR-2"])
def test_preventive_downtime_is_laid_over_runs_when_nothing_is_free_before_its_limit(
    approval: str | None,
) -> None:
    """S1 (e) and (f): the run keeps its record, loses its time and says why."""
    plant = machine_7(approval)
    plant.add("maintenance_order", "MO-71", est_min=240, earliest=tue(6), due=tue(12), hard_limit=tue(12))
    assert isinstance(plant.commit("open_downtime", EARLY), Applied)
    run = plant.of("run", "R-701")
    assert (run["machine"], run["start"], run["end"], run["approval"]) == ("M7", tue(7), tue(11), approval)
    assert "preventive" in run["at_risk"]
    holders = [c.holder for c in plant.claims("machine/M7", tue(6), tue(15))]
    assert [h.type for h in holders] == ["downtime", "run"]
    assert holders[1].key == "R-702"
    assert plant.of("run", "R-702")["at_risk"] is None
    assert [e["run"] for e in plant.told("run.at_risk")] == ["R-701"]
    bookings = plant.of("calendar", "M7@2026-03-03")["bookings"]
    assert [b["holder"].partition("/")[0] for b in bookings] == ["downtime"]


def test_run_moves_away_under_a_forced_downtime_in_either_order() -> None:
    """S1 (e): the two commits of one round come to the same end whichever goes first."""
    ends = []
    for first_move in (True, False):
        plant = machine_7()
        plant.add("maintenance_order", "MO-71", est_min=240, earliest=tue(6), hard_limit=tue(12))
        steps = [("move_run", {"run": "R-701", "to": "M7", "start": tue(15)}), ("open_downtime", EARLY)]
        for kind, params in steps if first_move else reversed(steps):
            assert isinstance(plant.commit(kind, params), Applied)
        run = plant.of("run", "R-701")
        held = [(c.start, c.end) for c in plant.claims("machine/M7", tue(0), tue(24))]
        ends.append((run["start"], run["at_risk"], held))
    assert ends[0] == ends[1] == (tue(15), None, [(tue(6), tue(10)), (tue(11), tue(15)), (tue(15), tue(19))])


def test_signed_downtime_is_laid_over_the_run_it_was_signed_for() -> None:
    plant = machine_7()
    assert isinstance(
        plant.commit("open_downtime", {**PM, "start": tue(11), "end": tue(15)}, ("l.brandt",)), Applied
    )
    assert plant.of("run", "R-702")["at_risk"] is not None


def test_running_run_keeps_its_machine_until_a_planned_downtime_begins() -> None:
    plant = (
        FakePlant()
        .add("machine", "M7")
        .order("O-310")
        .run("R-1", "2026-03-02T08:00:00Z", tue(9), state="Running")
    )
    plant.add("maintenance_order", "MO-71", est_min=60, earliest=tue(8), hard_limit=tue(9))
    done = plant.commit("open_downtime", {**PM, "start": tue(8), "end": tue(9)})
    assert isinstance(done, Applied)
    assert plant.of("run", "R-1")["state"] == "Running"
    assert [(c.holder.type, c.end) for c in plant.claims("machine/M7", NOW, tue(9))] == [
        ("run", tue(8)),
        ("downtime", tue(9)),
    ]


def test_breakdown_suspends_what_runs_and_puts_the_next_at_risk() -> None:
    plant = FakePlant().add("machine", "M7").order("O-310")
    plant.run("R-1", "2026-03-02T08:00:00Z", "2026-03-02T10:00:00Z", state="Running")
    plant.run("R-2", "2026-03-02T12:00:00Z", "2026-03-02T14:00:00Z")
    assert isinstance(plant.commit("report_down", {"machine": "M7", "at": NOW, "reason": "no beam"}), Applied)
    assert plant.of("machine", "M7")["state"] == "Down"
    assert plant.of("run", "R-1")["state"] == "Suspended"
    assert plant.of("run", "R-2")["at_risk"] is not None
    assert [e["type"] for e in plant.told("maintenance.requested")] == ["CM"]
    again = plant.commit("report_down", {"machine": "M7", "at": NOW, "reason": "still"})
    assert code(again) == "already_down"


def test_breakdown_is_not_reported_for_the_future() -> None:
    plant = FakePlant().add("machine", "M7")
    assert code(plant.would("report_down", {"machine": "M7", "at": tue(8), "reason": "soon"})) == "not_yet"


REQUEST = {"machine": "M7", "type": "CM", "priority": 3, "symptom": "that noise again"}


def test_repeated_corrective_request_raises_the_count_of_the_open_one() -> None:
    plant = FakePlant().add("machine", "M7")
    for _ in range(2):
        assert isinstance(plant.commit("create_maintenance_order", REQUEST), Applied)
    other = {**REQUEST, "code": "E-17"}
    assert isinstance(plant.commit("create_maintenance_order", other), Applied)
    assert sorted((o["code"] or "", o["count"]) for o in plant.find("maintenance_order")) == [
        ("", 2),
        ("E-17", 1),
    ]


def test_limits_of_a_maintenance_order_follow_each_other() -> None:
    plant = FakePlant().add("machine", "M7")
    found = plant.would("create_maintenance_order", {**REQUEST, "due": tue(10), "hard_limit": tue(9)})
    assert code(found) == "bad_limits"


@pytest.mark.parametrize(
    ("machine", "order", "expected"),
    [
        ({"state": "Down"}, {"state": "WorkDone"}, None),
        ({"state": "Down"}, {"state": "InProgress"}, "not_done"),
        ({"state": "Up"}, {"state": "WorkDone"}, "up_already"),
        ({"state": "Down", "locks": [{"person": "p.costa", "at": NOW}]}, {"state": "WorkDone"}, "locked_out"),
        ({"state": "Down"}, {"state": "WorkDone", "machine": "M8"}, "unknown_order"),
    ],
)
def test_machine_returns_only_when_the_work_is_done(
    machine: dict[str, Any], order: dict[str, Any], expected: str | None
) -> None:
    plant = FakePlant().add("machine", "M7", **machine).add("maintenance_order", "MO-9", **order)
    params = {"machine": "M7", "maintenance_order": "MO-9", "reason": "tested"}
    assert code(plant.would("return_to_production", params)) == expected
    signature = world().kinds["return_to_production"].signature
    assert signature is not None and signature(params, plant) == "policy"


def test_return_ends_the_breakdown_and_frees_the_machine() -> None:
    plant = FakePlant().add("machine", "M7")
    plant.commit("report_down", {"machine": "M7", "at": NOW, "reason": "no beam"})
    (order,) = plant.find("maintenance_order")
    plant.commit("complete_maintenance", {"maintenance_order": order.key, "findings": "lens"})
    plant.now = "2026-03-02T10:08:00Z"
    done = plant.commit(
        "return_to_production", {"machine": "M7", "maintenance_order": order.key, "reason": "ok"}
    )
    assert isinstance(done, Applied)
    (closed,) = plant.told("downtime.closed")
    assert (closed["start"], closed["end"]) == (NOW, "2026-03-02T10:08:00Z")
    assert not plant.claims("machine/M7", NOW, tue(24))
    assert plant.of("calendar", "M7@2026-03-02")["bookings"][0]["end"] == "2026-03-02T10:08:00Z"


@pytest.mark.parametrize(
    ("state", "start", "expected"),
    [
        ("planned", tue(16), None),
        ("planned", tue(62, 1), "past_hard_limit"),
        ("open", tue(16), "not_planned"),
    ],
)
def test_planned_downtime_moves_inside_its_limits(state: str, start: str, expected: str | None) -> None:
    plant = machine_7().downtime("D-1", tue(15), tue(19), maintenance_order="MO-71", state=state)
    end = {tue(16): tue(20), tue(62, 1): tue(66, 1)}[start]
    params = {"downtime": "D-1", "start": start, "end": end}
    assert code(plant.would("move_downtime", params)) == expected
    if expected is None:
        assert isinstance(plant.commit("move_downtime", params), Applied)
        assert [c.start for c in plant.claims("machine/M7", tue(15), tue(24))] == [tue(16)]


def test_downtimes_share_time() -> None:
    plant = machine_7().downtime("D-1", tue(16), tue(18))
    assert isinstance(plant.commit("open_downtime", PM), Applied)
