"""``andon run``: one request, no session."""

import asyncio

import click

from cli.exits import of_status
from cli.options import Common, verb
from cli.outcome import model_line, print_outcome
from cli.output import Output
from cli.progress import Progress
from cli.typed_text import given_text
from telemetry.clock import process_clock


@verb("run")
@click.argument("text", metavar="TEXT")
@click.option("--enqueue", is_flag=True, help="Leave it to a worker; print the case and do not wait.")
def command(common: Common, text: str, *, enqueue: bool) -> int:
    """Make one request and print its outcome. TEXT "-" reads it from stdin."""
    return asyncio.run((_enqueue if enqueue else _run)(common, given_text(text)))


async def _enqueue(common: Common, text: str) -> int:
    """Accept a request for whoever works on the ledger. Nothing of it is decided yet: exit 0."""
    from cli.opening import open_floor

    out = Output(common)
    async with open_floor(common) as (app, person):
        shape = await app.enqueue(text, person=person)
    out.answer(shape, lambda: out.text(f"{shape['case']}  {shape['status']}"))
    out.note(f"next: andon worker, then andon trace {shape['case']}")
    return of_status(shape["status"])


async def _run(common: Common, text: str) -> int:
    from cli.opening import open_floor
    from cli.settling import settle

    out = Output(common)
    async with open_floor(common) as (app, person):
        out.note(model_line(app.settings, app.world.config.models))
        with Progress(out, process_clock, speaks=True) as progress:
            shape = await app.ask(text, person=person, progress=progress)
        shape = await settle(app, shape)
        zone = app.world.config.zone
        out.answer(shape, lambda: print_outcome(out, shape, zone, told=progress.told))
    return of_status(shape["status"])
