"""Stock figures, derived: what is held, unrestricted, allocated and available of an item, lot by lot."""

from dataclasses import dataclass

from protocol.records import Record, Snapshot
from protocol.times import micros

from .holding import Usable, held_quantity, usable_lot
from .values import OVER

FAR = "9999-12-31T00:00:00Z"
"""Sorts after every due date: an order without one comes last among its equals."""


@dataclass(frozen=True, slots=True)
class LotFigures:
    """One lot. ``free``: what may still be allocated from it; ``open``: hard allocations not yet issued."""

    lot: Record
    open: int
    restricted: int
    usable: Usable

    @property
    def unrestricted(self) -> int:
        """What no hold and no missing inspection covers."""
        return int(self.lot["quantity"]) - self.restricted

    @property
    def free(self) -> int:
        """Unrestricted and not allocated."""
        return max(0, self.unrestricted - self.open)


@dataclass(frozen=True, slots=True)
class StockFigures:
    """One item: totals over its lots. Allocations on lots wholly restricted are left out of both sides."""

    stock: Record
    lots: tuple[LotFigures, ...]

    @property
    def unrestricted(self) -> int:
        """On hand without what is held or not yet accepted."""
        return sum(lot.unrestricted for lot in self.lots)

    @property
    def allocated(self) -> int:
        """Hard allocations, not yet issued, on lots that are not wholly restricted."""
        return sum(lot.open for lot in self.lots if lot.usable == "yes")

    @property
    def available(self) -> int:
        """Unrestricted and not allocated."""
        return self.unrestricted - self.allocated

    @property
    def allocatable(self) -> int:
        """Available above safety stock, never below 0."""
        return max(0, self.available - int(self.stock["safety_stock"]))


def open_quantity(allocation: Record) -> int:
    """What an allocation still takes from its lot."""
    return int(allocation["quantity"]) - int(allocation["issued"])


def lot_figures(snapshot: Snapshot, lot: Record) -> LotFigures:
    """The figures of one lot."""
    allocations = snapshot.find("allocation", lot=lot.key)
    usable = usable_lot(snapshot, lot)
    return LotFigures(
        lot,
        sum(open_quantity(a) for a in allocations if a["kind"] == "hard"),
        held_quantity(snapshot, lot) if usable == "yes" else int(lot["quantity"]),
        usable,
    )


def stock_figures(snapshot: Snapshot, stock: Record) -> StockFigures:
    """The figures of an item; lots first in, first out."""
    lots = sorted(snapshot.find("lot", item=stock.key), key=lambda lot: (lot["received"] or "", lot.key))
    return StockFigures(stock, tuple(lot_figures(snapshot, lot) for lot in lots))


def next_receipt(snapshot: Snapshot, item: str) -> str | None:
    """When the next open purchase of an item is promised, or None when none is."""
    promised = [p["promised"] for p in snapshot.find("purchase", item=item, state="open") if p["promised"]]
    return min(promised, key=micros, default=None)


def rank(order: Record | None) -> tuple[int, str, str]:
    """The order among orders (P6): priority, then due, then key; smaller goes first."""
    return (order["priority"], order["due"] or FAR, order.key) if order else (9, FAR, "")


def outranked(snapshot: Snapshot, order: Record, item: str) -> list[tuple[Record, Record]]:
    """(allocation, its order) of worse-ranked live orders that hold some of an item, worst first."""
    found = []
    for allocation in snapshot.find("allocation", item=item):
        other = snapshot.get("order", allocation["order"])
        hard = allocation["kind"] == "hard" and open_quantity(allocation) > 0
        # Only a better priority is worth a person's question; an equal one came first.
        if (
            hard
            and other is not None
            and other["state"] not in OVER
            and other["priority"] > order["priority"]
        ):
            found.append((allocation, other))
    return sorted(found, key=lambda pair: rank(pair[1]), reverse=True)
