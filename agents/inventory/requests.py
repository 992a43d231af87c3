"""What others ask of inventory: whether something is available, and what they want of its stock."""

from collections.abc import Mapping, Sequence
from typing import Any

from protocol.times import micros, plus
from protocol.turns import Answer, AnswerKind, Move, QueryCall, View

from ...tools.said import Trying

RECEIVING_MIN = 240
"""Receiving inspection of what arrives, before it can be used."""


def asked(view: View, trigger: Mapping[str, Any]) -> Trying:
    """Every request gets a decision: inventory owns the stock, so it never gives way on it."""
    if trigger["request"] == "is_available":
        return (yield from _is_available(trigger))
    carried = trigger["carries"] or {"kind": None, "params": {}}
    if carried["kind"] == "allocate_stock":
        return (yield from _decide(trigger, carried["params"]))
    text = "giving an allocation away is the materials planner's to sign, and inventory's to propose"
    return [_refuse(trigger, "out_of_scope", text)]


def _is_available(trigger: Mapping[str, Any]) -> Trying:
    """What can be allocated above safety stock, with receipts that are usable by then."""
    want = trigger["params"]
    stock = yield QueryCall("get_stock", {"item": want["item"]})
    if not stock["known"]:
        return [_refuse(trigger, "unknown_item", f"there is no stock of {want['item']}")]
    at = want.get("at")
    coming = sum(_usable_by(stock["purchases"], at)) if at else 0
    quantity = stock["allocatable"] + coming
    values = {
        "available": quantity >= want["quantity"],
        "quantity": quantity,
        "next_receipt": stock["next_receipt"],
    }
    return [Answer(trigger["exchange"], AnswerKind.AGREE, values)]


def _usable_by(purchases: Sequence[Mapping[str, Any]], at: str) -> list[int]:
    return [
        p["ordered"] - p["received"]
        for p in purchases
        if p["promised"] and micros(plus(p["promised"], minutes=RECEIVING_MIN)) <= micros(at)
    ]


def _decide(trigger: Mapping[str, Any], params: Mapping[str, Any]) -> Trying:
    """Somebody else wants to allocate: yes when it is there, by the same rule as for our own proposals."""
    want = {name: params[name] for name in ("order", "item", "quantity")}
    found = yield QueryCall("shortage", want)
    if not found["known"]:
        return [_refuse(trigger, "unknown_item", f"there is no {want['item']}, or no order {want['order']}")]
    if found["code"] is not None:
        text = f"{found['allocatable']} of {want['item']} can be allocated"
        return [_refuse(trigger, found["code"], text)]
    return [Answer(trigger["exchange"], AnswerKind.AGREE)]


def _refuse(trigger: Mapping[str, Any], code: str, text: str) -> Move:
    return Answer(trigger["exchange"], AnswerKind.REFUSE, code=code, text=text)
