"""``andon worker``: drives cases as they come, until it is stopped."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cli.exits import DONE, INTERRUPTED
from cli.options import Common, verb
from cli.output import Output
from cli.supervising import Supervisor
from protocol.errors import DependencyDownError
from telemetry.clock import process_clock

if TYPE_CHECKING:
    from graph.app import App

AT_ONCE, GRACE_S, LOOK_S, WAIT_S = 8, 30, 1.0, 30.0
T = TypeVar("T")
_STOPS = (signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True, slots=True)
class Wanted:
    """How to work. ``host``: how this host is called in leases. ``parent``: the process to end with."""

    at_once: int
    grace_s: float
    once: bool
    host: str | None
    parent: int | None = None


@verb("worker")
@click.option(
    "--concurrency",
    "at_once",
    metavar="N",
    type=click.IntRange(1, 256),
    default=AT_ONCE,
    show_default=True,
    help="Cases driven side by side.",
)
@click.option("--once", is_flag=True, help="Stop when nothing is due any more.")
@click.option(
    "--grace",
    "grace_s",
    metavar="S",
    type=click.FloatRange(0, 3600),
    default=GRACE_S,
    show_default=True,
    help="Seconds that rounds get to finish when it is stopped.",
)
@click.option(
    "--restarts",
    metavar="N",
    type=click.IntRange(0, 1000),
    default=0,
    help="Work in a child process, and start it anew when it dies, N times a minute.",
)
@click.option(
    "--host", metavar="NAME", help="Sign leases under another name of this host (default: its own)."
)
def command(common: Common, restarts: int, **options: Any) -> int:
    """Drive cases as they come, until SIGTERM or Ctrl-C; a second one stops at once.

    The round that has begun is finished, and its case given back. Any number of workers may share a ledger.
    """
    if not restarts:
        return asyncio.run(_work(common, Wanted(**options)))
    parent = os.getpid()
    supervisor = Supervisor(restarts, process_clock, Output(common).note)
    return supervisor.run(lambda: asyncio.run(_work(common, Wanted(**options, parent=parent))))


async def _work(common: Common, wanted: Wanted) -> int:
    from cli.opening import open_floor

    out = Output(common)

    def told(case: dict[str, Any]) -> None:
        shape = {"schema": "andon/worker/v1", **case}
        out.answer(shape, lambda: out.text(_line(case)))

    async with AsyncExitStack() as stack:
        app, _ = await _patiently(lambda: stack.enter_async_context(open_floor(common, host=wanted.host)))
        out.note(f"worker {os.getpid()} takes {wanted.at_once} cases at once; Ctrl-C stops it")
        worker = _worker(app, common, wanted, told)
        with _signals(worker) as seen:
            try:
                await worker.task
            except asyncio.CancelledError:
                return INTERRUPTED
    return INTERRUPTED if signal.SIGINT in seen else DONE


async def _patiently(step: Callable[[], Awaitable[T]]) -> T:
    """Do ``step``, again for a while when the ledger is away: a server may be starting, too."""
    until = process_clock() + WAIT_S
    while True:
        try:
            return await step()
        except DependencyDownError:
            if process_clock() >= until:
                raise
        await asyncio.sleep(LOOK_S)


@dataclass(frozen=True, slots=True)
class _Running:
    """A worker at work, and what asks it to stop."""

    task: "asyncio.Future[None]"
    stop: asyncio.Event


def _worker(app: "App", common: Common, wanted: Wanted, told: Any) -> _Running:
    from graph.dispatching import make_dispatcher
    from graph.working import Shift, Worker

    dispatcher = make_dispatcher(
        app.ledger, app.world, app.driver.sightings, host=wanted.host, database=common.database
    )
    worker, stop = Worker(app, dispatcher, told, wanted.host), asyncio.Event()
    shift = Shift(wanted.at_once, wanted.grace_s, wanted.once)

    async def run() -> None:
        orphaned = asyncio.ensure_future(_stop_with(wanted.parent, stop))
        try:
            await worker.run(stop, shift)
        finally:
            orphaned.cancel()

    return _Running(asyncio.ensure_future(run()), stop)


async def _stop_with(parent: int | None, stop: asyncio.Event) -> None:
    """A worker whose supervisor was killed would never be told to stop."""
    while parent is not None:
        if os.getppid() != parent:
            stop.set()
        await asyncio.sleep(LOOK_S)


def _line(case: dict[str, Any]) -> str:
    rest = [str(case["code"])] if case["code"] else []
    return "  ".join([case["case"], case["status"], *rest])


@contextmanager
def _signals(worker: _Running) -> Iterator[list[signal.Signals]]:
    """The first signal asks for an end in order, the second for an end at once, and the third gets it."""
    loop, seen = asyncio.get_running_loop(), list[signal.Signals]()

    def arrived(number: signal.Signals) -> None:
        seen.append(number)
        if len(seen) == 1:
            worker.stop.set()
            return
        worker.task.cancel()
        restore()

    def restore() -> None:
        for number in _STOPS:
            loop.remove_signal_handler(number)

    for number in _STOPS:
        loop.add_signal_handler(number, arrived, number)
    try:
        yield seen
    finally:
        restore()
