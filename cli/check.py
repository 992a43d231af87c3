"""``andon check``: every problem of the floor's contracts at once. Reads only."""

from collections.abc import Sequence

import click

from cli.exits import DONE, INVALID
from cli.options import Common, verb
from cli.output import Output
from protocol.errors import Problem

REFERENCE = "Each code stands in docs/reference/problems.md."


@verb("check")
@click.option(
    "--schema",
    type=click.Choice(["manifest", "floor"]),
    help="Print the JSON Schema of manifests or of floor.yaml, for editors.",
)
def command(common: Common, schema: str | None) -> int:
    """Report every problem of the floor's contracts."""
    out = Output(common)
    if schema is not None:
        from agents.floor_schema import text

        out.text(text(schema), end="")
        return DONE
    from agents.floor_catalogue import errors_in, severity
    from agents.floor_loader import check_floor

    problems = check_floor(common.floor)
    errors = errors_in(problems)
    shape = {
        "schema": "andon/check/v1",
        "ok": not errors,
        "problems": [p.to_json() | {"severity": severity(p.code)} for p in problems],
        "proof": None,
    }
    out.answer(shape, lambda: _print(out, common, problems, errors))
    return INVALID if errors else DONE


def _print(out: Output, common: Common, problems: Sequence[Problem], errors: Sequence[Problem]) -> None:
    for problem in problems:
        kind = "" if problem in errors else "warning: "
        out.text(f"{problem.file}:{problem.line}: {kind}{problem.message} [{problem.code}]")
    warnings = _many(len(problems) - len(errors), "warning")
    if errors:
        many = _many(len(errors), "problem") + (f" and {warnings}" if len(problems) > len(errors) else "")
        out.text(f"{many}; this floor does not start. {REFERENCE}")
    elif problems:
        out.text(f"The floor in {common.floor} is valid, with {warnings}. {REFERENCE}")
    else:
        out.text(f"The floor in {common.floor} is valid.")


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
