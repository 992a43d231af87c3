"""Consequences that scheduling answers for: runs under a downtime, and the calendar of each machine-day."""

from typing import Any

from protocol.effects import Effects, Emit, Put, Release
from protocol.records import Claimed, Record, Ref, Snapshot
from protocol.toolbox import Consequence, create, put

from .machine_time import earlier, machine_ref, runs_in
from .site import days_of, shown
from .values import PLANNED_KINDS

Place = dict[str, str]


def lay_over_runs(emit: Emit, snapshot: Snapshot) -> Effects:
    """A downtime that goes over runs puts them at risk: they keep their record and lose their time.

    A run in progress is suspended when the downtime has begun, else it keeps its time until then.
    """
    data = emit.data
    if not data.get("forced", data["kind"] not in PLANNED_KINDS):
        return Effects()
    puts: list[Put] = []
    claims: list[Claimed] = []
    events: list[Emit] = []
    found = runs_in(snapshot, data["machine"], data["start"], data["end"])
    for run in found:
        reason = f"{data['kind']} {data['downtime']} from {shown(data['start'])} to {shown(data['end'])}"
        if run["state"] != "Running":
            puts.append(put("run", run.key, at_risk=reason))
        elif earlier(snapshot.now, data["start"]):
            puts.append(put("run", run.key, at_risk=reason))
            claims.append(Claimed(machine_ref(run["machine"]), run["start"], data["start"], run.ref))
        else:
            puts.append(put("run", run.key, at_risk=reason, state="Suspended"))
        events.append(_at_risk(run, reason))
    return Effects(
        puts=tuple(puts),
        releases=tuple(Release(run.ref) for run in found),
        claims=tuple(claims),
        events=tuple(events),
    )


def _at_risk(run: Record, reason: str) -> Emit:
    names = ("order", "operation", "machine", "start", "end", "approved_by")
    data = {"run": run.key, **{name: run[name] for name in names}, "reason": reason}
    return Emit("run.at_risk", str(run.ref), data)


def keep_calendar(emit: Emit, snapshot: Snapshot) -> Effects:
    """Enter what was booked in the calendar of its machine-days, and take out what was given back."""
    holder = Ref("run", str(emit.data.get("run"))) if emit.type == "run.finished" else Ref.parse(emit.subject)
    before, after = (
        _finished(emit, snapshot) if emit.type == "run.finished" else _places(emit.type, emit.data)
    )
    days = {(p["machine"], day) for p in (before, after) if p for day in days_of(p["start"], p["end"])}
    writes = []
    for machine, day in sorted(days):
        booked = (
            after
            if after and after["machine"] == machine and day in days_of(after["start"], after["end"])
            else None
        )
        if change := _day(snapshot, machine, day, holder, booked):
            writes.append(change)
    return Effects(puts=tuple(writes))


def _places(kind: str, data: Any) -> tuple[Place | None, Place | None]:
    """Where an event's subject lay before, and where it lies now; None for nowhere."""
    named = {name: data[name] for name in ("machine", "start", "end")} if "machine" in data else data["to"]
    match kind:
        case "run.planned" | "downtime.opened":
            return None, named
        case "run.moved" | "downtime.changed" | "downtime.closed":
            ended = kind == "downtime.closed" and not earlier(named["start"], named["end"])
            return data["from"], None if ended else named
        case _:
            return named, None


def _finished(emit: Emit, snapshot: Snapshot) -> tuple[Place | None, Place | None]:
    """A finished run gives back what it had planned; the report may name no machine at all."""
    run = snapshot.get("run", emit.data["run"]) if emit.data.get("run") else None
    return ({name: run[name] for name in ("machine", "start", "end")} if run else None), None


def _day(snapshot: Snapshot, machine: str, day: str, holder: Ref, booked: Place | None) -> Put | None:
    key = f"{machine}@{day}"
    record = snapshot.get("calendar", key)
    bookings = [b for b in (record["bookings"] if record else ()) if b["holder"] != str(holder)]
    if booked is not None:
        bookings.append({"holder": str(holder), "start": booked["start"], "end": booked["end"]})
    bookings.sort(key=lambda b: (b["start"], b["holder"]))
    if record is None:
        return create("calendar", key, machine=machine, bookings=bookings) if bookings else None
    return put("calendar", key, bookings=bookings) if bookings != record["bookings"] else None


_CALENDAR_EVENTS = (
    "run.planned", "run.moved", "run.cancelled", "run.at_risk", "run.finished",
    "downtime.opened", "downtime.changed", "downtime.closed",
)  # fmt: skip

CONSEQUENCES = (
    Consequence("lay_over_runs", ("downtime.opened", "downtime.changed"), "scheduling", lay_over_runs),
    Consequence("keep_calendar", _CALENDAR_EVENTS, "scheduling", keep_calendar),
)
