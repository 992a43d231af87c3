"""Stock and needs in words."""

from collections.abc import Mapping
from typing import Any

from ...tools.phrasing import hold_words
from ...tools.site import shown


def stock_words(stock: Mapping[str, Any], lots: set[str]) -> list[str]:
    """The figures of an item, its held or named lots, and what is to come."""
    unit = stock["unit"]
    held = f"{stock['held']} of them held or not accepted, " if stock["held"] else ""
    free = f"{stock['allocated']} allocated, {stock['available']} available"
    lines = [
        f"{stock['item']}: {stock['on_hand']} {unit} on hand, {held}{free}; safety {stock['safety_stock']}."
    ]
    if stock["below_safety"]:
        lines.append("That is under its safety stock.")
    if stock["below_reorder"]:
        lines.append(f"Available is under the reorder point of {stock['reorder_point']}.")
    lines += [
        f"  {_lot_words(lot)}" for lot in stock["lots"] if lot["lot"] in lots or (not lots and lot["held"])
    ]
    lines += [f"  {purchase_words(purchase)}" for purchase in stock["purchases"]]
    return lines


def _lot_words(lot: Mapping[str, Any]) -> str:
    usable = {"yes": "may be used", "no": "may not be used", "unknown": "not accepted yet"}[lot["usable"]]
    held = "; ".join(hold_words(hold) for hold in lot["held"])
    said_ = f"{lot['lot']}: {lot['quantity']}, {lot['allocated']} allocated, {lot['free']} free, {usable}"
    return f"{said_}: {held}" if held else said_


def purchase_words(purchase: Mapping[str, Any]) -> str:
    """What is still to come of a purchase."""
    left = purchase["ordered"] - purchase["received"]
    when = f"promised for {shown(purchase['promised'])}" if purchase["promised"] else "with no date promised"
    vendor = f" by {purchase['vendor']}" if purchase["vendor"] else ""
    return f"{purchase['purchase']}: {left} to come, {when}{vendor}"


def enough_words(stock: Mapping[str, Any], quantity: int) -> str:
    """Whether a quantity can be allocated."""
    if quantity <= stock["allocatable"]:
        return f"{quantity} can be allocated: yes."
    text = f"{quantity} can not be allocated: {stock['allocatable']} can without going under safety stock."
    return f"{text} Next receipt: {shown(stock['next_receipt'])}." if stock["next_receipt"] else text


def need_words(found: Mapping[str, Any]) -> list[str]:
    """What an order needs, item by item; a need that nobody knows is unknown."""
    if not found["materials_known"]:
        return [f"What {found['order']} needs is unknown: it has no parts list."]
    if not found["lines"]:
        return [f"{found['order']} needs no material from stock."]
    lines = []
    for line in found["lines"]:
        text = f"{found['order']} needs {line['required']} {line['item']}: {line['allocated']} allocated"
        if line["missing"]:
            has = "unknown" if line["available"] is None else line["available"]
            text += f", {line['missing']} missing, {has} available"
            text += f", next receipt {shown(line['next_receipt'])}" if line["next_receipt"] else ""
        lines.append(f"{text}.")
    return lines
