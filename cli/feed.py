"""``andon feed``: floor events from a file, each row recorded once however often it is fed."""

import asyncio
from pathlib import Path
from typing import Any

import click

from cli.exits import DONE, FAILED
from cli.options import Common, verb
from cli.output import Output
from cli.words import counted
from protocol.errors import NotFoundError

SHOWN = 10
"""Rejected rows listed for a person; ``--json`` has them all."""


@verb("feed")
@click.argument("file", metavar="FILE")
@click.option(
    "--map", "mapping", metavar="MAP", help="The mapping (default: chosen by the file's header row)."
)
@click.option("--enqueue", is_flag=True, help="Leave the cases to workers.")
def command(common: Common, file: str, mapping: str | None, *, enqueue: bool) -> int:
    """Record floor events from a CSV or JSONL file."""
    for path in (file, mapping):
        if path is not None and not Path(path).is_file():
            raise NotFoundError(f"There is no file {path}.", hint="Check the path.", code="no_file")
    return asyncio.run(_feed(common, Path(file), Path(mapping) if mapping else None, enqueue=enqueue))


async def _feed(common: Common, path: Path, mapping: Path | None, *, enqueue: bool) -> int:
    from cli.opening import open_floor
    from graph.feed import feed

    out = Output(common)
    async with open_floor(common) as (app, _):
        shape = await feed(app, path, mapping, lambda event: _note(out, event), drive=not enqueue)
        out.answer(shape, lambda: _print(out, shape, enqueue=enqueue))
    return FAILED if shape["failed"] else DONE


def _note(out: Output, event: dict[str, Any]) -> None:
    if event.get("text"):
        out.note(str(event["text"]))


def _print(out: Output, shape: dict[str, Any], *, enqueue: bool) -> None:
    rejected, committed = shape["rejected"], counted(shape["committed"], "actions")
    out.text(
        f"{counted(shape['rows'], 'rows')}: {shape['accepted']} accepted ({shape['history']} as history), "
        f"{counted(shape['duplicates'], 'duplicates')}, {len(rejected)} rejected"
    )
    out.text(
        f"{counted(shape['cases'], 'cases')}: {shape['done']} done, {shape['refused']} refused, "
        f"{shape['waiting']} waiting, {shape['failed']} failed; {committed} committed"
    )
    for row in rejected[:SHOWN]:
        out.text(f"line {row['line']}: {row['message']} [{row['code']}]")
    if len(rejected) > SHOWN:
        out.text(f"and {len(rejected) - SHOWN} more; --json lists all of them")
    if enqueue:
        out.note("next: andon worker")
    elif shape["waiting"]:
        out.note("next: andon inbox")
