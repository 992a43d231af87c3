"""``andon worker``: drives cases as they come, until it is stopped."""

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from cli.exits import DONE, INTERRUPTED
from cli.options import Common, verb
from cli.output import Output


@verb("worker")
@click.option(
    "--concurrency",
    "at_once",
    metavar="N",
    type=click.IntRange(1, 256),
    default=8,
    show_default=True,
    help="Cases driven side by side.",
)
@click.option("--once", is_flag=True, help="Stop when nothing is due any more.")
@click.option(
    "--grace",
    "grace_s",
    metavar="S",
    type=click.FloatRange(0, 3600),
    default=30,
    show_default=True,
    help="Seconds that rounds get to finish when it is stopped.",
)
@click.option(
    "--host", metavar="NAME", help="Sign leases under another name of this host (default: its own)."
)
def command(common: Common, at_once: int, once: bool, grace_s: float, host: str | None) -> int:
    """Drive cases as they come, until SIGTERM or Ctrl-C; a second one stops at once.

    The round that has begun is finished, and its case given back. Any number of workers may share a ledger.
    """
    return asyncio.run(_work(common, at_once, once, grace_s, host))


async def _work(common: Common, at_once: int, once: bool, grace_s: float, host: str | None) -> int:
    from cli.opening import open_floor
    from graph.dispatching import make_dispatcher
    from graph.working import Shift, Worker

    out = Output(common)

    def told(case: dict[str, Any]) -> None:
        shape = {"schema": "andon/worker/v1", **case}
        out.answer(shape, lambda: out.text(_line(case)))

    async with open_floor(common, host=host) as (app, _):
        dispatcher = make_dispatcher(
            app.ledger, app.world, app.driver.sightings, host=host, database=common.database
        )
        out.note(f"worker {os.getpid()} takes {at_once} cases at once; Ctrl-C stops it")
        worker = asyncio.ensure_future(
            Worker(app, dispatcher, told, host).run(stop := asyncio.Event(), Shift(at_once, grace_s, once))
        )
        with _signals(stop, worker) as seen:
            try:
                await worker
            except asyncio.CancelledError:
                return INTERRUPTED
    return INTERRUPTED if signal.SIGINT in seen else DONE


def _line(case: dict[str, Any]) -> str:
    rest = [str(case["code"])] if case["code"] else []
    return "  ".join([case["case"], case["status"], *rest])


@contextmanager
def _signals(stop: asyncio.Event, worker: "asyncio.Future[None]") -> Iterator[list[signal.Signals]]:
    """The first signal asks for an end in order, the second for an end at once, the third gets it."""
    loop, seen = asyncio.get_running_loop(), list[signal.Signals]()
    caught = (signal.SIGTERM, signal.SIGINT)

    def arrived(number: signal.Signals) -> None:
        seen.append(number)
        if len(seen) == 1:
            stop.set()
            return
        worker.cancel()
        for each in caught:
            loop.remove_signal_handler(each)

    for each in caught:
        loop.add_signal_handler(each, arrived, each)
    try:
        yield seen
    finally:
        for each in caught:
            loop.remove_signal_handler(each)
