"""Delivery by processes that die, and side by side: again under the same id, subjects in order (p15)."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from graph.app import App
from protocol.failpoints import Point
from protocol.ports import Tx
from protocol.rows import EventRow
from tests.graph.harbour_app import opened, violations
from tests.graph.receiver import KEY, serving
from tests.graph.test_delivering import floor_for, states
from tests.recovery.programs import FORKS, KILLED, die_at, tell, told

pytestmark = pytest.mark.long

LATER_S = 60.0
"""Beyond the time for which a delivery stays taken up."""


def secret(_name: str) -> str:
    return KEY


async def publish(app: App, count: int, subjects: int) -> None:
    def job(tx: Tx) -> None:
        for n in range(1, count + 1):
            about = f"s{n % subjects}"
            tx.put_event(EventRow(f"evt_{n}", "ship.announced", "radio", f"{n}", tx.now, tx.now, about, {}))
        tx.audit({"what": "test"})

    await app.ledger.write(job)


def dies_when_it_has_sent(floor: Path, data: Path) -> None:
    """Sends, and does not live to mark it."""

    async def main() -> None:
        async with opened(data, floor, secret=secret) as app:
            await publish(app, 1, 1)
            die_at(Point.PUBLISHED)
            await app.deliver()

    asyncio.run(main())


def delivers(floor: Path, data: Path, barrier: Any, out: Path) -> None:
    """Sends what is due as soon as the others do."""

    async def main() -> None:
        async with opened(data, floor, secret=secret) as app:
            await asyncio.to_thread(barrier.wait, 60)
            while (await app.ledger.read(lambda tx: tx.outbox.backlog("erp"))).pending or not told(out):
                done = await app.deliver()
                tell(out, str(done.acknowledged))
                await asyncio.sleep(0.01)

    asyncio.run(main())


async def test_event_sent_and_not_marked_comes_again_under_the_same_id(tmp_path: Path) -> None:
    with serving() as erp:
        floor = floor_for(tmp_path / "floor", erp.url, "ship.announced")
        child = FORKS.Process(target=dies_when_it_has_sent, args=(floor, tmp_path / "data"))
        child.start()
        child.join(60)
        assert child.exitcode == KILLED
        assert erp.ids == ["evt_1"]
        async with opened(tmp_path / "data", floor, secret=secret) as app:
            assert await states(app) == [("pending", None, 1)]
            assert (await app.deliver()).acknowledged == 0  # it may still be under way, for all one knows
        later = time.time() + LATER_S
        erp.now_s = lambda: later
        async with opened(tmp_path / "data", floor, secret=secret, shared=lambda: later) as app:
            assert (await app.deliver()).acknowledged == 1
            assert await states(app) == [("sent", None, 2)]
            assert await violations(app) == []
        first, second = erp.requests
        assert first == second
        assert len(erp.events) == 1


async def test_two_processes_send_each_once_and_each_subject_in_order(tmp_path: Path) -> None:
    with serving() as erp:
        floor = floor_for(tmp_path / "floor", erp.url, "ship.announced", timeout_s=30)
        async with opened(tmp_path / "data", floor, secret=secret) as app:
            await publish(app, 60, 6)
        barrier, outs = FORKS.Barrier(2), [tmp_path / f"out{n}" for n in (1, 2)]
        children = [
            FORKS.Process(target=delivers, args=(floor, tmp_path / "data", barrier, out)) for out in outs
        ]
        for child in children:
            child.start()
        for child in children:
            child.join(120)
        assert [child.exitcode for child in children] == [0, 0]
        sent = [sum(int(line) for line in told(out)) for out in outs]
        assert sum(sent) == 60
        assert min(sent) > 0
        assert len(erp.requests) == len(erp.events) == 60
        for n in range(6):
            numbers = [e["aggregate_sequence"] for e in erp.requests if e["aggregate"] == f"s{n}"]
            assert numbers == list(range(1, 11))
        async with opened(tmp_path / "data", floor, secret=secret) as app:
            assert await violations(app) == []
