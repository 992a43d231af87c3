"""Orders: where they stand, what else could be done when something they use is held, and who decides."""

from typing import Any

from protocol.records import Record, Ref, Snapshot
from protocol.times import micros, minutes_between
from protocol.toolbox import Params

from .holding import active_holds, order_things, release_role, run_things, show_hold
from .quality_actions import gauge_valid
from .run_view import show_run
from .stocking import rank, stock_figures
from .values import LIVE, MATERIALS_PLANNER, PLANNER, SUPERVISOR, TECHNICIAN

PLANT_MANAGER, QUALITY_ENGINEER = "plant_manager", "quality_engineer"

_BY_TYPE: dict[str, tuple[tuple[str, ...], str]] = {
    "order": ((PLANNER,), "quantity, due date and priority of an order are the planner's"),
    "machine": ((TECHNICIAN, "maintenance_planner"), "locks and the return to production are maintenance's"),
    "stock": ((MATERIALS_PLANNER,), "going under safety stock is the materials planner's"),
    "lot": ((QUALITY_ENGINEER,), "what of a lot may be used is quality's"),
    "allocation": (
        (MATERIALS_PLANNER, "duty_manager"),
        "taking an allocation away is the materials planner's",
    ),
    "purchase": (("buyer",), "purchases are the buyer's"),
    "maintenance_order": (("maintenance_planner",), "dates and priorities of maintenance are its planner's"),
    "downtime": (("maintenance_planner", SUPERVISOR), "downtimes are maintenance's"),
    "nonconformance": (
        (QUALITY_ENGINEER, PLANNER),
        "a disposition needs both signatures of the review board",
    ),
    "gauge": ((QUALITY_ENGINEER,), "gauges are quality's"),
}
_BY_CODE: dict[str, tuple[tuple[str, ...], str]] = {
    "run_approved": ((PLANNER, SUPERVISOR), "a person approved the run (SUP-01)"),
    "compliance_hold": (("qa_manager",), "only the QA manager releases a compliance hold (SUP-03)"),
    "held": ((QUALITY_ENGINEER, "qa_manager"), "the hold's release role decides (SUP-04)"),
    "below_safety": ((MATERIALS_PLANNER,), "going under safety stock is the materials planner's"),
    "short": ((MATERIALS_PLANNER, "duty_manager"), "taking an allocation from another order is theirs"),
    "locked_out": (("safety_officer",), "only who set a lock takes it off"),
    "past_hard_limit": (("maintenance_planner",), "a hard limit is the maintenance planner's"),
    "run_started": ((SUPERVISOR,), "a running run is the shift supervisor's"),
    "occupied": (
        (SUPERVISOR, PLANT_MANAGER),
        "machine time that agents do not settle is the shift supervisor's",
    ),
}


def order_status(params: Params, snapshot: Snapshot) -> dict[str, Any]:
    """An order and everything planned for it."""
    order = snapshot.get("order", params["order"])
    if order is None:
        return {"order": params["order"], "known": False}
    names = ("item", "quantity", "due", "priority", "customer", "state", "good", "scrapped")
    runs = sorted(snapshot.find("run", order=order.key), key=lambda r: (micros(r["start"]), r.key))
    things = [ref for run in runs if run["state"] in LIVE for ref in run_things(snapshot, run)]
    return {
        **lateness(snapshot, order),
        "known": True,
        **{name: order[name] for name in names},
        "partial_ok": bool(order["partial_ok"]),
        "operations": list(order["operations"] or ()),
        "runs": [show_run(snapshot, r) for r in runs],
        "held": [show_hold(h) for h in active_holds(snapshot, [*order_things(snapshot, order.key), *things])],
        "allocations": [
            {"allocation": a.key, **{n: a[n] for n in ("item", "lot", "quantity", "issued")}}
            for a in snapshot.find("allocation", order=order.key)
            if a["kind"] == "hard" and a["quantity"]
        ],
    }


def lateness(snapshot: Snapshot, order: Record) -> dict[str, Any]:
    """When the last planned run of an order ends, and how late that is; unknown without plan or due date."""
    ends = [r["end"] for r in snapshot.find("run", order=order.key) if r["state"] in LIVE]
    planned = max(ends, key=micros, default=None)
    due = order["due"]
    late = max(0, minutes_between(due, planned)) if planned is not None and due is not None else None
    return {"order": order.key, "due": due, "planned_end": planned, "late_min": late}


def alternatives_for(params: Params, snapshot: Snapshot) -> dict[str, Any]:
    """What is not held and could be used or done instead."""
    order = snapshot.get("order", params["order"])
    if order is None:
        return {"order": params["order"], "known": False}
    runs = [r for r in snapshot.find("run", order=order.key) if r["state"] in LIVE]
    things = order_things(snapshot, order.key) + [ref for run in runs for ref in run_things(snapshot, run)]
    own = {ref.key for ref in things if ref.type == "lot"}
    items = {m["item"] for m in order["materials"] or ()} | {order["item"]}
    items |= {lot["item"] for key in own if (lot := snapshot.get("lot", key))}
    stocks = [stock for item in sorted(items) if (stock := snapshot.get("stock", item))]
    return {
        "order": order.key,
        "known": True,
        "blocked_by": [show_hold(h) for h in active_holds(snapshot, things)],
        "lots": [
            {"lot": f.lot.key, "item": f.lot["item"], "free": f.free, "lot_of_order": f.lot.key in own}
            for stock in stocks
            for f in stock_figures(snapshot, stock).lots
            if f.usable == "yes" and f.free > 0
        ],
        "gauges": [
            {"gauge": g.key, "valid_until": g["valid_until"]}
            for g in snapshot.find("gauge")
            if gauge_valid(snapshot, g, snapshot.now)
        ],
        "orders": [
            {"order": o.key, "priority": o["priority"], "due": o["due"], "item": o["item"]}
            for o in sorted(_others(snapshot, order), key=rank)
        ],
    }


def _others(snapshot: Snapshot, order: Record) -> list[Record]:
    """Other live orders that nothing holds."""
    live = [o for o in snapshot.find("order") if o.key != order.key and o["state"] in LIVE | {"Released"}]
    return [o for o in live if not active_holds(snapshot, order_things(snapshot, o.key))]


def who_decides(params: Params, snapshot: Snapshot) -> dict[str, Any]:
    """The roles that may decide about a thing, or about what a refusal's code stands for."""
    kind, slash, key = params["ref"].partition("/")
    roles, why = (
        _decider(snapshot, Ref(kind, key)) if slash else _BY_CODE.get(kind, ((), f"{kind} is not known"))
    )
    return {"ref": params["ref"], "role": roles[0] if roles else None, "roles": list(roles), "why": why}


def _decider(snapshot: Snapshot, ref: Ref) -> tuple[tuple[str, ...], str]:
    if ref.type == "hold":
        hold = snapshot.get("hold", ref.key)
        if hold is None:
            return (), f"there is no {ref}"
        return (release_role(hold),), f"{hold['kind']} hold on {hold['subject']}: {hold['reason']}"
    if ref.type == "run":
        run = snapshot.get("run", ref.key)
        if run is not None and run["approval"] is not None:
            return (PLANNER, SUPERVISOR), f"{run['approved_by'] or 'a person'} approved {ref.key}"
        return (SUPERVISOR,), "a run that nobody approved is scheduling's, then the shift supervisor's"
    return _BY_TYPE.get(ref.type, ((), f"{ref} is not known"))
