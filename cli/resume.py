"""``andon resume``: go on with what waits and can go on."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from cli.exits import of_several, of_status
from cli.options import Common, verb
from cli.outcome import print_outcome
from cli.output import Output
from cli.progress import Progress
from cli.trace import case_row
from telemetry.clock import process_clock

if TYPE_CHECKING:
    from graph.app import App


@verb("resume")
@click.argument("case", metavar="CASE", required=False)
def command(common: Common, case: str | None) -> int:
    """Go on with what waits and can go on: one case, or all of them."""
    from cli.reading import look_at

    if case is not None:  # an id nobody knows creates no ledger
        with look_at(common, f"case {case}") as (_, tx):
            case_row(tx, case)
    return asyncio.run(_resume(common, case))


async def _resume(common: Common, case: str | None) -> int:
    from cli.opening import open_floor

    out = Output(common)
    async with open_floor(common) as (app, _):
        found = await app.resume(case, Progress(out, process_clock))
        shapes = [await watched(app, shape) for shape in found]
        zone = app.world.config.zone
        out.answer({"schema": "andon/resume/v1", "cases": shapes}, lambda: _print(out, shapes, zone))
    return of_several(of_status(shape["status"]) for shape in shapes)


async def watched(app: "App", shape: dict[str, Any]) -> dict[str, Any]:
    """The outcome of a case; one whose holder is out of sight is first watched for as long as its lease."""
    from checkpoints.leases import host_name
    from cli.settling import settle

    lease = await app.ledger.read(lambda tx: tx.lease(str(shape["case"])))
    seen = lease is None or lease.holder is None or lease.holder.host == host_name()
    return shape if seen else await settle(app, shape)


def _print(out: Output, shapes: Sequence[dict[str, Any]], zone: str) -> None:
    if not shapes:
        out.text("Nothing can go on now.")
    for shape in shapes:
        out.text(f"{shape['case']}  {shape['status']}")
        print_outcome(out, shape, zone)
