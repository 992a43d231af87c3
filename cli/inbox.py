"""``andon inbox``: what waits for a person, at the ledger clock. Reads only."""

from typing import Any

from cli.items import inbox_item
from cli.options import Common, verb
from cli.output import Output
from cli.standing import open_items
from protocol.rows import EscalationRow
from protocol.times import local


@verb("inbox")
def command(common: Common) -> int:
    """List what waits for a person."""
    from cli.reading import look

    with look(common) as (world, tx):
        rows = open_items(tx) if tx is not None else []
    out = Output(common)
    out.answer(inbox_shape(rows), lambda: print_inbox(out, rows, world.config.zone))
    return 0


def inbox_shape(rows: list[EscalationRow]) -> dict[str, Any]:
    """The answer of ``andon inbox``."""
    return {"schema": "andon/inbox/v1", "items": [inbox_item(row) for row in rows], "next": None}


def print_inbox(out: Output, rows: list[EscalationRow], zone: str, *, show: str = "andon show") -> None:
    """One line each, and what to do next. ``show``: the command that shows one of them."""
    if not rows:
        out.text("Nothing waits for a person.")
        return
    cells = [(row.id, row.type, row.role, local(row.due_at, zone), row.summary) for row in rows]
    out.table(("id", "type", "role", "due", "summary"), cells)
    out.note(f"next: {show} {rows[0].id}")
