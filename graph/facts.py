"""Facts: recorded by the owner's plain function in one transaction, never decided (R3, section 4).

Recording a fact publishes its event. It opens one case, whose first round holds every active agent
that hears it or anything it caused, when it occurred within the floor's window of the ledger clock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graph.opening import case_opened
from protocol.canonical import dumps
from protocol.commit import Applied, perform
from protocol.effects import Effects, Emit
from protocol.errors import UsageError
from protocol.fields import check_shape
from protocol.ids import case_id, derive
from protocol.ports import Tx
from protocol.position import first
from protocol.rows import CaseRow, EventRow
from protocol.times import is_instant, parse, whole
from protocol.toolbox import Fact, FactKind
from protocol.world import SUPERVISOR, World

MOST_CHARACTERS = 65_536
"""Of a fact's data as canonical JSON: an event of it is read again and again."""


@dataclass(frozen=True, slots=True)
class FactResult:
    """``accepted``, ``duplicate``, or ``history`` (accepted, too old to open a case)."""

    status: str
    case: str | None = None


def record_fact(tx: Tx, world: World, fact: Fact) -> FactResult:
    """Record one fact and open its case. Raises UsageError, before any write, when it is malformed."""
    kind = _checked(world, fact)
    seq = tx.accept(fact.source, fact.source_id, "fact", {"type": fact.type, "occurred": fact.occurred})
    if seq is None:
        return FactResult("duplicate")
    window = abs((parse(tx.now) - parse(fact.occurred)).total_seconds())
    recent = window <= world.config.fact_window_s or parse(fact.occurred) > parse(tx.now)
    tx.advance_clock(whole(fact.occurred))
    events, entry = _apply(tx, world, kind, fact)
    for event in events:
        tx.put_event(event)
    result = _open(tx, world, fact, seq, events) if recent else FactResult("history")
    tx.audit(entry)
    return result


def _open(tx: Tx, world: World, fact: Fact, seq: int, events: Sequence[EventRow]) -> FactResult:
    """The case of those who hear of it, if anybody does."""
    active = triggers_of(world, events)
    if not active:
        return FactResult("accepted")
    case = case_id(world.config.floor, fact.source, fact.source_id)
    tx.open_case(
        CaseRow(
            id=case,
            seq=seq,
            origin="fact",
            source=fact.source,
            source_id=fact.source_id,
            opened_at=tx.now,
            event=events[0].id,
            position=first(active).to_json(),
            fingerprint=world.fingerprint,
        )
    )
    tx.put_event(case_opened(tx, case, {"fact": events[0].id}))
    return FactResult("accepted", case)


def triggers_of(world: World, events: Sequence[EventRow]) -> dict[str, tuple[dict[str, Any], ...]]:
    """The agents that hear these events, each with its triggers, by name."""
    active: dict[str, list[dict[str, Any]]] = {}
    for event in events:
        for agent in world.hearers(event.type):
            active.setdefault(agent, []).append(event_trigger(event))
    return {agent: tuple(found) for agent, found in sorted(active.items())}


def event_trigger(event: EventRow) -> dict[str, Any]:
    """An event as an agent sees it."""
    return {
        "type": "event",
        "id": event.id,
        "event": event.type,
        "subject": event.subject,
        "data": dict(event.data),
        "occurred": event.occurred,
    }


def _checked(world: World, fact: Fact) -> FactKind:
    kind = world.facts.get(fact.type)
    if kind is None:
        known = ", ".join(sorted(world.facts))
        raise UsageError(
            f"{fact.type!r} is not a fact of this floor.", hint=f"Known facts: {known}.", code="unknown_fact"
        )
    if not is_instant(fact.occurred):
        raise UsageError(f"{fact.type}: {fact.occurred!r} is not a UTC instant.", code="bad_time")
    if problems := check_shape(kind.data, fact.data):
        raise UsageError(f"{fact.type}: {'; '.join(problems)}.", code="bad_fact")
    if len(dumps(dict(fact.data))) > MOST_CHARACTERS:
        raise UsageError(
            f"{fact.type}: its data are longer than {MOST_CHARACTERS} characters.", code="fact_too_large"
        )
    return kind


def _apply(tx: Tx, world: World, kind: FactKind, fact: Fact) -> tuple[list[EventRow], Mapping[str, object]]:
    """Do what the fact does to records; its events, and its entry for the audit log."""
    effects = kind.apply(fact, tx) if kind.apply else Effects()
    cause = derive("fact", fact.source, fact.source_id)
    own = Emit(fact.type, fact.subject, fact.data)
    done = perform(tx, world, _with_event(effects, own), kind.owner, cause, is_fact=True)
    if not isinstance(done, Applied):
        reason = getattr(done, "message", "an interval is taken")
        raise UsageError(f"{fact.type} {fact.subject} cannot be recorded: {reason}.", code="fact_refused")
    entry = {
        "what": "fact",
        "fact": cause,
        "type": fact.type,
        "writes": [[str(ref), version] for ref, version in done.written],
    }
    events = [
        EventRow(
            id=derive("evt", cause, n),
            type=published.emit.type,
            source=fact.source if n == 0 else SUPERVISOR,
            source_id=fact.source_id if n == 0 else f"{cause}/{n}",
            occurred=fact.occurred,
            recorded=tx.now,
            subject=published.emit.subject,
            data=dict(published.emit.data),
            agent=published.agent,
            lane=world.manifests[published.agent].lane,
        )
        for n, published in enumerate(done.events)
    ]
    return events, entry


def _with_event(effects: Effects, own: Emit) -> Effects:
    """``effects`` with the fact's own event published first, so that consequences may follow it."""
    return Effects(
        effects.puts, effects.deltas, effects.releases, effects.claims, (own, *effects.events), effects.result
    )
