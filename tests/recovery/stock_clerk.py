"""A long-lived process that asks the plant for stock when it is told: ``stock_clerk DATA ITEMS ORDER``.

It says ``ready``; then each line ``N AT`` makes it ask for 400 of item N at the instant AT of the
monotonic clock, which two of them share, and say how the case stands.
"""

import asyncio
import sys
import time
from pathlib import Path

from graph.app import open_app
from graph.settings import Seed, Settings
from protocol.records import Ref

ROOT = Path(__file__).resolve().parents[2]
DUE = {"FIRST": "2026-03-06T15:00:00Z", "SECOND": "2026-03-05T15:00:00Z"}
RANK = {"FIRST": 1, "SECOND": 2}


def item(number: int) -> str:
    return f"CX-{number}"


def order(who: str, number: int) -> str:
    return f"O-{who}-{number}"


def stocked(items: int) -> Seed:
    """500 of each item in one lot, safety 50; two orders want 400 of it, of different rank."""
    records: list[tuple[Ref, dict[str, object]]] = []
    for n in range(items):
        stock = {
            "unit": "pcs",
            "safety_stock": 50,
            "reorder_point": 400,
            "on_hand": 500,
            "allocated": 0,
            "reserved": 0,
        }
        records.append((Ref("stock", item(n)), stock))
        lot = {"item": item(n), "location": "A-1", "received": "2026-02-23T08:00:00Z", "quantity": 500}
        records.append((Ref("lot", f"L-{n}"), lot))
        for who, priority in RANK.items():
            wants = {
                "item": "COUPLING",
                "quantity": 400,
                "due": DUE[who],
                "priority": priority,
                "state": "Released",
            }
            needs = {"operations": [], "materials": [{"item": item(n), "quantity": 400}]}
            records.append(
                (Ref("order", order(who, n)), {**wants, **needs, "good": 0, "scrapped": 0, "rework_open": 0})
            )
    return Seed(tuple(records))


def settings(data: Path, items: int) -> Settings:
    return Settings(floor_dir=ROOT, data_dir=data, seed=stocked(items))


async def main(data: str, items: str, who: str) -> None:
    """Serve one line after the other until there is none."""
    async with open_app(settings(Path(data), int(items))) as app:
        print("ready", flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            number, at = line.split()
            while time.monotonic() < float(at):
                pass
            text = f"Allocate 400 {item(int(number))} to {order(who, int(number))}"
            shape = await app.ask(text, person="k.amari")
            print(shape["status"], flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
