"""What a person says to quality, intent by intent. A line asks; it never carries authority."""

import re
from collections.abc import Generator, Mapping, Sequence
from typing import Any

from protocol.turns import Move, QueryCall, Reply, View

from ...tools.line import Line, listed
from ...tools.phrasing import alternatives_words, hold_words
from ...tools.said import Intents, Said, Trying, amounts, chosen, refs_in, slip, unreadable
from ...tools.site import shown
from ...tools.spans import named_span
from .holds import contained, place, release
from .inspecting import gauge_lines, gauge_status, inspect, sentence

SUBJECTS = ("lot", "run", "order", "gauge", "machine")
"""What a hold covers, the closest name first: ``L96 from Machine 8`` is the lot."""
UNKNOWN = {
    "hold": "unknown_hold",
    "lot": "unknown_subject",
    "order": "unknown_subject",
    "run": "unknown_subject",
    "gauge": "unknown_subject",
    "machine": "unknown_subject",
}
HELP = (
    'Ask me what may be used, or tell me what to hold: "What holds O-500?", "Hold L96, it looks odd",'
    ' "Inspected L96: 98 accepted, 2 rejected".'
)
_NEGATED = re.compile(r"\b(?:don't|dont|do not|never)\b")
MAX_ORDERS = 6
"""How many of the orders spoken of are looked at to find the one that a hold blocks."""
_PART = re.compile(r"\bhold (?=\S*\d\S*(?: ?pcs| pieces| parts)? of\b)", re.IGNORECASE)
"""``hold 20 of L96`` is a quantity, no hold."""
_LENGTH_MM = re.compile(r"-?\d+\.\d+(?: ?mm\b)?")


def said(view: View, trigger: Mapping[str, Any]) -> Trying:
    """The first intent that the line's words fit; a question is answered and changes nothing."""
    told = Said.of(view, {**trigger, "text": _PART.sub("hold: ", trigger["text"])})
    if (refusal := told.unknown(UNKNOWN) or slip(_without_lengths(told.line))) is not None:
        return [refusal]
    asks = told.line.asks() or _NEGATED.search(told.line.text.lower()) is not None
    intent = chosen(told.line, REFUSED) or chosen(told.line, QUESTIONS if asks else INTENTS)
    if intent is None and refs_in(told.line, "hold", *SUBJECTS):
        intent = _status
    return (yield from intent(told)) if intent else [Reply(HELP, clarify=True)]


def _without_lengths(line: Line) -> Line:
    """A measured length is no quantity."""
    return Line(_LENGTH_MM.sub(" ", line.text), {})


def _status(told: Said) -> Trying:
    """What holds each thing, and whether it may be used; unknown is said as unknown."""
    refs = told.refs("hold", *SUBJECTS)
    if not refs:
        return (yield from _held_now(told))
    lines: list[str] = []
    holds: set[str] = set()
    for ref in refs[:5]:
        if ref.startswith("hold/"):
            lines.append(_hold_record(told, ref))
        elif ref.startswith("gauge/"):
            lines += yield from gauge_lines(ref)
        else:
            status = yield QueryCall("hold_status", {"subject": ref})
            lines.append(_status_words(status))
            holds |= {hold["hold"] for hold in status["holds"]}
    ships = told.line.says("ship", "deliver", "pack")
    for ref in refs[:5] if ships else ():
        lines += yield from _made(ref)
    return [Reply("\n".join([*lines, *(yield from _instead(told, holds))]))]


def _made(ref: str) -> Generator[QueryCall, Any, list[str]]:
    """What an order still lacks before it can leave."""
    kind, _, key = ref.partition("/")
    if kind != "order":
        return []
    found = yield QueryCall("order_status", {"order": key})
    return [f"{found['good']} of {found['quantity']} pcs of {key} are made."]


def _hold_record(told: Said, ref: str) -> str:
    hold = told.record(ref)
    if hold["state"] == "active":
        return sentence({**hold, "hold": ref.removeprefix("hold/")})
    return f"{ref.removeprefix('hold/')} on {hold['subject']} was released {shown(hold['released'])}."


def _status_words(status: Mapping[str, Any]) -> str:
    subject = status["subject"].partition("/")[2]
    if status["holds"]:
        return f"{subject} may not be used: {'; '.join(hold_words(h) for h in status['holds'])}."
    if not status["subject"].startswith("lot/"):
        return f"Nothing holds {subject}."
    return {
        "yes": f"Nothing holds {subject}; it may be used.",
        "no": f"Nothing holds {subject}, but its inspection or its date does not let it be used.",
        "unknown": f"Whether {subject} may be used is unknown: no inspection accepted it. Until then: no.",
    }[status["usable"]]


def _held_now(told: Said) -> Trying:
    """Everything on hold, where a line names nothing; else which thing is meant is asked about."""
    which = "Which lot, order, run, machine or gauge do you mean? Name it, such as L95."
    if not told.line.says("hold", "held"):
        return [Reply(which, clarify=True)]
    found = yield QueryCall("open_items", {})
    holds = "\n".join(sentence(h) for h in found["holds"]) or "Nothing is on hold."
    if told.line.says("ship", "deliver", "pack"):
        return [Reply(f"{holds}\nNothing else is held. {which}", clarify=True)]
    return [Reply(holds)]


def _instead(told: Said, holds: set[str]) -> Generator[QueryCall, Any, list[str]]:
    """What else could be done for the order spoken of that these holds block."""
    spoken_of = [ref for line in (told.line, *told.earlier) for ref in refs_in(line, "order", "run")]
    for order in list(dict.fromkeys(_order_of(told, ref) for ref in spoken_of))[:MAX_ORDERS]:
        found = yield QueryCall("alternatives_for", {"order": order})
        if found["known"] and any(hold["hold"] in holds for hold in found["blocked_by"]):
            return [alternatives_words(found)]
    return []


def _order_of(told: Said, ref: str) -> str:
    return str(told.record(ref)["order"]) if ref.startswith("run/") else ref.removeprefix("order/")


def _release(told: Said) -> Trying:
    """The hold's release role signs at the gate. Who says what in a line changes neither role nor hold."""
    holds = yield from _holds(told)
    if isinstance(holds, Reply):
        return [holds]
    evidence = f"The words of {told.person}; nothing was inspected for it"
    moves: list[Move] = [release(hold["hold"], told.line.text, evidence) for hold in holds]
    signers = listed(sorted({hold["release_role"] for hold in holds}))
    lines = [sentence(hold) for hold in holds]
    lines.append(f"{signers} signs or it stays; your words go along as a remark and decide nothing.")
    if any(hold["release_role"] in told.roles for hold in holds):
        lines.append("You asked for it, so the signature has to be somebody else's.")
    lines += yield from _instead(told, {hold["hold"] for hold in holds})
    return [*moves, Reply("\n".join(lines))]


def _holds(told: Said) -> Generator[QueryCall, Any, Sequence[Mapping[str, Any]] | Reply]:
    """The holds a line means: those it names, or the one on what it names; several are asked about."""
    here = refs_in(told.line, "hold", *SUBJECTS)
    refs = here or told.refs("hold") or told.refs(*SUBJECTS)
    named = [ref.removeprefix("hold/") for ref in refs if ref.startswith("hold/")]
    if named:
        over = [key for key in named if told.record(f"hold/{key}")["state"] != "active"]
        if over:
            return Reply(f"{listed(over)} is not active any more; nothing was changed.", "unknown_hold")
        shown_ones = []
        for key in named:
            decides = yield QueryCall("who_decides", {"ref": f"hold/{key}"})
            shown_ones.append({**told.record(f"hold/{key}"), "hold": key, "release_role": decides["role"]})
        return shown_ones
    found: dict[str, Mapping[str, Any]] = {}
    for ref in refs:
        status = yield QueryCall("hold_status", {"subject": ref})
        found |= {hold["hold"]: hold for hold in status["holds"]}
    if len(found) == 1:
        return list(found.values())
    if found:
        which = "\n".join(f"  {hold_words(hold)}" for hold in found.values())
        return Reply(f"Which hold do you mean?\n{which}", clarify=True)
    if refs:
        keys = listed([ref.partition("/")[2] for ref in refs])
        return Reply(f"No hold covers {keys}; there is nothing to release.")
    return Reply("Which hold? Name it, such as H-12, or what it covers, such as lot L95.", clarify=True)


def _hold(told: Said) -> Trying:
    """Containment comes first: the hold is proposed at once, with the words as its reason."""
    span, machines = named_span(told.line.text, told.view.now), told.line.known("machine")
    if machines and (span or told.line.says("everything", "all parts", "all lots", "whatever")):
        if asked := unreadable(told):
            return [asked]
        return (yield from _hold_output(told, machines, span.start if span else told.view.now))
    refs = told.refs(*SUBJECTS)
    if not refs:
        return [Reply("What shall be held? Name it: hold L96, it looks odd.", clarify=True)]
    closest = [ref for ref in refs if ref.partition("/")[0] == refs[0].partition("/")[0]]
    counts = amounts(told.line)
    quantity = counts[0] if len(counts) == 1 and len(closest) == 1 and refs[0].startswith("lot/") else None
    kind = next((k for k in ("quarantine", "compliance", "quality") if told.line.says(k)), "in_process")
    moves: list[Move] = [
        place(subject=ref, quantity=quantity, kind=kind, reason=told.remark) for ref in closest
    ]
    return moves


def _hold_output(told: Said, machines: Sequence[str], since: str) -> Trying:
    moves: list[Move] = []
    for machine in machines:
        moves += yield from contained(machine, since, told.view.now, told.remark)
    where = f"{listed(machines)} since {shown(since)}"
    if not moves:
        text = f"I find no run under way on {where}, and finished runs I cannot look up. Which lots or runs?"
        return [Reply(text, clarify=True)]
    text = f"This covers the runs under way on {where}. Runs that ended I cannot look up: name their lots."
    return [*moves, Reply(text)]


def _sampling(told: Said) -> Trying:
    """How much is inspected is no agent's to cut."""
    decides = yield QueryCall("who_decides", {"ref": "gauge/ANY"})
    text = (
        f"No: whether inspections are skipped is decided by {decides['role']}, and nothing was changed."
        " Instead: put more people on inspection, or take the urgent orders first."
    )
    return [Reply(text, "needs_signature")]


def _board(told: Said) -> Trying:
    """A disposition is the review board's, two people; an agent scraps nothing."""
    decides = yield QueryCall("who_decides", {"ref": "nonconformance/ANY"})
    text = (
        f"That is the review board's: {listed(decides['roles'])} both sign a disposition."
        " Nothing was changed. Instead: I can hold the lot until they have decided."
    )
    return [Reply(text, "needs_signature")]


REFUSED: Intents = (
    (("skip", "sampling", "leave out the inspection"), _sampling),
    (("scrap", "dispos", "use as is", "use-as-is", "rework", "regrade"), _board),
)
"""What no wording gets from this role."""
QUESTIONS: Intents = (
    (("gauge", "calibrat"), gauge_status),
    (
        ("hold", "held", "use", "usable", "ship", "deliver", "pack", "release", "block", "inspect", "why"),
        _status,
    ),
)
INTENTS: Intents = (
    (("release", "overrid", "overrul", "approved", "responsib", "lift", "unblock"), _release),
    (("hold", "quarantine", "contain", "block"), _hold),
    (("inspect", "record", "measured", "re-measured", "passed", "accepted"), inspect),
    (("ship", "deliver", "pack", "use", "usable", "held"), _status),
    (("gauge", "calibrat"), gauge_status),
)
"""Words of which a line holds one for an intent; the first that fits wins."""
