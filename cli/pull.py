"""``andon pull``: stop agents on a scope, as the andon cord stops a line; or list where they are stopped."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from cli.notices import pull_line
from cli.options import Common, verb
from cli.output import Output
from cli.words import counted
from protocol.errors import UsageError
from protocol.ports import ReadTx

if TYPE_CHECKING:
    from protocol.world import World


@verb("pull")
@click.argument("scope", metavar="[SCOPE]", required=False)
@click.option("--reason", default="", metavar="TEXT", help="Why; whoever meets the pull reads it.")
def command(common: Common, scope: str | None, reason: str) -> int:
    """Stop agents on a scope until it is released; or list what is stopped.

    SCOPE is floor, an agent, a lane, an action, a record type, TYPE/KEY or FIELD/VALUE. What agents want
    there goes to a person. Facts, holds and what a person signed still flow.
    """
    if scope is None:
        return _list(common, reason)
    from graph.pulling import check_words

    check_words(scope, reason)  # before a ledger is made
    return asyncio.run(_pull(common, scope, reason))


async def _pull(common: Common, scope: str, reason: str) -> int:
    from cli.opening import open_floor

    out = Output(common)
    async with open_floor(common) as (app, person):
        shape = await app.pull(scope, person=person, reason=reason)
        zone = app.world.config.zone
    out.answer(shape, lambda: print_pull(out, shape, zone))
    return 0


def print_pull(
    out: Output, shape: Mapping[str, Any], zone: str, *, release: str = "andon release {} --reason TEXT"
) -> None:
    """What was pulled, or had been before, and how it ends. ``release``: the command with a place for it."""
    before = "" if shape["changed"] else "It was pulled before: "
    out.text(f"{before}{pull_line(shape, zone)}")
    out.note(f"next: {release.format(shape['scope'])}")


def _list(common: Common, reason: str) -> int:
    from cli.reading import look

    if reason:
        raise UsageError("A reason is given and no scope.", hint="andon pull SCOPE --reason TEXT")
    with look(common) as (world, tx):
        shape = pulls_shape(tx, world)
    out = Output(common)
    out.answer(shape, lambda: print_pulls(out, shape["items"], world.config.zone))
    return 0


def pulls_shape(tx: ReadTx | None, world: "World") -> dict[str, Any]:
    """The answer of ``andon pull`` without a scope: what is pulled, oldest first."""
    from graph.pulling import pull_shape

    items = [pull_shape(tx, world, row) for row in tx.pulls(open_only=True)] if tx is not None else []
    return {"schema": "andon/pulls/v1", "items": items, "next": None}


def print_pulls(out: Output, shapes: Sequence[Mapping[str, Any]], zone: str) -> None:
    """One line each."""
    if not shapes:
        out.text("Nothing is pulled.")
    for shape in shapes:
        waiting = counted(len(shape["open_cases"]), "cases")
        out.text(f"{pull_line(shape, zone)} ({waiting} waiting)")
