"""What quality looks up: the hold registry, and what a gauge measured."""

from typing import Any

from protocol.records import Ref, Snapshot
from protocol.times import micros
from protocol.toolbox import Params

from .holding import active_holds, show_hold, things_of, usable_lot
from .quality_actions import gauge_valid


def hold_status(params: Params, snapshot: Snapshot) -> dict[str, Any]:
    """The active holds that cover a thing; what is not known is not usable."""
    ref = Ref.parse(params["subject"])
    record = snapshot.get(ref.type, ref.key)
    holds = active_holds(snapshot, things_of(snapshot, ref))
    usable = "unknown"
    if record is not None:
        usable = "no" if holds else "yes"
        if ref.type == "lot":
            usable = usable_lot(snapshot, record)
        elif ref.type == "gauge" and usable == "yes":
            usable = "yes" if gauge_valid(snapshot, record, snapshot.now) else "no"
    return {
        "subject": str(ref),
        "known": record is not None,
        "held": bool(holds),
        "usable": usable,
        "holds": [show_hold(h) for h in holds],
    }


def measured_with(params: Params, snapshot: Snapshot) -> dict[str, Any]:
    """What a gauge measured since an instant, or since its calibration ended."""
    key = params["gauge"]
    gauge = snapshot.get("gauge", key)
    if gauge is None:
        return {"gauge": key, "known": False}
    since = params.get("since") or gauge["valid_until"]
    found = [
        i for i in snapshot.find("inspection", gauge=key) if since is None or micros(i["at"]) >= micros(since)
    ]
    lots = sorted({i["subject"].removeprefix("lot/") for i in found if i["subject"].startswith("lot/")})
    return {
        "gauge": key,
        "known": True,
        "valid_until": gauge["valid_until"],
        "valid": gauge_valid(snapshot, gauge, snapshot.now),
        "inspections": [
            {"inspection": i.key, **{n: i[n] for n in ("subject", "at", "verdict")}} for i in found
        ],
        "lots": lots,
    }
