"""What inventory decides: allocating stock to an order, and giving an allocation back or to another order."""

from collections.abc import Sequence
from dataclasses import dataclass

from protocol.effects import Delta, Effects, Emit, Put, Refusal
from protocol.fields import Integer, KeyOf, Maybe, Text
from protocol.records import Record, Ref, Snapshot
from protocol.toolbox import ActionContext, ActionKind, Params, create

from .holding import usable_lot
from .site import shown
from .stocking import (
    LotFigures,
    StockFigures,
    lot_figures,
    next_receipt,
    open_quantity,
    outranked,
    stock_figures,
)
from .values import MATERIALS_PLANNER, OVER


def shortage_event(snapshot: Snapshot, order: str, item: str, missing: int) -> Emit:
    """What is missing for an order, and when more is promised."""
    data = {"order": order, "item": item, "missing": missing, "next_receipt": next_receipt(snapshot, item)}
    return Emit("shortage.detected", f"order/{order}", data)


@dataclass(frozen=True, slots=True)
class Split:
    """How a wanted quantity would be filled: parts of lots, and what stays missing with its code."""

    parts: tuple[tuple[Record, int], ...] = ()
    missing: int = 0
    code: str | None = None

    @property
    def quantity(self) -> int:
        """What would be allocated."""
        return sum(quantity for _, quantity in self.parts)


def split(
    snapshot: Snapshot, order: Record, figures: StockFigures, quantity: int, lot: LotFigures | None = None
) -> Split:
    """Fill ``quantity`` from one lot (named, the order's own, else the oldest that covers it), or from
    several when the order may be mixed; all or nothing unless the order takes a part.
    """
    allowed = min(quantity, figures.allocatable)
    code = "short" if quantity > figures.available else "below_safety" if quantity > allowed else None
    if code is not None and not order["partial_ok"]:
        return Split(missing=quantity, code=code)
    lots = [lot] if lot else _lots_for(snapshot, order, figures)
    parts = _mixed(lots, allowed) if order["mixing_ok"] else _single(lots, allowed)
    filled = sum(part for _, part in parts)
    if filled < quantity and (not order["partial_ok"] or filled == 0):
        return Split(missing=quantity, code=code or "short")
    return Split(parts, quantity - filled, code or ("short" if filled < quantity else None))


def _lots_for(snapshot: Snapshot, order: Record, figures: StockFigures) -> list[LotFigures]:
    """Lots that may be used, the oldest first; only the lot the order has already, unless it may be mixed."""
    usable = [f for f in figures.lots if f.usable == "yes" and f.free > 0]
    if order["mixing_ok"]:
        return usable
    held = snapshot.find("allocation", order=order.key, item=figures.stock.key)
    mine = {a["lot"] for a in held if a["kind"] == "hard" and open_quantity(a) > 0}
    return [f for f in usable if not mine or f.lot.key in mine]


def _single(lots: Sequence[LotFigures], quantity: int) -> tuple[tuple[Record, int], ...]:
    whole = next((f for f in lots if f.free >= quantity), None)
    best = whole or max(lots, key=lambda f: f.free, default=None)
    return ((best.lot, min(quantity, best.free)),) if best and quantity and best.free else ()


def _mixed(lots: Sequence[LotFigures], quantity: int) -> tuple[tuple[Record, int], ...]:
    parts = []
    for found in lots:
        if part := min(quantity, found.free):
            parts.append((found.lot, part))
            quantity -= part
    return tuple(parts)


def allocate_stock(params: Params, snapshot: Snapshot, context: ActionContext) -> Effects | Refusal:
    """A named lot, or the oldest that suits, to an order. Never under safety stock; never from nothing."""
    order, stock = snapshot.get("order", params["order"]), snapshot.get("stock", params["item"])
    if order is None or order["state"] in OVER:
        return Refusal("unknown_order", f"{params['order']} is no order that takes material")
    if stock is None:
        return Refusal("unknown_item", f"there is no stock of {params['item']}")
    if refusal := _not_needed(snapshot, order, stock, params["quantity"]):
        return refusal
    quantity, named = params["quantity"], None
    if params.get("lot") is not None:
        lot = snapshot.get("lot", params["lot"])
        if lot is None or lot["item"] != stock.key:
            return Refusal("unknown_lot", f"{params['lot']} is no lot of {stock.key}")
        named = lot_figures(snapshot, lot)
        if usable_lot(snapshot, lot) == "no":
            # What covers it and who may release it is SUP-03's and SUP-04's to say.
            return _allocated(order, [(lot, quantity)], context)
        if named.usable == "unknown":
            return Refusal("lot_held", f"{lot.key} has no accepted receiving inspection", "quality_engineer")
    found = split(snapshot, order, stock_figures(snapshot, stock), quantity, named)
    if not found.parts:
        return _short(snapshot, order, stock, quantity, found.code or "short")
    events = [shortage_event(snapshot, order.key, stock.key, found.missing)] if found.missing else []
    return _allocated(order, found.parts, context, events)


def _not_needed(snapshot: Snapshot, order: Record, stock: Record, quantity: int) -> Refusal | None:
    """An order takes no more than its parts list says, where it has one."""
    needed = [m["quantity"] for m in order["materials"] or () if m["item"] == stock.key]
    if not needed:
        return None
    has = sum(
        a["quantity"]
        for a in snapshot.find("allocation", order=order.key, item=stock.key)
        if a["kind"] == "hard"
    )
    if has + quantity <= sum(needed):
        return None
    return Refusal("not_needed", f"{order.key} needs {sum(needed)} {stock.key} and has {has} of it")


def _allocated(
    order: Record, parts: Sequence[tuple[Record, int]], context: ActionContext, events: Sequence[Emit] = ()
) -> Effects:
    made = [
        _allocation(order.key, lot, quantity, context.new_key("A-", n))
        for n, (lot, quantity) in enumerate(parts)
    ]
    stock = Ref("stock", parts[0][0]["item"])
    total = sum(quantity for _, quantity in parts)
    return Effects(
        puts=tuple(put for put, _ in made),
        deltas=(Delta(stock, "allocated", total),),
        events=(*(event for _, event in made), *events),
        result={"allocated": total, "allocations": [put.ref.key for put, _ in made]},
    )


def _allocation(order: str, lot: Record, quantity: int, key: str) -> tuple[Put, Emit]:
    named = {"order": order, "item": lot["item"], "lot": lot.key, "quantity": quantity}
    made = create("allocation", key, **named, kind="hard", until=None, issued=0)
    return made, Emit("allocation.committed", str(made.ref), {"allocation": key, **named})


def _short(snapshot: Snapshot, order: Record, stock: Record, quantity: int, code: str) -> Refusal:
    figures = stock_figures(snapshot, stock)
    event = shortage_event(snapshot, order.key, stock.key, quantity)
    has = f"{figures.available} {stock['unit']} of {stock.key} are available"
    if code == "below_safety":
        said = f"{has}, and {stock['safety_stock']} of them are safety stock"
        return Refusal(code, said, MATERIALS_PLANNER, events=(event,))
    if found := outranked(snapshot, order, stock.key):
        allocation, other = found[0]
        whose = f"{allocation.key} of {other.key} (priority {other['priority']})"
        instead = f"release_allocation {whose} to {order.key}"
        return Refusal(code, f"{has}; {quantity} are wanted", MATERIALS_PLANNER, instead, (event,))
    receipt = next_receipt(snapshot, stock.key)
    wait = f"wait for the receipt of {shown(receipt)}" if receipt else None
    return Refusal(code, f"{has}; {quantity} are wanted", alternative=wait, events=(event,))


def release_allocation(params: Params, snapshot: Snapshot, context: ActionContext) -> Effects | Refusal:
    """What is not issued goes back to stock, or, signed, to another order in the same step."""
    allocation, quantity = snapshot.get("allocation", params["allocation"]), params["quantity"]
    if allocation is None or allocation["kind"] != "hard":
        return Refusal("unknown_allocation", f"there is no hard allocation {params['allocation']}")
    left = open_quantity(allocation)
    if quantity > left:
        return Refusal("issued", f"{left} of {allocation.key} are not issued; {quantity} cannot be released")
    named = {name: allocation[name] for name in ("order", "item", "lot")}
    gone = Emit(
        "allocation.released",
        str(allocation.ref),
        {"allocation": allocation.key, **named, "quantity": quantity},
    )
    down = Delta(allocation.ref, "quantity", -quantity)
    stock = Ref("stock", allocation["item"])
    if params.get("to_order") is None:
        return Effects(deltas=(down, Delta(stock, "allocated", -quantity)), events=(gone,))
    order, lot = snapshot.get("order", params["to_order"]), snapshot.get("lot", allocation["lot"])
    if order is None or order["state"] in OVER or order.key == allocation["order"] or lot is None:
        return Refusal("unknown_order", f"{params['to_order']} is no other order that takes material")
    made, event = _allocation(order.key, lot, quantity, context.new_key("A-"))
    short = shortage_event(snapshot, allocation["order"], allocation["item"], quantity)
    return Effects(
        puts=(made,),
        deltas=(
            down,
            Delta(stock, "allocated", 0),
        ),  # the sum stays; its version shows that it was shared anew
        events=(gone, event, short),
        result={"allocated": quantity, "allocations": [made.ref.key]},
    )


def must_release(params: Params, snapshot: Snapshot) -> str | None:
    """Taking from a live order is a person's decision; from one that is over, or a held lot, not."""
    allocation = snapshot.get("allocation", params["allocation"])
    if allocation is None or params.get("to_order") is not None:
        return "policy"
    order = snapshot.get("order", allocation["order"])
    lot = snapshot.get("lot", allocation["lot"]) if allocation["lot"] else None
    over = order is None or order["state"] in OVER
    return None if over or (lot is not None and usable_lot(snapshot, lot) == "no") else "policy"


STOCK_ACTIONS = (
    ActionKind(
        name="allocate_stock",
        purpose="Allocate stock to an order, from a named lot or (lot null) the oldest that suits.",
        params={
            "item": KeyOf("stock"),
            "lot": Maybe(KeyOf("lot")),
            "quantity": Integer(1),
            "order": KeyOf("order"),
        },
        writes=("allocation", "stock"),
        decide=allocate_stock,
        summary=lambda p: f"Allocate {p['quantity']} {p['item']} to {p['order']}",
        events=("allocation.committed", "shortage.detected"),
    ),
    ActionKind(
        name="release_allocation",
        purpose="Give an allocation back, or (to_order) to another order at once; the materials planner signs"
        " when it is taken from a live order.",
        params={
            "allocation": KeyOf("allocation"),
            "quantity": Integer(1),
            "to_order": Maybe(KeyOf("order")),
            "reason": Text(500),
        },
        writes=("allocation", "stock"),
        decide=release_allocation,
        summary=lambda p: (
            f"Release {p['quantity']} of {p['allocation']}"
            + (f" to {p['to_order']}" if p.get("to_order") else "")
        ),
        events=("allocation.released", "allocation.committed", "shortage.detected"),
        signature=must_release,
    ),
)
