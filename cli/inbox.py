"""``andon inbox``: what waits for a person, at the ledger clock. Reads only."""

from typing import Any, NamedTuple

from cli.items import inbox_item
from cli.notices import Notices
from cli.options import Common, verb
from cli.output import Output
from cli.standing import open_items
from protocol.ports import ReadTx
from protocol.rows import EscalationRow
from protocol.times import local


@verb("inbox")
def command(common: Common) -> int:
    """List what waits for a person."""
    from cli.reading import look

    with look(common) as (world, tx):
        inbox = Inbox.read(tx) if tx is not None else Inbox([], Notices())
    out = Output(common)
    out.answer(inbox_shape(inbox), lambda: print_inbox(out, inbox, world.config.zone))
    return 0


class Inbox(NamedTuple):
    """What waits for a person, and what stands over the floor meanwhile."""

    rows: list[EscalationRow]
    notices: Notices

    @classmethod
    def read(cls, tx: ReadTx) -> "Inbox":
        """At the ledger clock."""
        return cls(open_items(tx), Notices.read(tx))


def inbox_shape(inbox: Inbox) -> dict[str, Any]:
    """The answer of ``andon inbox``."""
    items = [inbox_item(row) for row in inbox.rows]
    return {"schema": "andon/inbox/v1", "items": items, "next": None, **inbox.notices.to_json()}


def print_inbox(out: Output, inbox: Inbox, zone: str, *, show: str = "andon show") -> None:
    """What is stopped, then one line each, and what to do next. ``show``: the command that shows one."""
    rows = inbox.rows
    for line in inbox.notices.lines(zone):
        out.text(line)
    if not rows:
        out.text("Nothing waits for a person.")
        return
    cells = [(row.id, row.type, row.role, local(row.due_at, zone), row.summary) for row in rows]
    out.table(("id", "type", "role", "due", "summary"), cells)
    out.note(f"next: {show} {rows[0].id}")
