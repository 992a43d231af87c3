"""What quality decides: recording inspections, placing holds and releasing them."""

from decimal import Decimal
from typing import Any

from protocol.effects import Effects, Emit, Put, Refusal
from protocol.fields import Choice, Fraction, Integer, KeyOf, Maybe, Name, Text
from protocol.records import Record, Ref, Snapshot
from protocol.toolbox import ActionContext, ActionKind, Params, create, put

from .holding import active_holds, descendants, release_role
from .machine_time import earlier
from .values import HELD_TYPES, HOLD_KINDS, RELEASE_ROLES, Subject

INSPECTED_TYPES = ("lot", "order", "run")


def place_hold(params: Params, snapshot: Snapshot, context: ActionContext) -> Effects | Refusal:
    """A hold on a thing: from now on nothing uses it. The same hold a second time is refused."""
    subject, kind = Ref.parse(params["subject"]), params["kind"]
    if snapshot.get(subject.type, subject.key) is None:
        return Refusal("unknown_subject", f"there is no {subject}")
    role = params.get("release_role") or RELEASE_ROLES[kind]
    if kind == "compliance" and role != RELEASE_ROLES[kind]:
        return Refusal(
            "wrong_role", f"a compliance hold is released by {RELEASE_ROLES[kind]} and nobody else"
        )
    same = [h for h in active_holds(snapshot, [subject]) if h["kind"] == kind]
    if any(h["quantity"] is None or h["quantity"] == params.get("quantity") for h in same):
        return Refusal("already_held", f"{subject} is under {kind} hold {same[0].key}")
    hold = Ref("hold", context.new_key("H-"))
    named = {
        "subject": str(subject),
        "kind": kind,
        "quantity": params.get("quantity"),
        "reason": params["reason"],
    }
    made = create(
        "hold", hold.key, **named, release_role=role, state="active", placed=snapshot.now, released=None,
        released_by=None, evidence=None,
    )  # fmt: skip
    data = {"hold": hold.key, **named, "release_role": role, "by": context.agent}
    return Effects(
        puts=(made,),
        events=(Emit("hold.placed", str(subject), data), *_lots("lot.held", snapshot, hold.key, named)),
        result={"hold": hold.key},
    )


def _lots(event: str, snapshot: Snapshot, hold: str, named: dict[str, Any]) -> tuple[Emit, ...]:
    """One event for every lot covered, lots split from it included."""
    subject = Ref.parse(named["subject"])
    lots = descendants(snapshot, subject.key) if subject.type == "lot" else []
    return tuple(
        Emit(event, f"lot/{lot}", {"hold": hold, "lot": lot, "quantity": named["quantity"]}) for lot in lots
    )


def release_hold(params: Params, snapshot: Snapshot, context: ActionContext) -> Effects | Refusal:
    """A hold ends. Who must sign is the hold's to say, not the asker's."""
    hold = snapshot.get("hold", params["hold"])
    if hold is None:
        return Refusal("unknown_hold", f"there is no hold {params['hold']}")
    if hold["state"] != "active":
        return Refusal("not_active", f"{hold.key} was released before")
    named = {name: hold[name] for name in ("subject", "kind", "quantity", "reason")}
    by = context.signed_by[0] if context.signed_by else None
    data = {"hold": hold.key, **named, "release_role": release_role(hold), "by": by or context.agent}
    return Effects(
        puts=(
            put(
                "hold",
                hold.key,
                state="released",
                released=snapshot.now,
                released_by=by,
                evidence=params["evidence"],
            ),
        ),
        events=(
            Emit("hold.released", hold["subject"], data),
            *_lots("lot.released", snapshot, hold.key, named),
        ),
    )


def must_release(params: Params, snapshot: Snapshot) -> str:
    """The role that signs a release; for what is no hold the QA manager, so that nothing slips through."""
    hold = snapshot.get("hold", params["hold"])
    return release_role(hold) if hold else RELEASE_ROLES["compliance"]


def record_inspection(params: Params, snapshot: Snapshot, context: ActionContext) -> Effects | Refusal:
    """One inspection, added to those before; what fails is said, and containing it is a hold of its own."""
    subject = Ref.parse(params["subject"])
    if snapshot.get(subject.type, subject.key) is None:
        return Refusal("unknown_subject", f"there is no {subject}")
    gauge = snapshot.get("gauge", params["gauge"]) if params.get("gauge") else None
    if params.get("gauge") and gauge is None:
        return Refusal("unknown_subject", f"there is no gauge {params['gauge']}")
    counted = {name: params[name] for name in ("accepted", "rejected", "mrb")}
    flags = [] if gauge is None or gauge_valid(snapshot, gauge, snapshot.now) else ["gauge_expired"]
    verdict = "unusable" if flags else _verdict(params)
    key = context.new_key("I-")
    optional = {
        n: params.get(n) for n in ("characteristic", "nominal", "tol_min", "tol_max", "measured", "gauge")
    }
    made = create(
        "inspection", key, subject=str(subject), **optional, **counted, verdict=verdict, by=context.agent,
        at=snapshot.now,
    )  # fmt: skip
    named = {"characteristic": optional["characteristic"], "measured": optional["measured"]}
    data = {
        "inspection": key,
        "subject": str(subject),
        **named,
        **counted,
        "verdict": verdict,
        "flags": flags,
    }
    kinds = ["inspection.recorded"] + (["inspection.failed"] if verdict in ("rejected", "mrb") else [])
    return Effects(
        puts=(made, *_used(gauge, snapshot.now)),
        events=tuple(Emit(kind, str(subject), data) for kind in kinds),
        result={"inspection": key, "verdict": verdict},
    )


def gauge_valid(snapshot: Snapshot, gauge: Record, at: str) -> bool:
    """Whether a gauge may be trusted at an instant: calibrated until after it, and under no hold."""
    until = gauge["valid_until"]
    return until is not None and earlier(at, until) and not active_holds(snapshot, [gauge.ref])


def _used(gauge: Record | None, at: str) -> tuple[Put, ...]:
    return (put("gauge", gauge.key, last_used=at),) if gauge else ()


def _verdict(params: Params) -> str:
    if params["rejected"] > 0 or out_of_tolerance(params):
        return "rejected"
    return "mrb" if params["mrb"] > 0 else "accepted"


def out_of_tolerance(params: Params) -> bool:
    """Whether a measured value lies outside nominal and tolerances; without one of them unknown: no."""
    names = ("measured", "nominal", "tol_min", "tol_max")
    if any(params.get(name) is None for name in names):
        return False
    measured, nominal, low, high = (Decimal(params[name]) for name in names)
    return not nominal + low <= measured <= nominal + high


QUALITY_ACTIONS = (
    ActionKind(
        name="record_inspection",
        purpose="Record an inspection of a lot, order or run; tolerances are deviations from nominal, in mm.",
        params={
            "subject": Subject(INSPECTED_TYPES),
            "characteristic": Maybe(Text(120)),
            "measured": Maybe(Fraction(4)),
            "nominal": Maybe(Fraction(4)),
            "tol_min": Maybe(Fraction(4)),
            "tol_max": Maybe(Fraction(4)),
            "gauge": Maybe(KeyOf("gauge")),
            "accepted": Integer(0),
            "rejected": Integer(0),
            "mrb": Integer(0),
        },
        writes=("inspection", "gauge"),
        decide=record_inspection,
        summary=lambda p: (
            f"Inspect {p['subject']}: {p['accepted']} accepted, {p['rejected']} rejected, {p['mrb']} to MRB"
        ),
        events=("inspection.recorded", "inspection.failed"),
    ),
    ActionKind(
        name="place_hold",
        purpose="Hold a lot, order, run, machine or gauge: nothing may use it until the hold is released.",
        params={
            "subject": Subject(HELD_TYPES),
            "quantity": Maybe(Integer(1)),
            "kind": Choice(HOLD_KINDS),
            "reason": Text(500),
            "release_role": Maybe(Name()),
        },
        writes=("hold",),
        decide=place_hold,
        summary=lambda p: f"{p['kind']} hold on {p['subject']}: {p['reason']}",
        events=("hold.placed", "lot.held"),
        protective=True,
    ),
    ActionKind(
        name="release_hold",
        purpose="Release a hold. The hold's release role signs it (compliance: the QA manager).",
        params={"hold": KeyOf("hold"), "evidence": Text(500), "reason": Text(500)},
        writes=("hold",),
        decide=release_hold,
        summary=lambda p: f"Release hold {p['hold']}",
        events=("hold.released", "lot.released"),
        signature=must_release,
    ),
)
