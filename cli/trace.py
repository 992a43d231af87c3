"""``andon trace``: a case step by step, from the ledger. Reads only."""

from typing import Any

import click

from cli.options import Common, verb
from cli.output import Output
from cli.visible import one_line
from protocol.errors import NotFoundError
from protocol.ports import ReadTx
from protocol.rows import CaseRow
from protocol.times import local

WHO = 14
"""Columns of the name in front of a step."""
MAX_TEXT = 2000
GATE = "gate"


@verb("trace")
@click.argument("case", metavar="CASE")
def command(common: Common, case: str) -> int:
    """Tell a case step by step."""
    from cli.reading import look_at

    with look_at(common, f"case {case}") as (world, tx):
        shape = traced(tx, world.config.zone, case)
    out = Output(common)
    out.answer(shape, lambda: print_trace(out, shape, world.config.zone))
    return 0


def traced(tx: ReadTx, zone: str, case: str) -> dict[str, Any]:
    """The answer of ``andon trace``; raises NotFoundError for an id nobody knows."""
    from cli.steps import trace_shape

    return trace_shape(tx, case_row(tx, case), zone)


def case_row(tx: ReadTx, case: str) -> CaseRow:
    """The case's own row; raises NotFoundError for an id nobody knows."""
    row = tx.case(case)
    if row is None:
        raise NotFoundError(f"There is no case {case}.", hint="`andon cases` lists them.", code="unknown_id")
    return row


def print_trace(out: Output, shape: dict[str, Any], zone: str) -> None:
    """A timeline: rounds, and in each who did what and what the gate made of it."""
    case, shown = shape["case"], 0
    out.text(
        f"{case['id']}  {case['status']}, {_rounds(case['rounds'])}, opened {local(case['opened_at'], zone)}"
    )
    for step in shape["steps"]:
        if step["type"] == "reply":
            _print_reply(out, step["text"])
            continue
        if step["round"] != shown:
            shown = step["round"]
            out.text(f"  round {shown}")
        indent = "    " if shown else "  "
        for n, line in enumerate(_lines(step)):
            out.text(f"{indent}{_speaker(step) if n == 0 else '':<{WHO}}{one_line(line, MAX_TEXT)}")


def _rounds(number: int) -> str:
    return f"{number} round" if number == 1 else f"{number} rounds"


def _speaker(step: dict[str, Any]) -> str:
    if step["type"] == "turn":
        return str(step["agent"])
    if step["type"] == "opened":
        return "opened"
    if step["type"] == "decision":
        return "person"
    return GATE if step["type"] != "event" else "event"


def _lines(step: dict[str, Any]) -> list[str]:
    """A turn's moves stand one below the other; a turn that was tried again says how often."""
    lines = step.get("moves") or [step["text"]]
    if step.get("attempts", 1) > 1:
        lines = [*lines, f"after {step['attempts']} attempts"]
    if dropped := step.get("dropped"):
        lines = [*lines, f"left out for lack of room: {'; '.join(dropped)}"]
    if step["type"] == "verdict":
        lines = [f"{step['agent']}: {step['text']}"]
    return list(lines)


def _print_reply(out: Output, text: str) -> None:
    out.text("  reply")
    for line in text.splitlines():
        out.text(f"    {line}")
