"""What others ask of quality: whether a thing may be used, and that a hold be looked at."""

from collections.abc import Mapping
from typing import Any

from protocol.ids import KEY
from protocol.turns import Answer, AnswerKind, Move, QueryCall, View

from ...tools.said import Trying
from ...tools.values import HELD_TYPES
from .holds import release


def asked(view: View, trigger: Mapping[str, Any]) -> Trying:
    """Every request gets a decision: quality owns holds, so it never gives way on them."""
    match trigger["request"]:
        case "is_usable":
            return (yield from _is_usable(trigger))
        case "review_hold":
            return (yield from _review_hold(view, trigger))
        case _:
            return [_decide(trigger)]


def _is_usable(trigger: Mapping[str, Any]) -> Trying:
    """What is not known stays unknown; the asker treats it as not usable."""
    subject = trigger["params"]["subject"]
    kind, _, key = subject.partition("/")
    if kind not in HELD_TYPES or not KEY.fullmatch(key):
        text = f"{subject} is not TYPE/KEY of a lot, order, run, machine or gauge"
        return [_refuse(trigger, "unknown_subject", text)]
    status = yield QueryCall("hold_status", {"subject": subject})
    if not status["known"]:
        return [_refuse(trigger, "unknown_subject", f"there is no {subject}")]
    hold = status["holds"][0] if status["holds"] else None
    values = {
        "usable": status["usable"],
        "hold": hold["hold"] if hold else None,
        "release_role": hold["release_role"] if hold else None,
    }
    return [Answer(trigger["exchange"], AnswerKind.AGREE, values)]


def _review_hold(view: View, trigger: Mapping[str, Any]) -> Trying:
    """The release is proposed, so that the gate asks for the signature; nothing else is done to the hold."""
    key = trigger["params"]["hold"]
    hold = view.resources.get(f"hold/{key}")
    if hold is None or hold["state"] != "active":
        return [_refuse(trigger, "unknown_hold", f"there is no active hold {key}")]
    decides = yield QueryCall("who_decides", {"ref": f"hold/{key}"})
    reason = trigger["params"].get("reason") or f"{trigger['from']} asks for a review"
    proposed = release(key, reason, f"Asked by {trigger['from']}; nothing was inspected for it")
    return [proposed, Answer(trigger["exchange"], AnswerKind.AGREE, {"release_role": decides["role"]})]


def _decide(trigger: Mapping[str, Any]) -> Move:
    """Containing is always right; a release goes through ``review_hold``; the rest is quality's own work."""
    kind = trigger["carries"]["kind"] if trigger["carries"] else None
    if kind == "place_hold":
        return Answer(trigger["exchange"], AnswerKind.AGREE)
    if kind == "release_hold":
        return _refuse(
            trigger, "needs_signature", "a hold is released by its release role: ask quality.review_hold"
        )
    return _refuse(trigger, "out_of_scope", "that is not decided on another agent's word")


def _refuse(trigger: Mapping[str, Any], code: str, text: str) -> Move:
    return Answer(trigger["exchange"], AnswerKind.REFUSE, code=code, text=text)
