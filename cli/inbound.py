"""``andon inbound``: reports from outside that wait for others before them, and those that were refused."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from cli.options import Common, verb
from cli.output import Output
from cli.words import counted

SHOWN = 20
"""Letters listed for a person; ``--json`` has them all."""


@verb("inbound")
def command(common: Common) -> int:
    """List reports from outside that wait for one before them, or were not recorded."""
    from cli.reading import look

    with look(common) as (_, tx):
        parked = [] if tx is None else tx.inbound.parked()
        letters = [] if tx is None else tx.inbound.letters()
        applied = {(p.source, p.aggregate): tx.inbound.applied(p.source, p.aggregate) for p in parked if tx}
    waiting: dict[tuple[str, str], list[int]] = {}
    for row in parked:
        waiting.setdefault((row.source, row.aggregate), []).append(row.number)
    shape = {
        "schema": "andon/inbound/v1",
        "waiting": [
            {
                "source": source,
                "aggregate": aggregate,
                "applied": applied[source, aggregate],
                "numbers": numbers,
            }
            for (source, aggregate), numbers in waiting.items()
        ],
        "letters": [asdict(letter) for letter in letters],
    }
    out = Output(common)
    out.answer(shape, lambda: _print(out, shape))
    return 0


def _print(out: Output, shape: Mapping[str, Any]) -> None:
    if not shape["waiting"] and not shape["letters"]:
        out.text("Nothing waits for a report before it, and none was refused.")
    for row in shape["waiting"]:
        done = "nothing" if row["applied"] is None else f"number {row['applied']}"
        out.text(
            f"{row['source']} {row['aggregate']}: {counted(len(row['numbers']), 'reports')} from number "
            f"{row['numbers'][0]} on; recorded so far: {done}"
        )
    for letter in shape["letters"][:SHOWN]:
        out.text(f"{letter['source']} {letter['source_id']}: {letter['message']} [{letter['code']}]")
    if len(shape["letters"]) > SHOWN:
        out.text(f"and {len(shape['letters']) - SHOWN} more; --json lists all of them")
