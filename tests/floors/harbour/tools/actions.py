"""The four actions. Each is pure: params and what it reads in, effects or a refusal out."""

from protocol.effects import Delta, Effects, Emit, Refusal
from protocol.fields import Instant, KeyOf, Shape
from protocol.records import Claimed, Ref, Snapshot
from protocol.times import plus
from protocol.toolbox import ActionContext, ActionKind, Params, create, put

PASSAGE_MIN = 90


def assign_berth(params: Params, snapshot: Snapshot, context: ActionContext) -> Effects | Refusal:
    """Give a visit without a berth its place; the berth's shore power is promised with it."""
    visit = snapshot.get("visit", params["visit"])
    if visit is None or visit["berth"] is not None:
        return Refusal("not_waiting", f"{params['visit']} is not a ship that waits for a berth")
    return _lay(params, snapshot, "berth.assigned")


def shift_visit(params: Params, snapshot: Snapshot, context: ActionContext) -> Effects | Refusal:
    """Move a visit to another berth or time."""
    visit = snapshot.get("visit", params["visit"])
    if visit is None or visit["berth"] is None:
        return Refusal("not_berthed", f"{params['visit']} has no berth to leave")
    return _lay(params, snapshot, "visit.shifted")


def _lay(params: Params, snapshot: Snapshot, event: str) -> Effects | Refusal:
    visit, berth = snapshot.get("visit", params["visit"]), snapshot.get("berth", params["berth"])
    if visit is None or berth is None:
        return Refusal("unknown_berth", f"there is no berth {params['berth']}")
    if visit["length_m"] > berth["length_m"]:
        return Refusal(
            "too_long", f"{visit['ship']} is longer than {berth.key}", alternative="a longer berth"
        )
    if params["start"] < visit["arrives"]:
        return Refusal("too_early", f"{visit['ship']} arrives only at {visit['arrives']}")
    end = plus(params["start"], minutes=visit["hours"] * 60)
    where = {"berth": berth.key, "start": params["start"], "end": end}
    power = [Delta(berth.ref, "power_kw", -visit["power_kw"])]
    if visit["berth"] is not None:
        power.append(Delta(Ref("berth", visit["berth"]), "power_kw", visit["power_kw"]))
    return Effects(
        puts=(put("visit", visit.key, **where),),
        deltas=tuple(power),
        claims=(Claimed(str(berth.ref), params["start"], end, visit.ref),),
        events=(Emit(event, str(visit.ref), {"visit": visit.key, **where}),),
    )


def must_sign(params: Params, snapshot: Snapshot) -> str | None:
    """Only a promised visit needs a signature; whose, floor.yaml says."""
    visit = snapshot.get("visit", params["visit"])
    return "policy" if visit is not None and visit["promised"] else None


def book_pilot(params: Params, snapshot: Snapshot, context: ActionContext) -> Effects | Refusal:
    """Send a pilot to a ship; the pilot is busy for the whole passage."""
    visit, pilot = snapshot.get("visit", params["visit"]), snapshot.get("pilot", params["pilot"])
    if visit is None or pilot is None:
        return Refusal("unknown_visit", f"there is no visit {params['visit']} or no pilot {params['pilot']}")
    if visit["length_m"] > pilot["max_length_m"]:
        return Refusal("no_licence", f"{pilot['name']} may not bring in ships of {visit['length_m']} m")
    passage = Ref("passage", context.new_key("T-"))
    made = {**params, "end": plus(params["start"], minutes=PASSAGE_MIN)}
    return Effects(
        puts=(create("passage", passage.key, **made),),
        claims=(Claimed(str(pilot.ref), params["start"], made["end"], passage),),
        events=(Emit("pilot.booked", str(passage), made),),
    )


def book_sounding(params: Params, snapshot: Snapshot, context: ActionContext) -> Effects | Refusal:
    """Close a berth for a while and measure its depth."""
    if snapshot.get("berth", params["berth"]) is None:
        return Refusal("unknown_berth", f"there is no berth {params['berth']}")
    if params["end"] <= params["start"]:
        return Refusal("no_time", "a sounding ends after it starts")
    sounding = Ref("sounding", context.new_key("S-"))
    return Effects(
        puts=(create("sounding", sounding.key, **params),),
        claims=(Claimed(f"berth/{params['berth']}", params["start"], params["end"], sounding),),
        events=(Emit("sounding.booked", str(sounding), dict(params)),),
    )


_PLACE: Shape = {"visit": KeyOf("visit"), "berth": KeyOf("berth"), "start": Instant()}
_PILOT: Shape = {"visit": KeyOf("visit"), "pilot": KeyOf("pilot"), "start": Instant()}
_SPAN: Shape = {"berth": KeyOf("berth"), "start": Instant(), "end": Instant()}

ACTIONS = (
    ActionKind(
        name="assign_berth",
        purpose="Give a waiting ship a berth from an instant on.",
        params=_PLACE,
        writes=("visit", "berth"),
        claims=("berth",),
        decide=assign_berth,
        summary=lambda p: f"Berth {p['visit']} at {p['berth']} from {p['start']}",
        events=("berth.assigned",),
    ),
    ActionKind(
        name="shift_visit",
        purpose="Move a ship to another berth or time.",
        params=_PLACE,
        writes=("visit", "berth"),
        claims=("berth",),
        decide=shift_visit,
        summary=lambda p: f"Shift {p['visit']} to {p['berth']} from {p['start']}",
        events=("visit.shifted",),
        signature=must_sign,
    ),
    ActionKind(
        name="book_pilot",
        purpose="Send a pilot to a ship.",
        params=_PILOT,
        writes=("passage",),
        claims=("pilot",),
        decide=book_pilot,
        summary=lambda p: f"Send {p['pilot']} to {p['visit']} at {p['start']}",
        events=("pilot.booked",),
    ),
    ActionKind(
        name="book_sounding",
        purpose="Close a berth and measure its depth.",
        params=_SPAN,
        writes=("sounding",),
        claims=("berth",),
        decide=book_sounding,
        summary=lambda p: f"Sound {p['berth']} from {p['start']} to {p['end']}",
        events=("sounding.booked",),
    ),
)
