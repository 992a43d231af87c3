"""Recording inspections, and what is known of gauges. A result is added to those before it."""

import re
from collections.abc import Generator, Mapping
from typing import Any

from protocol.turns import Move, Proposal, QueryCall, Reply

from ...tools.phrasing import hold_words
from ...tools.said import Said, Trying
from ...tools.site import shown

_COUNT = re.compile(
    r"(\d+) (?:pcs |pieces |were |are )?(accepted|good|ok|passed|rejected|bad|failed|mrb|for mrb|to mrb)\b"
)
_COUNTED = {
    "good": "accepted",
    "ok": "accepted",
    "passed": "accepted",
    "bad": "rejected",
    "failed": "rejected",
}
_MEASURED = re.compile(
    r"characteristic (?P<name>\S{1,64}).*?(?P<value>-?\d{1,6}\.\d{1,4})(?: ?mm)?", re.IGNORECASE
)


def inspect(told: Said) -> Trying:
    """A result with its counts; without them, or without its one subject, both are asked for."""
    refs, counts = told.refs("lot", "run", "order"), _counts(told.line.text)
    if len(refs) != 1 or not counts:
        return [
            Reply(
                "A second result is added; the first one stands until quality_engineer decides."
                " Which lot, run or order, and how many? Say it like: inspected L96: 98 accepted.",
                clarify=True,
            )
        ]
    made: dict[str, Any] = {"subject": refs[0], **dict.fromkeys(("accepted", "rejected", "mrb"), 0), **counts}
    if found := _MEASURED.search(told.line.text):
        made |= {"characteristic": found["name"], "measured": _places(found["value"])}
    gauge = next(iter(told.line.known("gauge")), None)
    if gauge is None:
        return [Proposal("record_inspection", made)]
    moves: list[Move] = [Proposal("record_inspection", made | {"gauge": gauge})]
    status = yield QueryCall("measured_with", {"gauge": gauge})
    if not status["valid"]:
        moves.append(Reply(f"{_gauge_words(status)} A result taken with it counts for nothing."))
    return moves


def _counts(text: str) -> dict[str, int]:
    """``98 accepted, 2 rejected, 1 for MRB``."""
    counts: dict[str, int] = {}
    for number, word in _COUNT.findall(text.lower()):
        name = _COUNTED.get(word, word.rpartition(" ")[2])
        counts[name] = counts.get(name, 0) + int(number)
    return counts


def _places(value: str) -> str:
    """A length with its four places."""
    whole, _, places = value.partition(".")
    return f"{whole}.{places:0<4}"


def gauge_status(told: Said) -> Trying:
    """One gauge: whether it is valid, and what that puts in doubt."""
    gauges = told.refs("gauge")
    if len(gauges) != 1:
        return [Reply("Which gauge? Name it, such as G12.", clarify=True)]
    return [Reply("\n".join((yield from gauge_lines(gauges[0]))))]


def gauge_lines(ref: str) -> Generator[QueryCall, Any, list[str]]:
    """Whether a gauge is valid, what holds it, and what it measured since it was not."""
    found = yield QueryCall("measured_with", {"gauge": ref.removeprefix("gauge/")})
    status = yield QueryCall("hold_status", {"subject": ref})
    measured = [
        f"{i['inspection']} of {i['subject']} {shown(i['at'])}, {i['verdict']}" for i in found["inspections"]
    ]
    late = [f"Measured with it since then: {'; '.join(measured)}."] if measured else []
    return [_gauge_words(found), *(sentence(h) for h in status["holds"]), *late]


def sentence(hold: Mapping[str, Any]) -> str:
    """A hold as a sentence of its own."""
    words = hold_words(hold)
    return f"{words[0].upper()}{words[1:]}."


def _gauge_words(found: Mapping[str, Any]) -> str:
    until = shown(found["valid_until"]) if found["valid_until"] else "an unknown date"
    if found["valid"]:
        return f"{found['gauge']} is valid until {until}."
    return f"{found['gauge']} may not be used: its calibration ended {until}, or a hold covers it."
