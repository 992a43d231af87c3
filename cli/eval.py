"""``andon eval``: suites of examples, played on fresh ledgers and judged by what comes of them."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from cli.exits import DONE, INVALID
from cli.options import HELP, Common, common_options, verb
from cli.output import Output

WHICH = (
    "SUITE is a file, a directory, the name of one of the floor's suites, or SUITE::CASE; all without any."
)
OWN = "its own"
"""Where ``--write`` without a file writes: the file that editors are told of."""


@click.group("eval", context_settings=HELP)
@common_options
def command() -> None:
    """Play suites of examples and check what comes of them."""


@verb(
    "run",
    short_help="Play suites and report.",
    epilog=f"{WHICH} Exit codes: 0 all gates met, 1 a gate failed, 3 a suite cannot be played, 4 nothing "
    "found or selected, 5 the runner broke.",
)
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
    """Play suites and report what held and what did not."""
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


@verb("check", epilog=WHICH)
@click.argument("suites", metavar="[SUITE]...", nargs=-1)
def check(common: Common, suites: tuple[str, ...]) -> int:
    """Report every problem of suites, and play none."""
    from evals.command import check_suites

    out = Output(common)
    shape = check_suites(suites, floor=common.floor)
    out.answer(shape, lambda: _print_check(out, shape))
    return DONE if shape["ok"] else INVALID


def _print_check(out: Output, shape: Mapping[str, Any]) -> None:
    for problem in shape["problems"]:
        out.text(f"{problem['file']}:{problem['line']}: {problem['message']} [{problem['code']}]")
    counted = [_many(shape[what], what) for what in ("suites", "cases", "attempts")]
    if shape["ok"]:
        out.text(f"{', '.join(counted)}: nothing is wrong.")
    else:
        out.text(f"{_many(len(shape['problems']), 'problems')}; these suites cannot be played.")


def _many(number: int, nouns: str) -> str:
    return f"{number} {nouns if number != 1 else nouns.removesuffix('s')}"


@verb("schema", short_help="Print the JSON Schema of suites, or write it.")
@click.option(
    "--write",
    is_flag=False,
    flag_value=OWN,
    metavar="[FILE]",
    help="Write it to FILE, by default the one that Andon ships.",
)
def schema(common: Common, write: str | None) -> int:
    """Print the JSON Schema of suite files, for editors."""
    from evals.suite_schema import FILE, text
    from protocol.errors import InvalidFloorError

    out = Output(common)
    if write is None:
        out.text(text(), end="")
        return DONE
    path = FILE if write == OWN else Path(write)
    try:
        path.write_text(text(), "utf-8")
    except OSError as error:
        raise InvalidFloorError(
            f"The schema {path} cannot be written: {error.strerror}.",
            hint="Name another file.",
            code="unwritable",
        ) from error
    out.note(f"{path} is written")
    return DONE


for _verb in (run, check, schema):
    command.add_command(_verb)
