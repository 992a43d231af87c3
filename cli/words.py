"""Values, moves and decisions in words: what was said and signed, as a person reads it."""

from collections.abc import Mapping
from typing import Any

from protocol.rows import DecisionRow
from protocol.times import is_instant, local
from protocol.turns import Answer, AnswerKind, Ask, Carried, Move, Proposal, Reply

DECIDED = {"approve": "approved", "reject": "rejected", "answer": "answered"}
_ANSWERS = {
    AnswerKind.AGREE: "agrees",
    AnswerKind.REFUSE: "refuses",
    AnswerKind.COUNTER: "offers instead",
    AnswerKind.DEFER: "gives way",
}


def value_words(value: object, zone: str) -> str:
    """One value; instants in local time, nothing as ``-``."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if is_instant(value):
        return local(str(value), zone)
    if isinstance(value, Mapping):
        return f"({params_words(value, zone)})"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(value_words(item, zone) for item in value) + "]"
    return str(value)


_SINGULAR = {"audit entries": "audit entry", "deliveries": "delivery"}


def counted(number: int, things: str) -> str:
    """``1 case``, ``2 cases``."""
    return f"{number} {_SINGULAR.get(things, things.removesuffix('s')) if number == 1 else things}"


_SPANS = ((86_400, "d"), (3600, "h"), (60, "min"))


def span_words(seconds: int) -> str:
    """``1 h 20 min``, ``45 s``: the two largest parts of a duration."""
    parts, left = [], seconds
    for size, unit in _SPANS:
        if left >= size:
            parts.append(f"{left // size} {unit}")
            left %= size
    return " ".join(parts[:2]) or f"{seconds} s"


def params_words(params: Mapping[str, Any], zone: str) -> str:
    """``berth=B2, start=Mon 2026-05-04 14:00 CEST``."""
    return ", ".join(f"{name}={value_words(value, zone)}" for name, value in params.items())


def action_words(kind: str, params: Mapping[str, Any], zone: str) -> str:
    """``kind(name=value, ...)``."""
    return f"{kind}({params_words(params, zone)})"


def move_words(move: Move, zone: str) -> str:
    """One move of a turn."""
    match move:
        case Proposal(kind, params):
            return f"wants {action_words(kind, params, zone)}"
        case Ask(to, request, params, carries):
            return f"asks {to}.{request}({params_words(params, zone)}){_carried(carries, zone)}"
        case Answer(exchange, kind, values, code, text):
            said = " ".join(
                part for part in (params_words(values, zone), f"[{code}]" if code else "") if part
            )
            details = ": ".join(part for part in (said, f'"{text}"' if text else "") if part)
            return f"{_ANSWERS[kind]} in {exchange}{': ' if details else ''}{details}"
        case Reply(text, code, clarify):
            how = "asks back" if clarify else f"refuses [{code}]" if code else "says"
            return f"{how}: {text}"


def decision_words(row: DecisionRow, zone: str) -> str:
    """Who signed as what, when, meaning what, and why: in every form a person reads (approvals.md 8)."""
    chosen = f" option {row.option}" if row.option is not None else ""
    said = f', "{row.text}"' if row.text else ""
    why = f": {row.reason}" if row.reason else ""
    who = f"{row.name} ({row.person}, {row.role})"
    return f"{DECIDED[row.decision]}{chosen}{said} by {who} at {local(row.at, zone)}, as {row.meaning}{why}"


def _carried(carries: Carried | None, zone: str) -> str:
    if carries is None:
        return ""
    holes = f", open: {', '.join(carries.holes)}" if carries.holes else ""
    return f" for {action_words(carries.kind, carries.params, zone)}{holes}"
