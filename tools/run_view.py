"""RUN and DOWNTIME of the queries: a record as agents and people are shown it."""

from typing import Any

from protocol.records import Record, Snapshot

from .holding import active_holds, run_things, show_hold
from .values import BEFORE_RUNNING


def show_run(snapshot: Snapshot, run: Record) -> dict[str, Any]:
    """A run with what holds it."""
    names = (
        "order",
        "operation",
        "machine",
        "start",
        "end",
        "setup_min",
        "quantity",
        "state",
        "at_risk",
        "approved_by",
    )
    return {
        "run": run.key,
        **{name: run[name] for name in names},
        "started": run["state"] not in BEFORE_RUNNING,
        "approved": run["approval"] is not None,
        "lots": list(run["lots"] or ()),
        "held": [show_hold(h) for h in active_holds(snapshot, run_things(snapshot, run))],
    }


def show_downtime(downtime: Record) -> dict[str, Any]:
    """A downtime."""
    names = ("machine", "kind", "start", "end", "state", "maintenance_order")
    return {"downtime": downtime.key, **{name: downtime[name] for name in names}}
