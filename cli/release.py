"""``andon release``: let agents go on in a scope that was pulled."""

import asyncio
from collections.abc import Mapping
from typing import Any

import click

from cli.options import Common, verb
from cli.output import Output
from cli.words import counted, span_words


@verb("release")
@click.argument("scope", metavar="SCOPE")
@click.option("--reason", default="", metavar="TEXT", help="Why agents may go on there.")
def command(common: Common, scope: str, reason: str) -> int:
    """Let agents go on in a scope. What waits for an answer there still does."""
    from graph.pulling import check_words, not_pulled

    check_words(scope, reason)
    embedded = common.database is None
    if embedded and not common.ledger.is_file():  # nothing is pulled where nothing is kept
        raise not_pulled(scope, ())
    return asyncio.run(_release(common, scope, reason))


async def _release(common: Common, scope: str, reason: str) -> int:
    from cli.opening import open_floor

    out = Output(common)
    async with open_floor(common) as (app, person):
        shape = await app.release(scope, person=person, reason=reason)
    out.answer(shape, lambda: print_release(out, shape))
    return 0


def print_release(out: Output, shape: Mapping[str, Any]) -> None:
    """What was released, how long it had stood, and what still waits because of it."""
    out.text(f"{shape['scope']} is released; it stood {span_words(shape['stood_s'])}.")
    if cases := shape["open_cases"]:
        waits = "waits" if len(cases) == 1 else "wait"
        out.note(f"{counted(len(cases), 'cases')} still {waits} for an answer: {', '.join(cases)}")
