"""Facts about orders: released, worked on, inspected, packed, completed."""

from typing import Any

from protocol.effects import Delta, Effects, Emit
from protocol.fields import Choice, Flag, Instant, Integer, KeyOf, ListOf, Maybe, Shape, Text
from protocol.ids import derive_key
from protocol.records import Record, Snapshot
from protocol.toolbox import Fact, FactKind, create, put

from .events import INSPECTED
from .plant_facts import RUN_REPORT
from .resources import ORDER
from .values import OVER, VERDICTS

_RELEASED: Shape = {
    "order": KeyOf("order"),
    "item": Text(64),
    "quantity": Integer(0),
    "due": Maybe(Instant()),
    "priority": Maybe(Integer(1, 5)),
    "customer": Maybe(Text(120)),
    "partial_ok": Maybe(Flag()),
    "mixing_ok": Maybe(Flag()),
    "operations": ORDER.fields["operations"],
    "materials": ORDER.fields["materials"],
    "flags": Maybe(ListOf(Text(32))),
}
_REPORT: Shape = {**RUN_REPORT, "mrb": Maybe(Integer(0))}
_INSPECTED: Shape = {
    **INSPECTED,
    "inspection": Maybe(KeyOf("inspection")),
    "accepted": Maybe(Integer(0)),
    "rejected": Maybe(Integer(0)),
    "mrb": Maybe(Integer(0)),
    "verdict": Maybe(Choice(VERDICTS)),
    "gauge": Maybe(KeyOf("gauge")),
    "by": Maybe(Text(64)),
    "order": Maybe(KeyOf("order")),
    "machine": Maybe(KeyOf("machine")),
    "start": Maybe(Instant()),
    "end": Maybe(Instant()),
    "rework": Maybe(Flag()),
}
_PACKED: Shape = {
    "order": KeyOf("order"),
    "quantity": Integer(0),
    "machine": Maybe(KeyOf("machine")),
    "operation": Maybe(Text(200)),
    "start": Maybe(Instant()),
    "end": Maybe(Instant()),
    "rejected": Maybe(Integer(0)),
    "mrb": Maybe(Integer(0)),
    "worker": Maybe(Text(64)),
    "rework": Maybe(Flag()),
    "flags": Maybe(ListOf(Text(64))),
}
_COMPLETED: Shape = {"order": KeyOf("order"), "good": Maybe(Integer(0)), "scrapped": Maybe(Integer(0))}

USUAL_PRIORITY = 3
"""Of an order that came without one; the order's flags say that it is assumed."""


def order_released(fact: Fact, snapshot: Snapshot) -> Effects:
    """An order may be worked on; one that the floor does not know is created as it is told."""
    data, key = fact.data, fact.data["order"]
    known = snapshot.get("order", key)
    if known is not None:
        forecast = known["state"] == "Forecast"
        return Effects(puts=(put("order", key, state="Released"),)) if forecast else Effects()
    names = ("item", "quantity", "due", "customer", "partial_ok", "mixing_ok", "operations", "materials")
    told: dict[str, Any] = {name: data.get(name) for name in names}
    told |= {"priority": data.get("priority") or USUAL_PRIORITY, "flags": data.get("flags")}
    made = create("order", key, **told, state="Released", good=0, scrapped=0, rework_open=0)
    return Effects(puts=(made,))


def work_reported(fact: Fact, snapshot: Snapshot) -> Effects:
    """Work was done: an order that only waited runs, and a run counts its pieces."""
    key, run_key = fact.data.get("order"), fact.data.get("run")
    order = snapshot.get("order", key) if key else None
    begun = order is not None and order["state"] in ("Released", "Waiting", "Ready")
    puts = (put("order", order.key, state="Running"),) if order is not None and begun else ()
    run = snapshot.get("run", run_key) if run_key else None
    if run is None:
        return Effects(puts=puts)
    counts = {name: fact.data.get(name) or 0 for name in ("good", "rejected")}
    return Effects(puts=puts, deltas=tuple(Delta(run.ref, n, c) for n, c in counts.items() if c))


def set_up(fact: Fact, snapshot: Snapshot) -> Effects:
    """A set-up was done: its pieces are no yield, so only the order is seen to have begun."""
    without_run = Fact(
        fact.type, fact.source, fact.source_id, fact.occurred, fact.subject, {**fact.data, "run": None}
    )
    return work_reported(without_run, snapshot)


def inspected(fact: Fact, snapshot: Snapshot) -> Effects:
    """An inspection result is added; it never replaces an earlier one."""
    data = fact.data
    key = data.get("inspection") or derive_key("I-", fact.source, fact.source_id)
    if snapshot.get("inspection", key) is not None:
        return Effects()
    counts = {name: data.get(name) or 0 for name in ("accepted", "rejected", "mrb")}
    optional = {name: data.get(name) for name in ("characteristic", "measured", "gauge")}
    made = create(
        "inspection",
        key,
        subject=data["subject"],
        **optional,
        **counts,
        verdict=data.get("verdict") or verdict_of(**counts),
        by=data.get("by"),
        at=fact.occurred,
    )
    return Effects(puts=(made,))


def verdict_of(accepted: int, rejected: int, mrb: int) -> str:
    """What a count alone says: of a report in part it is the accepted pieces that pass."""
    if accepted or not (rejected or mrb):
        return "accepted"
    return "rejected" if rejected else "mrb"


def order_packed(fact: Fact, snapshot: Snapshot) -> Effects:
    """Packed pieces are good ones. The order is complete when they reach its quantity."""
    order, quantity = snapshot.get("order", fact.data["order"]), fact.data["quantity"]
    if order is None or not quantity:
        return Effects()
    counted = (Delta(order.ref, "good", quantity),)
    good = order["good"] + quantity
    if good < order["quantity"] or order["state"] in OVER:
        return Effects(deltas=counted)
    return Effects(
        puts=(put("order", order.key, state="Completed"),),
        deltas=counted,
        events=(_completed(order, good),),
    )


def _completed(order: Record, good: int) -> Emit:
    data = {"order": order.key, "good": good, "scrapped": order["scrapped"]}
    return Emit("order.completed", str(order.ref), data)


def order_completed(fact: Fact, snapshot: Snapshot) -> Effects:
    """An order is reported complete. Short of its quantity only a person closes it: it stays as it is."""
    order = snapshot.get("order", fact.data["order"])
    if order is None or order["state"] in OVER or order["good"] < order["quantity"]:
        return Effects()
    return Effects(puts=(put("order", order.key, state="Completed"),))


ORDER_FACTS = (
    FactKind("order.released", "scheduling", _RELEASED, order_released),
    FactKind("run.reported", "scheduling", _REPORT, work_reported),
    FactKind("setup.reported", "scheduling", _REPORT, set_up),
    FactKind("inspection.recorded", "quality", _INSPECTED, inspected),
    FactKind("inspection.failed", "quality", _INSPECTED, inspected),
    FactKind("order.packed", "scheduling", _PACKED, order_packed),
    FactKind("order.completed", "scheduling", _COMPLETED, order_completed),
)
