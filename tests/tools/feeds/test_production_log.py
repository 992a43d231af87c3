"""The production log: what each column, flag and defect becomes. All rows are made up."""

from collections.abc import Mapping
from typing import Any

import pytest

from .rows import accepted, mapping, read, rejected, types

KNOWN = {"M4", "M7", "M8", "M15", "QC1", "QC2", "PACK", "OVEN", "DEBURR"}
ROW = {
    "Case ID": "Case 12",
    "Activity": "Turning - Machine 4",
    "Resource": "Machine 4 - Turning",
    "Start Timestamp": "2026/01/05 08:00:00.000",
    "Complete Timestamp": "2026/01/05 09:30:00.000",
    "Span": "001:30",
    "Work Order Qty": "40",
    "Part Desc.": "Test Piece-B",
    "Worker ID": "W12",
    "Report Type": "D",
    "Qty Completed": "5",
    "Qty Rejected": "2",
    "Qty for MRB": "1",
    "Rework": "",
}
INSPECTION = {"Activity": "Final Q.C.", "Resource": "Quality Check 1"}


def row(**changes: str) -> dict[str, str]:
    """The row with other cells; underscores stand for blanks."""
    return {**ROW, **{name.replace("_", " "): value for name, value in changes.items()}}


def one(changed: Mapping[str, str], aliases: Mapping[str, str] | None = None) -> Any:
    """The outcome of one row."""
    [outcome] = read("production_log", [{**ROW, **changed}], KNOWN, aliases)
    return outcome


def data(changed: Mapping[str, str], kind: str) -> Mapping[str, Any]:
    """What one fact of a row says."""
    return next(f.data for f in accepted(one(changed)).facts if f.type == kind)


def test_test_row_has_every_column_of_the_mapping() -> None:
    assert list(ROW) == mapping("production_log")["header"]


def test_first_row_of_an_order_releases_it_with_what_is_assumed() -> None:
    first, second = read("production_log", [ROW, row(Qty_Completed="6")], KNOWN)
    assert types(first) == ["order.released", "run.reported"]
    assert types(second) == ["run.reported"]
    released = accepted(first).facts[0]
    assert (released.source_id, released.occurred) == ("released/CASE-12", "2026-01-05T08:00:00Z")
    assert released.data == {
        "order": "CASE-12",
        "item": "TEST-PIECE-B",
        "quantity": 40,
        "due": None,
        "priority": None,
        "flags": ["due_assumed", "priority_assumed"],
    }


def test_report_says_everything_its_row_says() -> None:
    assert data({}, "run.reported") == {
        "order": "CASE-12",
        "machine": "M4",
        "operation": "Turning - Machine 4",
        "start": "2026-01-05T08:00:00Z",
        "end": "2026-01-05T09:30:00Z",
        "good": 5,
        "rejected": 2,
        "mrb": 1,
        "worker": "W12",
        "rework": False,
        "flags": [],
    }


def test_report_occurred_when_it_ended_under_the_identity_of_its_row() -> None:
    fact = accepted(one({})).facts[-1]
    assert (fact.occurred, fact.source, fact.source_id) == ("2026-01-05T09:30:00Z", "feed:test", "row_2")


@pytest.mark.parametrize(
    ("resource", "machine", "kind"),
    [
        ("Machine 4 - Turning", "M4", "run.reported"),
        ("Machine 7- Laser Marking", "M7", "run.reported"),
        ("Turning - Machine 15", "M15", "run.reported"),
        ("Oven", "OVEN", "run.reported"),
        ("Manual Deburring", "DEBURR", "run.reported"),
        ("Quality Check 1", "QC1", "inspection.recorded"),
        ("Quality Check 2", "QC2", "inspection.recorded"),
        ("Packing", "PACK", "order.packed"),
    ],
)
def test_resource_decides_machine_and_kind_of_a_done_row(resource: str, machine: str, kind: str) -> None:
    assert data({"Activity": "Work", "Resource": resource}, kind)["machine"] == machine


def test_set_up_is_a_set_up_wherever_it_is_done() -> None:
    for resource in ("Machine 4 - Turning", "Quality Check 1", "Packing"):
        outcome = one({"Activity": "Work", "Resource": resource, "Report Type": "S"})
        assert types(outcome)[1:] == ["setup.reported"]
    assert data({"Report Type": "S"}, "setup.reported")["good"] == 5


def test_breakdown_is_two_facts_of_one_row() -> None:
    down, up = accepted(one({"Report Type": "B"})).facts[1:]
    assert (down.type, down.source_id, down.occurred) == ("machine.down", "row_2", "2026-01-05T08:00:00Z")
    assert (up.type, up.source_id, up.occurred) == ("machine.up", "row_2/up", "2026-01-05T09:30:00Z")
    assert (down.data["at"], up.data["at"]) == (down.occurred, up.occurred)
    assert down.data["reason"] == "Turning - Machine 4"


def test_inspection_counts_what_was_accepted() -> None:
    found = data(INSPECTION, "inspection.recorded")
    assert (found["accepted"], found["rejected"], found["mrb"]) == (5, 2, 1)
    assert (found["subject"], found["characteristic"], found["by"]) == ("order/CASE-12", "Final Q.C.", "W12")


@pytest.mark.parametrize(
    ("changed", "rework"),
    [
        ({}, False),
        ({"Rework": "Y"}, True),
        ({"Activity": "Grinding Rework - Machine 4"}, True),
        ({"Activity": "Fix - Machine 4"}, True),
        ({"Activity": "Fixture Milling - Machine 4"}, False),
    ],
)
def test_rework_is_a_cell_or_a_word_of_the_activity(changed: dict[str, str], rework: bool) -> None:
    assert data(changed, "run.reported")["rework"] is rework


def times(start: str, end: str, span: str) -> dict[str, str]:
    day = "2026/01/05 "
    return {
        "Start Timestamp": f"{day}{start}:00.000",
        "Complete Timestamp": f"{day}{end}:00.000",
        "Span": span,
    }


@pytest.mark.parametrize(
    ("changed", "flags"),
    [
        (times("08:00", "09:30", "001:30"), ()),
        (times("08:00", "09:30", "001:31"), ()),
        (times("08:00", "09:30", "001:28"), ("span_mismatch",)),
        (times("08:00", "09:30", "025:30"), ("span_mismatch",)),
        (times("00:00", "01:00", "000:00"), ("time_assumed",)),
        (times("08:00", "09:15", "000:00"), ("time_assumed",)),
        (times("08:00", "09:16", "000:00"), ("span_mismatch",)),
        (times("08:00", "08:00", "000:00"), ("zero_length",)),
        (times("08:00", "08:00", "000:46"), ("zero_length", "span_mismatch")),
        (times("08:00", "09:49", "1899/12/31 01:49:00"), ("span_unreadable",)),
        ({"Qty Completed": "0"}, ("rejects_exceed_good",)),
        ({**INSPECTION, "Qty Completed": "0"}, ()),
    ],
)
def test_flags_say_what_is_odd_about_an_accepted_row(changed: dict[str, str], flags: tuple[str, ...]) -> None:
    outcome = accepted(one(changed))
    assert outcome.flags == flags
    assert outcome.facts[-1].data["flags"] == list(flags)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"Start Timestamp": "yesterday"}, "bad_time"),
        ({"Complete Timestamp": "2026/02/30 09:00:00.000"}, "bad_time"),
        ({"Complete Timestamp": "2026/01/05 07:59:00.000"}, "bad_time"),
        ({"Qty Completed": "five"}, "bad_number"),
        ({"Qty Completed": "NaN"}, "bad_number"),
        ({"Qty Rejected": ""}, "bad_number"),
        ({"Qty for MRB": "1.5"}, "bad_number"),
        ({"Work Order Qty": "99999999999"}, "bad_number"),
        ({"Qty Completed": "-1"}, "negative_quantity"),
        ({"Work Order Qty": "-40"}, "negative_quantity"),
        ({"Activity": "Work", "Resource": "Machine 77 - Milling"}, "unknown_machine"),
        ({"Activity": "Work", "Resource": "The yard"}, "unknown_machine"),
        ({"Report Type": "X"}, "unknown_status"),
        ({"Part Desc.": " - "}, "unknown_item"),
        ({"Case ID": ""}, "bad_row"),
        ({"Activity": "Turning - Machine 8"}, "machine_mismatch"),
    ],
)
def test_defect_rejects_its_row_with_a_code(changed: dict[str, str], code: str) -> None:
    outcome = rejected(one(changed))
    assert (outcome.line, outcome.code) == (2, code)
    assert outcome.message


def test_rejected_first_row_leaves_the_release_to_the_next() -> None:
    _, second = read("production_log", [row(Qty_Completed="x"), ROW], KNOWN)
    assert types(second) == ["order.released", "run.reported"]


def test_contradiction_of_names_is_one_cause_with_both_machines_to_choose() -> None:
    crossed = {"Activity": "Turning - Machine 8", "Resource": "Machine 15 - Turning"}
    first, second = read(
        "production_log", [{**ROW, **crossed}, {**ROW, **crossed, "Qty Completed": "7"}], KNOWN
    )
    assert rejected(first).cause == rejected(second).cause
    assert [o.alias for o in rejected(first).options] == ["M8", "M15"]


def test_only_machines_of_the_plant_are_offered() -> None:
    outcome = rejected(one({"Activity": "Turning - Machine 77"}))
    assert [o.alias for o in outcome.options] == ["M4"]


@pytest.mark.parametrize("name", ["cause", "pair"])
def test_alias_settles_a_contradiction(name: str) -> None:
    crossed = {"Activity": "Lapping - Machine 8", "Resource": "Quality Check 1"}
    cause = rejected(one(crossed)).cause
    known_as = cause if name == "cause" else cause.partition(": ")[2]
    assert types(one(crossed, {known_as: "M8"}))[1:] == ["run.reported"]
    assert types(one(crossed, {known_as: "QC1"}))[1:] == ["inspection.recorded"]


@pytest.mark.parametrize("activity", ["Turning - Machine 4", "Turning - Machine 4M", "Turning - Manual", ""])
def test_naming_the_same_machine_or_none_is_no_contradiction(activity: str) -> None:
    accepted(one({"Activity": activity}))
