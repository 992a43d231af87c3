"""Machine time for maintenance: asked of scheduling, inside the limits of the maintenance order."""

from collections.abc import Generator, Mapping
from typing import Any

from protocol.times import micros, plus
from protocol.turns import Ask, Carried, Proposal, QueryCall, View

from ...tools.said import Trying

USUAL_MIN = 120
"""How long maintenance without an estimate is given."""
FAR_DAYS = 14
ALL_DAYS = 365
KINDS = {"PM": "preventive", "PdM": "preventive", "CM": "corrective", "calibration": "calibration"}
"""Type of a maintenance order -> kind of its downtime."""

Order = Mapping[str, Any]


def order_for(machine: str, key: str | None) -> Generator[QueryCall, Any, Order | None]:
    """The open order named, or the machine's next one that is planned for a time of its own."""
    found = yield QueryCall("due_list", {"days": ALL_DAYS})
    mine = [o for o in found if o["machine"] == machine]
    if key is not None:
        return next((o for o in mine if o["maintenance_order"] == key), None)
    return next((o for o in mine if o["type"] != "CM"), None)


def due(view: View, machine: str, key: str | None) -> Trying:
    """What is due and not planned yet gets a window."""
    order = yield from order_for(machine, key)
    if order is None or order["planned"] is not None:
        return []
    return [window(view, order)]


def window(
    view: View, order: Order, opens: str | None = None, closes: str | None = None, minutes: int | None = None
) -> Ask:
    """Scheduling owns the runs and the calendar: its answer fills start and end of the downtime."""
    earliest = max((t for t in (view.now, order["earliest"], opens) if t), key=micros)
    limits = [t for t in (order["hard_limit"] or order["due"], closes) if t]
    latest = min(limits, key=micros) if limits else plus(earliest, minutes=FAR_DAYS * 24 * 60)
    length = max(minutes or 0, order["est_min"] or 0) or USUAL_MIN
    where = {"machine": order["machine"], "maintenance_order": order["maintenance_order"]}
    carries = Carried("open_downtime", {**where, "kind": KINDS[order["type"]]}, holes=("start", "end"))
    return Ask(
        "scheduling",
        "find_window",
        {**where, "minutes": length, "earliest": earliest, "latest": latest},
        carries,
    )


def booked_anyway(view: View, wanted: Mapping[str, Any]) -> Trying:
    """No window was found: maintenance that is due is not dropped, the gate says what may be laid over."""
    order = yield from order_for(wanted["machine"], wanted.get("maintenance_order"))
    if order is None or order["planned"] is not None:
        return []
    span = {"start": wanted["earliest"], "end": plus(wanted["earliest"], minutes=wanted["minutes"])}
    where = {"machine": order["machine"], "maintenance_order": order["maintenance_order"]}
    return [Proposal("open_downtime", {**where, **span, "kind": KINDS[order["type"]]})]
