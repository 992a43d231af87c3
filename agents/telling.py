"""Events about a turn that is being taken: told where no gate pass can tell them (R13)."""

from collections.abc import Mapping
from typing import Any

from protocol.ids import derive
from protocol.ports import Tx
from protocol.rows import CaseRow, EventRow
from protocol.world import SUPERVISOR, World


def tell(
    tx: Tx, world: World, case: CaseRow, agent: str, kind: str, subject: str, data: Mapping[str, Any]
) -> None:
    """Publish an event of the engine in the name of a turn. A turn taken again after a crash tells again."""
    identifier = derive("evt", case.id, agent, kind, subject, len(tx.events(case.id, kind)))
    tx.put_event(
        EventRow(
            id=identifier,
            type=kind,
            source=SUPERVISOR,
            source_id=identifier,
            occurred=tx.now,
            recorded=tx.now,
            subject=subject,
            data=dict(data),
            case=case.id,
            agent=agent,
            lane=world.lane(agent) if agent in world.manifests else None,
            cause=case.event,
            depth=case.depth,
        )
    )
