"""Events that the supervisor tells of the floor itself, beside those of cases."""

from collections.abc import Mapping
from typing import Any

from protocol.ports import Tx
from protocol.rows import EventRow
from protocol.world import SUPERVISOR


def note(
    kind: str, tx: Tx, identifier: str, subject: str, data: Mapping[str, Any], case: str | None = None
) -> EventRow:
    """Publish it at the ledger clock. ``identifier``: derived by the caller, so that it is told once."""
    event = EventRow(
        id=identifier,
        type=kind,
        source=SUPERVISOR,
        source_id=identifier,
        occurred=tx.now,
        recorded=tx.now,
        subject=subject,
        data=data,
        case=case,
    )
    tx.put_event(event)
    return event
