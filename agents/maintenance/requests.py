"""What others ask of maintenance: whether a machine is available, and time that a downtime holds."""

from collections.abc import Generator, Mapping
from typing import Any

from protocol.times import micros, plus
from protocol.turns import Answer, AnswerKind, Move, QueryCall, View

from ...tools.said import Trying

Span = tuple[str, str]


def asked(view: View, trigger: Mapping[str, Any]) -> Trying:
    """A machine that nobody knows is not available; what is not maintenance's is refused."""
    if trigger["request"] == "is_available":
        return [(yield from _is_available(trigger))]
    carried = trigger["carries"]
    if trigger["request"] == "decide" and carried and carried["kind"] in ("plan_run", "move_run"):
        return [(yield from _machine_time(view, trigger, carried["params"]))]
    text = "that is not for maintenance to decide"
    return [Answer(trigger["exchange"], AnswerKind.REFUSE, code="out_of_scope", text=text)]


def _is_available(trigger: Mapping[str, Any]) -> Generator[QueryCall, Any, Move]:
    want = trigger["params"]
    status = yield QueryCall("machine_status", {"machine": want["machine"]})
    until = _taken_until(status, (want["start"], want["end"])) if status["known"] else None
    usable = status["known"] and status["state"] in ("Up", "Maintenance") and not status["locks"]
    values = {"available": bool(usable and until is None), "until": until}
    return Answer(trigger["exchange"], AnswerKind.AGREE, values)


def _machine_time(
    view: View, trigger: Mapping[str, Any], wanted: Mapping[str, Any]
) -> Generator[QueryCall, Any, Move]:
    """A run wants time that a downtime holds: it is offered the time after it."""
    machine = wanted.get("machine") or wanted["to"]
    status = yield QueryCall("machine_status", {"machine": machine})
    until = _taken_until(status, _span(view, wanted)) if status["known"] else None
    if until is None:
        text = f"{machine} has no downtime then"
        return Answer(trigger["exchange"], AnswerKind.REFUSE, code="occupied", text=text)
    return Answer(trigger["exchange"], AnswerKind.COUNTER, {"start": until})


def _span(view: View, wanted: Mapping[str, Any]) -> Span:
    if "run_min" in wanted:
        return wanted["start"], plus(wanted["start"], minutes=wanted["setup_min"] + wanted["run_min"])
    run = view.resources[f"run/{wanted['run']}"]
    length = micros(run["end"]) - micros(run["start"])
    return wanted["start"], plus(wanted["start"], seconds=length / 1_000_000)


def _taken_until(status: Mapping[str, Any], span: Span) -> str | None:
    """When the downtimes that reach into a span end, or None when none does."""
    inside = [
        d["end"]
        for d in status["downtimes"]
        if micros(d["start"]) < micros(span[1]) and micros(span[0]) < micros(d["end"])
    ]
    return max(inside, key=micros, default=None)
