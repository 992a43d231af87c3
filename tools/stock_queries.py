"""What inventory looks up: stock with its lots, what orders need, what is missing and who holds it."""

from typing import Any

from protocol.records import Snapshot
from protocol.toolbox import Params

from .holding import lot_holds, show_hold
from .stock_actions import split
from .stocking import next_receipt, open_quantity, outranked, stock_figures


def get_stock(params: Params, snapshot: Snapshot) -> dict[str, Any]:
    """The figures of an item; an item without a record is unknown, not 0."""
    stock = snapshot.get("stock", params["item"])
    if stock is None:
        return {"item": params["item"], "known": False}
    figures = stock_figures(snapshot, stock)
    purchases = snapshot.find("purchase", item=stock.key, state="open")
    names = ("unit", "on_hand", "reserved", "safety_stock", "reorder_point")
    return {
        "item": stock.key,
        "known": True,
        **{name: stock[name] for name in names},
        "held": stock["on_hand"] - figures.unrestricted,
        "unrestricted": figures.unrestricted,
        "allocated": figures.allocated,
        "available": figures.available,
        "allocatable": figures.allocatable,
        "below_safety": figures.available < stock["safety_stock"],
        "below_reorder": figures.available < stock["reorder_point"],
        "next_receipt": next_receipt(snapshot, stock.key),
        "lots": [
            {
                "lot": f.lot.key,
                "quantity": f.lot["quantity"],
                "allocated": f.open,
                "free": f.free,
                "usable": f.usable,
                "location": f.lot["location"],
                "received": f.lot["received"],
                "held": [show_hold(h) for h in lot_holds(snapshot, f.lot.key)],
            }
            for f in figures.lots
        ],
        "purchases": [
            {"purchase": p.key, **{n: p[n] for n in ("ordered", "received", "promised", "vendor")}}
            for p in purchases
        ],
    }


def requirement(params: Params, snapshot: Snapshot) -> dict[str, Any]:
    """What an order needs of each item; an order without a parts list needs what is not known."""
    order = snapshot.get("order", params["order"])
    if order is None:
        return {"order": params["order"], "known": False}
    lines = []
    for material in order["materials"] or ():
        item, required = material["item"], material["quantity"]
        mine = snapshot.find("allocation", order=order.key, item=item)
        allocated = sum(a["quantity"] for a in mine if a["kind"] == "hard")
        stock = snapshot.get("stock", item)
        lines.append(
            {
                "item": item,
                "required": required,
                "allocated": allocated,
                "missing": max(0, required - allocated),
                "available": stock_figures(snapshot, stock).available if stock else None,
                "next_receipt": next_receipt(snapshot, item),
            }
        )
    return {
        "order": order.key,
        "known": True,
        "materials_known": order["materials"] is not None,
        "lines": lines,
    }


def shortage(params: Params, snapshot: Snapshot) -> dict[str, Any]:
    """What allocating a quantity to an order would come to now."""
    order, stock = snapshot.get("order", params["order"]), snapshot.get("stock", params["item"])
    if order is None or stock is None:
        return {"order": params["order"], "item": params["item"], "known": False}
    figures = stock_figures(snapshot, stock)
    found = split(snapshot, order, figures, params["quantity"])
    return {
        "order": order.key,
        "item": stock.key,
        "known": True,
        "quantity": params["quantity"],
        "available": figures.available,
        "allocatable": figures.allocatable,
        "missing": found.missing,
        "code": found.code,
        "partial_ok": bool(order["partial_ok"]),
        "would_allocate": found.quantity,
        "next_receipt": next_receipt(snapshot, stock.key),
        "may_take": [
            {
                "allocation": a.key,
                "order": o.key,
                "quantity": open_quantity(a),
                "priority": o["priority"],
                "due": o["due"],
            }
            for a, o in (outranked(snapshot, order, stock.key) if found.missing else [])
        ],
    }
