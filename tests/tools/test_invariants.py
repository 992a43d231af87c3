"""Each invariant names what is wrong with a record that breaks it, and nothing about one that does not."""

from typing import Any

import pytest

from .plant_world import plant as world
from .snapshot_fake import NOW, FakePlant, machine_7, tue, two_orders

STOCK = {"on_hand": 500, "allocated": 0}
BROKEN: list[tuple[str, str, dict[str, Any]]] = [
    ("run_span", "R-701", {"start": tue(11), "end": tue(11)}),
    ("machine_up", "M7", {"locks": [{"person": "p.costa", "at": NOW}]}),
    ("downtime_span", "D-1", {"end": tue(15)}),
    ("outside_limits", "D-1", {"end": tue(67)}),
    ("outside_limits", "D-1", {"start": tue(5)}),
    ("one_corrective", "MO-72", {"type": "CM"}),
    ("release_role", "H-1", {"kind": "compliance"}),
    ("stock_adds_up", "CX", {**STOCK, "on_hand": 499}),
    ("stock_adds_up", "CX", {**STOCK, "allocated": 1}),
    ("allocation_fits", "A-1", {"issued": 5, "quantity": 4}),
    ("allocation_fits", "A-1", {"quantity": 501}),
    ("purchase_counts", "PO-1", {"received": 3, "rejected": 4}),
]


def plant() -> FakePlant:
    made = machine_7()
    made.records |= two_orders().records
    made.downtime("D-1", tue(15), tue(19), maintenance_order="MO-71")
    made.add("maintenance_order", "MO-72").add("maintenance_order", "MO-73", type="CM")
    made.add("hold", "H-1", subject="lot/L80", state="released")
    made.add("allocation", "A-1", order="O-201", item="CX", lot="L80", quantity=0)
    return made.add("purchase", "PO-1", item="CX", received=3, rejected=3, state="open")


def problems(store: FakePlant) -> set[str]:
    return {
        i.code
        for i in world().toolbox.invariants
        for record in store.find(i.type)
        if i.check(record, store) is not None
    }


def test_whole_plant_has_no_problem() -> None:
    assert problems(plant()) == set()


@pytest.mark.parametrize(("code", "key", "changes"), BROKEN)
def test_broken_record_is_named(code: str, key: str, changes: dict[str, Any]) -> None:
    store = plant()
    ref = next(r for r in store.records if r.key == key)
    store.add(ref.type, key, **{**store.of(ref.type, key).body, **changes})
    assert code in problems(store)


def test_machine_is_not_up_while_a_downtime_covers_now() -> None:
    store = plant().downtime("D-2", NOW, tue(1), kind="breakdown", state="open")
    assert problems(store) == {"machine_up"}


def test_allocations_never_exceed_what_is_unrestricted() -> None:
    store = plant().add("allocation", "A-1", order="O-201", item="CX", lot="L80", quantity=400)
    store.add("stock", "CX", **{**store.of("stock", "CX").body, "allocated": 400})
    assert problems(store) == set()
    store.add("hold", "H-2", subject="lot/L80", quantity=200)
    assert problems(store) == {"overallocated"}


def test_later_operation_does_not_start_before_the_earlier_ends() -> None:
    store = plant().run("R-711", tue(10), tue(12), operation="OP20", machine="M6")
    assert problems(store) == {"sequence"}
    store.add("run", "R-711", **{**store.of("run", "R-711").body, "at_risk": "D-1"})
    assert problems(store) == set()
