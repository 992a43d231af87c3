"""Inspections are added, holds stand until the right person signs, and what is held is not used."""

from typing import Any

import pytest

from protocol.commit import Applied
from protocol.effects import Effects

from .plant_world import plant as world
from .snapshot_fake import NOW, machine_7, tue, two_orders
from .test_run_actions import MOVE, PLAN, code
from .test_stock_actions import want

HOLD = {"subject": "lot/L80", "kind": "quality", "reason": "burrs"}
SEEN = {"subject": "lot/L80", "accepted": 10, "rejected": 0, "mrb": 0}
MEASURED = {"nominal": "11.0000", "tol_min": "-0.0500", "tol_max": "0.0500"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, None),
        ({"subject": "lot/L99"}, "unknown_subject"),
        ({"kind": "compliance", "release_role": "plant_manager"}, "wrong_role"),
        ({"kind": "compliance"}, None),
        ({"subject": "gauge/G12"}, "already_held"),
        ({"subject": "gauge/G12", "kind": "compliance"}, None),
    ],
)
def test_hold_is_placed_on_what_exists_once(changes: dict[str, Any], expected: str | None) -> None:
    plant = two_orders().add("gauge", "G12").add("hold", "H-1", subject="gauge/G12")
    assert code(plant.would("place_hold", {**HOLD, **changes})) == expected


@pytest.mark.parametrize(
    ("kind", "role"),
    [("in_process", "quality_engineer"), ("compliance", "qa_manager"), ("engineering", "engineering")],
)
def test_hold_names_who_releases_it(kind: str, role: str) -> None:
    plant = two_orders()
    assert isinstance(plant.commit("place_hold", {**HOLD, "kind": kind}), Applied)
    assert plant.find("hold")[0]["release_role"] == role


def test_hold_on_a_lot_tells_of_everything_split_from_it() -> None:
    plant = two_orders().add("lot", "L80-1", item="CX", quantity=0, parent="L80")
    plant.commit("place_hold", HOLD)
    assert [e["lot"] for e in plant.told("lot.held")] == ["L80", "L80-1"]
    assert plant.ask("hold_status", subject="lot/L80-1")["usable"] == "no"


@pytest.mark.parametrize(
    ("hold", "role"),
    [
        ({"kind": "quality", "release_role": "engineering"}, "engineering"),
        ({"kind": "compliance", "release_role": "plant_manager"}, "qa_manager"),
    ],
)
def test_release_is_signed_by_the_role_of_the_hold(hold: dict[str, str], role: str) -> None:
    plant = two_orders().add("hold", "H-12", subject="lot/L80", **hold)
    signature = world().kinds["release_hold"].signature
    params = {"hold": "H-12", "evidence": "measured again", "reason": "fine"}
    assert signature is not None and signature(params, plant) == role
    assert signature({**params, "hold": "H-99"}, plant) == "qa_manager"


def test_released_hold_keeps_who_signed_and_is_not_released_again() -> None:
    plant = two_orders().add("hold", "H-12", subject="lot/L80")
    params = {"hold": "H-12", "evidence": "measured again", "reason": "fine"}
    assert isinstance(plant.commit("release_hold", params, ("h.novak",)), Applied)
    assert (plant.of("hold", "H-12")["state"], plant.of("hold", "H-12")["released_by"]) == (
        "released",
        "h.novak",
    )
    assert plant.told("hold.released")[0]["by"] == "h.novak"
    assert code(plant.would("release_hold", params)) == "not_active"


@pytest.mark.parametrize(
    ("changes", "verdict", "failed"),
    [
        ({}, "accepted", False),
        ({"rejected": 1}, "rejected", True),
        ({"mrb": 1}, "mrb", True),
        ({"measured": "11.0500", **MEASURED}, "accepted", False),
        ({"measured": "11.0501", **MEASURED}, "rejected", True),
        ({"measured": "10.9499", **MEASURED}, "rejected", True),
        ({"measured": "99.0000"}, "accepted", False),
        ({"gauge": "G14"}, "accepted", False),
        ({"gauge": "G12"}, "unusable", False),
        ({"gauge": "G13", "rejected": 5}, "unusable", False),
    ],
)
def test_inspection_has_the_verdict_of_its_counts_tolerance_and_gauge(
    changes: dict[str, Any], verdict: str, failed: bool
) -> None:
    plant = two_orders().add("gauge", "G14", valid_until=tue(12)).add("gauge", "G12", valid_until=NOW)
    plant.add("gauge", "G13", valid_until=tue(12)).add("hold", "H-1", subject="gauge/G13")
    assert isinstance(plant.commit("record_inspection", {**SEEN, **changes}), Applied)
    assert plant.find("inspection")[0]["verdict"] == verdict
    assert bool(plant.told("inspection.failed")) == failed


def test_lot_stays_unusable_after_a_failed_inspection_until_one_is_accepted() -> None:
    plant = two_orders()
    plant.commit("record_inspection", {**SEEN, "rejected": 1})
    assert plant.ask("hold_status", subject="lot/L80")["usable"] == "no"
    plant.now = tue(8)
    plant.commit("record_inspection", SEEN)
    assert plant.ask("hold_status", subject="lot/L80")["usable"] == "yes"
    assert len(plant.find("inspection")) == 2


@pytest.mark.parametrize(
    ("subject", "kind", "params"),
    [
        ("lot/L80", "allocate_stock", want("O-201", 10, lot="L80")),
        ("order/O-201", "allocate_stock", want("O-201", 10)),
        ("machine/M7", "plan_run", PLAN),
        ("order/O-310", "plan_run", PLAN),
        ("order/O-310", "move_run", MOVE),
        ("run/R-701", "move_run", MOVE),
        (
            "run/R-702",
            "change_approved_runs",
            {"moves": [{**MOVE, "run": "R-702"}], "gain_min": 9, "reason": "x"},
        ),
    ],
)
@pytest.mark.parametrize(("hold", "refused"), [("compliance", "compliance_hold"), ("in_process", "held")])
def test_nothing_uses_what_a_hold_covers(
    subject: str, kind: str, params: dict[str, Any], hold: str, refused: str
) -> None:
    plant = machine_7()
    plant.records |= two_orders().records
    assert plant.rule(kind, params) is None or plant.rule(kind, params).code == "run_approved"  # type: ignore[union-attr]
    role = "qa_manager" if hold == "compliance" else "quality_engineer"
    plant.add("hold", "H-12", subject=subject, kind=hold, reason="gauge expired", release_role=role)
    found = plant.rule(kind, params)
    assert found is not None
    assert (found.code, found.role) == (refused, role)
    assert all(word in found.message for word in ("H-12", hold, "gauge expired", role))
    plant.add("hold", "H-12", subject=subject, kind=hold, state="released")
    assert plant.rule(kind, params) is None


def test_run_of_a_held_lot_is_not_moved() -> None:
    """S7: R-500 uses a lot under compliance hold."""
    plant = machine_7().add("lot", "L95", item="PLATE", quantity=160)
    plant.add("hold", "H-12", subject="lot/L95", kind="compliance", release_role="qa_manager")
    plant.run("R-500", tue(15), tue(16), lots=["L95"])
    found = plant.rule("move_run", {**MOVE, "run": "R-500", "start": tue(17)})
    assert found is not None and found.code == "compliance_hold"


def test_order_may_leave_a_held_machine_but_not_enter_one() -> None:
    plant = machine_7().add("machine", "M6").add("hold", "H-1", subject="machine/M7")
    assert plant.rule("move_run", {**MOVE, "to": "M6"}) is None
    plant.add("hold", "H-1", subject="machine/M6")
    found = plant.rule("move_run", {**MOVE, "to": "M6"})
    assert found is not None and found.code == "held"


def test_hold_on_a_part_refuses_only_what_reaches_into_it() -> None:
    plant = two_orders().add("hold", "H-1", subject="lot/L80", quantity=300)
    assert plant.rule("allocate_stock", want("O-201", 150, lot="L80")) is None
    assert isinstance(plant.would("allocate_stock", want("O-201", 150)), Effects)
    assert code(plant.would("allocate_stock", want("O-201", 201, lot="L80"))) == "short"


def test_alternatives_name_another_lot_a_valid_gauge_and_another_order() -> None:
    plant = two_orders().add("lot", "L81", item="CX", quantity=30)
    plant.order("O-500", priority=1, materials=[{"item": "CX", "quantity": 120}])
    plant.add("allocation", "A-1", order="O-500", item="CX", lot="L80", quantity=120)
    plant.add("hold", "H-12", subject="lot/L80", kind="compliance", release_role="qa_manager")
    plant.add("gauge", "G12", valid_until=NOW).add("gauge", "G14", valid_until=tue(12))
    found = plant.ask("alternatives_for", order="O-500")
    assert [h["hold"] for h in found["blocked_by"]] == ["H-12"]
    assert [(lot["lot"], lot["free"]) for lot in found["lots"]] == [("L81", 30)]
    assert [g["gauge"] for g in found["gauges"]] == ["G14"]
    assert [o["order"] for o in found["orders"]] == ["O-202", "O-201"]


def test_who_decides_about_a_hold_is_its_release_role() -> None:
    plant = machine_7().add("hold", "H-12", subject="run/R-701", kind="compliance", release_role="qa_manager")
    assert plant.ask("who_decides", ref="hold/H-12")["role"] == "qa_manager"
    assert plant.ask("who_decides", ref="run/R-702")["roles"] == ["production_planner", "shift_supervisor"]
    assert plant.ask("who_decides", ref="run/R-701")["roles"] == ["shift_supervisor"]
    assert plant.ask("who_decides", ref="below_safety")["role"] == "materials_planner"
    assert plant.ask("who_decides", ref="moon/M1")["role"] is None


def test_measured_with_lists_what_an_expired_gauge_touched() -> None:
    plant = two_orders().add("gauge", "G12", valid_until=NOW)
    plant.add("inspection", "I-1", subject="lot/L80", gauge="G12", at="2026-03-02T08:59:59Z")
    plant.add("inspection", "I-2", subject="lot/L81", gauge="G12", at=NOW)
    assert plant.ask("measured_with", gauge="G12")["lots"] == ["L81"]
    assert plant.ask("measured_with", gauge="G12", since="2026-03-01T00:00:00Z")["lots"] == ["L80", "L81"]
