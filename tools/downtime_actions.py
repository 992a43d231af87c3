"""Downtimes that maintenance plans: opened and moved inside the limits of their orders (P7)."""

from typing import Any

from protocol.effects import Effects, Emit, Put, Refusal, Release
from protocol.fields import Choice, Instant, KeyOf, Maybe
from protocol.records import Record, Snapshot
from protocol.times import micros, minutes_between
from protocol.toolbox import ActionContext, ActionKind, Params, create, put

from .machine_time import earlier, has_free_window, runs_in
from .maintenance_actions import downtime_claim, opened_data
from .site import shown
from .values import DOWNTIME_KINDS, MAINTENANCE_DONE, PLANNED_KINDS


def free_before_limit(snapshot: Snapshot, order: Record, minutes: int) -> bool:
    """Whether a preventive order still has a free window of so many minutes before its hard limit.

    Without a hard limit there always is one some day.
    """
    if order["hard_limit"] is None:
        return True
    earliest = max(snapshot.now, order["earliest"] or snapshot.now, key=micros)
    return has_free_window(snapshot, order["machine"], minutes, earliest, order["hard_limit"])


def lays_over(
    snapshot: Snapshot, machine: str, kind: str, span: tuple[str, str], order: Record | None, *, signed: bool
) -> bool:
    """Whether a downtime goes over the runs in its time: a fact or a signature stands behind it, or no
    window is left free before its hard limit (P7). Otherwise runs keep their time.
    """
    if not runs_in(snapshot, machine, *span):
        return False
    if signed or kind not in PLANNED_KINDS:
        return True
    return order is not None and not free_before_limit(snapshot, order, minutes_between(*span))


def open_downtime(params: Params, snapshot: Snapshot, context: ActionContext) -> Effects | Refusal:
    """Machine time for maintenance, or the record of time that a fact takes."""
    machine, kind = snapshot.get("machine", params["machine"]), params["kind"]
    if machine is None:
        return Refusal("unknown_machine", f"there is no machine {params['machine']}")
    found = _order_of(params, snapshot)
    if isinstance(found, Refusal):
        return found
    span = (params["start"], params["end"])
    if refusal := _no_time(snapshot, kind, span, found) or _unfounded(machine, kind, found):
        return refusal
    if found is not None and (planned := _planned(snapshot, found)) is not None:
        return Refusal(
            "already_planned",
            f"{found.key} is planned from {shown(planned['start'])} to {shown(planned['end'])}",
            alternative=f"move_downtime {planned.key}",
        )
    made = create(
        "downtime",
        context.new_key("D-"),
        machine=machine.key,
        kind=kind,
        start=params["start"],
        end=params["end"],
        maintenance_order=found.key if found else None,
        state="planned" if kind in PLANNED_KINDS else "open",
    )
    forced = lays_over(snapshot, machine.key, kind, span, found, signed=bool(context.signed_by))
    return Effects(
        puts=(made, *_now_planned(found, kind)),
        claims=(downtime_claim(made.ref, made.fields),),
        events=(Emit("downtime.opened", str(made.ref), opened_data(made, forced=forced)),),
        result={"downtime": made.ref.key},
    )


def _order_of(params: Params, snapshot: Snapshot) -> Record | Refusal | None:
    key = params.get("maintenance_order")
    if key is None:
        if params["kind"] in PLANNED_KINDS:
            return Refusal("unknown_order", f"a {params['kind']} downtime needs its maintenance order")
        return None
    order = snapshot.get("maintenance_order", key)
    if order is None:
        return Refusal("unknown_order", f"there is no maintenance order {key}")
    if order["machine"] != params["machine"]:
        return Refusal("unknown_order", f"{key} is for {order['machine']}, not for {params['machine']}")
    if order["state"] in ("WorkDone", *MAINTENANCE_DONE):
        return Refusal("done_already", f"{key} is {order['state']}")
    return order


def _no_time(snapshot: Snapshot, kind: str, span: tuple[str, str], order: Record | None) -> Refusal | None:
    """Why a downtime cannot lie there: it has no length, is past, or leaves the limits of its order."""
    start, end = span
    if not earlier(start, end):
        return Refusal("too_short", "a downtime ends after it starts")
    if kind not in PLANNED_KINDS or order is None:
        return None
    if earlier(start, snapshot.now):
        return Refusal("past", f"{shown(start)} is past; now it is {shown(snapshot.now)}")
    if order["earliest"] is not None and earlier(start, order["earliest"]):
        return Refusal("too_early", f"{order.key} may start at {shown(order['earliest'])} at the earliest")
    if order["hard_limit"] is not None and earlier(order["hard_limit"], end):
        return Refusal(
            "past_hard_limit", f"{order.key} must end by {shown(order['hard_limit'])}", "maintenance_planner"
        )
    if order["est_min"] is not None and minutes_between(start, end) < order["est_min"]:
        return Refusal("too_short", f"{order.key} takes {order['est_min']} min")
    return None


def _unfounded(machine: Record, kind: str, order: Record | None) -> Refusal | None:
    """A downtime that is not planned needs a fact: a machine that is down, or a corrective order."""
    if kind in PLANNED_KINDS or machine["state"] != "Up" or (order is not None and order["type"] == "CM"):
        return None
    return Refusal(
        "no_fact",
        f"{machine.key} is up and no corrective order stands behind this",
        alternative="report_down",
    )


def _planned(snapshot: Snapshot, order: Record) -> Record | None:
    found = snapshot.find("downtime", maintenance_order=order.key)
    return next((d for d in found if d["state"] != "closed"), None)


def _now_planned(order: Record | None, kind: str) -> tuple[Put, ...]:
    if order is None or kind not in PLANNED_KINDS:
        return ()
    return (put("maintenance_order", order.key, state="Planned"),)


def move_downtime(params: Params, snapshot: Snapshot, context: ActionContext) -> Effects | Refusal:
    """A planned downtime to another time, by the rules by which it was opened."""
    downtime = snapshot.get("downtime", params["downtime"])
    if downtime is None:
        return Refusal("unknown_downtime", f"there is no downtime {params['downtime']}")
    if downtime["state"] != "planned":
        return Refusal("not_planned", f"{downtime.key} is {downtime['state']}; only a planned one moves")
    key, span = downtime["maintenance_order"], (params["start"], params["end"])
    order = snapshot.get("maintenance_order", key) if key else None
    if refusal := _no_time(snapshot, downtime["kind"], span, order):
        return refusal
    machine, kind = downtime["machine"], downtime["kind"]
    forced = lays_over(snapshot, machine, kind, span, order, signed=bool(context.signed_by))
    data: dict[str, Any] = {
        "downtime": downtime.key,
        "kind": kind,
        "maintenance_order": key,
        "machine": machine,
        "start": params["start"],
        "end": params["end"],
        "from": {"machine": machine, "start": downtime["start"], "end": downtime["end"]},
        "forced": forced,
    }
    return Effects(
        puts=(put("downtime", downtime.key, start=params["start"], end=params["end"]),),
        releases=(Release(downtime.ref),),
        claims=(downtime_claim(downtime.ref, data),),
        events=(Emit("downtime.changed", str(downtime.ref), data),),
    )


DOWNTIME_ACTIONS = (
    ActionKind(
        name="open_downtime",
        purpose="Take machine time: preventive or calibration inside the limits of its maintenance"
        " order; other kinds only with a fact behind them.",
        params={
            "machine": KeyOf("machine"),
            "start": Instant(),
            "end": Instant(),
            "kind": Choice(DOWNTIME_KINDS),
            "maintenance_order": Maybe(KeyOf("maintenance_order")),
        },
        writes=("downtime", "maintenance_order"),
        claims=("machine",),
        decide=open_downtime,
        summary=lambda p: (
            f"{p['kind'].capitalize()} downtime of {p['machine']}, {shown(p['start'])} to {shown(p['end'])}"
        ),
        events=("downtime.opened",),
    ),
    ActionKind(
        name="move_downtime",
        purpose="Move a planned downtime inside the limits of its maintenance order.",
        params={"downtime": KeyOf("downtime"), "start": Instant(), "end": Instant()},
        writes=("downtime",),
        claims=("machine",),
        decide=move_downtime,
        summary=lambda p: f"Move {p['downtime']} to {shown(p['start'])} until {shown(p['end'])}",
        events=("downtime.changed",),
    ),
)
