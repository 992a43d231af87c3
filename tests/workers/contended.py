"""Many cases that want the same few things: orders of the plant, each of which needs one of its items."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from graph.settings import Seed
from protocol.records import Ref
from tests.architecture.sources import ROOT

PLANT = ROOT


def hardy_plant(to: Path) -> Path:
    """The plant where processes are killed all the time: a case is tried more often before it is blamed."""
    for part in ("tools", "agents"):
        shutil.copytree(PLANT / part, to / part, ignore=shutil.ignore_patterns("__pycache__", "*.py[co]"))
    for name in ("floor.yaml", "seed.yaml"):
        shutil.copy(PLANT / name, to / name)
    with (to / "floor.yaml").open("a", encoding="utf-8") as config:
        config.write("\nlimits: {attempts: 9}\n")
    return to


@dataclass(frozen=True)
class Contention:
    """``orders`` that want ``wanted`` pieces each of one of ``items``, in turn. Safety stock is 50."""

    orders: int
    items: int
    on_hand: int = 500
    wanted: int = 10

    @property
    def seed(self) -> Seed:
        """The plant with these orders and items in it."""
        return Seed((*self._items(), *self._orders()))

    def lines(self) -> list[str]:
        """What is asked: one line for each order, every item in turn."""
        return [f"Allocate {self.wanted} CX-{n % self.items} to O-{n}" for n in range(self.orders)]

    def _items(self) -> Iterator[tuple[Ref, dict[str, object]]]:
        counts = {
            "safety_stock": 50,
            "reorder_point": 60,
            "on_hand": self.on_hand,
            "allocated": 0,
            "reserved": 0,
        }
        for n in range(self.items):
            yield Ref("stock", f"CX-{n}"), {"unit": "pcs", **counts}
            lot = {"item": f"CX-{n}", "location": "A-1", "received": "2026-02-23T08:00:00Z"}
            yield Ref("lot", f"L-{n}"), {**lot, "quantity": self.on_hand}

    def _orders(self) -> Iterator[tuple[Ref, dict[str, object]]]:
        for n in range(self.orders):
            needs = {
                "operations": [],
                "materials": [{"item": f"CX-{n % self.items}", "quantity": self.wanted}],
            }
            yield (
                Ref("order", f"O-{n}"),
                {
                    "item": "COUPLING",
                    "quantity": self.wanted,
                    "due": "2026-03-06T15:00:00Z",
                    "priority": 1,
                    "state": "Released",
                    **needs,
                    "good": 0,
                    "scrapped": 0,
                    "rework_open": 0,
                },
            )
