"""Truths about each record, checked after every action inside its transaction. Codes are stable."""

from collections.abc import Callable

from protocol.records import Record, Snapshot
from protocol.toolbox import Invariant

from .holding import release_role
from .machine_time import earlier
from .stocking import lot_figures, open_quantity, stock_figures
from .values import LIVE, MAINTENANCE_DONE, PLANNED_KINDS


def span_forward(record: Record, snapshot: Snapshot) -> str | None:
    """A run and a downtime end after they start."""
    return None if earlier(record["start"], record["end"]) else f"{record.ref} would end before it starts"


def operations_in_sequence(run: Record, snapshot: Snapshot) -> str | None:
    """No planned operation of an order starts before a planned one with a smaller number has ended."""
    if not _planned(run):
        return None
    number = int(run["operation"][2:])
    for other in snapshot.find("run", order=run["order"]):
        if other.ref == run.ref or not _planned(other):
            continue
        theirs = int(other["operation"][2:])
        first, second = (other, run) if theirs < number else (run, other)
        if theirs != number and earlier(second["start"], first["end"]):
            return f"{second.key} would start before {first.key} ends, an operation before it"
    return None


def _planned(run: Record) -> bool:
    return run["state"] in LIVE and run["at_risk"] is None


def machine_up(machine: Record, snapshot: Snapshot) -> str | None:
    """A machine is not up while a lock, or an open downtime that covers now, stands."""
    if machine["state"] != "Up":
        return None
    if machine["locks"]:
        return f"{machine.key} cannot be up while it is locked"
    now = snapshot.now
    for downtime in snapshot.find("downtime", machine=machine.key, state="open"):
        if not earlier(now, downtime["start"]) and earlier(now, downtime["end"]):
            return f"{machine.key} cannot be up while {downtime.key} is open"
    return None


def inside_limits(downtime: Record, snapshot: Snapshot) -> str | None:
    """A planned downtime lies inside [earliest, hard limit] of its order."""
    key = downtime["maintenance_order"]
    order = snapshot.get("maintenance_order", key) if key else None
    if order is None or downtime["kind"] not in PLANNED_KINDS or downtime["state"] != "planned":
        return None
    early = order["earliest"] is not None and earlier(downtime["start"], order["earliest"])
    late = order["hard_limit"] is not None and earlier(order["hard_limit"], downtime["end"])
    return f"{downtime.key} lies outside the limits of {key}" if early or late else None


def one_corrective(order: Record, snapshot: Snapshot) -> str | None:
    """One open corrective order for each machine and code; repeats raise its count."""
    if order["type"] != "CM" or order["state"] in MAINTENANCE_DONE:
        return None
    for other in snapshot.find("maintenance_order", machine=order["machine"]):
        same = other.ref != order.ref and (other["type"], other["code"]) == ("CM", order["code"])
        if same and other["state"] not in MAINTENANCE_DONE:
            return f"{order['machine']} has {other.key} open for the same code"
    return None


def compliance_released_by(hold: Record, snapshot: Snapshot) -> str | None:
    """Nobody but the QA manager is named to release a compliance hold."""
    return None if hold["release_role"] == release_role(hold) else f"{hold.key} must name qa_manager"


def stock_adds_up(stock: Record, snapshot: Snapshot) -> str | None:
    """On hand is the sum of the lots, allocated the sum of what hard allocations still take."""
    on_hand = sum(lot["quantity"] for lot in snapshot.find("lot", item=stock.key))
    hard = [a for a in snapshot.find("allocation", item=stock.key) if a["kind"] == "hard"]
    allocated = sum(open_quantity(a) for a in hard)
    if stock["on_hand"] != on_hand:
        return f"{stock.key}: {stock['on_hand']} on hand, and its lots hold {on_hand}"
    return (
        None
        if stock["allocated"] == allocated
        else f"{stock.key}: {stock['allocated']} allocated, not {allocated}"
    )


def not_overallocated(stock: Record, snapshot: Snapshot) -> str | None:
    """Hard allocations on lots that may be used never exceed what is unrestricted (I1)."""
    figures = stock_figures(snapshot, stock)
    return None if figures.available >= 0 else f"{stock.key}: more is allocated than is unrestricted"


def allocation_fits(allocation: Record, snapshot: Snapshot) -> str | None:
    """No more is issued than was allocated, and no lot gives more than it holds."""
    if allocation["issued"] > allocation["quantity"]:
        return f"{allocation.key}: more is issued than was allocated"
    lot = snapshot.get("lot", allocation["lot"]) if allocation["lot"] else None
    if lot is None or lot_figures(snapshot, lot).open <= lot["quantity"]:
        return None
    return f"{lot.key}: more is allocated than it holds"


def purchase_counts(purchase: Record, snapshot: Snapshot) -> str | None:
    """No more of a purchase is rejected than was received."""
    good = purchase["received"] >= purchase["rejected"]
    return None if good else f"{purchase.key}: more is rejected than was received"


_CHECKS: tuple[tuple[str, str, Callable[[Record, Snapshot], str | None]], ...] = (
    ("run_span", "run", span_forward),
    ("sequence", "run", operations_in_sequence),
    ("machine_up", "machine", machine_up),
    ("downtime_span", "downtime", span_forward),
    ("outside_limits", "downtime", inside_limits),
    ("one_corrective", "maintenance_order", one_corrective),
    ("release_role", "hold", compliance_released_by),
    ("stock_adds_up", "stock", stock_adds_up),
    ("overallocated", "stock", not_overallocated),
    ("allocation_fits", "allocation", allocation_fits),
    ("purchase_counts", "purchase", purchase_counts),
)
INVARIANTS = tuple(Invariant(code, kind, check) for code, kind, check in _CHECKS)
