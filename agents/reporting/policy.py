"""How reporting acts without a model: it answers people, and is woken by nothing else."""

import re
from collections.abc import Mapping
from typing import Any

from protocol.turns import Answer, AnswerKind, Policy, View

from ...tools.line import Line
from ...tools.parts import played
from ...tools.said import Trying
from .lines import said

_PLURAL = re.compile(r"\b(?:which|what) (?:machines|orders)\b|\ball (?:the )?orders\b|\borders are late\b")


def relevance(text: str) -> int:
    """Figures, reports, and what is open."""
    line = Line(text, {})
    words = line.count(
        "report", "handover", "hand over", "oee", "figure", "kpi", "summary", "open items", "overview",
        "how often", "ratio", "mttr", "mtbf", "first pass", "what's open", "what is open",
    )  # fmt: skip
    also = line.count(
        "how many", "breakdown", "last night", "yesterday", "last week", "this week", "utilis", "utiliz",
        "look less", "publish", "pieces", "output", "produced",
        "look better", "promise", "day shift", "evening shift", "night shift",
        "how is the plant",
    )  # fmt: skip
    whole = line.count("status of the plant", "going on", "state of the plant")
    return 3 * words + 2 * also + 4 * whole + 4 * (_PLURAL.search(text.lower()) is not None)


def asked(view: View, trigger: Mapping[str, Any]) -> Trying:
    """Reports are all that reporting decides about."""
    yield from ()
    text = "reporting decides about its reports only"
    return [Answer(trigger["exchange"], AnswerKind.REFUSE, code="out_of_scope", text=text)]


POLICY = Policy(relevance, played({"person": said, "request": asked}))
