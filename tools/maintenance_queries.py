"""What maintenance looks up: a machine's states, and what is due."""

from typing import Any

from protocol.records import Record, Snapshot
from protocol.times import micros, plus
from protocol.toolbox import Params

from .holding import active_holds, show_hold
from .run_view import show_downtime
from .schedule_queries import down_until
from .stocking import FAR
from .values import MAINTENANCE_DONE


def machine_status(params: Params, snapshot: Snapshot) -> dict[str, Any]:
    """A machine's own state and what control says, both; control never ends a downtime."""
    key = params["machine"]
    machine = snapshot.get("machine", key)
    if machine is None:
        return {"machine": key, "known": False}
    signal = snapshot.get("signal", key)
    downtimes = [d for d in snapshot.find("downtime", machine=key) if d["state"] != "closed"]
    orders = [
        o for o in snapshot.find("maintenance_order", machine=key) if o["state"] not in MAINTENANCE_DONE
    ]
    names = ("line", "state", "since", "reason")
    return {
        "machine": key,
        "known": True,
        **{name: machine[name] for name in names},
        "abilities": list(machine["abilities"]),
        "locks": list(machine["locks"] or ()),
        "down_until": down_until(snapshot, key),
        "reported": signal["reported"] if signal else None,
        "downtimes": [show_downtime(d) for d in sorted(downtimes, key=lambda d: micros(d["start"]))],
        "maintenance_orders": [_show_order(snapshot, o) for o in orders],
        "held": [show_hold(h) for h in active_holds(snapshot, [machine.ref])],
    }


def due_list(params: Params, snapshot: Snapshot) -> list[dict[str, Any]]:
    """Open orders due within so many days."""
    return due_within(snapshot, params["days"])


def due_within(snapshot: Snapshot, days: int) -> list[dict[str, Any]]:
    """Open maintenance orders due within so many days, those without a date last."""
    limit = micros(plus(snapshot.now, minutes=days * 24 * 60))
    found = [o for o in snapshot.find("maintenance_order") if o["state"] not in MAINTENANCE_DONE]
    due = [o for o in found if o["due"] is None or micros(o["due"]) <= limit]
    return [_show_order(snapshot, o) for o in sorted(due, key=lambda o: (micros(o["due"] or FAR), o.key))]


def _show_order(snapshot: Snapshot, order: Record) -> dict[str, Any]:
    names = (
        "machine",
        "type",
        "priority",
        "symptom",
        "est_min",
        "earliest",
        "due",
        "hard_limit",
        "state",
        "count",
    )
    planned = [d for d in snapshot.find("downtime", maintenance_order=order.key) if d["state"] != "closed"]
    return {
        "maintenance_order": order.key,
        **{name: order[name] for name in names},
        "overdue": order["due"] is not None and micros(order["due"]) < micros(snapshot.now),
        "planned": {"downtime": planned[0].key, "start": planned[0]["start"], "end": planned[0]["end"]}
        if planned
        else None,
    }
