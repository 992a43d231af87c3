"""How maintenance acts without a model: what it is told, and which part of it answers."""

import re
from collections.abc import Mapping
from typing import Any

from protocol.turns import Answer, AnswerKind, Policy, Proposal, View

from ...tools.line import Line
from ...tools.parts import played
from ...tools.said import Trying
from .lines import answer
from .requests import asked
from .windows import booked_anyway, due

_HOURS_ON = re.compile(r"\b(hours?|h|minutes?|min) (on|for|of) (machine|m\d)", re.IGNORECASE)


def relevance(text: str) -> int:
    """Machines as things that are kept running: maintenance, breakdowns, returns."""
    line = Line(text, {})
    words = line.count(
        "maintenance", "repair", "broke", "noise", "down", "back", "lock", "downtime", "pm", "return"
    )
    keys = (line.unknown("maintenance_order"), line.unknown("downtime"))
    return (
        2 * words
        + 3 * sum(key is not None for key in keys)
        + 4 * bool(_HOURS_ON.search(text))
        + line.count("service", "stopped", "status", "up again", "hurts")
        + (line.unknown("machine") is not None)
    )


def heard(view: View, trigger: Mapping[str, Any]) -> Trying:
    """What is due gets a window; a fault while producing gets an order, and is no breakdown by itself."""
    data = trigger["data"]
    match trigger["event"]:
        case "maintenance.due":
            return (yield from due(view, data["machine"], data.get("maintenance_order")))
        case "machine.fault" if data.get("mode") == "AUTOMATIC":
            return [_corrective(data["machine"], 2, data.get("code"), data.get("text"))]
        case "machine.emergency_stop":
            return [_corrective(data["machine"], 1, None, "Emergency stop")]
        case "andon.raised":
            return [_corrective(data["machine"], 1, None, f"Andon raised by {data.get('by') or 'somebody'}")]
        case _:
            return []


def _corrective(machine: str, priority: int, code: str | None, symptom: str | None) -> Proposal:
    asked_for = {"machine": machine, "type": "CM", "priority": priority, "code": code, "symptom": symptom}
    return Proposal("create_maintenance_order", asked_for)


def answered(view: View, trigger: Mapping[str, Any]) -> Trying:
    """Any offer of a window is taken: the gate holds it against the limits of the order."""
    if trigger["open"]:
        return [Answer(trigger["exchange"], AnswerKind.AGREE)]
    if trigger["request"] == "find_window" and trigger["kind"] == "refuse":
        return (yield from booked_anyway(view, trigger["params"]))
    return []


def again(view: View, trigger: Mapping[str, Any]) -> Trying:
    """A window was taken or changed: another one is asked for."""
    if trigger["kind"] != "open_downtime":
        return []
    wanted = trigger["params"]
    return (yield from due(view, wanted["machine"], wanted["maintenance_order"]))


POLICY = Policy(
    relevance,
    played(
        {
            "person": answer,
            "request": asked,
            "event": heard,
            "answer": answered,
            "overruled": again,
            "reread": again,
        }
    ),
)
