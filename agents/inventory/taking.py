"""Allocations that a person wants back, or for another order."""

import re
from collections.abc import Generator, Mapping
from typing import Any

from protocol.turns import QueryCall, Reply

from ...tools.line import listed
from ...tools.said import Said, Trying, amounts
from .allocating import give_back

_FROM = re.compile(r"\b(?:from|of) (?:order )?#?(O-[A-Z0-9-]+|CASE-\d+|\d{2,9})\b", re.IGNORECASE)


def borrow(told: Said) -> Trying:
    """Taking from one order for another is the materials planner's decision."""
    donor = yield from _donor(told)
    if isinstance(donor, Reply):
        return [donor]
    others = [key for key in told.line.known("order") if key != donor["order"]]
    if len(others) != 1:
        return [
            Reply(
                f"For which order is it to be taken from {donor['order']}? Name it, such as O-201.",
                clarify=True,
            )
        ]
    found = _one_allocation(told, donor)
    if isinstance(found, Reply):
        return [found]
    quantity = next(iter(_asked_amounts(told, donor)), found["quantity"] - found["issued"])
    text = "Taking from another order is the materials planner's decision; nothing is taken before it."
    return [give_back(found["allocation"], quantity, told.line.text, others[0]), Reply(text)]


def give_back_line(told: Said) -> Trying:
    """An allocation back to stock; the gate asks for a signature where the order still goes on."""
    donor = yield from _donor(told)
    if isinstance(donor, Reply):
        return [donor]
    found = _one_allocation(told, donor)
    if isinstance(found, Reply):
        return [found]
    quantity = next(iter(_asked_amounts(told, donor)), found["quantity"] - found["issued"])
    return [give_back(found["allocation"], quantity, told.line.text)]


def _donor(told: Said) -> Generator[QueryCall, Any, Mapping[str, Any] | Reply]:
    """The order that has the allocation: by the allocation named, or ``from 311``, or the only one named."""
    allocations = told.line.known("allocation")
    if allocations:
        orders = [str(told.record(f"allocation/{key}")["order"]) for key in allocations]
    elif after := _FROM.search(told.line.text):
        orders = [f"O-{after[1]}" if after[1].isdigit() else after[1].upper()]
    else:
        orders = [ref.removeprefix("order/") for ref in told.refs("order")]
    if len(set(orders)) != 1:
        return Reply("Whose allocation? Name it, such as A-5, or the order that has it.", clarify=True)
    status = yield QueryCall("order_status", {"order": orders[0]})
    if not status["known"]:
        return Reply(f"There is no order {orders[0]} on this floor; nothing was changed.", "unknown_order")
    return dict(status)


def _asked_amounts(told: Said, donor: Mapping[str, Any]) -> list[int]:
    """Quantities said, without the number of the order itself (``from 311``)."""
    number = donor["order"].rpartition("-")[2]
    return [n for n in amounts(told.line) if str(n) != number]


def _one_allocation(told: Said, donor: Mapping[str, Any]) -> Mapping[str, Any] | Reply:
    items, named = told.line.known("stock"), told.line.known("allocation")
    found = [
        a
        for a in donor["allocations"]
        if a["quantity"] > a["issued"]
        and (not items or a["item"] in items)
        and (not named or a["allocation"] in named)
    ]
    if len(found) == 1:
        return dict(found[0])
    if not found:
        text = f"{donor['order']} has no such allocation that is not issued; nothing was changed."
        return Reply(text, "unknown_allocation")
    which = listed([f"{a['allocation']} ({a['quantity']} {a['item']} of {a['lot']})" for a in found])
    return Reply(f"Which one do you mean: {which}?", clarify=True)
