"""Free places for one operation: the dispatching scheduler asked about one task, machine by machine."""

from typing import Any

from protocol.records import Claimed, Record, Snapshot
from protocol.times import from_micros, micros, minutes_between, plus
from protocol.toolbox import Params

from .dispatch_scheduler import DispatchScheduler
from .machine_time import machine_ref
from .run_actions import step_of
from .scheduler import Job, Problem, Scheduler, Span, Task
from .site import nights
from .values import SETTER

HORIZON_MIN = 21 * 24 * 60
"""How far ahead a place is looked for."""
MAX_SLOTS = 10
SOLVER: Scheduler = DispatchScheduler()


def find_slots(params: Params, snapshot: Snapshot) -> list[dict[str, Any]]:
    """The first free time on each machine able to do the operation, earliest end first."""
    wanted = _wanted(params, snapshot)
    if wanted is None:
        return []
    base = _next_minute(max(params["earliest"], snapshot.now, key=micros))
    until = plus(base, minutes=HORIZON_MIN)
    setter = _spans(snapshot.claims(SETTER, base, until), base, wanted.run)
    setter += [(_after(base, start), _after(base, end)) for start, end in nights(base, until)]
    found = []
    for machine in wanted.machines:
        busy = _spans(snapshot.claims(machine_ref(machine.key), base, until), base, wanted.run)
        task = Task({machine.key: wanted.minutes}, wanted.setup_min)
        plan = SOLVER.solve(Problem((Job("WANTED", (task,)),), {machine.key: busy}, setter), limit_s=1.0)
        start = plan.starts.get(("WANTED", 0))
        if start is not None and start + wanted.minutes <= HORIZON_MIN:
            found.append(_slot(machine, plus(base, minutes=start), wanted))
    return sorted(found, key=lambda slot: (micros(slot["end"]), slot["machine"]))[:MAX_SLOTS]


class _Wanted:
    """One operation to place: machines that could take it, how long it is, whose time counts as free."""

    def __init__(
        self, machines: list[Record], minutes: int, setup_min: int, run: str | None, due: str | None
    ) -> None:
        self.machines, self.minutes, self.setup_min, self.run, self.due = (
            machines,
            minutes,
            setup_min,
            run,
            due,
        )


def _wanted(params: Params, snapshot: Snapshot) -> _Wanted | None:
    """What to place, from the run to move or from order and operation; None when too little is known."""
    run = snapshot.get("run", params["exclude_run"]) if params.get("exclude_run") else None
    key = params.get("order") or (run["order"] if run else None)
    order = snapshot.get("order", key) if key else None
    operation = params.get("operation") or (run["operation"] if run else None)
    step = step_of(order, operation) if order and operation else None
    minutes, setup_min = params.get("minutes"), params.get("setup_min")
    if run is not None:
        minutes = minutes or minutes_between(run["start"], run["end"])
        setup_min = run["setup_min"] if setup_min is None else setup_min
    elif step is not None:
        setup_min = step["setup_min"] if setup_min is None else setup_min
        minutes = minutes or setup_min + step["run_min"]
    if minutes is None:
        return None
    machines = _able(params, snapshot, run, step)
    return _Wanted(
        machines, minutes, setup_min or 0, run.key if run else None, order["due"] if order else None
    )


def _able(
    params: Params, snapshot: Snapshot, run: Record | None, step: dict[str, Any] | None
) -> list[Record]:
    """The named one, else all able to do the step, else where the run lies; never one down or locked."""
    if params.get("machine"):
        found = [m for m in [snapshot.get("machine", params["machine"])] if m is not None]
        if step is not None and not (run and run["machine"] == params["machine"]):
            found = [m for m in found if step["ability"] in m["abilities"]]
    elif step is not None:
        found = [m for m in snapshot.find("machine") if step["ability"] in m["abilities"]]
    else:
        found = [m for m in [snapshot.get("machine", run["machine"])] if m is not None] if run else []
    return [m for m in found if m["state"] in ("Up", "Maintenance") and not m["locks"]]


def _slot(machine: Record, start: str, wanted: _Wanted) -> dict[str, Any]:
    end = plus(start, minutes=wanted.minutes)
    late = max(0, minutes_between(wanted.due, end)) if wanted.due else None
    return {"machine": machine.key, "line": machine["line"], "start": start, "end": end, "late_min": late}


def _next_minute(instant: str) -> str:
    """The whole minute at or after an instant: the solver counts in minutes."""
    return from_micros(-(-micros(instant) // 60_000_000) * 60_000_000)


def _after(base: str, instant: str) -> int:
    """Minutes from ``base``, rounded down."""
    return (micros(instant) - micros(base)) // 60_000_000


def _spans(claims: Any, base: str, run: str | None) -> list[Span]:
    """Claims as busy windows in minutes, widened to whole ones; the run's own time is free."""

    def mine(claim: Claimed) -> bool:
        return claim.holder.type == "run" and claim.holder.key == run

    return [(_after(base, c.start), -_after(c.end, base)) for c in claims if not mine(c)]
