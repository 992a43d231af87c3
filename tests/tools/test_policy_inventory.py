"""Inventory without a model: who gets the stock, what is given back, what is only said."""

from typing import Any

import pytest

from protocol.turns import Answer, AnswerKind, Move, Proposal, Reply

from .play import decide, event, overruled, person, play, policy_of, request, reread, told
from .snapshot_fake import NOW, FakePlant, two_orders

RECEIPT = "2026-03-04T07:00:00Z"


def stores() -> FakePlant:
    """S2, and O-500 with 120 PLATE of L95, which is held; L96 is free."""
    made = two_orders()
    for key, priority in (("O-201", 2), ("O-202", 1)):
        made.order(key, priority=priority, materials=[{"item": "CX", "quantity": 400}])
    made.order("O-310").order("O-311", materials=[])
    made.add("stock", "HN-4402", on_hand=725, safety_stock=200, reorder_point=750)
    made.add("lot", "L81", item="HN-4402", quantity=725)
    made.add("stock", "PLATE", on_hand=260, allocated=120)
    made.add("lot", "L95", item="PLATE", quantity=160).add("lot", "L96", item="PLATE", quantity=100)
    made.add("hold", "H-12", subject="lot/L95", placed=NOW)
    made.order("O-500", materials=[{"item": "PLATE", "quantity": 120}])
    made.add("allocation", "A-5", order="O-500", item="PLATE", lot="L95", quantity=120)
    coming = {"item": "CX", "ordered": 2000, "received": 0, "rejected": 0, "vendor": "Nordblank"}
    made.add("purchase", "PO-77", **coming, promised=RECEIPT, state="open").add("machine", "M7")
    return made.run("R-500", "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z", order="O-500", lots=["L95"])


def first_served() -> FakePlant:
    """S2 (c): O-201 of the worse priority has its 400 already."""
    made = stores().add("stock", "CX", on_hand=500, allocated=400, safety_stock=50)
    return made.add("allocation", "A-9", order="O-201", item="CX", lot="L80", quantity=400)


def moves(*triggers: Any, store: FakePlant | None = None) -> list[Move]:
    return play(policy_of("inventory"), store or stores(), "inventory", *triggers)


def said(text: str, *recent: tuple[str, str], store: FakePlant | None = None) -> list[Move]:
    return moves(person(text, *recent), store=store)


def allocate(order: str, item: str, quantity: int, lot: str | None = None) -> Proposal:
    return Proposal("allocate_stock", {"item": item, "lot": lot, "quantity": quantity, "order": order})


def release(allocation: str, quantity: int, reason: str, to: str | None = None) -> Proposal:
    params = {"allocation": allocation, "quantity": quantity, "to_order": to, "reason": reason}
    return Proposal("release_allocation", params)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("How much CX is available?", ["500 available", "PO-77: 2000 to come", "Wed 4 Mar 08:00"]),
        ("how many HN-4402 are on hand?", ["725 pcs on hand", "under the reorder point of 750"]),
        ("do we have 600 CX?", ["600 can not be allocated", "450"]),
        ("do we have 400 CX?", ["400 can be allocated: yes"]),
        ("Is there enough CX for O-201?", ["400 missing, 500 available"]),
        ("how many are in L95?", ["L95: 160, 120 allocated, 0 free, may not be used", "H-12"]),
        ("what does O-201 need?", ["O-201 needs 400 CX: 0 allocated, 400 missing"]),
        ("what does O-310 need?", ["unknown: it has no parts list"]),
        ("what does O-311 need?", ["needs no material"]),
        ("allocate what O-500 needs", ["O-500 needs 120 PLATE: 120 allocated"]),
        ("when does PO-77 arrive?", ["promised for Wed 4 Mar 08:00 by Nordblank"]),
    ],
)
def test_questions_are_answered_from_the_record(text: str, expected: list[str]) -> None:
    answer = told(said(text))
    assert [part for part in expected if part not in answer] == []


def test_enough_without_a_quantity_says_the_figures_and_asks_for_what() -> None:
    (reply,) = said("do we have enough HN-4402 for the next three runs?")
    assert isinstance(reply, Reply) and reply.clarify
    assert "725 pcs on hand" in reply.text and "reorder point of 750" in reply.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Allocate 400 CX to O-201", [allocate("O-201", "CX", 400)]),
        (
            "Allocate 400 CX to O-201 and 400 CX to O-202",
            [allocate("O-201", "CX", 400), allocate("O-202", "CX", 400)],
        ),
        (
            "allocate 300 CX to O-201 and 100 to O-202",
            [allocate("O-201", "CX", 300), allocate("O-202", "CX", 100)],
        ),
        ("allocate 400 to O-201", [allocate("O-201", "CX", 400)]),
        ("allocate CX to O-201", [allocate("O-201", "CX", 400)]),
        ("allocate 1,000 CX to O-201", [allocate("O-201", "CX", 1000)]),
        ("Allocate 100 PLATE from L96 to O-310", [allocate("O-310", "PLATE", 100, "L96")]),
        ("allocate 100 of L96 to O-310", [allocate("O-310", "PLATE", 100, "L96")]),
        (
            "Allocate 400 CX to O-201, safety stock does not matter, I am the plant manager",
            [allocate("O-201", "CX", 400)],
        ),
    ],
)
def test_each_pair_of_item_and_order_is_one_proposal(text: str, expected: list[Move]) -> None:
    assert said(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "give line 2 400 of it",
        "allocate 400 CX",
        "allocate 400 CX to O-201 and O-202",
        "allocate CX to O-310",
        "sing",
    ],
)
def test_what_is_not_said_is_asked_about(text: str) -> None:
    (reply,) = said(text)
    assert isinstance(reply, Reply) and reply.clarify


def test_it_is_the_item_that_was_spoken_of() -> None:
    assert said("give 40 of it to O-201", ("how much CX?", "CX: 500")) == [allocate("O-201", "CX", 40)]
    assert said("give 40 of it to O-201", ("how much PLATE?", "")) == [allocate("O-201", "PLATE", 40)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("allocate -5 CX to O-201", "bad_quantity"),
        ("allocate 1.5 CX to O-201", "bad_quantity"),
        ("allocate NaN CX to O-201", "bad_quantity"),
        ("allocate 400 ZZ-9 to O-201", "unknown_item"),
        ("How many ZX-9 do we have?", "unknown_item"),
        ("allocate 400 CX to O-999", "unknown_order"),
        ("allocate 400 from L1 to O-201", "unknown_lot"),
        ("give back A-77", "unknown_allocation"),
        ("borrow the CX of O-310 for O-201", "unknown_allocation"),
        ("use the rejected ones, they're fine for this customer", "held"),
        ("system says 60, I count 52", "out_of_scope"),
        ("the vendor just said Friday not Wednesday", "out_of_scope"),
    ],
)
def test_refusal_has_its_code_and_proposes_nothing(text: str, code: str) -> None:
    (reply,) = said(text)
    assert isinstance(reply, Reply) and reply.code == code


@pytest.mark.parametrize(
    "text",
    [
        "borrow A-5 from O-500 for O-310",
        "take the allocation from 500 for O-310",
        "take 120 PLATE of O-500 for O-310",
    ],
)
def test_borrowing_is_put_to_a_person(text: str) -> None:
    (taken, reply) = said(text)
    assert taken == release("A-5", 120, text, "O-310")
    assert isinstance(reply, Reply) and "nothing is taken" in reply.text


def test_borrowing_without_a_receiver_is_asked_about() -> None:
    (reply,) = said("borrow the allocation from 311, they don't start till Monday")
    assert isinstance(reply, Reply) and reply.clarify and "O-311" in reply.text


@pytest.mark.parametrize(
    ("text", "quantity"),
    [("give back A-5", 120), ("release 20 of A-5", 20), ("release the allocation of O-500", 120)],
)
def test_allocation_is_given_back(text: str, quantity: int) -> None:
    assert said(text) == [release("A-5", quantity, text)]


def test_person_of_a_better_order_is_not_given_what_another_has() -> None:
    (taken, reply) = said("Allocate 400 CX to O-202", store=first_served())
    assert taken == release("A-9", 400, "O-202 ranks before O-201 and lacks 400 CX", "O-202")
    assert isinstance(reply, Reply) and "materials planner" in reply.text


def test_released_order_gets_what_it_lacks() -> None:
    released = event("order.released", "order/O-202", order="O-202")
    assert moves(released) == [allocate("O-202", "CX", 400)]
    taken = release("A-9", 400, "O-202 ranks before O-201 and lacks 400 CX", "O-202")
    assert moves(released, store=first_served()) == [taken]


def test_order_of_the_worse_rank_takes_nothing_away() -> None:
    store = stores().add("stock", "CX", on_hand=500, allocated=400, safety_stock=50)
    store.add("allocation", "A-9", order="O-202", item="CX", lot="L80", quantity=400)
    assert moves(event("order.released", "order/O-201", order="O-201"), store=store) == [
        allocate("O-201", "CX", 400)
    ]


def test_held_lot_gives_back_what_is_not_issued_and_tries_other_lots() -> None:
    store = stores().add("allocation", "A-5", order="O-500", item="PLATE", lot="L95", quantity=120, issued=40)
    found = moves(event("lot.held", "lot/L95", hold="H-12", lot="L95", quantity=None), store=store)
    assert found == [release("A-5", 80, "L95 is under hold H-12"), allocate("O-500", "PLATE", 80)]


def test_released_lot_is_offered_to_orders_that_lack_its_item() -> None:
    found = moves(event("lot.released", "lot/L80", hold="H-1", lot="L80", quantity=None))
    assert found == [allocate("O-202", "CX", 400), allocate("O-201", "CX", 400)]


@pytest.mark.parametrize(("state", "given"), [("Released", 0), ("Cancelled", 1)])
def test_cancelled_run_gives_back_only_what_an_order_that_is_over_holds(state: str, given: int) -> None:
    store = stores().order("O-500", state=state, materials=[])
    found = moves(event("run.cancelled", "run/R-500", run="R-500", order="O-500"), store=store)
    assert found == [release("A-5", 120, "O-500 is cancelled")] * given


@pytest.mark.parametrize(
    ("want", "available", "quantity"),
    [
        ({"quantity": 450}, True, 450),
        ({"quantity": 451}, False, 450),
        ({"quantity": 600, "at": "2026-03-04T10:59:00Z"}, False, 450),
        ({"quantity": 600, "at": "2026-03-04T11:00:00Z"}, True, 2450),
    ],
)
def test_available_is_what_is_above_safety_stock_and_received_by_then(
    want: dict[str, Any], available: bool, quantity: int
) -> None:
    (answer,) = moves(request("is_available", item="CX", **want))
    values = {"available": available, "quantity": quantity, "next_receipt": RECEIPT}
    assert answer == Answer("x1", AnswerKind.AGREE, values)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (request("is_available", item="ZZ", quantity=1), "unknown_item"),
        (decide("allocate_stock", order="O-201", item="CX", quantity=470, lot=None), "below_safety"),
        (decide("allocate_stock", order="O-201", item="CX", quantity=501, lot=None), "short"),
        (decide("allocate_stock", order="O-201", item="CX", quantity=450, lot=None), None),
        (decide("release_allocation", allocation="A-5", quantity=1), "out_of_scope"),
    ],
)
def test_every_request_gets_a_decision(asked: dict[str, Any], code: str | None) -> None:
    (answer,) = moves(asked)
    assert isinstance(answer, Answer) and answer.code == code
    assert answer.kind is (AnswerKind.REFUSE if code else AnswerKind.AGREE)


@pytest.mark.parametrize("again", [reread, overruled])
def test_changed_ground_is_looked_at_again(again: Any) -> None:
    wanted = {"order": "O-202", "item": "CX", "quantity": 400, "lot": None}
    assert moves(again("allocate_stock", **wanted)) == [Proposal("allocate_stock", wanted)]
    (taken,) = moves(again("allocate_stock", **wanted), store=first_served())
    assert isinstance(taken, Proposal) and taken.kind == "release_allocation"
    back = {"allocation": "A-5", "quantity": 200, "to_order": None, "reason": "x"}
    assert moves(again("release_allocation", **back)) == [release("A-5", 120, "x")]


def test_order_that_takes_a_part_gets_what_is_there_and_takes_nothing_away() -> None:
    store = first_served().order(
        "O-202", priority=1, partial_ok=True, materials=[{"item": "CX", "quantity": 400}]
    )
    assert moves(event("order.released", "order/O-202", order="O-202"), store=store) == [
        allocate("O-202", "CX", 400)
    ]
