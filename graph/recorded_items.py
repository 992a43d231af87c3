"""What may stand in a recording: checked once, when it is read, since it may come from anywhere."""

from collections.abc import Sequence
from typing import Any

from checkpoints.recordings import DamagedRecordingError, Part
from graph.recording import DECISION, OPENING


def check_parts(parts: Sequence[Part]) -> None:
    """Raise DamagedRecordingError for parts that no recorder writes."""
    for part in parts:
        good = _is_between(part) if part.drive == 0 else all(_is_item(item) for item in part.items)
        if not good or part.first < 0:
            raise DamagedRecordingError(f"a part of {part.strand!r} holds what no recording holds")


def _is_between(part: Part) -> bool:
    match part.items:
        case [["do", {"text": str(), "person": str()} as step], dict(item)]:
            known = part.strand == OPENING and isinstance(step.get("session"), str | None)
        case [["do", {"wanted": dict(wanted)}], dict(item)]:
            known = part.strand == DECISION and isinstance(wanted.get("escalation"), str)
        case _:
            return False
    return known and _is_job(item)


def _is_item(item: Any) -> bool:
    match item:
        case ["do", {"step": str()}]:
            return True
        case ["clock", float() | int()]:
            return True
        case ["route", {"chosen": None | str()}] | ["route", {"error": dict()}]:
            return True
        case ["model", list(seen), dict(answer)]:
            return all(isinstance(s, str) for s in seen) and _is_answer(answer)
        case dict():
            return _is_job(item)
    return False


def _is_answer(answer: dict[str, Any]) -> bool:
    if answer.get("cut") is True:
        return True
    if "error" in answer:
        error = answer["error"]
        return isinstance(error, dict) and {"type", "module", "text", "status", "retry_after"} <= error.keys()
    calls = answer.get("calls"), answer.get("invalid")
    return (
        {"content", "calls", "invalid", "usage", "meta", "refusal"} <= answer.keys()
        and all(isinstance(c, list) and all(isinstance(one, dict) for one in c) for c in calls)
        and all({"name", "args", "id"} <= one.keys() for one in answer["calls"])
    )


def _is_job(item: dict[str, Any]) -> bool:
    if not isinstance(item.get("writes"), bool):
        return False
    if item.get("cut") is True or isinstance(item.get("down"), dict):
        return True
    match item:
        case {"before": {"clock": _, "now": _}, "asked": list(asked), "clocks": list(clocks), "hours": hours}:
            return (
                all(isinstance(c, float | int) for c in clocks)
                and (hours is None or all(isinstance(h, str) for h in hours))
                and isinstance(item.get("step_s"), int)
                and all(_is_statement(s) for s in asked)
            )
    return False


def _is_statement(statement: Any) -> bool:
    match statement:
        case [str(), list(), int()]:
            return True
        case [str(), list(), list(rows)]:
            return all(isinstance(row, list) for row in rows)
    return False
