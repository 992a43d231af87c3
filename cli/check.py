"""``andon check``: every problem of the floor's contracts at once. Reads only."""

from collections.abc import Sequence
from pathlib import Path

import click

from cli.exits import DONE, FAILED, INVALID
from cli.options import Common, verb
from cli.output import Output
from protocol.errors import Problem

_FILE = click.Path(dir_okay=False, path_type=Path)
REFERENCE = "Each code stands in docs/reference/problems.md."


@verb("check")
@click.option(
    "--schema",
    type=click.Choice(["manifest", "floor"]),
    help="Print the JSON Schema of manifests or of floor.yaml, for editors.",
)
@click.option("--prove", is_flag=True, help="Search the protocol of this floor exhaustively.")
@click.option(
    "--limit-states", type=click.IntRange(min=1), help="With --prove: look at so many states, at most."
)
@click.option("--quick", is_flag=True, help="With --prove: leave out the scenes that take long.")
@click.option("--workers", type=click.IntRange(min=1), help="With --prove: searches at a time.")
@click.option("--save", type=_FILE, help="With --prove: write the first scenario that breaks an invariant.")
@click.option("--play", "played", type=_FILE, help="Play a scenario that --save wrote.")
def command(
    common: Common,
    *,
    schema: str | None,
    prove: bool,
    quick: bool,
    limit_states: int | None,
    workers: int | None,
    save: Path | None,
    played: Path | None,
) -> int:
    """Report every problem of the floor's contracts, and prove its protocol."""
    out = Output(common)
    if not prove and (quick or any(option is not None for option in (limit_states, workers, save))):
        raise click.UsageError("--quick, --limit-states, --workers and --save go with --prove.")
    if schema is not None:
        from agents.floor_schema import text

        out.text(text(schema), end="")
        return DONE
    from agents.floor_catalogue import errors_in, severity
    from agents.floor_loader import check_floor

    problems = check_floor(common.floor)
    errors = errors_in(problems)
    if played is not None and not errors:
        from cli.proof import play_scenario

        return play_scenario(common, out, played)
    proof = None
    if prove and not errors:
        from cli.proof import run_proof

        proof = run_proof(common, out, is_quick=quick, limit_states=limit_states, workers=workers, save=save)
    shape = {
        "schema": "andon/check/v1",
        "ok": not errors and (proof is None or proof.proved),
        "problems": [p.to_json() | {"severity": severity(p.code)} for p in problems],
        "proof": proof.to_json() | {"quick": quick} if proof is not None else None,
    }

    def show() -> None:
        _print(out, common, problems, errors)
        if proof is not None:
            from cli.proof import print_proof

            print_proof(out, proof, save, is_quick=quick)

    out.answer(shape, show)
    if errors:
        return INVALID
    return DONE if shape["ok"] else FAILED


def _print(
    out: Output,
    common: Common,
    problems: Sequence[Problem],
    errors: Sequence[Problem],
) -> None:
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
