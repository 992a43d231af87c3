"""What is planned on the machines, and where a downtime would disturb least."""

from typing import Any

from protocol.records import Record, Snapshot
from protocol.times import micros, plus
from protocol.toolbox import Params

from .machine_time import overlap, windows
from .run_view import show_downtime, show_run
from .values import LIVE, OVER

LOOK_AHEAD_MIN = 7 * 24 * 60
MAX_WINDOWS, MAX_NEXT = 5, 3


def get_schedule(params: Params, snapshot: Snapshot) -> dict[str, Any]:
    """Runs and downtimes in a window, by start."""
    start = params.get("from") or snapshot.now
    span = (start, params.get("to") or plus(start, minutes=LOOK_AHEAD_MIN))
    wanted = {name: params[name] for name in ("machine", "order") if params.get(name)}
    runs = [r for r in snapshot.find("run", **wanted) if r["state"] in LIVE and _in(r, span)]
    machine = {"machine": params["machine"]} if params.get("machine") else {}
    downtimes = [] if params.get("order") else snapshot.find("downtime", **machine)
    return {
        "machine": params.get("machine"),
        "runs": [show_run(snapshot, r) for r in _by_start(runs)],
        "downtimes": [
            show_downtime(d)
            for d in _by_start(d for d in downtimes if d["state"] != "closed" and _in(d, span))
        ],
    }


def _in(record: Record, span: tuple[str, str]) -> bool:
    return overlap((record["start"], record["end"]), span)


def _by_start(records: Any) -> list[Record]:
    return sorted(records, key=lambda r: (micros(r["start"]), r.key))


def next_on(params: Params, snapshot: Snapshot) -> dict[str, Any]:
    """What runs on a machine now, and what comes next."""
    machine = snapshot.get("machine", params["machine"])
    found = _by_start(r for r in snapshot.find("run", machine=params["machine"]) if r["state"] not in OVER)
    current = next((r for r in found if r["state"] == "Running"), None)
    coming = [r for r in found if r is not current][:MAX_NEXT]
    return {
        "machine": params["machine"],
        "known": machine is not None,
        "state": machine["state"] if machine else None,
        "down_until": down_until(snapshot, params["machine"]),
        "current": show_run(snapshot, current) if current else None,
        "next": [show_run(snapshot, r) for r in coming],
    }


def down_until(snapshot: Snapshot, machine: str) -> str | None:
    """When the downtimes that cover now are expected to end, or None when none does."""
    now = micros(snapshot.now)
    found = [d for d in snapshot.find("downtime", machine=machine) if d["state"] != "closed"]
    ends = [d["end"] for d in found if d["state"] == "open" or micros(d["start"]) <= now < micros(d["end"])]
    return max(ends, key=micros, default=None)


def find_windows(params: Params, snapshot: Snapshot) -> list[dict[str, Any]]:
    """Windows in order of least disruption."""
    earliest = max(params["earliest"], snapshot.now, key=micros)
    found = windows(snapshot, params["machine"], params["minutes"], earliest, params["latest"])
    return [
        {
            "start": window.start,
            "end": window.end,
            "free": not window.runs,
            "runs": len(window.runs),
            "approved_runs": window.approved,
            "overlap_min": window.overlap_min,
            "moves": [show_run(snapshot, run) for run in window.runs],
        }
        for window in found[:MAX_WINDOWS]
    ]
