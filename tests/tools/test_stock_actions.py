"""Allocating what is there, and nothing that is not."""

from typing import Any

import pytest

from protocol.commit import Applied
from protocol.effects import Refusal

from .plant_world import plant as world
from .snapshot_fake import NOW, FakePlant, tue, two_orders
from .test_run_actions import code


def want(order: str, quantity: int = 400, **more: Any) -> dict[str, Any]:
    return {"item": "CX", "quantity": quantity, "order": order, **more}


def test_second_of_two_wants_is_short_and_says_what_is_missing() -> None:
    """S2 (a), after the order of rank has put O-202 first."""
    plant = two_orders()
    assert isinstance(plant.commit("allocate_stock", want("O-202")), Applied)
    refused = plant.would("allocate_stock", want("O-201"))
    assert code(refused) == "short"
    assert [dict(e.data) for e in refused.events] == [
        {"order": "O-201", "item": "CX", "missing": 400, "next_receipt": None}
    ]
    assert (plant.of("stock", "CX")["on_hand"], plant.of("stock", "CX")["allocated"]) == (500, 400)
    assert plant.ask("get_stock", item="CX")["available"] == 100


def test_partial_order_takes_what_is_above_safety_stock() -> None:
    plant = two_orders().order("O-201", partial_ok=True)
    plant.commit("allocate_stock", want("O-202"))
    assert isinstance(plant.commit("allocate_stock", want("O-201")), Applied)
    assert [e["quantity"] for e in plant.told("allocation.committed")] == [400, 50]
    assert [e["missing"] for e in plant.told("shortage.detected")] == [350]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        (want("O-201", 450), None),
        (want("O-201", 451), "below_safety"),
        (want("O-201", 501), "short"),
        (want("O-999"), "unknown_order"),
        (want("O-900"), "unknown_order"),
        ({**want("O-201"), "item": "CY"}, "unknown_item"),
        (want("O-201", lot="L99"), "unknown_lot"),
        (want("O-201", lot="L80"), None),
        (want("O-201", lot="L81"), "lot_held"),
        (want("O-310", 100), None),
        (want("O-310", 101), "not_needed"),
    ],
)
def test_allocation_is_refused_with_the_code_of_its_cause(
    params: dict[str, Any], expected: str | None
) -> None:
    plant = two_orders().order("O-900", state="Completed")
    plant.add("lot", "L81", item="CX", quantity=0, purchase="PO-1")
    plant.order("O-310", materials=[{"item": "CX", "quantity": 100}])
    assert code(plant.would("allocate_stock", params)) == expected


def test_better_ranked_loser_is_pointed_to_the_planner_and_takes_nothing() -> None:
    """S2 (c): first come keeps it; the other way is the planner's signature on another action."""
    plant = two_orders()
    plant.commit("allocate_stock", want("O-201"))
    refused = plant.would("allocate_stock", want("O-202"))
    assert isinstance(refused, Refusal)
    assert (refused.code, refused.role) == ("short", "materials_planner")
    found = plant.ask("shortage", order="O-202", item="CX", quantity=400)
    assert [(t["order"], t["quantity"]) for t in found["may_take"]] == [("O-201", 400)]
    assert plant.ask("shortage", order="O-201", item="CX", quantity=400)["may_take"] == []


def test_allocation_taken_for_another_order_needs_a_signature_and_moves_at_once() -> None:
    plant = two_orders()
    plant.commit("allocate_stock", want("O-201"))
    (allocation,) = plant.find("allocation")
    params = {"allocation": allocation.key, "quantity": 400, "to_order": "O-202", "reason": "rank"}
    signature = world().kinds["release_allocation"].signature
    assert signature is not None and signature(params, plant) == "policy"
    assert isinstance(plant.commit("release_allocation", params, ("k.amari",)), Applied)
    assert {(a["order"], a["quantity"]) for a in plant.find("allocation")} == {("O-201", 0), ("O-202", 400)}
    assert plant.of("stock", "CX")["allocated"] == 400
    assert [e["order"] for e in plant.told("shortage.detected")] == ["O-201"]


@pytest.mark.parametrize(
    ("order_state", "held", "to_order", "role"),
    [
        ("Released", False, None, "policy"),
        ("Cancelled", False, None, None),
        ("Released", True, None, None),
        ("Cancelled", False, "O-202", "policy"),
    ],
)
def test_release_is_free_only_when_nobody_loses(
    order_state: str, held: bool, to_order: str | None, role: str | None
) -> None:
    plant = two_orders().order("O-201", state=order_state)
    plant.add("allocation", "A-1", order="O-201", item="CX", lot="L80", quantity=400)
    if held:
        plant.add("hold", "H-1", subject="lot/L80")
    params = {"allocation": "A-1", "quantity": 400, "to_order": to_order, "reason": "x"}
    signature = world().kinds["release_allocation"].signature
    assert signature is not None and signature(params, plant) == role


@pytest.mark.parametrize(("quantity", "expected"), [(360, None), (361, "issued")])
def test_what_is_issued_is_not_released(quantity: int, expected: str | None) -> None:
    plant = two_orders().add(
        "allocation", "A-1", order="O-201", item="CX", lot="L80", quantity=400, issued=40
    )
    params = {"allocation": "A-1", "quantity": quantity, "reason": "x"}
    assert code(plant.would("release_allocation", params)) == expected


def two_lots(**order: Any) -> FakePlant:
    plant = FakePlant().add("stock", "CX", on_hand=500).order("O-201", **order)
    plant.add("lot", "L1", item="CX", quantity=200, received="2026-02-01T08:00:00Z")
    return plant.add("lot", "L2", item="CX", quantity=300, received="2026-02-02T08:00:00Z")


@pytest.mark.parametrize(
    ("order", "quantity", "lots"),
    [
        ({}, 150, {"L1": 150}),
        ({}, 250, {"L2": 250}),
        ({}, 350, {}),
        ({"partial_ok": True}, 350, {"L2": 300}),
        ({"mixing_ok": True}, 350, {"L1": 200, "L2": 150}),
    ],
)
def test_oldest_lot_that_suits_is_taken_and_lots_are_mixed_only_where_allowed(
    order: dict[str, Any], quantity: int, lots: dict[str, int]
) -> None:
    plant = two_lots(**order)
    done = plant.commit("allocate_stock", want("O-201", quantity))
    assert isinstance(done, Applied) == bool(lots)
    assert {e["lot"]: e["quantity"] for e in plant.told("allocation.committed")} == lots


def test_order_stays_with_the_lot_it_has() -> None:
    plant = two_lots()
    plant.commit("allocate_stock", want("O-201", 250))
    assert code(plant.would("allocate_stock", want("O-201", 100))) == "short"
    assert isinstance(plant.commit("allocate_stock", want("O-201", 50)), Applied)


def test_held_and_uninspected_lots_are_not_available() -> None:
    plant = two_lots().add("hold", "H-1", subject="lot/L1")
    plant.add(
        "purchase", "PO-1", item="CX", state="open", promised=tue(8), ordered=10, received=0, rejected=0
    )
    plant.add("lot", "L3", item="CX", quantity=0, purchase="PO-1")
    stock = plant.ask("get_stock", item="CX")
    assert (stock["held"], stock["available"], stock["next_receipt"]) == (200, 300, tue(8))
    assert {lot["lot"]: lot["usable"] for lot in stock["lots"]} == {"L1": "no", "L2": "yes", "L3": "unknown"}
    plant.add("inspection", "I-1", subject="lot/L3")
    assert {lot["lot"]: lot["usable"] for lot in plant.ask("get_stock", item="CX")["lots"]}["L3"] == "yes"


def test_hold_on_a_part_of_a_lot_leaves_the_rest() -> None:
    plant = two_lots().add("hold", "H-1", subject="lot/L1", quantity=120)
    stock = plant.ask("get_stock", item="CX")
    assert (stock["held"], stock["available"]) == (120, 380)
    assert {lot["lot"]: lot["free"] for lot in stock["lots"]} == {"L1": 80, "L2": 300}


def test_allocations_on_held_lots_are_left_out_of_both_sides() -> None:
    plant = two_lots().add("allocation", "A-1", order="O-201", item="CX", lot="L1", quantity=150)
    assert plant.ask("get_stock", item="CX")["available"] == 350
    plant.add("hold", "H-1", subject="lot/L1")
    assert plant.ask("get_stock", item="CX")["available"] == 300


def test_unknown_item_is_unknown_and_not_zero() -> None:
    assert FakePlant().ask("get_stock", item="ZZ") == {"item": "ZZ", "known": False}


def test_requirement_says_what_is_missing_or_that_it_is_not_known() -> None:
    plant = two_orders().order("O-310", materials=[{"item": "CX", "quantity": 100}])
    plant.add("allocation", "A-1", order="O-310", item="CX", lot="L80", quantity=30)
    (line,) = plant.ask("requirement", order="O-310")["lines"]
    assert (line["required"], line["allocated"], line["missing"]) == (100, 30, 70)
    assert plant.ask("requirement", order="O-201")["materials_known"] is False


def test_expired_lot_is_not_used() -> None:
    plant = two_lots().add("lot", "L2", item="CX", quantity=300, expires=NOW)
    assert plant.ask("get_stock", item="CX")["available"] == 200
