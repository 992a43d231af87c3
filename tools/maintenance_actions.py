"""What maintenance decides about orders and breakdowns; planned downtimes have their own file."""

from itertools import pairwise
from typing import Any

from protocol.effects import Delta, Effects, Emit, Put, Refusal, Release
from protocol.fields import Choice, Instant, Integer, KeyOf, Maybe, Text
from protocol.records import Claimed, Record, Ref, Snapshot
from protocol.times import plus
from protocol.toolbox import ActionContext, ActionKind, Params, create, put

from .machine_time import earlier, machine_ref
from .site import shown
from .values import MAINTENANCE_DONE, MAINTENANCE_TYPES, TECHNICIAN

UNKNOWN_REPAIR_MIN = 240
"""How long a breakdown blocks its machine until somebody estimates it (due within 30 minutes)."""


def open_corrective(snapshot: Snapshot, machine: str, code: str | None) -> Record | None:
    """The open corrective order of a machine for a code (none: words of a person), if there is one."""
    for order in snapshot.find("maintenance_order", machine=machine):
        if order["type"] == "CM" and order["state"] not in MAINTENANCE_DONE and order["code"] == code:
            return order
    return None


def create_maintenance_order(params: Params, snapshot: Snapshot, context: ActionContext) -> Effects | Refusal:
    """A new maintenance order; a second corrective one for the same machine and code raises its count."""
    machine = params["machine"]
    if snapshot.get("machine", machine) is None:
        return Refusal("unknown_machine", f"there is no machine {machine}")
    if params["type"] == "CM" and (known := open_corrective(snapshot, machine, params.get("code"))):
        return Effects(deltas=(Delta(known.ref, "count", 1),), result={"maintenance_order": known.key})
    limits = [
        t for t in (params.get("earliest"), params.get("due"), params.get("hard_limit")) if t is not None
    ]
    if any(earlier(after, before) for before, after in pairwise(limits)):
        return Refusal("bad_limits", "earliest, due and hard limit must follow each other in this order")
    order = Ref("maintenance_order", context.new_key("MO-"))
    made = _order(order.key, params)
    return Effects(puts=(made,), events=(_requested(order, made),), result={"maintenance_order": order.key})


def _order(key: str, params: Params, state: str = "Requested") -> Put:
    optional = ("code", "symptom", "est_min", "earliest", "due", "hard_limit")
    made = {name: params[name] for name in ("machine", "type", "priority")}
    made |= {name: params.get(name) for name in optional} | {"state": state, "findings": None, "count": 1}
    return Put(Ref("maintenance_order", key), made, create=True)


def _requested(order: Ref, made: Put) -> Emit:
    names = ("machine", "type", "priority", "due", "hard_limit")
    data = {"maintenance_order": order.key, **{name: made.fields[name] for name in names}}
    return Emit("maintenance.requested", str(order), data)


def report_down(params: Params, snapshot: Snapshot, context: ActionContext) -> Effects | Refusal:
    """A machine has stopped: it is down, a breakdown is open, and a corrective order of priority 1 stands."""
    machine, at = snapshot.get("machine", params["machine"]), params["at"]
    if machine is None:
        return Refusal("unknown_machine", f"there is no machine {params['machine']}")
    if machine["state"] in ("Down", "LockedOut"):
        return Refusal("already_down", f"{machine.key} is {machine['state']} since {machine['since']}")
    if earlier(snapshot.now, at):
        return Refusal("not_yet", f"{shown(at)} has not come; a breakdown is reported, not planned")
    known = open_corrective(snapshot, machine.key, None)
    order = known.ref if known else Ref("maintenance_order", context.new_key("MO-"))
    writes: list[Put] = [put("machine", machine.key, state="Down", since=at, reason=params["reason"][:200])]
    events = [
        Emit("machine.down", str(machine.ref), _state(machine.key, at, params["reason"], context.agent))
    ]
    if known is None:
        asked = {"machine": machine.key, "type": "CM", "priority": 1, "symptom": params["reason"]}
        writes.append(_order(order.key, asked, "InProgress"))
        events.append(_requested(order, writes[-1]))
    made = downtime_record(context.new_key("D-"), machine.key, "breakdown", at, order.key)
    writes.append(made)
    events.append(Emit("downtime.opened", str(made.ref), opened_data(made, forced=True)))
    return Effects(
        puts=tuple(writes),
        deltas=(Delta(order, "count", 1),) if known else (),
        claims=(downtime_claim(made.ref, made.fields),),
        events=tuple(events),
        result={"downtime": made.ref.key, "maintenance_order": order.key},
    )


def downtime_record(key: str, machine: str, kind: str, start: str, order: str | None) -> Put:
    """An open downtime of unknown length, as a breakdown begins."""
    return create(
        "downtime",
        key,
        machine=machine,
        kind=kind,
        start=start,
        end=plus(start, minutes=UNKNOWN_REPAIR_MIN),
        maintenance_order=order,
        state="open",
    )


def downtime_claim(downtime: Ref, fields: Any) -> Claimed:
    """A downtime shares its time with other downtimes, and with nothing else."""
    return Claimed(machine_ref(fields["machine"]), fields["start"], fields["end"], downtime, shared=True)


def opened_data(made: Put, *, forced: bool) -> dict[str, Any]:
    """What downtime.opened says."""
    names = ("machine", "kind", "start", "end", "maintenance_order")
    return {"downtime": made.ref.key, **{n: made.fields[n] for n in names}, "forced": forced}


def _state(machine: str, at: str, reason: str, by: str) -> dict[str, Any]:
    return {"machine": machine, "at": at, "reason": reason[:200], "by": by}


def complete_maintenance(params: Params, snapshot: Snapshot, context: ActionContext) -> Effects | Refusal:
    """The work of an order is done; its machine stays as it is until somebody returns it."""
    order = snapshot.get("maintenance_order", params["maintenance_order"])
    if order is None:
        return Refusal("unknown_order", f"there is no maintenance order {params['maintenance_order']}")
    if order["state"] == "WorkDone" or order["state"] in MAINTENANCE_DONE:
        return Refusal("done_already", f"{order.key} is {order['state']}")
    data = {"maintenance_order": order.key, "machine": order["machine"]}
    return Effects(
        puts=(put("maintenance_order", order.key, state="WorkDone", findings=params["findings"]),),
        events=(Emit("maintenance.done", str(order.ref), data),),
    )


def return_to_production(params: Params, snapshot: Snapshot, context: ActionContext) -> Effects | Refusal:
    """A machine is up again: its open downtimes end now. A maintenance technician signs."""
    machine = snapshot.get("machine", params["machine"])
    order = snapshot.get("maintenance_order", params["maintenance_order"])
    if machine is None:
        return Refusal("unknown_machine", f"there is no machine {params['machine']}")
    if order is None or order["machine"] != machine.key:
        return Refusal(
            "unknown_order", f"{params['maintenance_order']} is no maintenance order of {machine.key}"
        )
    if machine["locks"]:
        who = ", ".join(lock["person"] for lock in machine["locks"])
        return Refusal(
            "locked_out", f"{machine.key} is locked by {who}; only they take it off", "safety_officer"
        )
    if machine["state"] == "Up":
        return Refusal("up_already", f"{machine.key} is up")
    if order["state"] != "WorkDone":
        return Refusal("not_done", f"the work of {order.key} is not done ({order['state']})", role=TECHNICIAN)
    now = snapshot.now
    closed = [
        d for d in snapshot.find("downtime", machine=machine.key, state="open") if earlier(d["start"], now)
    ]
    return Effects(
        puts=(
            put("machine", machine.key, state="Up", since=now, reason=None),
            put("maintenance_order", order.key, state="Returned"),
            *(put("downtime", d.key, state="closed", end=now) for d in closed),
        ),
        releases=tuple(Release(d.ref) for d in closed),
        events=(
            Emit("machine.up", str(machine.ref), _state(machine.key, now, params["reason"], context.agent)),
            *(closed_event(d, now) for d in closed),
        ),
    )


def closed_event(downtime: Record, end: str) -> Emit:
    """What downtime.closed says: from when to when it was planned, and when it really ended."""
    place = {"machine": downtime["machine"], "start": downtime["start"]}
    named = {name: downtime[name] for name in ("kind", "maintenance_order")}
    data = {"downtime": downtime.key, **named, **place, "end": end, "from": {**place, "end": downtime["end"]}}
    return Emit("downtime.closed", str(downtime.ref), data)


MAINTENANCE_ACTIONS = (
    ActionKind(
        name="create_maintenance_order",
        purpose="Request maintenance of a machine; a repeated corrective request is counted in the open one.",
        params={
            "machine": KeyOf("machine"),
            "type": Choice(MAINTENANCE_TYPES),
            "priority": Integer(1, 4),
            "symptom": Maybe(Text(500)),
            "code": Maybe(Text(64)),
            "est_min": Maybe(Integer(1)),
            "earliest": Maybe(Instant()),
            "due": Maybe(Instant()),
            "hard_limit": Maybe(Instant()),
        },
        writes=("maintenance_order",),
        decide=create_maintenance_order,
        summary=lambda p: f"Request {p['type']} of {p['machine']}, priority {p['priority']}",
        events=("maintenance.requested",),
    ),
    ActionKind(
        name="report_down",
        purpose="Record that a machine has stopped: it is down from then on.",
        params={"machine": KeyOf("machine"), "at": Instant(), "reason": Text(500)},
        writes=("machine", "downtime", "maintenance_order"),
        claims=("machine",),
        decide=report_down,
        summary=lambda p: f"{p['machine']} is down since {shown(p['at'])}",
        events=("machine.down", "downtime.opened", "maintenance.requested"),
        protective=True,
    ),
    ActionKind(
        name="complete_maintenance",
        purpose="Record that the work of a maintenance order is done; the machine is not up by that.",
        params={"maintenance_order": KeyOf("maintenance_order"), "findings": Text(500)},
        writes=("maintenance_order",),
        decide=complete_maintenance,
        summary=lambda p: f"Work of {p['maintenance_order']} done",
        events=("maintenance.done",),
    ),
    ActionKind(
        name="return_to_production",
        purpose="Return a machine whose maintenance is done to production; a maintenance technician signs.",
        params={
            "machine": KeyOf("machine"),
            "maintenance_order": KeyOf("maintenance_order"),
            "reason": Text(500),
        },
        writes=("machine", "downtime", "maintenance_order"),
        decide=return_to_production,
        summary=lambda p: f"Return {p['machine']} to production after {p['maintenance_order']}",
        events=("machine.up", "downtime.closed"),
        signature=lambda params, snapshot: "policy",
    ),
)
