"""The supervisor's rules of the plant: what a person approved stands, and what is held is not used."""

from collections.abc import Iterable, Sequence
from typing import Any

from protocol.effects import Refusal
from protocol.records import Record, Ref, Snapshot
from protocol.times import minutes_between
from protocol.toolbox import Attempt, Rule

from .downtime_actions import free_before_limit
from .holding import active_holds, held_quantity, lineage, lot_holds, order_things, release_role, run_things
from .machine_time import runs_in
from .site import shown
from .stocking import lot_figures
from .values import PLANNED_KINDS, PLANNER

_RUN_KINDS = ("move_run", "cancel_run")
_DOWNTIME_KINDS = ("open_downtime", "move_downtime")
_USING = ("plan_run", "move_run", "change_approved_runs", "allocate_stock", "release_allocation")
_FIXED = ("machine", "start", "end", "quantity", "state")
"""What of an approved run an agent does not change."""


def approved_run(attempt: Attempt, snapshot: Snapshot) -> Refusal | None:
    """SUP-01: an approved run keeps machine, time and quantity until a person signs; a preventive downtime
    is not laid over it while another window is free before its hard limit.
    """
    if attempt.kind in _DOWNTIME_KINDS:
        return _laid_over(attempt, snapshot)
    for put in attempt.effects.puts:
        run = snapshot.get("run", put.ref.key) if put.ref.type == "run" else None
        if run is None or run["approval"] is None:
            continue
        if any(name in put.fields and put.fields[name] != run[name] for name in _FIXED):
            return _approved(run)
    return None


def _approved(run: Record) -> Refusal:
    who = run["approved_by"] or "a person"
    return Refusal(
        "run_approved", f"{run.key} was approved by {who} and is not changed without a signature", PLANNER
    )


def _laid_over(attempt: Attempt, snapshot: Snapshot) -> Refusal | None:
    data = next((e.data for e in attempt.effects.events if e.type.startswith("downtime.")), None)
    if data is None or data["kind"] not in PLANNED_KINDS:
        return None
    approved = [
        r for r in runs_in(snapshot, data["machine"], data["start"], data["end"]) if r["approval"] is not None
    ]
    order = (
        snapshot.get("maintenance_order", data["maintenance_order"]) if data["maintenance_order"] else None
    )
    if not approved or order is None:
        return None
    if not free_before_limit(snapshot, order, minutes_between(data["start"], data["end"])):
        return None  # P7: past this there is only the time of runs; the run keeps its record and is at risk
    refusal = _approved(approved[0])
    return Refusal(refusal.code, refusal.message, refusal.role, alternative="a window without approved runs")


def compliance_hold(attempt: Attempt, snapshot: Snapshot) -> Refusal | None:
    """SUP-03: nobody uses what a compliance hold covers."""
    return _held(attempt, snapshot, "compliance_hold", compliance=True)


def quality_hold(attempt: Attempt, snapshot: Snapshot) -> Refusal | None:
    """SUP-04: the same for holds of every other kind, with the hold's own release role."""
    return _held(attempt, snapshot, "held", compliance=False)


def _held(attempt: Attempt, snapshot: Snapshot, code: str, *, compliance: bool) -> Refusal | None:
    for thing, holds in _covered(attempt, snapshot):
        hold = next((h for h in holds if (h["kind"] == "compliance") == compliance), None)
        if hold is not None:
            role = release_role(hold)
            since = f" since {shown(hold['placed'])}" if hold["placed"] else ""
            what = f"{hold['kind']} hold {hold.key}{since} ({hold['reason']})"
            said = f"{thing} is under {what}; only {role} releases it"
            return Refusal(code, said, role, "another lot, gauge or order that is not held")
    return None


def _covered(attempt: Attempt, snapshot: Snapshot) -> Iterable[tuple[Ref, Sequence[Record]]]:
    """(thing, active holds on it) for everything an attempt uses."""
    for ref in dict.fromkeys(_used(attempt, snapshot)):
        yield ref, active_holds(snapshot, [ref])
    yield from _used_lots(attempt, snapshot)


def _used(attempt: Attempt, snapshot: Snapshot) -> list[Ref]:
    """Orders, runs and machines an attempt uses, and the lots behind orders and runs."""
    params = attempt.params
    match attempt.kind:
        case "plan_run":
            return [Ref("machine", params["machine"]), *order_things(snapshot, params["order"])]
        case "move_run":
            return _moved(snapshot, [params])
        case "change_approved_runs":
            return _moved(snapshot, params["moves"])
        case "allocate_stock":
            return [Ref("order", params["order"])]
        case "release_allocation" if params.get("to_order"):
            return [Ref("order", params["to_order"])]
        case _:
            return []


def _moved(snapshot: Snapshot, moves: Sequence[Any]) -> list[Ref]:
    refs: list[Ref] = []
    for move in moves:
        run = snapshot.get("run", move["run"])
        # A run is moved away from a held machine, never onto one.
        here = Ref("machine", run["machine"]) if run else None
        refs += [
            Ref("machine", move["to"]),
            *(r for r in (run_things(snapshot, run) if run else []) if r != here),
        ]
    return refs


def _used_lots(attempt: Attempt, snapshot: Snapshot) -> Iterable[tuple[Ref, Sequence[Record]]]:
    """Lots that an attempt allocates from; a hold on a part of one leaves the rest."""
    for put in attempt.effects.puts:
        if put.ref.type != "allocation" or put.fields.get("lot") is None:
            continue
        lot = snapshot.get("lot", put.fields["lot"])
        if lot is None:
            continue
        holds = lot_holds(snapshot, lot.key)
        whole = any(h["quantity"] is None for h in holds) or held_quantity(snapshot, lot) >= lot["quantity"]
        if holds and (whole or put.fields["quantity"] > lot_figures(snapshot, lot).free):
            yield lineage(snapshot, lot.key)[0], holds


RULES = (
    Rule("SUP-01", approved_run, kinds=(*_RUN_KINDS, *_DOWNTIME_KINDS)),
    Rule("SUP-03", compliance_hold, kinds=_USING),
    Rule("SUP-04", quality_hold, kinds=_USING),
)
