"""How the berth planner acts without a model."""

from collections.abc import Generator, Mapping
from typing import Any

from protocol.times import minutes_between, plus
from protocol.turns import Answer, AnswerKind, Move, Play, Policy, Proposal, QueryCall, Reply, View

from ...tools.words import counts, keys, when

LOOK_AHEAD_MIN = 5 * 24 * 60


def relevance(text: str) -> int:
    """Ships, and where they lie."""
    return counts(text, "move", "shift", "where", "lay", "lie") + 2 * len(keys(text, "V-"))


def play(view: View) -> Play:
    """One move for each thing we are told."""
    moves: list[Move] = []
    for trigger in view.triggers:
        match trigger["type"]:
            case "person":
                moves.append(_person(view, trigger["text"]))
            case "event":
                moves += yield from _announced(trigger["data"])
            case "request":
                moves.append((yield from _asked(trigger)))
            case _:
                pass
    return moves


def _person(view: View, text: str) -> Move:
    visits, berths, start = keys(text, "V-"), keys(text, "B"), when(text, view.zone)
    visit = view.resources.get(f"visit/{visits[0]}") if visits else None
    if visit is None:
        return Reply("Which ship do you mean? Name its visit, such as V-2.", clarify=True)
    if counts(text, "where"):
        place, end = visit.get("berth"), visit.get("end")
        return Reply(
            f"{visit['ship']} has {place} until {end}." if place else f"{visit['ship']} waits for a berth."
        )
    if not berths or start is None:
        return Reply("Which berth, and from when? Say it like: B2 from 2026-05-04 14:00.", clarify=True)
    kind = "shift_visit" if visit.get("berth") else "assign_berth"
    return Proposal(kind, {"visit": visits[0], "berth": berths[0], "start": start})


def _announced(ship: Mapping[str, Any]) -> Generator[QueryCall, Any, list[Move]]:
    """The first gap at a berth that suits the ship; none in five days leaves it waiting."""
    latest = plus(ship["arrives"], minutes=LOOK_AHEAD_MIN)
    span = {"minutes": ship["hours"] * 60, "earliest": ship["arrives"], "latest": latest}
    gaps = yield QueryCall("free_gaps", {**span, "visit": ship["visit"]})
    places = [{"visit": ship["visit"], "berth": gap["berth"], "start": gap["start"]} for gap in gaps]
    return [Proposal("assign_berth", place) for place in places[:1]]


def _asked(trigger: Mapping[str, Any]) -> Generator[QueryCall, Any, Move]:
    """``find_gap`` asks for a gap and gets it; ``decide`` wants a ship's time: the next gap is offered."""
    asks = trigger["request"] == "find_gap"
    want = trigger["params"] if asks else _span(trigger["carries"]["params"])
    gaps = yield QueryCall("free_gaps", want)
    if not gaps:
        text = f"{want['berth']} has no gap of {want['minutes']} minutes"
        return Answer(trigger["exchange"], AnswerKind.REFUSE, code="no_gap", text=text)
    kind = AnswerKind.AGREE if asks else AnswerKind.COUNTER
    return Answer(trigger["exchange"], kind, {"start": gaps[0]["start"], "end": gaps[0]["end"]})


def _span(wanted: Mapping[str, Any]) -> dict[str, Any]:
    start, end = wanted["start"], wanted["end"]
    latest = plus(end, minutes=LOOK_AHEAD_MIN)
    return {
        "berth": wanted["berth"],
        "minutes": minutes_between(start, end),
        "earliest": start,
        "latest": latest,
    }


POLICY = Policy(relevance, play)
