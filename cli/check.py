"""``andon check``: every problem of the floor's contracts at once. Reads only."""

from collections.abc import Sequence

from cli.exits import DONE, INVALID
from cli.options import Common, verb
from cli.output import Output
from protocol.errors import Problem


@verb("check")
def command(common: Common) -> int:
    """Report every problem of the floor's contracts."""
    from agents.floor_loader import check_floor

    problems = check_floor(common.floor)
    out = Output(common)
    shape = {
        "schema": "andon/check/v1",
        "ok": not problems,
        "problems": [p.to_json() for p in problems],
        "proof": None,
    }
    out.answer(shape, lambda: _print(out, common, problems))
    return INVALID if problems else DONE


def _print(out: Output, common: Common, problems: Sequence[Problem]) -> None:
    if not problems:
        out.text(f"The floor in {common.floor} is valid.")
        return
    for problem in problems:
        out.text(f"{problem.file}:{problem.line}: {problem.message} [{problem.code}]")
    many = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    out.text(f"{many}; this floor does not start. Each code stands in docs/reference/problems.md.")
