"""What scheduling decides: planning, moving and cancelling runs, and changing approved ones."""

from typing import Any

from protocol.effects import Effects, Emit, Refusal, Release
from protocol.fields import Instant, Integer, KeyOf, ListOf, Maybe, Object, Shape, Text
from protocol.records import Record, Ref, Snapshot
from protocol.times import minutes_between, plus
from protocol.toolbox import ActionContext, ActionKind, Params, create, put

from .machine_time import earlier, run_claims
from .site import is_night, shown
from .values import BEFORE_RUNNING, OVER, PLANNER, SUPERVISOR, TECHNICIAN, Operation

MAX_MOVES = 20


def step_of(order: Record, operation: str) -> dict[str, Any] | None:
    """The routing step of an order's operation, or None when the order does not list it."""
    steps: list[dict[str, Any]] = order["operations"] or []
    return next((s for s in steps if s["operation"] == operation), None)


def unable(order: Record, operation: str, machine: Record) -> Refusal | None:
    """Why a machine cannot do an operation of an order; an operation its routing does not list is unknown."""
    step = step_of(order, operation)
    if step is None:
        return Refusal("unknown_operation", f"{order.key} has no operation {operation} in its routing")
    if step["ability"] not in machine["abilities"]:
        return Refusal("unable", f"{machine.key} cannot do {step['ability']} ({operation} of {order.key})")
    return None


def _cannot_start(snapshot: Snapshot, machine: Record, start: str, setup_min: int) -> Refusal | None:
    """Why nothing can start on a machine at an instant; who else holds its time is the gate's question."""
    if earlier(start, snapshot.now):
        return Refusal("past", f"{shown(start)} is past; now it is {shown(snapshot.now)}")
    if setup_min and (is_night(start) or is_night(plus(start, minutes=setup_min - 1))):
        return Refusal("no_capacity", f"there is no setter at {shown(start)}: none works at night")
    return _down(snapshot, machine, start)


def _down(snapshot: Snapshot, machine: Record, start: str) -> Refusal | None:
    if machine["state"] == "LockedOut" or machine["locks"]:
        return Refusal("locked_out", f"{machine.key} is locked out", role="safety_officer")
    if machine["state"] != "Down":
        return None
    ends = [d["end"] for d in snapshot.find("downtime", machine=machine.key, state="open")]
    if ends and not any(earlier(start, end) for end in ends):
        return None
    until = f" until about {shown(max(ends))}" if ends else ""
    return Refusal("machine_down", f"{machine.key} is down{until}", role=TECHNICIAN)


def _movable(run: Record) -> Refusal | None:
    if run["state"] in BEFORE_RUNNING:
        return None
    if run["state"] in OVER:
        return Refusal("run_over", f"{run.key} is {run['state'].lower()}")
    return Refusal("run_started", f"{run.key} has started and is not moved", role=SUPERVISOR)


def plan_run(params: Params, snapshot: Snapshot, context: ActionContext) -> Effects | Refusal:
    """A new run of an order's operation."""
    order = snapshot.get("order", params["order"])
    if order is None:
        return Refusal("unknown_order", f"there is no order {params['order']}")
    if order["state"] == "Forecast" or order["state"] in OVER:
        return Refusal("not_released", f"{order.key} is {order['state'].lower()}")
    machine, start, setup_min = (
        snapshot.get("machine", params["machine"]),
        params["start"],
        params["setup_min"],
    )
    if machine is None:
        return Refusal("unknown_machine", f"there is no machine {params['machine']}")
    refusal = unable(order, params["operation"], machine) or _cannot_start(
        snapshot, machine, start, setup_min
    )
    if refusal:
        return refusal
    run = Ref("run", context.new_key("R-"))
    place = {
        "machine": machine.key,
        "start": start,
        "end": plus(start, minutes=setup_min + params["run_min"]),
    }
    named = {"order": order.key, "operation": params["operation"], "quantity": params["quantity"]}
    made = create(
        "run", run.key, **named, **place, setup_min=setup_min, state="Waiting", lots=[], approval=None,
        approved_by=None, at_risk=None, began=None, ended=None, good=0, rejected=0,
    )  # fmt: skip
    return Effects(
        puts=(made,),
        claims=run_claims(run, machine.key, start, place["end"], setup_min),
        events=(Emit("run.planned", str(run), {"run": run.key, **named, **place}),),
        result={"run": run.key, **place},
    )


def _move(run: Record, to: str, start: str, snapshot: Snapshot, context: ActionContext) -> Effects | Refusal:
    """One run put elsewhere."""
    if refusal := _movable(run):
        return refusal
    order, machine = snapshot.get("order", run["order"]), snapshot.get("machine", to)
    if order is None:
        return Refusal("unknown_order", f"{run.key} is a run of {run['order']}, which does not exist")
    if machine is None:
        return Refusal("unknown_machine", f"there is no machine {to}")
    # Where it lies it is able to run; elsewhere the routing must say so.
    refusal = None if to == run["machine"] else unable(order, run["operation"], machine)
    refusal = refusal or _cannot_start(snapshot, machine, start, run["setup_min"])
    if refusal:
        return refusal
    end = plus(start, minutes=minutes_between(run["start"], run["end"]))
    fields: dict[str, Any] = {"machine": to, "start": start, "end": end, "at_risk": None}
    if context.approval is not None and context.signed_by:
        # The move carries its own approval: whoever signed it approved the run as it now stands.
        fields |= {"approval": context.approval, "approved_by": context.signed_by[0]}
    data = {
        "run": run.key,
        "order": order.key,
        "operation": run["operation"],
        "from": {"machine": run["machine"], "start": run["start"], "end": run["end"]},
        "to": {"machine": to, "start": start, "end": end},
        "rule": "signed" if context.signed_by else None,
    }
    return Effects(
        puts=(put("run", run.key, **fields),),
        releases=(Release(run.ref),),
        claims=run_claims(run.ref, to, start, end, run["setup_min"]),
        events=(Emit("run.moved", str(run.ref), data),),
    )


def move_run(params: Params, snapshot: Snapshot, context: ActionContext) -> Effects | Refusal:
    """A run to another machine or time; its length stays. An approved run is SUP-01's to refuse."""
    run = snapshot.get("run", params["run"])
    if run is None:
        return Refusal("unknown_run", f"there is no run {params['run']}")
    return _move(run, params["to"], params["start"], snapshot, context)


def change_approved_runs(params: Params, snapshot: Snapshot, context: ActionContext) -> Effects | Refusal:
    """Several runs at once, approved ones among them; all or nothing, and only signed."""
    moves: list[dict[str, Any]] = params["moves"]
    found = {m["run"]: snapshot.get("run", m["run"]) for m in moves}
    runs = [run for run in found.values() if run is not None]
    if len(runs) != len(moves):
        missing = ", ".join(sorted(k for k, run in found.items() if run is None))
        return Refusal("unknown_run", f"there is no run {missing}" if missing else "a run is named twice")
    if not any(run["approval"] is not None for run in runs):
        return Refusal("not_approved", "none of these runs is approved", alternative="move_run")
    if not params.get("gain_min") and not any(run["at_risk"] for run in runs):
        return Refusal(
            "no_gain", "approved runs change when something forces it or there is a gain", role=PLANNER
        )
    parts: list[Effects] = []
    for run, wanted in zip(runs, moves, strict=True):
        moved = _move(run, wanted["to"], wanted["start"], snapshot, context)
        if isinstance(moved, Refusal):
            return moved
        parts.append(moved)
    return Effects(
        puts=tuple(p for part in parts for p in part.puts),
        releases=tuple(r for part in parts for r in part.releases),
        claims=tuple(c for part in parts for c in part.claims),
        events=tuple(e for part in parts for e in part.events),
    )


def cancel_run(params: Params, snapshot: Snapshot, context: ActionContext) -> Effects | Refusal:
    """A run that will not be made; its time is free again."""
    run = snapshot.get("run", params["run"])
    if run is None:
        return Refusal("unknown_run", f"there is no run {params['run']}")
    if refusal := _movable(run):
        return refusal
    data = {name: run[name] for name in ("order", "operation", "machine", "start", "end")}
    return Effects(
        puts=(put("run", run.key, state="Cancelled", at_risk=None),),
        releases=(Release(run.ref),),
        events=(Emit("run.cancelled", str(run.ref), {"run": run.key, **data, "reason": params["reason"]}),),
    )


def _moves_summary(params: Params) -> str:
    parts = (f"{m['run']} to {m['to']} {shown(m['start'])}" for m in params["moves"])
    return f"Change approved runs: {', '.join(parts)}"


_MOVE: Shape = {"run": KeyOf("run"), "to": KeyOf("machine"), "start": Instant()}

RUN_ACTIONS = (
    ActionKind(
        name="plan_run",
        purpose="Plan a run of an order's operation on a machine; start is that of the set-up.",
        params={
            "order": KeyOf("order"),
            "operation": Operation(),
            "machine": KeyOf("machine"),
            "start": Instant(),
            "quantity": Integer(1),
            "setup_min": Integer(0),
            "run_min": Integer(1),
        },
        writes=("run",),
        claims=("machine", "setter"),
        decide=plan_run,
        summary=lambda p: f"Plan {p['operation']} of {p['order']} on {p['machine']}, {shown(p['start'])}",
        events=("run.planned",),
    ),
    ActionKind(
        name="move_run",
        purpose="Move a run that has not started to a machine and start; the same ones take its time again.",
        params=_MOVE,
        writes=("run",),
        claims=("machine", "setter"),
        decide=move_run,
        summary=lambda p: f"Move {p['run']} to {p['to']}, {shown(p['start'])}",
        events=("run.moved",),
    ),
    ActionKind(
        name="cancel_run",
        purpose="Cancel a run that has not started.",
        params={"run": KeyOf("run"), "reason": Text(500)},
        writes=("run",),
        decide=cancel_run,
        summary=lambda p: f"Cancel {p['run']}: {p['reason']}",
        events=("run.cancelled",),
    ),
    ActionKind(
        name="change_approved_runs",
        purpose="Change runs that a person approved, all or nothing; a person signs it. gain_min: weighted"
        " minutes of tardiness won; not needed when a run is at risk.",
        params={
            "moves": ListOf(Object(_MOVE), MAX_MOVES),
            "gain_min": Maybe(Integer(1)),
            "reason": Text(500),
        },
        writes=("run",),
        claims=("machine", "setter"),
        decide=change_approved_runs,
        summary=_moves_summary,
        events=("run.moved",),
        signature=lambda params, snapshot: "policy",
    ),
)
