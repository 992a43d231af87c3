"""The ledger's rows as the columns of a database, and back. JSON columns hold canonical text."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from hashlib import sha256
from typing import Any

from protocol.breaker import Breaker, BreakerState, Probe
from protocol.canonical import dumps
from protocol.records import Claimed, Ref
from protocol.rows import (
    AlertRow,
    CaseRow,
    CaseStatus,
    CommitRow,
    DecisionRow,
    EscalationRow,
    EscalationState,
    EventRow,
    GoodAnswer,
    LeaseHolder,
    LeaseRow,
    PassRow,
    PullRow,
    Verdict,
    VerdictRow,
    WriteRow,
)
from protocol.times import from_micros

Columns = Sequence[Any]

_APART = frozenset({"state", "version"})
"""Fields of an escalation that are compared and set in SQL, and stand in columns of their own only."""
_ESCALATION_BODY = tuple(f.name for f in fields(EscalationRow) if f.name not in _APART)

SEED = "seed"
"""What opening records are written for, and the name of the audit entry about them."""
GENESIS = "sha256:" + "0" * 64
"""What the first audit entry names as its predecessor."""


def row_hash(type_: str, key: str, version: int, body: str, balances: str) -> str:
    """The hash that ties a resource's columns together. Names hold no line breaks, so nothing can shift."""
    text = f"{type_}\n{key}\n{version}\n{body}\n{balances}"
    return f"sha256:{sha256(text.encode()).hexdigest()}"


def audit_hash(seq: int, prev_hash: str, body: str) -> str:
    """The hash of an audit entry: its place, its predecessor and its content."""
    text = f"{seq}\n{prev_hash}\n{body}"
    return f"sha256:{sha256(text.encode()).hexdigest()}"


def case_columns(row: CaseRow) -> tuple[Any, ...]:
    """In the order of the table."""
    return (row.id, row.seq, row.origin, *saved_case_columns(row))


def saved_case_columns(row: CaseRow) -> tuple[Any, ...]:
    """What saving a case replaces: all but id, seq and origin."""
    return (
        row.source,
        row.source_id,
        row.opened_at,
        row.session,
        row.person,
        row.text,
        row.event,
        row.cause,
        row.depth,
        str(row.status),
        row.runnable,
        dumps(dict(row.position)),
        row.passes,
        row.rounds,
        row.reply,
        row.code,
        row.clarify,
        row.ended_at,
        row.fingerprint,
        row.duration_ms,
    )


def case_row(c: Columns) -> CaseRow:
    """The inverse of :func:`case_columns`."""
    values = [*c[:12], CaseStatus(c[12]), bool(c[13]), json.loads(c[14]), *c[15:19], bool(c[19]), *c[20:23]]
    return CaseRow(*values)


def verdict_columns(row: VerdictRow) -> tuple[Any, ...]:
    """In the order of the table, without seq."""
    return (
        row.key,
        row.case,
        row.pass_no,
        row.round,
        row.agent,
        row.kind,
        dumps(dict(row.params)),
        row.resource,
        str(row.verdict),
        row.code,
        row.reason,
        row.at,
        row.params_hash,
    )


def verdict_row(c: Columns) -> VerdictRow:
    """The inverse of :func:`verdict_columns`."""
    return VerdictRow(*[*c[:6], json.loads(c[6]), c[7], Verdict(c[8]), *c[9:13]])


def commit_columns(row: CommitRow) -> tuple[Any, ...]:
    """In the order of the table, without seq."""
    return (
        row.key,
        row.case,
        row.agent,
        row.kind,
        dumps(dict(row.params)),
        row.params_hash,
        dumps(dict(row.result)),
        row.level,
        row.at,
        row.approval,
    )


def commit_row(c: Columns) -> CommitRow:
    """The inverse of :func:`commit_columns`."""
    return CommitRow(*[*c[:4], json.loads(c[4]), c[5], json.loads(c[6]), *c[7:10]])


def event_columns(row: EventRow) -> tuple[Any, ...]:
    """In the order of the table, without seq."""
    return (
        row.id,
        row.type,
        row.source,
        row.source_id,
        row.occurred,
        row.recorded,
        row.subject,
        dumps(dict(row.data)),
        row.case,
        row.agent,
        row.lane,
        row.cause,
        row.depth,
    )


def event_row(c: Columns) -> EventRow:
    """The inverse of :func:`event_columns`, with seq at the end."""
    return EventRow(*[*c[:7], json.loads(c[7]), *c[8:14]])


def escalation_body(row: EscalationRow) -> str:
    """Everything of an escalation but its state and version."""
    return dumps({name: _plain(getattr(row, name)) for name in _ESCALATION_BODY})


def escalation_columns(row: EscalationRow, body: str) -> tuple[Any, ...]:
    """In the order of ``put_escalation``. ``body``: see :func:`escalation_body`."""
    kind = None if row.action is None else row.action["kind"]
    named = (row.id, row.case, row.type, str(row.state), row.version, kind, row.action_hash)
    return (*named, row.requested_at, row.due_at, body)


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else value


def escalation_row(c: Columns) -> EscalationRow:
    """From (body, state, version)."""
    return EscalationRow(**json.loads(c[0]), state=EscalationState(c[1]), version=c[2])


def decision_columns(row: DecisionRow) -> tuple[Any, ...]:
    """In the order of the table, without seq."""
    return (
        row.escalation,
        row.person,
        row.name,
        row.role,
        row.meaning,
        row.decision,
        row.at,
        row.action_hash,
        row.reason,
        row.option,
        row.text,
        row.channel,
        row.spent,
    )


def decision_row(c: Columns) -> DecisionRow:
    """The inverse of :func:`decision_columns`, with seq at the end."""
    return DecisionRow(*[*c[:12], bool(c[12]), c[13]])


def write_row(c: Columns) -> WriteRow:
    """From (type, key, version, body, balances, author, cause, row_hash, seq): the body is merged."""
    return WriteRow(c[0], c[1], c[2], json.loads(c[3]) | json.loads(c[4]), *c[5:9])


def pass_row(c: Columns) -> PassRow:
    """From (case, pass_no, round, at, reads, route, clock_s)."""
    return PassRow(*[*c[:4], json.loads(c[4]), *c[5:7]])


def breaker_columns(row: Breaker) -> tuple[Any, ...]:
    """In the order of the table, without name and version."""
    probe = (None, None) if row.probe is None else (row.probe.call, row.probe.until_s)
    times = (row.since_s, row.opened_s, *probe)
    return (str(row.state), row.failures, row.window, *times, row.cause, row.tripped_by)


def breaker_row(c: Columns) -> Breaker:
    """The inverse of :func:`breaker_columns`, with name at the front and version at the end."""
    probe = None if c[6] is None else Probe(c[6], c[7])
    return Breaker(*[c[0], BreakerState(c[1]), *c[2:6], probe, *c[8:11]])


def good_answer_row(c: Columns) -> GoodAnswer:
    """From (caller, callee, request, params_hash, data, at)."""
    return GoodAnswer(*[*c[:4], json.loads(c[4]), c[5]])


def pull_row(c: Columns) -> PullRow:
    """In the order of the table, seq at the end."""
    return PullRow(*c)


def alert_row(c: Columns) -> AlertRow:
    """In the order of the table, seq at the end."""
    return AlertRow(*c)


def lease_row(c: Columns) -> LeaseRow:
    """From (case, token, host, pid, started, expires)."""
    holder = None if c[2] is None else LeaseHolder(c[2], c[3], c[4])
    return LeaseRow(c[0], c[1], holder, c[5])


def claimed(c: Columns) -> Claimed:
    """From (resource, start, end, holder type, holder key, shared), instants in microseconds."""
    return Claimed(c[0], from_micros(c[1]), from_micros(c[2]), Ref(c[3], c[4]), bool(c[5]))
