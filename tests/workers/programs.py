"""Workers that tests run in processes of their own, to kill, stop and starve them."""

import asyncio
import itertools
import os
import resource
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.offline_model import view_of
from checkpoints import postgres_connection
from graph.app import App, open_app
from graph.dispatching import make_dispatcher
from graph.settings import Settings
from graph.working import Shift, Worker
from protocol.failpoints import Point, arm
from tests.agents.floor_copies import HARBOUR
from tests.graph.harbour_app import Models
from tests.recovery.programs import stand_still, tell

POISON = "poison"
"""A word in a request that whoever answers it does not survive."""


@dataclass(frozen=True)
class Post:
    """Where and how a worker works. ``model_s``: what each model call takes; ``dies``: how POISON kills."""

    data: Path
    database: str | None = None
    floor: Path = HARBOUR
    host: str | None = None
    at_once: int = 4
    once: bool = True
    model_s: float = 0.0
    dies: str = "kill"
    lease_s: float = 15.0
    renew_s: float = 5.0

    @property
    def settings(self) -> Settings:
        """What the application is told."""
        return Settings(
            self.floor,
            self.data,
            database=self.database,
            host=self.host,
            lease_s=self.lease_s,
            renew_s=self.renew_s,
        )


class Slow(Models):
    """Models that take their time, and one request that kills."""

    def __init__(self, post: Post) -> None:
        super().__init__(floor=post.floor)
        self._post = post

    async def seen(self, agent: str, messages: Any) -> None:
        """One call."""
        await super().seen(agent, messages)
        if any(POISON in str(trigger.get("text")) for trigger in view_of(messages).triggers):
            _DEATHS[self._post.dies]()
        if self._post.model_s:
            await asyncio.sleep(self._post.model_s)


def _starve() -> None:
    """Asks for more memory than there is."""
    resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))
    bytearray(2**34)


_DEATHS: dict[str, Callable[[], object]] = {
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "exit": lambda: os._exit(9),
    "memory": _starve,
}


async def at_work(app: App, post: Post, told: Callable[[dict[str, Any]], None], stop: asyncio.Event) -> None:
    """A worker's shift on an application."""
    dispatcher = make_dispatcher(
        app.ledger, app.world, app.driver.sightings, host=post.host, database=post.database
    )
    await Worker(app, dispatcher, told, post.host).run(stop, Shift(post.at_once, once=post.once))


def work(post: Post, out: Path, models: Models | None = None) -> None:
    """A worker from its first case to its last, in a process that may not live to see it."""

    async def main() -> None:
        async with open_app(post.settings, models or Slow(post)) as app:
            tell(out, "ready")
            await at_work(
                app, post, lambda case: tell(out, f"{case['case']} {case['status']}"), asyncio.Event()
            )

    asyncio.run(main())


class Stopped(Slow):
    """Models whose first call stops the process, nothing of which is in the middle of a transaction."""

    def __init__(self, post: Post) -> None:
        super().__init__(post)
        self._calls = itertools.count()

    async def seen(self, agent: str, messages: Any) -> None:
        """One call."""
        await super().seen(agent, messages)
        if next(self._calls) == 0:
            stand_still()
            os.kill(os.getpid(), signal.SIGSTOP)


def stop_in_call(post: Post, out: Path) -> None:
    """A worker that stops in its first call of a model."""
    work(post, out, Stopped(post))


def stop_in_commit(post: Post, out: Path) -> None:
    """A worker that stops where all rows of a pass are written, an action among them, and COMMIT is next.

    The server ends what stands still in a transaction after a second here.
    """

    def stop(point: Point) -> None:
        if point is Point.ACTED:
            acted.set()
        if point is Point.ROUTED and acted.is_set() and not stopped.is_set():
            stopped.set()
            tell(out, "inside")
            os.kill(os.getpid(), signal.SIGSTOP)
            time.sleep(0.2)  # another thread may be the one that is told, and this one stops a little later

    acted, stopped = threading.Event(), threading.Event()

    postgres_connection._SESSION["idle_in_transaction_session_timeout"] = "1000"
    arm(stop)
    work(post, out)


async def enqueue(post: Post, texts: list[str]) -> list[str]:
    """Accept requests, for whoever works; their cases."""
    async with open_app(post.settings) as app:
        return [(await app.enqueue(text, person="guest"))["case"] for text in texts]
