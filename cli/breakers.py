"""``andon breakers``: which calls are stopped since they went badly; or trip and reset one."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import click

from cli.options import Common, verb
from cli.output import Output
from cli.words import span_words
from protocol.breaker import BreakerState
from protocol.errors import AndonError, UsageError
from protocol.times import local

if TYPE_CHECKING:
    from graph.breaking import WantedChange


@verb("breakers")
@click.argument("change", metavar="[trip|reset]", type=click.Choice(["trip", "reset"]), required=False)
@click.argument("name", metavar="[NAME]", required=False)
@click.option("--reason", default="", metavar="TEXT", help="Why; whoever meets the breaker reads it.")
def command(common: Common, change: Literal["trip", "reset"] | None, name: str | None, reason: str) -> int:
    """List the breakers of calls between agents and to model endpoints; or trip or reset one.

    NAME is CALLER/CALLEE or model:NAME. What a person trips stays open until a person resets it.
    """
    if change is None:
        return _list(common, reason)
    if name is None:
        raise UsageError(f"Say which breaker to {change}.", hint="`andon breakers` lists them.")
    from cli.reading import look
    from graph.breaking import WantedChange, check_reason, unknown

    wanted = WantedChange(name, change, check_reason(reason))
    with look(common) as (world, tx):  # a name that nobody has makes no ledger
        if (missing := unknown(world, tx, name)) is not None:
            raise missing
    return asyncio.run(_change(common, wanted))


async def _change(common: Common, wanted: "WantedChange") -> int:
    from cli.opening import open_floor
    from graph.breaking import breaker_shape, record_change

    out = Output(common)
    async with open_floor(common) as (app, person):
        await app.sweep()
        clock_s = app.shared()
        done = await app.ledger.write(lambda tx: record_change(tx, app.world, wanted, person, clock_s))
        if isinstance(done, AndonError):
            raise done
        row = breaker_shape(app.world, done.breaker)
    shape = {"schema": "andon/breaker/v1", "breaker": row, "changed": done.changed}
    out.answer(shape, lambda: _print_change(out, shape))
    return 0


def _print_change(out: Output, shape: Mapping[str, Any]) -> None:
    row = shape["breaker"]
    if not shape["changed"]:
        out.text(f"{row['name']} is closed; there was nothing to reset.")
    elif row["tripped_by"]:
        out.text(f"{row['name']} is open: {row['tripped_by']}, {row['cause']}.")
        out.note(f"next: andon breakers reset {row['name']} --reason TEXT")
    else:
        out.text(f"{row['name']} is closed.")


def _list(common: Common, reason: str) -> int:
    from cli.reading import look
    from graph.breaking import board

    if reason:
        raise UsageError(
            "A reason is given and nothing to do.", hint="andon breakers trip NAME --reason TEXT"
        )
    with look(common) as (world, tx):
        shapes = board(tx, world)
        zone = world.config.zone
    out = Output(common)
    answer = {"schema": "andon/breakers/v1", "breakers": shapes}
    out.answer(answer, lambda: _print(out, shapes, zone))
    return 0


def _print(out: Output, shapes: Sequence[Mapping[str, Any]], zone: str) -> None:
    if not shapes:
        out.text("No agent asks another, and no model endpoint has been called.")
        return
    head = ("name", "state", "since", "failures", "next probe", "meanwhile")
    out.table(head, [_cells(shape, zone) for shape in shapes])


def _cells(shape: Mapping[str, Any], zone: str) -> tuple[str, ...]:
    closed = shape["state"] == BreakerState.CLOSED
    since, probe = shape["since"], shape["next_probe_at"]
    window = shape["window"]
    failures = f"{shape['failures']} in a row, {window['bad']} of {window['calls']} bad"
    return (
        shape["name"],
        shape["state"].replace("_", " "),
        "-" if since is None or closed else local(since, zone),
        failures if window["calls"] else "-",
        "-" if closed else local(probe, zone) if probe else f"reset by a person ({shape['tripped_by']})",
        meanwhile(shape),
    )


def meanwhile(shape: Mapping[str, Any]) -> str:
    """What is degraded, in words."""
    match shape["degraded"]:
        case None:
            return "-"
        case {"when_open": "cached", "max_age_s": age}:
            return f"last good answer up to {span_words(age)} old, else a person"
        case {"when_open": "default"}:
            return "the default answer where it fits, else a person"
        case {"when_open": "fail"}:
            return "turns fail at once"
        case _:
            return "a person is asked"
