"""Where machine time is free, for a downtime and for a run; and the calendar that follows."""

import pytest

from protocol.commit import Applied

from .snapshot_fake import NOW, FakePlant, machine_7, tue
from .test_run_actions import MOVE, PLAN

MO_71 = {"machine": "M7", "minutes": 240, "earliest": tue(6), "latest": tue(42)}


def test_free_window_comes_before_any_that_moves_a_run() -> None:
    """S1 (a)."""
    best = machine_7().ask("find_windows", **MO_71)[0]
    assert (best["start"], best["end"], best["free"], best["moves"]) == (tue(15), tue(19), True, [])


def test_window_over_the_unapproved_run_comes_before_one_over_the_approved() -> None:
    """S1 (e): the hard limit leaves nothing free."""
    found = machine_7().ask("find_windows", **{**MO_71, "latest": tue(12)})
    assert (found[0]["start"], found[0]["end"]) == (tue(6), tue(10))
    assert [m["run"] for m in found[0]["moves"]] == ["R-701"]
    assert [w["approved_runs"] for w in found] == sorted(w["approved_runs"] for w in found)
    assert found[-1]["approved_runs"] == 1


@pytest.mark.parametrize("latest", [tue(9), tue(6), tue(2)])
def test_no_window_is_offered_where_it_does_not_fit(latest: str) -> None:
    assert machine_7().ask("find_windows", **{**MO_71, "latest": latest}) == []


def test_downtimes_do_not_stand_in_the_way_of_a_downtime() -> None:
    plant = machine_7().downtime("D-1", tue(15), tue(19))
    assert plant.ask("find_windows", **MO_71)[0]["start"] == tue(15)


def test_windows_do_not_begin_in_the_past() -> None:
    plant = machine_7()
    plant.now = tue(16)
    assert plant.ask("find_windows", **MO_71)[0]["start"] == tue(16)


def test_slot_for_a_run_is_the_first_time_with_machine_and_setter_free() -> None:
    plant = machine_7()
    (slot,) = plant.ask("find_slots", earliest=tue(6), exclude_run="R-702")
    assert (slot["machine"], slot["start"], slot["end"]) == ("M7", tue(11), tue(15))
    (slot,) = plant.ask("find_slots", earliest=tue(6), exclude_run="R-701")
    assert slot["start"] == tue(7)
    plant.downtime("D-1", tue(7), tue(11))
    (slot,) = plant.ask("find_slots", earliest=tue(6), exclude_run="R-701")
    assert (slot["start"], slot["end"], slot["late_min"]) == (tue(15), tue(19), 0)


def test_slot_waits_for_the_setter_and_for_the_end_of_the_night() -> None:
    plant = machine_7().add("machine", "M6").run("R-703", tue(15), tue(23), order="O-311")
    plant.run("R-601", tue(7), tue(9), machine="M6")
    found = plant.ask("find_slots", earliest=tue(15), order="O-310", operation="OP10")
    assert [(s["machine"], s["start"]) for s in found] == [("M6", tue(15, 30)), ("M7", tue(31))]
    (quick,) = plant.ask(
        "find_slots", earliest=tue(15), order="O-310", operation="OP10", machine="M7", setup_min=0
    )
    assert quick["start"] == tue(23)


def test_slots_name_only_machines_that_are_able_and_up() -> None:
    plant = machine_7().add("machine", "M4", abilities=["turn_mill"]).add("machine", "M6", state="Down")
    plant.add("machine", "M8", locks=[{"person": "p.costa", "at": NOW}]).add("machine", "M9")
    found = plant.ask("find_slots", earliest=tue(15), order="O-310", operation="OP10")
    assert [s["machine"] for s in found] == ["M7", "M9"]
    assert plant.ask("find_slots", earliest=tue(15), order="O-310", operation="OP10", machine="M4") == []


def test_slot_found_is_a_slot_that_commits() -> None:
    plant = machine_7().add("machine", "M6")
    for number in range(4):
        slot = plant.ask("find_slots", earliest=tue(7), order="O-310", operation="OP10")[0]
        done = plant.commit("plan_run", {**PLAN, "machine": slot["machine"], "start": slot["start"]})
        assert isinstance(done, Applied), (number, done)


def test_slot_query_without_enough_to_go_on_answers_nothing() -> None:
    assert machine_7().ask("find_slots", earliest=tue(7), machine="M7") == []


def test_calendar_follows_what_is_booked_and_given_back() -> None:
    plant = machine_7()
    plant.commit("move_run", {**MOVE, "start": tue(15)})
    assert [b["holder"] for b in plant.of("calendar", "M7@2026-03-03")["bookings"]] == ["run/R-701"]
    plant.commit("cancel_run", {"run": "R-701", "reason": "x"})
    assert plant.of("calendar", "M7@2026-03-03")["bookings"] == []


def test_booking_over_midnight_stands_in_both_site_days() -> None:
    plant = machine_7()
    plant.commit("plan_run", {**PLAN, "start": tue(22), "run_min": 150})
    days = {r.key: len(r["bookings"]) for r in plant.find("calendar")}
    assert days == {"M7@2026-03-03": 1, "M7@2026-03-04": 1}
    (made,) = plant.told("run.planned")
    plant.commit("move_run", {"run": made["run"], "to": "M7", "start": tue(15)})
    assert [len(r["bookings"]) for r in plant.find("calendar")] == [1, 0]


def test_schedule_shows_runs_downtimes_and_who_approved() -> None:
    plant = machine_7().downtime("D-1", tue(15), tue(19)).run("R-9", tue(20), tue(21), state="Cancelled")
    found = plant.ask("get_schedule", machine="M7")
    assert [(r["run"], r["approved_by"]) for r in found["runs"]] == [("R-701", None), ("R-702", "l.brandt")]
    assert [d["downtime"] for d in found["downtimes"]] == ["D-1"]
    assert (
        plant.ask("get_schedule", machine="M7", **{"from": tue(11), "to": tue(15)})["runs"][0]["run"]
        == "R-702"
    )
    assert plant.ask("get_schedule", order="O-311")["downtimes"] == []


def test_next_on_a_machine_is_what_runs_and_what_follows() -> None:
    plant = FakePlant().add("machine", "M7").order("O-310")
    plant.run("R-1", NOW, tue(1), state="Running").run("R-2", tue(2), tue(3)).run(
        "R-0", NOW, tue(1), state="Completed"
    )
    found = plant.ask("next_on", machine="M7")
    assert (found["current"]["run"], [r["run"] for r in found["next"]]) == ("R-1", ["R-2"])
    assert plant.ask("next_on", machine="M99")["known"] is False


def test_order_status_says_how_late_the_plan_is() -> None:
    plant = machine_7()
    plant.commit("move_run", {**MOVE, "start": tue(33)})
    found = plant.ask("order_status", order="O-310")
    assert (found["planned_end"], found["late_min"]) == (tue(37), 60)
    assert plant.ask("order_status", order="O-9")["known"] is False


def test_machine_status_shows_the_record_and_what_control_says() -> None:
    plant = (
        machine_7().add("machine", "M8", state="Down", reason="spindle").add("signal", "M8", reported="READY")
    )
    plant.downtime("D-1", "2026-03-02T08:00:00Z", "2026-03-02T12:00:00Z", machine="M8", state="open")
    found = plant.ask("machine_status", machine="M8")
    assert (found["state"], found["reported"], found["down_until"]) == (
        "Down",
        "READY",
        "2026-03-02T12:00:00Z",
    )


def test_due_list_is_by_due_date_and_says_what_is_planned() -> None:
    plant = (
        machine_7().add("maintenance_order", "MO-80", due=NOW, machine="M7").add("maintenance_order", "MO-81")
    )
    plant.add("maintenance_order", "MO-90", due=tue(400)).downtime(
        "D-1", tue(15), tue(19), maintenance_order="MO-71"
    )
    found = plant.ask("due_list", days=7)
    assert [o["maintenance_order"] for o in found] == ["MO-80", "MO-71", "MO-81"]
    assert found[1]["planned"] == {"downtime": "D-1", "start": tue(15), "end": tue(19)}


def test_open_items_and_figures_come_from_records() -> None:
    plant = machine_7().run(
        "R-8", tue(-20), tue(-19), state="Completed", ended=tue(-19), good=90, rejected=10
    )
    plant.run("R-9", tue(20), tue(21), at_risk="D-1").add("hold", "H-1", subject="lot/L1")
    items = plant.ask("open_items")
    assert ([h["hold"] for h in items["holds"]], [r["run"] for r in items["at_risk"]]) == (["H-1"], ["R-9"])
    found = plant.ask("floor_figures", **{"from": tue(-24), "to": tue(0), "scope": "L4"})
    figures = {f["name"]: (f["numerator"], f["denominator"]) for f in found["figures"]}
    assert figures["quality_ratio"] == (90, 100)
    assert figures["runs_finished"] == (1, 1)
    empty = plant.ask("floor_figures", **{"from": tue(48), "to": tue(72)})["figures"]
    assert next(f for f in empty if f["name"] == "quality_ratio")["denominator"] is None
    assert plant.ask("floor_figures", **{"from": tue(0), "to": tue(1), "scope": "L9"})["figures"] == []
