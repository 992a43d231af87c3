"""``andon eval``: suites of examples, played on fresh ledgers and judged by what comes of them."""

import asyncio
from pathlib import Path
from typing import Any

import click

from cli.exits import DONE
from cli.options import HELP, Common, common_options, verb
from cli.output import Output

WHICH = (
    "SUITE is a file, a directory, the name of one of the floor's suites, or SUITE::CASE; all without any."
)


@click.group("eval", context_settings=HELP)
@common_options
def command() -> None:
    """Play suites of examples and check what comes of them."""


@verb("run", epilog=WHICH)
@click.argument("suites", metavar="[SUITE]...", nargs=-1)
@click.option("-k", "--select", metavar="TEXT", help="Only cases whose SUITE::CASE or a tag holds it.")
@click.option("--repeat", type=click.IntRange(1, 1000), metavar="N", help="Attempts of each case.")
@click.option("--seed", type=click.IntRange(0), metavar="N", help="Seed of the first attempt; then plus 1.")
@click.option("--report", multiple=True, metavar="KIND=FILE", help="Also write json=FILE or jsonl=FILE.")
def run(
    common: Common,
    suites: tuple[str, ...],
    select: str | None,
    repeat: int | None,
    seed: int | None,
    report: tuple[str, ...],
) -> int:
    """Play suites and report: 0 all gates met, 1 a gate failed, 5 the runner broke."""
    from evals.command import run_suites
    from evals.report import summary

    out = Output(common)

    def progress(event: dict[str, Any]) -> None:
        out.note(str(event["text"]))

    played = run_suites(
        suites, floor=common.floor, select=select, repeat=repeat, seed=seed, report=report, progress=progress
    )
    shape, code = asyncio.run(played)
    out.answer(shape, lambda: out.text(summary(shape)))
    return code


@verb("schema")
@click.option(
    "--write", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write it there."
)
def schema(common: Common, write: Path | None) -> int:
    """Print the JSON Schema of suite files, for editors."""
    from evals.suite_schema import text
    from protocol.errors import InvalidFloorError

    if write is None:
        Output(common).text(text(), end="")
        return DONE
    try:
        write.write_text(text(), "utf-8")
    except OSError as error:
        raise InvalidFloorError(
            f"The schema {write} cannot be written: {error.strerror}.",
            hint="Name another file.",
            code="unwritable",
        ) from error
    return DONE


command.add_command(run)
command.add_command(schema)
