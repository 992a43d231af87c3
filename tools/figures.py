"""Figures of a window, each with numerator, denominator and what is missing; and the plant's open items."""

from collections.abc import Callable, Sequence
from typing import Any

from protocol.records import Record, Snapshot
from protocol.times import micros, minutes_between
from protocol.toolbox import Params

from .holding import show_hold
from .machine_time import merged, overlap
from .maintenance_queries import due_within
from .order_queries import lateness
from .run_view import show_run
from .site import ZONE
from .values import LIVE

PLANT = "plant"


def scope_machines(snapshot: Snapshot, scope: str) -> list[Record] | None:
    """The machines of a scope: ``plant``, a line or a machine; None when it is none of these."""
    machines = list(snapshot.find("machine"))
    if scope == PLANT:
        return machines
    key = scope.rpartition("/")[2].upper()
    return [m for m in machines if key in (m.key, m["line"])] or None


def window_figures(
    snapshot: Snapshot, machines: Sequence[Record], start: str, end: str
) -> list[dict[str, Any]]:
    """The figures of [start, end): totals first, divided never; a ratio is two integers."""
    keys = {m.key for m in machines}
    runs = [r for r in snapshot.find("run") if r["machine"] in keys]
    planned = [r for r in runs if overlap((r["start"], r["end"]), (start, end)) and r["state"] != "Cancelled"]
    finished = [r for r in runs if r["ended"] is not None and _within(r["ended"], start, end)]
    good, rejected = _sum(finished, "good"), _sum(finished, "rejected")
    down = [
        d
        for d in snapshot.find("downtime")
        if d["machine"] in keys and overlap((d["start"], d["end"]), (start, end))
    ]
    broken = [d for d in down if d["kind"] == "breakdown"]
    busy = minutes_between(start, end) * len(machines)
    return [
        _figure("runs_finished", len(finished), len(planned), "runs", "no run was planned in the window"),
        _figure("quality_ratio", good, good + rejected, "pcs", "no finished run reported pieces"),
        _figure(
            "down_time", sum(_union(down, k, start, end) for k in keys), busy, "min", "no machine in scope"
        ),
        _figure("breakdowns", len(broken), None, "breakdowns", None),
    ]


def _figure(
    name: str, numerator: int, denominator: int | None, unit: str, without: str | None
) -> dict[str, Any]:
    """Without a denominator an answer is unknown, never 0 or 100 %: what is missing says why."""
    empty = denominator == 0
    return {
        "name": name,
        "numerator": numerator,
        "denominator": None if empty else denominator,
        "unit": unit,
        "missing": [without] if empty and without else [],
    }


def _within(instant: str, start: str, end: str) -> bool:
    return micros(start) <= micros(instant) < micros(end)


def _sum(records: Sequence[Record], field: str) -> int:
    return sum(int(r[field] or 0) for r in records)


def _union(downtimes: Sequence[Record], machine: str, start: str, end: str) -> int:
    """Minutes down: overlapping downtimes count once."""
    mine = [
        (max(d["start"], start, key=micros), min(d["end"], end, key=micros))
        for d in downtimes
        if d["machine"] == machine
    ]
    return sum(minutes_between(*span) for span in merged(mine))


def floor_figures(params: Params, snapshot: Snapshot) -> dict[str, Any]:
    """Figures of a window and scope; an unknown scope has none."""
    scope = params.get("scope") or PLANT
    machines = scope_machines(snapshot, scope)
    figures = window_figures(snapshot, machines, params["from"], params["to"]) if machines is not None else []
    return {"from": params["from"], "to": params["to"], "zone": ZONE.key, "scope": scope, "figures": figures}


def open_items(params: Params, snapshot: Snapshot) -> dict[str, Any]:
    """Everything a shift hands over."""
    down = [m for m in snapshot.find("machine") if m["state"] != "Up"]
    risky: Callable[[Record], bool] = lambda r: r["at_risk"] is not None and r["state"] in LIVE  # noqa: E731
    late = (
        lateness(snapshot, order) for order in snapshot.find("order") if order["state"] in LIVE | {"Released"}
    )
    return {
        "machines_down": [
            {"machine": m.key, **{n: m[n] for n in ("state", "since", "reason")}} for m in down
        ],
        "holds": [show_hold(h) for h in snapshot.find("hold", state="active")],
        "at_risk": [show_run(snapshot, r) for r in snapshot.find("run") if risky(r)],
        "maintenance_due": due_within(snapshot, 2),
        "late_orders": [found for found in late if found["late_min"]],
    }
