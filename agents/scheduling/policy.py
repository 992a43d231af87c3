"""How scheduling acts without a model: what it is told, and which part of it answers."""

from collections.abc import Mapping
from typing import Any

from protocol.turns import Policy, View

from ...tools.line import Line
from ...tools.parts import played
from ...tools.said import Trying
from .lines import answer
from .requests import asked
from .runs import again, freed, laid_over, released


def relevance(text: str) -> int:
    """Runs, their orders, and what is next on a machine."""
    line = Line(text, {})
    words = line.count(
        "run", "move", "plan ", "schedul", "next", "what's on", "cancel", "late", "on time", "resched"
    )
    keys = 2 * (line.unknown("run") is not None) + (line.unknown("order") is not None)
    hints = line.count("order", "customer", "urgent", "priorit", "start", "make", "ready", "produc")
    return 2 * words + keys + hints


def heard(view: View, trigger: Mapping[str, Any]) -> Trying:
    """A released order is planned; runs that lost their time are put elsewhere. The rest is known now."""
    match trigger["event"]:
        case "order.released":
            return (yield from released(trigger["data"]))
        case "downtime.opened" | "downtime.changed":
            return (yield from laid_over(trigger["data"]["machine"], trigger["data"]["end"]))
        case "downtime.closed" | "machine.up":
            return (yield from freed(trigger["data"]["machine"]))
        case _:
            return []


POLICY = Policy(
    relevance,
    played({"person": answer, "request": asked, "event": heard, "overruled": again, "reread": again}),
)
