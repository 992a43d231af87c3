"""Facts are recorded whatever was planned, and change nothing when they say nothing new."""

import pytest

from protocol.effects import Emit
from tools.reflexes import contain

from .snapshot_fake import NOW, FakePlant, machine_7, tue, two_orders


def test_maintenance_due_leaves_a_known_order_and_creates_a_missing_one() -> None:
    plant = machine_7()
    plant.tell("maintenance.due", "maintenance_order/MO-71", {"maintenance_order": "MO-71", "machine": "M7"})
    assert plant.of("maintenance_order", "MO-71").version == 0
    plant.tell("maintenance.due", "machine/M7", {"machine": "M7", "type": "calibration", "est_min": 60})
    made = next(o for o in plant.find("maintenance_order") if o["type"] == "calibration")
    assert (made["machine"], made["state"], made["est_min"]) == ("M7", "Requested", 60)
    plant.tell("maintenance.due", "machine/M99", {"machine": "M99"})
    assert len(plant.find("maintenance_order")) == 2


def test_expired_calibration_makes_the_gauge_invalid() -> None:
    plant = FakePlant().add("gauge", "G12", valid_until=tue(12))
    assert plant.ask("measured_with", gauge="G12")["valid"] is True
    plant.tell("calibration.expired", "gauge/G12", {"gauge": "G12", "valid_until": NOW})
    assert plant.ask("measured_with", gauge="G12")["valid"] is False


def test_started_and_finished_run_counts_once_and_frees_its_machine() -> None:
    plant = machine_7()
    plant.tell("run.started", "run/R-701", {"run": "R-701"})
    assert (plant.of("run", "R-701")["state"], plant.of("order", "O-310")["state"]) == ("Running", "Running")
    for _ in range(2):
        plant.tell("run.finished", "run/R-701", {"run": "R-701", "good": 190, "rejected": 10, "end": tue(10)})
    assert (plant.of("run", "R-701")["state"], plant.of("run", "R-701")["good"]) == ("Completed", 190)
    assert plant.of("order", "O-310")["good"] == 190
    assert not plant.claims("machine/M7", tue(7), tue(11))
    plant.tell("run.started", "run/R-701", {"run": "R-701"})
    assert plant.of("run", "R-701")["state"] == "Completed"


def test_pieces_of_an_order_count_at_its_last_operation() -> None:
    steps = [
        {"operation": o, "ability": "laser_marking", "setup_min": 0, "run_min": 60} for o in ("OP10", "OP20")
    ]
    plant = machine_7().order("O-310", operations=steps)
    plant.tell("run.finished", "run/R-701", {"run": "R-701", "good": 190})
    assert (plant.of("run", "R-701")["good"], plant.of("order", "O-310")["good"]) == (190, 0)


def test_report_without_a_run_changes_nothing() -> None:
    plant = machine_7()
    plant.tell("run.finished", "machine/M7", {"machine": "M7", "good": 5})
    assert plant.of("order", "O-310")["good"] == 0


@pytest.mark.parametrize(
    ("subject", "held", "acts"),
    [
        ("lot/L80", False, True),
        ("lot/L80", True, False),
        ("lot/L99", False, False),
        ("PLATE-07", False, False),
    ],
)
def test_failed_inspection_is_contained_by_a_hold_once(subject: str, held: bool, acts: bool) -> None:
    plant = two_orders()
    if held:
        plant.add("hold", "H-1", subject="lot/L80")
    params = contain(Emit("inspection.failed", subject, {"subject": subject, "rejected": 3, "mrb": 0}), plant)
    assert (params is not None) == acts
    if params is not None:
        plant.commit("place_hold", params)
        assert plant.ask("hold_status", subject=subject)["usable"] == "no"
