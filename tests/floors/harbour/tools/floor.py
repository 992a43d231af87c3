"""The harbour's toolbox: what its agents share, do, look up and hear."""

import re
from collections.abc import Sequence
from typing import Any

from protocol.effects import Effects, Emit, Refusal
from protocol.fields import Instant, Integer, KeyOf, Shape
from protocol.records import Record, Ref, Snapshot
from protocol.toolbox import Attempt, Consequence, Fact, FactKind, Invariant, Rule, Toolbox, create, put

from .actions import ACTIONS
from .queries import QUERIES
from .resources import BERTH, PASSAGE, PILOT, SOUNDING, SPAN, VISIT


def announce(fact: Fact, snapshot: Snapshot) -> Effects:
    """A ship announces itself: its visit is recorded. Told again, nothing changes."""
    data: dict[str, Any] = dict(fact.data)
    key = data.pop("visit")
    return Effects() if snapshot.get("visit", key) else Effects(puts=(create("visit", key, **data),))


def note_sounding(emit: Emit, snapshot: Snapshot) -> Effects:
    """A berth remembers its next or last sounding."""
    return Effects(puts=(put("berth", emit.data["berth"], sounded=emit.data["end"]),))


def enough_water(attempt: Attempt, snapshot: Snapshot) -> Refusal | None:
    """No agent lays a ship where it would touch the ground."""
    visit, berth = (snapshot.get(kind, attempt.params[kind]) for kind in ("visit", "berth"))
    if visit is None or berth is None or visit["draught_dm"] <= berth["depth_dm"]:
        return None
    return Refusal("enough_water", f"{visit['ship']} needs more water than {berth.key} has", "harbour_master")


def spans_forward(record: Record, snapshot: Snapshot) -> str | None:
    """A visit with a berth has a start before its end."""
    good = record["berth"] is None or record["start"] < record["end"]
    return None if good else f"{record.ref} would end before it starts"


def mentions(text: str, snapshot: Snapshot) -> Sequence[Ref]:
    """Visits and berths a text names."""
    named = re.findall(r"\b(V-\d+)\b|\b(B\d+)\b", text.upper())
    return [Ref("visit", visit) if visit else Ref("berth", berth) for visit, berth in named]


_PLACED: Shape = {"visit": KeyOf("visit"), "berth": KeyOf("berth"), **SPAN}
_ANNOUNCED: Shape = {
    name: field for name, field in VISIT.fields.items() if name not in ("berth", "start", "end")
}

TOOLBOX = Toolbox(
    resources=(BERTH, VISIT, PILOT, PASSAGE, SOUNDING),
    actions=ACTIONS,
    queries=QUERIES,
    events={
        "berth.assigned": _PLACED,
        "visit.shifted": _PLACED,
        "pilot.booked": PASSAGE.fields,
        "sounding.booked": SOUNDING.fields,
    },
    facts=(
        FactKind("ship.announced", "berthing", {"visit": KeyOf("visit"), **_ANNOUNCED}, announce),
        FactKind(
            "sounding.due",
            "fairway",
            {"berth": KeyOf("berth"), "minutes": Integer(1), "earliest": Instant(), "latest": Instant()},
        ),
    ),
    consequences=(Consequence("note_sounding", ("sounding.booked",), "berthing", note_sounding),),
    rules=(Rule("enough_water", enough_water, kinds=("assign_berth", "shift_visit")),),
    invariants=(Invariant("visit_span", "visit", spans_forward),),
    mentions=mentions,
)
