"""Opening cases: a person's line, and events heard in another lane."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from protocol.ids import case_id, derive
from protocol.lifecycle import CaseEvent, advance
from protocol.ports import Tx
from protocol.position import first
from protocol.round import Opening
from protocol.rows import CaseRow, EventRow
from protocol.world import SUPERVISOR, World

ROUTER = "router"
"""The name under which the router's choice is stored, as a turn of round 0."""


def open_text(tx: Tx, world: World, text: str, person: str, session: str | None) -> str:
    """Accept a person's line: an inbox row and its case, before anything else happens. The case's id."""
    source = f"session/{session}" if session else "line"
    number = int(tx.meta(f"next/{source}") or "1")
    tx.set_meta(f"next/{source}", str(number + 1))
    seq = tx.accept(source, str(number), "text", {"person": person, "text": text})
    if seq is None:
        raise RuntimeError(f"{source} {number} was accepted before")
    case = case_id(world.config.floor, source, str(number))
    tx.open_case(
        CaseRow(
            id=case,
            seq=seq,
            origin="text",
            source=source,
            source_id=str(number),
            opened_at=tx.now,
            session=session,
            person=person,
            text=text,
            fingerprint=world.fingerprint,
        )
    )
    tx.put_event(case_opened(tx, case, {"by": person, "session": session}))
    return str(case)


def opening_case(tx: Tx, world: World, parent: CaseRow, pass_no: int, opening: Opening) -> None:
    """A case for the agents of another lane that hear what this pass published."""
    source_id = f"{parent.id}/{pass_no}/{opening.lane}"
    seq = tx.accept("event", source_id, "event", {"events": [e.id for e in opening.events]})
    if seq is None:
        return  # this pass was committed before: its cases stand
    case = case_id(world.config.floor, "event", source_id)
    tx.open_case(
        CaseRow(
            id=case,
            seq=seq,
            origin="event",
            source="event",
            source_id=source_id,
            opened_at=tx.now,
            event=opening.events[0].id,
            cause=parent.id,
            depth=parent.depth + 1,
            position=first(opening.active).to_json(),
            fingerprint=world.fingerprint,
        )
    )
    tx.put_event(case_opened(tx, case, {"cause": parent.id, "lane": opening.lane}))


def route_text(tx: Tx, world: World, case_id_: str, agent: str | None, now_roles: Sequence[str]) -> None:
    """Set the first round of a text's case: the chosen agent, or a refusal when nobody is concerned."""
    case = tx.case(case_id_)
    if case is None or case.position or case.status.ended:
        return
    if agent is not None:
        trigger: Mapping[str, Any] = {
            "type": "person",
            "person": case.person or "guest",
            "roles": list(now_roles),
            "text": case.text or "",
        }
        tx.save_case(replace(case, position=first({agent: (trigger,)}).to_json()))
        return
    able = "; ".join(f"{a}: {world.manifests[a].purpose.rstrip('.')}" for a in world.addressable())
    refused = advance(case.status, CaseEvent.REFUSE)
    tx.save_case(
        replace(
            case,
            status=refused,
            code="out_of_scope",
            runnable=False,
            ended_at=tx.now,
            reply=f"No agent of this floor deals with that. What they do: {able}.",
        )
    )
    tx.put_event(
        case_event(tx, case.id, "case.ended", {"status": str(refused), "code": "out_of_scope"}, "ended")
    )
    tx.audit({"what": "refused", "case": case.id, "code": "out_of_scope"})


def case_opened(tx: Tx, case: str, data: Mapping[str, Any]) -> EventRow:
    """The first event of a case: what brought it about."""
    return case_event(tx, case, "case.opened", data, "opened")


def case_event(tx: Tx, case: str, kind: str, data: Mapping[str, Any], part: str) -> EventRow:
    """An event of the engine about a case; ``part`` is unique within it."""
    identifier = derive("evt", case, part)
    return EventRow(
        id=identifier,
        type=kind,
        source=SUPERVISOR,
        source_id=identifier,
        occurred=tx.now,
        recorded=tx.now,
        subject=case,
        data=data,
        case=case,
    )
