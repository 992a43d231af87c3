"""What others ask of scheduling: windows for their work, and machine time that a run holds."""

from collections.abc import Generator, Mapping
from typing import Any

from protocol.times import minutes_between, plus
from protocol.turns import Answer, AnswerKind, Move, QueryCall, View

from ...tools.said import Trying
from .runs import FAR_MIN, moved_away

Window = Mapping[str, Any]


def asked(view: View, trigger: Mapping[str, Any]) -> Trying:
    """Every request gets a decision: scheduling owns runs and orders, so it never gives way on them."""
    if trigger["request"] == "find_window":
        return (yield from _find_window(view, trigger))
    carried = trigger["carries"]["params"] if trigger["carries"] else {}
    if trigger["request"] == "decide" and {"machine", "start", "end"} <= set(carried):
        return (yield from _machine_time(trigger, carried))
    return [_refuse(trigger, "out_of_scope", "that is not for scheduling to decide")]


def _find_window(view: View, trigger: Mapping[str, Any]) -> Trying:
    """A free window where there is one; else the one that disturbs least, and its runs make way (P7)."""
    want = trigger["params"]
    if f"machine/{want['machine']}" not in view.resources:
        return [_refuse(trigger, "unknown_machine", f"there is no machine {want['machine']}")]
    window = yield from _window(want["machine"], want["minutes"], want["earliest"], want["latest"])
    if window is None:
        text = f"{want['machine']} has no {want['minutes']} minutes that a running run leaves"
        return [_refuse(trigger, "no_capacity", text)]
    reason = f"{want.get('maintenance_order') or 'maintenance'} needs {want['machine']}"
    moves = yield from moved_away(window["moves"], window["end"], reason)
    return [*moves, _window_answer(trigger, AnswerKind.AGREE, window)]


def _window(
    machine: str, minutes: int, earliest: str, latest: str
) -> Generator[QueryCall, Any, Window | None]:
    """The least disruptive window that no running run lies in."""
    want = {"machine": machine, "minutes": minutes, "earliest": earliest, "latest": latest}
    found = yield QueryCall("find_windows", want)
    return next((w for w in found if not any(run["started"] for run in w["moves"])), None)


def _machine_time(trigger: Mapping[str, Any], wanted: Mapping[str, Any]) -> Trying:
    """Somebody wants time that a run holds: the next free window is offered."""
    minutes = minutes_between(wanted["start"], wanted["end"])
    latest = plus(wanted["end"], minutes=FAR_MIN)
    window = yield from _window(wanted["machine"], minutes, wanted["start"], latest)
    if window is None or not window["free"]:
        return [_refuse(trigger, "occupied", f"{wanted['machine']} is taken and has no free window after it")]
    return [_window_answer(trigger, AnswerKind.COUNTER, window)]


def _window_answer(trigger: Mapping[str, Any], kind: AnswerKind, window: Window) -> Answer:
    return Answer(trigger["exchange"], kind, {"start": window["start"], "end": window["end"]})


def _refuse(trigger: Mapping[str, Any], code: str, text: str) -> Move:
    return Answer(trigger["exchange"], AnswerKind.REFUSE, code=code, text=text)
