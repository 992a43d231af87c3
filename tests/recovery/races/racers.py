"""Processes that live long and do what they are told at the same instant as another one.

An order goes through a pipe; both wait at the barrier, then carry it out and answer with what came of it.
"""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from graph.app import App, open_app
from graph.settings import Settings
from protocol.errors import AndonError
from protocol.failpoints import Point, arm
from tests.agents.floor_copies import HARBOUR
from tests.recovery.programs import stand_still
from tests.recovery.races.clocks import RIGHT, Skew, WallClock

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.recovery.races.racers"])

LIMIT_S = 120
MASTERS = ("k.maes", "l.dijk")
SECOND = {"id": MASTERS[1], "name": "Lotte Dijk", "roles": ["berth_master"]}
"""A second berth master: two people may sign the same thing."""
Order = Mapping[str, Any]


@dataclass(frozen=True)
class Site:
    """Where a race is run. ``lease_s``: long, unless leases are to end in the middle of it."""

    data: Path
    database: str | None = None
    floor: Path = HARBOUR
    lease_s: float = 15.0
    skews: tuple[Skew, Skew] = (RIGHT, RIGHT)

    @property
    def settings(self) -> Settings:
        """What the application is told."""
        return Settings(
            self.floor,
            self.data,
            database=self.database,
            people=(SECOND,),
            lease_s=self.lease_s,
            renew_s=self.lease_s / 3,
        )


@dataclass
class Racer:
    """A process at the other end of a pipe."""

    process: Any
    pipe: Any

    def says(self) -> Any:
        """Its next answer."""
        assert self.pipe.poll(LIMIT_S), "a racer says nothing"
        return self.pipe.recv()


@dataclass
class Pair:
    """Two racers who start together."""

    racers: tuple[Racer, Racer]
    rounds: int = field(default=0)

    def race(self, one: Order, two: Order) -> tuple[dict[str, Any], dict[str, Any]]:
        """What came of two orders that were carried out at once."""
        self.start(one, two)
        first, second = self.racers
        return first.says(), second.says()

    def start(self, one: Order, two: Order) -> None:
        """Give the orders."""
        self.rounds += 1
        for racer, order in zip(self.racers, (one, two), strict=True):
            racer.pipe.send(order)


@contextmanager
def pair(site: Site) -> Iterator[Pair]:
    """Two processes that are up, and gone afterwards."""
    barrier, racers = FORKS.Barrier(2), []
    for skew in site.skews:
        here, there = FORKS.Pipe()
        process = FORKS.Process(target=serve, args=(site, skew, barrier, there), daemon=True)
        process.start()
        racers.append(Racer(process, here))
    try:
        for racer in racers:
            assert racer.says() == "ready"
        yield Pair((racers[0], racers[1]))
        for racer in racers:
            racer.pipe.send(None)
        for racer in racers:
            racer.process.join(LIMIT_S)
        assert [racer.process.exitcode for racer in racers] == [0, 0]
    finally:
        for racer in racers:
            racer.process.kill()
            racer.process.join()


def serve(site: Site, skew: Skew, barrier: Any, pipe: Any) -> None:
    """Carry out orders until there are no more."""

    async def main() -> None:
        wall, number = WallClock(skew.ahead_s), 0
        if skew != RIGHT:
            wall.hang()
        async with open_app(site.settings) as app:
            pipe.send("ready")
            while (order := await asyncio.to_thread(pipe.recv)) is not None:
                number += 1
                if skew.step_s:
                    wall.ahead_s = skew.ahead_s if number % skew.each == 0 else wall.ahead_s
                    arm(_setting(wall, skew) if number % skew.each else None)
                await asyncio.to_thread(barrier.wait, LIMIT_S)
                await asyncio.sleep(order.get("pause_s", 0.0))
                pipe.send(await carry_out(app, order))

    asyncio.run(main())


def _setting(wall: WallClock, skew: Skew) -> Any:
    """Set the clock in the middle of the order: between a decision and its gate, or before a pass."""

    def hook(point: Point) -> None:
        if point in (Point.DECIDED, Point.GATE_REACHED):
            wall.ahead_s = skew.ahead_s + skew.step_s

    return hook


async def carry_out(app: App, order: Order) -> dict[str, Any]:
    """What came of an order: what it answered, or the error as `andon` tells it."""
    try:
        return {"done": await _do(app, order)}
    except AndonError as error:
        return {
            "code": error.error_code,
            "exit": error.exit_code,
            "message": str(error),
            "details": dict(error.details),
        }


async def _do(app: App, order: Order) -> Any:
    match order["do"]:
        case "approve" | "reject" as decision:
            shape = await app.decide(order["id"], decision, person=order["person"], reason="as raced")
            return shape["decision"]
        case "wait":
            await app.wait(order["seconds"])
            return "waited"
        case "pull":
            return (await app.pull("floor", person=order["person"], reason="as raced"))["state"]
        case "ask":
            return (await app.ask(order["text"], person="guest"))["status"]
        case "resume":
            if order.get("stops") is not None:
                arm(_stopping(Point[order["stops"]]))
            return [shape["status"] for shape in await app.resume(order["case"])]
        case "nothing":
            return "nothing"
        case other:
            raise ValueError(other)


def _stopping(where: Point) -> Any:
    """Stop this process the first time it comes there."""

    def hook(point: Point) -> None:
        if point is where:
            arm(None)
            stand_still()
            os.kill(os.getpid(), signal.SIGSTOP)

    return hook
