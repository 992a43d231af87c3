"""Holds: what covers a thing, and whether it may be used. ``Held`` is never stored, it is looked up here."""

from collections.abc import Iterable
from typing import Any, Literal

from protocol.records import Record, Ref, Snapshot

from .values import RELEASE_ROLES

Usable = Literal["yes", "no", "unknown"]
MAX_GENERATIONS = 20


def active_holds(snapshot: Snapshot, refs: Iterable[Ref]) -> list[Record]:
    """Active holds on any of the things, each once: compliance first, then by key."""
    found: dict[str, Record] = {}
    for ref in refs:
        for hold in snapshot.find("hold", subject=str(ref), state="active"):
            found[hold.key] = hold
    return sorted(found.values(), key=lambda h: (h["kind"] != "compliance", h.key))


def lineage(snapshot: Snapshot, lot: str) -> list[Ref]:
    """A lot and the lots it was split from: a hold on any of them covers it."""
    refs: list[Ref] = []
    key: str | None = lot
    while key is not None and len(refs) < MAX_GENERATIONS:
        refs.append(Ref("lot", key))
        record = snapshot.get("lot", key)
        key = record["parent"] if record else None
    return refs


def descendants(snapshot: Snapshot, lot: str) -> list[str]:
    """A lot and everything split from it, by generation."""
    found = [lot]
    for key in found:
        found += [child.key for child in snapshot.find("lot", parent=key) if child.key not in found]
    return found


def lot_holds(snapshot: Snapshot, lot: str) -> list[Record]:
    """Active holds that cover a lot."""
    return active_holds(snapshot, lineage(snapshot, lot))


def held_quantity(snapshot: Snapshot, lot: Record) -> int:
    """How much of a lot is under hold: all of it unless every hold names a quantity."""
    total = 0
    for hold in lot_holds(snapshot, lot.key):
        if hold["quantity"] is None:
            return int(lot["quantity"])
        total += hold["quantity"]
    return min(total, int(lot["quantity"]))


def order_things(snapshot: Snapshot, order: str) -> list[Ref]:
    """The order and the lots allocated to it."""
    refs = [Ref("order", order)]
    for allocation in snapshot.find("allocation", order=order):
        if allocation["lot"] is not None and allocation["quantity"] > allocation["issued"]:
            refs += lineage(snapshot, allocation["lot"])
    return refs


def run_things(snapshot: Snapshot, run: Record) -> list[Ref]:
    """Everything a run uses: itself, its machine, its order, its lots."""
    refs = [run.ref, Ref("machine", run["machine"]), *order_things(snapshot, run["order"])]
    for lot in run["lots"] or ():
        refs += lineage(snapshot, lot)
    return refs


def things_of(snapshot: Snapshot, ref: Ref) -> list[Ref]:
    """What a hold must be looked for on, to say whether ``ref`` is held."""
    match ref.type:
        case "lot":
            return lineage(snapshot, ref.key)
        case "order":
            return order_things(snapshot, ref.key)
        case "run":
            run = snapshot.get("run", ref.key)
            return run_things(snapshot, run) if run else [ref]
        case _:
            return [ref]


def usable_lot(snapshot: Snapshot, lot: Record) -> Usable:
    """Whether a lot may be used: not wholly held; a bought lot only with an accepted receiving inspection.

    The last inspection decides; a missing one is unknown, which is not usable (P11).
    """
    if held_quantity(snapshot, lot) >= lot["quantity"] > 0 or any(
        h["quantity"] is None for h in lot_holds(snapshot, lot.key)
    ):
        return "no"
    if lot["expires"] is not None and lot["expires"] <= snapshot.now:
        return "no"
    results = [i for i in snapshot.find("inspection", subject=str(lot.ref)) if i["verdict"] != "unusable"]
    if results:
        last = max(results, key=lambda i: (i["at"], i.key))
        return "yes" if last["verdict"] == "accepted" else "no"
    return "yes" if lot["purchase"] is None else "unknown"


def release_role(hold: Record) -> str:
    """Who may release a hold: for compliance always the QA manager, whatever the record says."""
    return RELEASE_ROLES["compliance"] if hold["kind"] == "compliance" else str(hold["release_role"])


def show_hold(hold: Record) -> dict[str, Any]:
    """HOLD of the queries."""
    return {
        "hold": hold.key,
        "subject": hold["subject"],
        "kind": hold["kind"],
        "reason": hold["reason"],
        "release_role": release_role(hold),
        "quantity": hold["quantity"],
        "since": hold["placed"],
    }
