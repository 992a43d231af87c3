"""How the fairway office acts without a model."""

from collections.abc import Generator, Mapping
from typing import Any

from protocol.times import plus
from protocol.turns import (
    Answer,
    AnswerKind,
    Ask,
    Carried,
    Move,
    Play,
    Policy,
    Proposal,
    QueryCall,
    Reply,
    View,
)

from ...tools.words import counts, keys, when

SOUNDING_MIN = 120
WITHIN_MIN = 7 * 24 * 60


def relevance(text: str) -> int:
    """Soundings, depths and pilots."""
    return 3 * counts(text, "sound", "depth", "deep", "pilot")


def play(view: View) -> Play:
    """One move for each thing we are told."""
    moves: list[Move] = []
    for trigger in view.triggers:
        match trigger["type"]:
            case "person":
                moves.append(_person(view, trigger["text"]))
            case "event" if trigger["event"] == "ship.announced":
                moves += yield from _announced(trigger["data"])
            case "event" if trigger["event"] == "sounding.due":
                moves.append(_ask_for_gap(trigger["data"]))
            case "request":
                text = f"{trigger['carries']['params']['berth']} is closed for a sounding then"
                moves.append(Answer(trigger["exchange"], AnswerKind.REFUSE, code="closed", text=text))
            case "answer" if trigger["open"]:
                moves.append(Answer(trigger["exchange"], AnswerKind.AGREE))
            case _:
                pass
    return moves


def _person(view: View, text: str) -> Move:
    """A sounding at a stated time is proposed as it is; without a time berthing is asked for a gap."""
    berths, start = keys(text, "B"), when(text, view.zone)
    if not berths or not counts(text, "sound"):
        return Reply("Shall a berth be sounded? Say which one: sound B3.", clarify=True)
    if start is not None:
        end = plus(start, minutes=SOUNDING_MIN)
        return Proposal("book_sounding", {"berth": berths[0], "start": start, "end": end})
    latest = plus(view.now, minutes=WITHIN_MIN)
    return _ask_for_gap({"berth": berths[0], "minutes": SOUNDING_MIN, "earliest": view.now, "latest": latest})


def _ask_for_gap(due: Mapping[str, Any]) -> Move:
    """berthing owns the berth's time; its answer fills start and end of the sounding."""
    carries = Carried("book_sounding", {"berth": due["berth"]}, holes=("start", "end"))
    return Ask("berthing", "find_gap", dict(due), carries)


def _announced(ship: Mapping[str, Any]) -> Generator[QueryCall, Any, list[Move]]:
    """A pilot meets the ship when it arrives, whether its berth is free by then or not."""
    want = {"visit": ship["visit"], "start": ship["arrives"]}
    pilots = yield QueryCall("free_pilots", want)
    return [Proposal("book_pilot", {**want, "pilot": pilot}) for pilot in pilots[:1]]


POLICY = Policy(relevance, play)
