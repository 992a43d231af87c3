"""Invariants of what is open or was taken in: nobody is forgotten, nothing is lost or too large."""

import json
from collections.abc import Iterator
from math import isfinite

from checkpoints.audit_compare import Comparison
from checkpoints.audit_port import AuditTx
from checkpoints.named_sql import named_queries
from checkpoints.row_codec import SEED
from protocol.breaker import BreakerState
from protocol.ids import case_id, derive
from protocol.times import is_instant
from protocol.world import World

_SQL = "audit"
LATEST = 500
"""Records per invariant of the floor: those written last. Older ones were checked when they were written."""
MAX_EVENT = 65_536
MAX_ENTRY = 4 * 1024 * 1024
"""Characters of an event's data, and of an audit entry; the entry about a seed names all of its records."""
_DAY_S = 86_400.0


def inbox_accounted(tx: AuditTx, world: World) -> Iterator[str]:
    """Whatever was accepted became a case or a fact (25)."""
    sql = named_queries(_SQL)
    for seq, source, source_id, kind in tx.rows(sql["inbox_without_case"]):
        if kind == "row":
            continue  # a line of a file that tells of nothing: it is there to be known again
        event = derive("evt", derive("fact", source, source_id), 0)
        if kind != "fact" or not next(iter(tx.rows(sql["has_event"], event)), None):
            yield f"{source} {source_id} was accepted as {kind} (inbox {seq}), and nothing came of it"


def cases_as_accepted(tx: AuditTx, world: World) -> Iterator[str]:
    """A case has the id, the words and the person of its inbox row, and opened when its event says (15)."""
    floor = tx.meta("floor") or ""
    for row in tx.rows(named_queries(_SQL)["cases_beside_inbox"]):
        case, origin, source, source_id, person, text, opened_at, *accepted, recorded = row
        if accepted[0] != source or accepted[1] != source_id:
            yield f"{case} is not from the source it was accepted from"
        if case != case_id(floor, source, source_id):
            yield f"{case} has not the id of what it was accepted from"
        if origin == "text":
            said = json.loads(accepted[2])
            if (said.get("person"), said.get("text")) != (person, text):
                yield f"{case} does not hold what its person said"
        if recorded is not None and recorded != opened_at:
            yield f"{case} was opened at {recorded}, and says {opened_at}"


def writes_caused(tx: AuditTx, world: World) -> Iterator[str]:
    """Every write came of a commit, of a fact, or of the seed (2)."""
    sql = named_queries(_SQL)
    with Comparison() as causes:
        causes.expect([(SEED, "")])
        causes.expect((key, "") for (key,) in tx.rows(sql["commit_keys"]))
        causes.expect((derive("fact", source, i), "") for source, i in tx.rows(sql["accepted_facts"]))
        causes.find((cause, "") for (cause,) in tx.rows(sql["causes"]))
        for cause, expected, _ in causes.differences():
            if expected is None:
                yield f"something was written for {cause}, which is no commit, no fact and no seed"


def people_exist(tx: AuditTx, world: World) -> Iterator[str]:
    """Every open escalation asks a role that somebody holds, and has deadlines (8, 21)."""
    held = {role for person in world.config.people for role in person.roles}
    for row in tx.escalations(open_only=True):
        roles = [str(rung["role"]) for rung in row.ladder[row.rung :]]
        if not any(role in held for role in roles):
            yield f"{row.id} asks {', '.join(roles) or 'nobody'}, and nobody of this floor is that"
        if not (is_instant(row.due_at) and is_instant(row.expires_at) and row.due_at <= row.expires_at):
            yield f"{row.id} is due at {row.due_at} and expires at {row.expires_at}"


def breakers_move_on(tx: AuditTx, world: World) -> Iterator[str]:
    """Each breaker that is not closed has an instant at which it moves on, or a person who holds it (18)."""
    newest = next(iter(tx.rows(named_queries(_SQL)["newest_clock"])))[0]
    latest = float("inf") if newest is None else newest + _DAY_S
    for row in tx.breakers():
        if row.state is BreakerState.CLOSED or row.tripped_by is not None:
            continue
        until = row.opened_s if row.probe is None else row.probe.until_s
        if until is None or not isfinite(until) or until > latest:
            yield f"the breaker {row.name} is {row.state} and never moves on"


def floor_invariants(tx: AuditTx, world: World) -> Iterator[str]:
    """The floor's own invariants hold for the records written last, unless a fact came after (10).

    Facts may break them: what happened is recorded even where it breaks a plan.
    """
    sql = named_queries(_SQL)
    last_fact = next(iter(tx.rows(sql["last_fact_write"])))[0] or 0
    for invariant in world.toolbox.invariants:
        for key, seq in list(tx.rows(sql["written_last"], invariant.type, LATEST)):
            record = tx.get(invariant.type, key) if seq > last_fact else None
            if record is not None and (found := invariant.check(record, tx)):
                yield f"{record.ref} breaks {invariant.code}: {found}"


def sizes_kept(tx: AuditTx, world: World) -> Iterator[str]:
    """No event and no audit entry is larger than any should be (22)."""
    sql = named_queries(_SQL)
    for event, size in tx.rows(sql["large_events"], MAX_EVENT):
        yield f"the event {event} has {size} characters"
    for seq, size in tx.rows(sql["large_entries"], MAX_ENTRY):
        yield f"audit entry {seq} has {size} characters"
