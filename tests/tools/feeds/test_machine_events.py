"""Machine events: what a row becomes depends on what the control said before. All rows are made up."""

from collections.abc import Sequence
from typing import Any

import pytest

from tools.feeds.outcomes import Outcome

from .rows import accepted, mapping, read, rejected, types

MACHINE = "Mazak01"


def event(item: str, value: str, machine: str = MACHINE) -> dict[str, str]:
    return {"machine": machine, "kind": "event", "data_item": item, "value": value, "code": "", "text": ""}


def condition(value: str, code: str = "", text: str = "", item: str = "system") -> dict[str, str]:
    return {
        "machine": MACHINE,
        "kind": "condition",
        "data_item": item,
        "value": value,
        "code": code,
        "text": text,
    }


def outcomes(rows: Sequence[dict[str, str]], known: Sequence[str] = ("MAZAK01",)) -> list[Outcome]:
    timed = [{"ts_utc": f"2026-01-05T08:00:{n:02d}.500Z", **row} for n, row in enumerate(rows)]
    return read("nist_machines", list(timed), set(known))


def last(*rows: dict[str, str]) -> Outcome:
    return outcomes(rows)[-1]


def told(outcome: Outcome) -> dict[str, Any]:
    """The data of a row's own fact."""
    found = accepted(outcome)
    return dict(next(f.data for f in found.facts if f.source_id == found.identity))


def test_test_rows_have_every_column_of_the_mapping() -> None:
    assert ["ts_utc", *event("mode", "AUTOMATIC")] == mapping("nist_machines")["header"]


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (None, "ACTIVE", "cycle_started"),
        ("READY", "ACTIVE", "cycle_started"),
        ("STOPPED", "ACTIVE", "cycle_started"),
        ("INTERRUPTED", "ACTIVE", "cycle_resumed"),
        ("FEED_HOLD", "ACTIVE", "cycle_resumed"),
        ("ACTIVE", "READY", "cycle_finished"),
        ("ACTIVE", "INTERRUPTED", "cycle_interrupted"),
        ("ACTIVE", "FEED_HOLD", "cycle_interrupted"),
        ("ACTIVE", "STOPPED", "cycle_interrupted"),
        ("INTERRUPTED", "READY", "cycle_aborted"),
        ("INTERRUPTED", "STOPPED", "cycle_aborted"),
        ("FEED_HOLD", "READY", "cycle_aborted"),
        ("FEED_HOLD", "STOPPED", "cycle_aborted"),
        (None, "READY", "state_changed"),
        ("READY", "STOPPED", "state_changed"),
        ("STOPPED", "READY", "state_changed"),
        ("READY", "INTERRUPTED", "state_changed"),
        ("INTERRUPTED", "FEED_HOLD", "state_changed"),
        ("ACTIVE", "ACTIVE", "state_changed"),
    ],
)
def test_change_of_execution_is_what_it_means_for_the_cycle(
    before: str | None, after: str, kind: str
) -> None:
    rows = [event("execution", state) for state in (before, after) if state is not None]
    assert types(last(*rows)) == [f"machine.{kind}"]


def test_cycle_names_program_and_mode_of_its_moment() -> None:
    rows = [event("mode", "AUTOMATIC"), event("program", "A\\B c.H"), event("execution", "ACTIVE")]
    found = told(last(*rows, event("execution", "READY")))
    assert (found["program"], found["mode"]) == ("A\\B c.H", "AUTOMATIC")
    assert (found["old"], found["new"]) == ("ACTIVE", "READY")


def test_machines_do_not_mix() -> None:
    rows = [event("execution", "ACTIVE"), event("execution", "READY", "Mazak03")]
    assert types(outcomes(rows, ("MAZAK01", "MAZAK03"))[1]) == ["machine.state_changed"]


@pytest.mark.parametrize("item", ["mode", "program"])
def test_mode_and_program_are_events_of_their_own(item: str) -> None:
    found = last(event(item, "X"), event(item, "Y"))
    assert types(found) == [f"machine.{item}_changed"]
    assert (told(found)["old"], told(found)["new"]) == ("X", "Y")


@pytest.mark.parametrize("item", ["Tool_number", "unitNum", "pallet_num", "avail", "power", "PartCountAct"])
def test_other_items_are_a_change_of_state_only(item: str) -> None:
    assert types(last(event(item, "1"))) == ["machine.state_changed"]
    assert told(last(event(item, "1")))["item"] == item


def test_empty_comment_is_accepted_without_an_event() -> None:
    assert types(last(event("program_cmt", ""))) == []
    assert types(last(event("program_cmt", "bracket"))) == ["machine.state_changed"]
    assert types(last(event("program", ""))) == ["machine.program_changed"]


def test_emergency_stop_is_pressed_and_released() -> None:
    armed, triggered = event("estop", "ARMED"), event("estop", "TRIGGERED")
    found = [types(o) for o in outcomes([armed, triggered, armed, armed])]
    assert found == [
        ["machine.state_changed"],
        ["machine.emergency_stop"],
        ["machine.emergency_cleared"],
        ["machine.state_changed"],
    ]


@pytest.mark.parametrize(("value", "kind"), [("Fault", "machine.fault"), ("Warning", "machine.warning")])
def test_alarm_says_code_text_and_mode(value: str, kind: str) -> None:
    found = last(event("mode", "MANUAL"), condition(value, "42", "UP SWITCH)"))
    assert types(found) == [kind]
    data = told(found)
    assert {n: data[n] for n in ("item", "code", "text", "mode")} == {
        "item": "system", "code": "42", "text": "UP SWITCH)", "mode": "MANUAL",
    }  # fmt: skip


def test_alarm_repeated_while_open_is_counted_and_not_told_again() -> None:
    found = outcomes([condition("Fault", "42", "cut"), condition("Fault", "42", "cut at the front")])
    assert types(found[1]) == []
    assert accepted(found[1]).flags == ("repeated",)


def test_alarm_after_it_was_cleared_is_told_again() -> None:
    fault = condition("Fault", "42")
    assert types(last(fault, condition("Normal", "42"), fault)) == ["machine.fault"]


def test_normal_with_a_code_clears_that_code_only() -> None:
    one, two, clear = condition("Fault", "1"), condition("Warning", "2"), condition("Normal", "1")
    found = outcomes([one, two, clear, clear, condition("Normal")])
    assert [types(o) for o in found[2:]] == [["machine.fault_cleared"], [], ["machine.fault_cleared"]]
    assert (told(found[2])["code"], told(found[4])["code"]) == ("1", None)


def test_normal_without_a_code_clears_its_item_only() -> None:
    other = condition("Fault", "1", item="logic")
    found = outcomes([condition("Fault", "1"), other, condition("Normal"), condition("Normal", item="logic")])
    assert [types(o) for o in found[2:]] == [["machine.fault_cleared"]] * 2


def test_normal_with_nothing_open_is_nothing() -> None:
    assert types(last(condition("Normal"))) == []


def test_emergency_code_counts_as_emergency_stop_until_it_is_cleared() -> None:
    found = outcomes(
        [condition("Fault", "B6"), condition("Normal"), condition("Fault", "7"), condition("Normal")]
    )
    assert [told(o)["emergency"] for o in found] == [True, True, False, False]


def test_maintenance_code_makes_maintenance_due_too() -> None:
    found = last(condition("Warning", "468", "MAINTENANCE CHECK"))
    assert types(found) == ["machine.warning", "maintenance.due"]
    assert [f.source_id for f in accepted(found).facts] == ["row_2", "row_2/due"]


def test_machine_of_the_table_is_made_known_once() -> None:
    rows = [event("mode", "MANUAL", "Mazak03"), event("mode", "AUTOMATIC", "MAZAK03")]
    first, second = outcomes(rows, ())
    assert types(first) == ["machine.added", "machine.mode_changed"]
    assert types(second) == ["machine.mode_changed"]
    added = accepted(first).facts[0]
    assert (added.source_id, added.data["machine"]) == ("added/MAZAK03", "MAZAK03")


def test_machine_that_the_plant_has_is_not_added() -> None:
    assert types(outcomes([event("mode", "MANUAL", "Mazak03")], ("MAZAK03",))[0]) == ["machine.mode_changed"]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({**event("mode", "X"), "ts_utc": "noon"}, "bad_time"),
        (event("mode", "X", "Mazak99"), "unknown_machine"),
        (event("mode", "X", ""), "unknown_machine"),
        (event("execution", "DANCING"), "unknown_status"),
        (event("estop", "BENT"), "unknown_status"),
        (condition("UNAVAILABLE"), "unknown_status"),
        ({**event("mode", "X"), "kind": "sample"}, "unknown_status"),
    ],
)
def test_defect_rejects_its_row_with_a_code(row: dict[str, str], code: str) -> None:
    assert rejected(last(row)).code == code


def test_rejected_row_leaves_no_trace_in_what_follows() -> None:
    rows = [event("execution", "READY"), event("execution", "DANCING"), event("execution", "ACTIVE")]
    assert types(last(*rows)) == ["machine.cycle_started"]
