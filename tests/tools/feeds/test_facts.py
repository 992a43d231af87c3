"""Facts of the floor: what each writes, in whatever order it arrives."""

from collections.abc import Mapping
from itertools import permutations
from typing import Any

import pytest

from protocol.effects import Effects, Emit
from protocol.fields import check_shape
from protocol.records import Record
from protocol.times import minutes_between
from protocol.toolbox import Fact
from tests.protocol.memory_store import MemoryStore
from tests.tools.snapshot_fake import FakePlant
from tools.facts import FACT_EVENTS, FACTS
from tools.figures import window_figures

from .rows import KINDS

DAY = "2012-03-06T"
MACHINE = "machine/M8"


class Floor(FakePlant):
    """The plant's records, told facts of feeds."""

    def report(self, kind: str, subject: str = MACHINE, at: str = "08:00", /, **data: Any) -> Effects:
        """Record one fact at a time of the day."""
        occurred = f"{DAY}{at}:00Z"
        if "machine" in KINDS[kind].data and subject.startswith("machine/"):
            when = {"at": occurred} if "at" in KINDS[kind].data else {}
            data = {"machine": subject.partition("/")[2], **when, **data}
        assert check_shape(KINDS[kind].data, data) == []
        self.count += 1
        fact = Fact(kind, "test", str(self.count), occurred, subject, data)
        apply = KINDS[kind].apply
        effects = apply(fact, self) if apply else Effects()
        own = Emit(kind, subject, data)
        full = Effects(effects.puts, effects.deltas, effects.releases, effects.claims, (own, *effects.events))
        self._perform(full, KINDS[kind].owner)
        return effects


def floor() -> Floor:
    made = Floor()
    made.add("machine", "M8")
    return made


def breakdowns(store: MemoryStore) -> list[tuple[str, str, str]]:
    """(state, from, to) of M8's downtimes, by start."""
    found = sorted(store.find("downtime", machine="M8"), key=lambda d: str(d["start"]))
    return [(d["state"], d["start"][11:16], d["end"][11:16]) for d in found]


def of(store: MemoryStore, type_: str, key: str) -> Record:
    record = store.get(type_, key)
    assert record is not None
    return record


def test_every_fact_declares_its_event() -> None:
    assert set(FACT_EVENTS) == {kind.type for kind in FACTS}


# Breakdowns


def test_breakdown_stops_the_machine_and_its_end_brings_it_back() -> None:
    store = floor()
    store.report("machine.down", MACHINE, "09:10", reason="spindle")
    machine = of(store, "machine", "M8")
    assert (machine["state"], machine["since"], machine["reason"]) == ("Down", f"{DAY}09:10:00Z", "spindle")
    assert breakdowns(store)[0][:2] == ("open", "09:10")
    store.report("machine.up", MACHINE, "10:18")
    assert of(store, "machine", "M8")["state"] == "Up"
    assert breakdowns(store) == [("closed", "09:10", "10:18")]
    assert store.claims("machine/M8", f"{DAY}00:00:00Z", f"{DAY}23:00:00Z") == []


@pytest.mark.parametrize("order", list(permutations(("down 1", "up 1", "down 2", "up 2"))))
def test_two_breakdowns_end_the_same_in_any_order(order: tuple[str, ...]) -> None:
    """Each report comes at its own time of the day; the breakdowns do not overlap."""
    times = {"down 1": "09:10", "up 1": "10:18", "down 2": "12:00", "up 2": "12:30"}
    store = floor()
    for name in order:
        store.report(f"machine.{name.partition(' ')[0]}", MACHINE, times[name])
    assert breakdowns(store) == [("closed", "09:10", "10:18"), ("closed", "12:00", "12:30")]
    assert of(store, "machine", "M8")["state"] == "Up"


@pytest.mark.parametrize("order", list(permutations(("down 09:00", "up 11:00", "down 10:00", "up 12:00"))))
def test_overlapping_breakdowns_end_the_same_in_any_order(order: tuple[str, ...]) -> None:
    store = floor()
    for name in order:
        kind, _, at = name.partition(" ")
        store.report(f"machine.{kind}", MACHINE, at)
    assert breakdowns(store) == [("closed", "09:00", "11:00"), ("closed", "10:00", "12:00")]


@pytest.mark.parametrize("order", list(permutations(("down 09:00", "down 09:05", "up 10:00"))))
def test_one_report_that_it_is_back_ends_all_that_was_told(order: tuple[str, ...]) -> None:
    store = floor()
    for name in order:
        kind, _, at = name.partition(" ")
        store.report(f"machine.{kind}", MACHINE, at)
    assert breakdowns(store) == [("closed", "09:00", "10:00"), ("closed", "09:05", "10:00")]
    assert of(store, "machine", "M8")["state"] == "Up"
    assert store.claims("machine/M8", f"{DAY}00:00:00Z", f"{DAY}23:00:00Z") == []


@pytest.mark.parametrize(
    "reports",
    [
        "down 09:00, up 10:00, up 11:00, up 12:00, down 09:30",
        "down 09:00, down 09:30, up 09:15",
        "down 09:30, up 09:30, down 09:00, up 12:00",
        "down 12:00, up 12:00, down 11:00",
        "up 10:00, up 11:00, down 12:00",
        "down 09:00, up 10:00, down 10:00, down 11:00, up 12:00",
    ],
)
def test_same_reports_leave_the_same_in_any_order(reports: str) -> None:
    """Downtimes, claims, and whether the machine is up, and since when."""
    left = set()
    for order in permutations(reports.split(", ")):
        store = floor()
        for kind, at in (report.split() for report in order):
            store.report(f"machine.{kind}", MACHINE, at)
        machine = of(store, "machine", "M8")
        held = tuple(store.claims("machine/M8", f"{DAY}00:00:00Z", f"{DAY}23:00:00Z"))
        times = tuple((c.start, c.end) for c in held)
        left.add((tuple(sorted(breakdowns(store))), times, machine["state"], machine["since"]))
    assert len(left) == 1


def test_machine_stays_down_while_a_later_stop_lasts() -> None:
    store = floor()
    for kind, at in (("down", "09:00"), ("down", "09:30"), ("up", "09:15")):
        store.report(f"machine.{kind}", MACHINE, at)
    machine = of(store, "machine", "M8")
    assert (machine["state"], machine["since"]) == ("Down", f"{DAY}09:30:00Z")


@pytest.mark.parametrize(
    ("state", "since", "kind", "expected"),
    [
        ("Up", "09:00", "down", "Down"),
        ("Up", "11:00", "down", "Up"),
        ("Down", "09:00", "up", "Up"),
        ("Down", "11:00", "up", "Down"),
    ],
)
def test_report_from_before_changes_nothing_that_others_said_since(
    state: str, since: str, kind: str, expected: str
) -> None:
    store = Floor()
    store.add("machine", "M8", state=state, since=f"{DAY}{since}:00Z")
    store.report(f"machine.{kind}", MACHINE, "10:00")
    assert of(store, "machine", "M8")["state"] == expected


def test_return_of_a_machine_whose_stop_nobody_told_of_is_no_breakdown() -> None:
    store = floor()
    store.report("machine.up", MACHINE, "10:18")
    figures = window_figures(store, store.find("machine"), f"{DAY}00:00:00Z", f"{DAY}23:00:00Z")
    assert [f["numerator"] for f in figures if f["name"] == "breakdowns"] == [0]


def test_instant_written_in_two_ways_is_one_report() -> None:
    store = floor()
    store.report("machine.down", MACHINE, "09:10")
    store.report("machine.down", MACHINE, "09:10", at=f"{DAY}09:10:00.000Z")
    assert len(breakdowns(store)) == 1


def test_late_breakdown_is_68_minutes_and_the_machine_is_up() -> None:
    store = floor()
    store.report("machine.up", MACHINE, "10:18")
    store.report("machine.down", MACHINE, "09:10")
    [downtime] = store.find("downtime", machine="M8")
    assert minutes_between(downtime["start"], downtime["end"]) == 68
    assert (downtime["state"], of(store, "machine", "M8")["state"]) == ("closed", "Up")


def test_breakdown_told_twice_is_one_downtime() -> None:
    store = floor()
    for _ in range(2):
        store.report("machine.down", MACHINE, "09:10")
        store.report("machine.up", MACHINE, "10:18")
    assert breakdowns(store) == [("closed", "09:10", "10:18")]


def test_breakdown_that_ends_when_it_begins_does_not_stay_open() -> None:
    store = floor()
    store.report("machine.down", MACHINE, "09:10")
    store.report("machine.up", MACHINE, "09:10")
    assert breakdowns(store) == [("closed", "09:10", "09:10")]


def test_overlapping_breakdowns_are_recorded_not_refused() -> None:
    store = floor()
    for kind, at in (("down", "09:00"), ("up", "11:00"), ("down", "10:00"), ("up", "12:00")):
        store.report(f"machine.{kind}", MACHINE, at)
    assert breakdowns(store) == [("closed", "09:00", "11:00"), ("closed", "10:00", "12:00")]


def test_lock_outlasts_a_report_that_the_machine_is_back() -> None:
    store = Floor()
    lock = {"person": "p.costa", "at": f"{DAY}08:00:00Z"}
    store.add("machine", "M8", state="LockedOut", locks=[lock])
    store.report("machine.up", MACHINE, "10:18")
    assert of(store, "machine", "M8")["state"] == "LockedOut"


def test_ready_from_control_never_ends_a_breakdown() -> None:
    store = floor()
    store.report("machine.down", MACHINE, "09:10")
    store.report("machine.cycle_finished", MACHINE, "09:30", new="READY")
    assert of(store, "machine", "M8")["state"] == "Down"
    assert of(store, "signal", "M8")["reported"] == "READY"
    assert breakdowns(store)[0][0] == "open"


@pytest.mark.parametrize(
    "kind", sorted(k for k in KINDS if k.startswith("machine.") and k != "machine.added")
)
def test_fact_about_an_unknown_machine_writes_nothing(kind: str) -> None:
    effects = Floor().report(kind, "machine/M99")
    assert effects.puts == ()


def test_machine_is_added_once() -> None:
    store = Floor()
    for line in ("L1", "L2"):
        store.report("machine.added", "machine/M99", line=line, abilities=["milling"], asset="No. 7")
    machine = of(store, "machine", "M99")
    assert (machine["line"], machine["state"], machine["asset"]) == ("L1", "Up", "No. 7")


# Orders


RELEASED: Mapping[str, Any] = {"order": "O-1", "item": "ROD", "quantity": 10}


def test_unknown_order_is_created_by_its_release_and_a_known_one_is_not_changed() -> None:
    store = Floor()
    store.report("order.released", "order/O-1", **RELEASED, flags=["due_assumed"])
    order = of(store, "order", "O-1")
    assert (order["state"], order["priority"], order["due"], order["good"]) == ("Released", 3, None, 0)
    assert order["flags"] == ["due_assumed"]
    store.report("order.released", "order/O-1", **{**RELEASED, "quantity": 99})
    assert of(store, "order", "O-1")["quantity"] == 10


def test_forecast_order_is_released() -> None:
    store = Floor()
    store.add("order", "O-1", state="Forecast", quantity=10)
    store.report("order.released", "order/O-1", **RELEASED)
    assert of(store, "order", "O-1")["state"] == "Released"


@pytest.mark.parametrize("kind", ["run.reported", "setup.reported"])
def test_work_begins_an_order_once(kind: str) -> None:
    store = Floor()
    store.report("order.released", "order/O-1", **RELEASED)
    first = store.report(kind, "order/O-1", order="O-1", good=5)
    second = store.report(kind, "order/O-1", order="O-1", good=5)
    assert of(store, "order", "O-1")["state"] == "Running"
    assert (len(first.written()), len(second.written())) == (1, 0)
    assert of(store, "order", "O-1")["good"] == 0, "pieces are good when they are packed"


def test_run_counts_what_it_is_reported_and_no_set_up_pieces() -> None:
    store = Floor()
    store.add("run", "R-1", order="O-1", good=0, rejected=0, state="Running", at_risk=None)
    store.report("run.reported", "run/R-1", run="R-1", good=5, rejected=1)
    store.report("setup.reported", "run/R-1", run="R-1", good=2)
    run = of(store, "run", "R-1")
    assert (run["good"], run["rejected"]) == (5, 1)


def test_order_is_complete_when_the_packed_sum_reaches_it() -> None:
    store = Floor()
    store.report("order.released", "order/O-1", **RELEASED)
    seen = []
    for quantity in (4, 0, 6, 3):
        effects = store.report("order.packed", "order/O-1", order="O-1", quantity=quantity)
        seen.append([e.type for e in effects.events])
    assert seen == [[], [], ["order.completed"], []]
    order = of(store, "order", "O-1")
    assert (order["state"], order["good"]) == ("Completed", 13)


def test_order_short_of_its_quantity_is_not_completed_by_a_report() -> None:
    store = Floor()
    store.report("order.released", "order/O-1", **RELEASED)
    store.report("order.completed", "order/O-1", order="O-1")
    assert of(store, "order", "O-1")["state"] == "Released"


@pytest.mark.parametrize(
    ("counts", "verdict"),
    [((5, 2, 0), "accepted"), ((0, 2, 1), "rejected"), ((0, 0, 1), "mrb"), ((0, 0, 0), "accepted")],
)
def test_inspection_is_added_with_the_verdict_its_counts_give(counts: tuple[int, ...], verdict: str) -> None:
    store = Floor()
    named = dict(zip(("accepted", "rejected", "mrb"), counts, strict=True))
    said = {"inspection": "I-1", "subject": "order/O-1", **named}
    effects = store.report("inspection.recorded", "order/O-1", **said)
    assert len(effects.written()) == 1
    assert of(store, "inspection", "I-1")["verdict"] == verdict
    again = store.report("inspection.recorded", "order/O-1", **{**said, "accepted": 99})
    assert again.written() == ()


# Signals


def test_signal_keeps_what_control_reported_last() -> None:
    store = floor()
    store.report("machine.mode_changed", MACHINE, "08:00", new="AUTOMATIC")
    store.report("machine.program_changed", MACHINE, "08:01", new="A\\B c.H")
    store.report("machine.cycle_started", MACHINE, "08:02", new="ACTIVE")
    store.report("machine.cycle_finished", MACHINE, "07:00", new="READY")
    signal = of(store, "signal", "M8")
    assert (signal["mode"], signal["program"], signal["reported"]) == ("AUTOMATIC", "A\\B c.H", "ACTIVE")


def test_other_items_of_a_control_write_nothing() -> None:
    assert floor().report("machine.state_changed", item="Tool_number", new="7").written() == ()


def test_alarms_stay_open_until_they_are_cleared() -> None:
    store = floor()
    store.report("machine.fault", MACHINE, "08:00", item="system", code="1", text="odd noise")
    store.report("machine.warning", MACHINE, "08:01", item="system", code="2")
    store.report("machine.warning", MACHINE, "08:02", item="logic", code="1")
    signal = of(store, "signal", "M8")
    assert signal["open_faults"] == ["system:1", "system:2", "logic:1"]
    store.report("machine.fault_cleared", MACHINE, "08:03", item="system", code="1")
    assert of(store, "signal", "M8")["open_faults"] == ["system:2", "logic:1"]
    store.report("machine.fault_cleared", MACHINE, "08:04", item="system")
    assert of(store, "signal", "M8")["open_faults"] == ["logic:1"]


def test_alarm_that_means_an_emergency_publishes_both() -> None:
    store = floor()
    pressed = store.report("machine.fault", item="system", code="B6", emergency=True)
    released = store.report("machine.fault_cleared", item="system", emergency=True)
    assert [e.type for e in (*pressed.events, *released.events)] == [
        "machine.emergency_stop",
        "machine.emergency_cleared",
    ]


@pytest.mark.parametrize("kind", sorted(k for k in KINDS if k.startswith("machine.cycle_")))
def test_fact_of_a_control_changes_one_record(kind: str) -> None:
    store = floor()
    store.report(kind, MACHINE, "08:00", new="ACTIVE")
    assert len(store.report(kind, MACHINE, "08:01", new="READY").written()) == 1
