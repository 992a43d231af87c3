"""``andon cases``: what has been asked and reported, newest first. Reads only."""

from collections.abc import Mapping, Sequence
from typing import Any

import click

from cli.notices import alerts_json, alerts_line
from cli.options import Common, verb
from cli.output import Output
from cli.standing import open_items
from protocol.ports import ReadTx
from protocol.rows import CaseRow, CaseStatus
from protocol.times import local

LIMIT = 50


@verb("cases")
@click.option("--status", type=click.Choice([str(s) for s in CaseStatus]), help="Only cases that stand so.")
@click.option(
    "--limit", type=click.IntRange(min=1), default=LIMIT, show_default=True, help="At most so many."
)
def command(common: Common, status: str | None, limit: int) -> int:
    """List the cases, newest first."""
    from cli.reading import look

    with look(common) as (world, tx):
        shape = cases_shape(tx, status, limit)
    out = Output(common)
    out.answer(shape, lambda: print_cases(out, shape, world.config.zone))
    return 0


def cases_shape(tx: ReadTx | None, status: str | None, limit: int) -> dict[str, Any]:
    """The answer of ``andon cases``; ``next`` says whether there are more than ``limit``."""
    rows = tx.cases(status, limit + 1) if tx is not None else ()
    waiting: dict[str, list[str]] = {}
    for row in open_items(tx) if tx is not None else ():
        waiting.setdefault(row.case, []).append(row.id)
    items = [_item(tx, row, waiting.get(row.id, [])) for row in rows[:limit] if tx is not None]
    more = rows[limit].id if len(rows) > limit else None
    alerts = alerts_json(tx.alerts(open_only=True)) if tx is not None else []
    return {"schema": "andon/cases/v1", "items": items, "next": more, "alerts": alerts}


def _item(tx: ReadTx, row: CaseRow, waiting: Sequence[str]) -> dict[str, Any]:
    event = tx.event(row.event) if row.event else None
    return {
        "id": row.id,
        "status": str(row.status),
        "origin": row.origin,
        "opened_at": row.opened_at,
        "ended_at": row.ended_at,
        "person": row.person,
        "session": row.session,
        "text": row.text,
        "event": event.type if event else None,
        "subject": event.subject if event else None,
        "cause": row.cause,
        "code": row.code,
        "rounds": row.rounds,
        "waiting": list(waiting),
    }


def print_cases(out: Output, shape: Mapping[str, Any], zone: str, *, trace: str = "andon trace") -> None:
    """What is out of the ordinary, then one line each. ``trace``: the command that tells one of them."""
    items = shape["items"]
    if shape["alerts"]:
        out.text(alerts_line(shape["alerts"]))
    if not items:
        out.text("No case yet.")
        return
    cells = [
        (
            item["id"],
            item["status"],
            local(item["opened_at"], zone),
            item["person"] or item["origin"],
            _about(item),
        )
        for item in items
    ]
    out.table(("case", "status", "opened", "by", "about"), cells)
    out.note(f"next: {trace} {items[0]['id']}")


def _about(item: dict[str, Any]) -> str:
    return item["text"] or f"{item['event'] or ''} {item['subject'] or ''}".strip()
