"""How inventory acts without a model: what it is told, and which part of it answers."""

import re
from collections.abc import Mapping
from typing import Any

from protocol.turns import Policy, View

from ...tools.line import Line
from ...tools.parts import played
from ...tools.said import Trying
from .allocating import again, given_back, held, of_released_lot, supplied
from .lines import said
from .requests import asked

_ITEM = re.compile(r"\b(?!(?:OEE|MTTR|MTBF|KPI|FPY|MRB|QA|PM|OK|ASAP)\b)[A-Z]{2,}(?:-[A-Z0-9]+)*\b")
_OF_IT = re.compile(r"\b\d+ of (?:it|them|that|those)\b")


def relevance(text: str) -> int:
    """Stock, who gets it, and what is missing."""
    line = Line(text, {})
    words = line.count(
        "stock", "allocat", "enough", "on hand", "borrow", "inventory", "shortage", "reorder", "vendor",
        "supplier", "expedite", "material", "i count", "counted", "system says", "reserve",
    )  # fmt: skip
    also = line.count("available", "do we have", "how much", "how many", "purchase", "needs", "need")
    keys = [line.unknown(kind) for kind in ("allocation", "purchase", "lot")]
    return (
        3 * words
        + line.count("allocation")
        + 2 * also
        + 4 * line.count("rejected ones", "use the rejected", "use the held", "held ones")
        + 3 * (_OF_IT.search(text.lower()) is not None)
        + sum(weight for key, weight in zip(keys, (4, 3, 1), strict=True) if key is not None)
        + (_ITEM.search(text) is not None)
    )


def heard(view: View, trigger: Mapping[str, Any]) -> Trying:
    """An order gets its material when it is released and when material is free again; what a hold covers
    is given back, and what an order that is over holds too.
    """
    data = trigger["data"]
    match trigger["event"]:
        case "order.released":
            return (yield from supplied(data["order"]))
        case "run.cancelled":
            return (yield from given_back(data["order"]))
        case "lot.held":
            return (yield from held(view, data["lot"], data["hold"]))
        case "lot.released":
            return (yield from of_released_lot(view, data["lot"]))
        case _:
            return []


POLICY = Policy(
    relevance, played({"person": said, "request": asked, "event": heard, "overruled": again, "reread": again})
)
