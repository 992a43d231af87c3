"""What a text names, and who goes first among equals."""

from typing import Any

import pytest

from tools.words import mentions, order_of

from .snapshot_fake import FakePlant, machine_7, two_orders


def plant() -> FakePlant:
    made = machine_7()
    made.records |= two_orders().records
    made.order("CASE-12").add("lot", "L88", item="CX", quantity=0).add("lot", "L-18", item="CX", quantity=0)
    made.add("machine", "OVEN").add("stock", "HN-4402").add("gauge", "G12").add(
        "hold", "H-12", subject="gauge/G12"
    )
    return made


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What's next on Machine 7?", ["machine/M7"]),
        ("is machine 7 back", ["machine/M7"]),
        ("machines 7 and M7", ["machine/M7"]),
        ("Move R-702 before R-701.", ["run/R-702", "run/R-701"]),
        ("run 701, order 310", ["run/R-701", "order/O-310"]),
        ("can Case 12 make it", ["order/CASE-12"]),
        ("release the hold on lot 18", ["lot/L-18"]),
        ("l88 failed, MO-71 is due, G12 expired", ["lot/L88", "maintenance_order/MO-71", "gauge/G12"]),
        ("hold 12 (H-12)", ["hold/H-12"]),
        ("do we have enough HN-4402 or CX?", ["stock/HN-4402", "stock/CX"]),
        ("put it in the oven", []),
        ("put it in the OVEN", ["machine/OVEN"]),
        ("Machine 99 and R-9999", []),
        ("", []),
        ("M7-", ["machine/M7"]),
    ],
)
def test_text_names_records_that_exist(text: str, expected: list[str]) -> None:
    assert [str(ref) for ref in mentions(text, plant())] == expected


def test_long_text_is_read_within_a_bound() -> None:
    assert mentions("M8 " * 100_000 + "M7", plant()) == []


@pytest.mark.parametrize(
    ("kind", "params"),
    [
        ("allocate_stock", {"order": "O-202", "item": "CX", "quantity": 1}),
        ("release_allocation", {"allocation": "A-1", "to_order": "O-202"}),
        ("move_run", {"run": "R-1"}),
        ("change_approved_runs", {"moves": [{"run": "R-1"}]}),
    ],
)
def test_rank_is_that_of_the_order_an_action_serves(kind: str, params: dict[str, Any]) -> None:
    store = plant().add("run", "R-1", order="O-202")
    assert order_of(kind, params, store) == (1, "2026-03-06T15:00:00Z", "O-202")
    assert order_of("open_downtime", {"machine": "M7"}, store) > order_of(kind, params, store)


def test_priority_goes_before_due_and_due_before_key() -> None:
    store = (
        FakePlant().order("O-1", priority=2, due=None).order("O-2", priority=2, due="2026-03-05T00:00:00Z")
    )
    store.order("O-3", priority=1).order("O-4", priority=2, due="2026-03-05T00:00:00Z")
    keys = sorted(("O-1", "O-2", "O-3", "O-4"), key=lambda k: order_of("allocate_stock", {"order": k}, store))
    assert keys == ["O-3", "O-2", "O-4", "O-1"]
