"""Giving orders their material, and giving back what they may not have."""

from collections.abc import Generator, Mapping
from typing import Any

from protocol.times import plus
from protocol.turns import Move, Proposal, QueryCall, View

from ...tools.said import REMARK, Trying
from ...tools.values import OVER

PLANNED_MIN = 60 * 24 * 60
"""How far ahead runs are looked at to find the orders that are planned."""


def allocate(order: str, item: str, quantity: int, lot: str | None = None) -> Proposal:
    """Stock for an order; the gate takes a part where the order takes one."""
    return Proposal("allocate_stock", {"item": item, "lot": lot, "quantity": quantity, "order": order})


def give_back(allocation: str, quantity: int, reason: str, to: str | None = None) -> Proposal:
    """An allocation back to stock, or to another order; the gate asks for the signature it needs."""
    params = {"allocation": allocation, "quantity": quantity, "to_order": to, "reason": reason[:REMARK]}
    return Proposal("release_allocation", params)


def wanted(order: str, item: str, quantity: int, lot: str | None = None) -> Trying:
    """The stock, or, when only a worse-ranked order has it, that order's allocation: a person's decision."""
    if lot is not None:
        return [allocate(order, item, quantity, lot)]
    found = yield QueryCall("shortage", {"order": order, "item": item, "quantity": quantity})
    if found["known"] and found["would_allocate"] == 0 and found["may_take"]:
        taken = found["may_take"][0]
        reason = f"{order} ranks before {taken['order']} and lacks {found['missing']} {item}"
        return [give_back(taken["allocation"], min(quantity, taken["quantity"]), reason, order)]
    return [allocate(order, item, quantity)]


def supplied(order: str, item: str | None = None) -> Trying:
    """Everything an order still lacks, or what it lacks of one item."""
    needs = yield QueryCall("requirement", {"order": order})
    moves: list[Move] = []
    for line in needs["lines"] if needs["known"] else ():
        if line["missing"] and item in (None, line["item"]):
            moves += yield from wanted(order, line["item"], line["missing"])
    return moves


def given_back(order: str) -> Trying:
    """An order that is over keeps no material; one that goes on keeps its own."""
    status = yield QueryCall("order_status", {"order": order})
    if not status["known"] or status["state"] not in OVER:
        return []
    reason = f"{order} is {status['state'].lower()}"
    return [
        give_back(a["allocation"], a["quantity"] - a["issued"], reason)
        for a in status["allocations"]
        if a["quantity"] > a["issued"]
    ]


def held(view: View, lot: str, hold: str) -> Trying:
    """What is not issued of a held lot goes back, and its orders get the same from other lots."""
    moves: list[Move] = []
    for order in (yield from _planned(view, hold)):
        status = yield QueryCall("order_status", {"order": order})
        for a in status["allocations"]:
            left = a["quantity"] - a["issued"]
            if a["lot"] == lot and left > 0:
                moves.append(give_back(a["allocation"], left, f"{lot} is under hold {hold}"))
                moves.append(allocate(order, a["item"], left))
    return moves


def of_released_lot(view: View, lot: str) -> Trying:
    """Material is free again: orders that lack it get it, best rank first by the gate's order."""
    record = view.resources.get(f"lot/{lot}")
    if record is None:
        return []
    orders = yield from _planned(view)
    for planned in orders[:1]:
        found = yield QueryCall("alternatives_for", {"order": planned})
        orders += [other["order"] for other in found["orders"] if other["order"] not in orders]
    moves: list[Move] = []
    for order in orders:
        moves += yield from supplied(order, record["item"])
    return moves


def _planned(view: View, hold: str | None = None) -> Generator[QueryCall, Any, list[str]]:
    """The orders that have a live run; with a hold those it covers."""
    span = {"from": plus(view.now, minutes=-PLANNED_MIN), "to": plus(view.now, minutes=PLANNED_MIN)}
    found = yield QueryCall("get_schedule", span)
    covered = [r for r in found["runs"] if hold is None or any(h["hold"] == hold for h in r["held"])]
    return list(dict.fromkeys(run["order"] for run in covered))


def again(view: View, trigger: Mapping[str, Any]) -> Trying:
    """The ground changed: the whole quantity is tried anew on what is there now."""
    params = trigger["params"]
    if trigger["kind"] == "allocate_stock":
        return (yield from wanted(params["order"], params["item"], params["quantity"], params.get("lot")))
    allocation = view.resources.get(f"allocation/{params['allocation']}")
    left = allocation["quantity"] - allocation["issued"] if allocation else 0
    quantity = min(left, params["quantity"])
    return [Proposal("release_allocation", {**params, "quantity": quantity})] if quantity > 0 else []
