"""How quality acts without a model: what it is told, and which part of it answers."""

import re
from collections.abc import Mapping
from typing import Any

from protocol.turns import Policy, Proposal, QueryCall, View

from ...tools.line import Line
from ...tools.parts import played
from ...tools.said import Trying
from .holds import contained, expired, place, release
from .lines import said
from .requests import asked

_DEFECT = re.compile(
    r"\b(scrap|defect|reject|burr|crack|out of tolerance|wrong dimension|bad parts?|quality)"
)


def relevance(text: str) -> int:
    """Holds, inspections, gauges, and what may be used or shipped."""
    line = Line(text, {})
    words = line.count(
        "hold", "held", "release", "usable", "inspect", "gauge", "calibrat", "quality", "sampling", "measur"
    )
    also = line.count(
        "override", "scrap", "ship", "contain", "quarantine", "may i use", "can i use", "rework"
    )
    keys = [line.unknown(kind) for kind in ("hold", "gauge", "lot", "inspection", "nonconformance")]
    weights = zip(keys, (3, 2, 1, 2, 3), strict=True)
    return (
        3 * words
        + 3 * also
        + sum(weight for key, weight in weights if key is not None)
        + 2 * line.count("responsibility", "qa", "reject", "passed", "tolerance", "defect", "nonconform")
    )


def heard(view: View, trigger: Mapping[str, Any]) -> Trying:
    """What a gauge measured after its time is suspect, and so is what runs where somebody pulled the andon
    for its quality. A failed inspection is contained by the reflex.
    """
    data = trigger["data"]
    match trigger["event"]:
        case "calibration.expired":
            return (yield from expired(data["gauge"]))
        case "andon.raised" if _DEFECT.search((data.get("text") or "").lower()):
            return (yield from contained(data["machine"], view.now, view.now, data["text"]))
        case _:
            return []


def again(view: View, trigger: Mapping[str, Any]) -> Trying:
    """The ground changed: what is still wanted is proposed anew."""
    wanted = trigger["params"]
    if trigger["kind"] == "place_hold":
        status = yield QueryCall("hold_status", {"subject": wanted["subject"]})
        covered = any(h["kind"] == wanted["kind"] for h in status["holds"])
        return [place(**wanted)] if status["known"] and not covered else []
    if trigger["kind"] == "release_hold":
        hold = view.resources.get(f"hold/{wanted['hold']}")
        return [release(**wanted)] if hold and hold["state"] == "active" else []
    return [Proposal(trigger["kind"], wanted)] if trigger["type"] == "reread" else []


POLICY = Policy(
    relevance, played({"person": said, "request": asked, "event": heard, "overruled": again, "reread": again})
)
