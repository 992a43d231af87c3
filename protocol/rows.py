"""The ledger's rows as frozen values. Instants are UTC text on the ledger clock unless said otherwise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class CaseStatus(StrEnum):
    """Where a case stands."""

    OPEN = "open"
    WAITING = "waiting"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self in ENDED


ENDED = frozenset({CaseStatus.DONE, CaseStatus.REFUSED, CaseStatus.FAILED})
"""The statuses of cases in which nothing more will happen."""


class Verdict(StrEnum):
    """What the gate made of a proposal."""

    COMMITTED = "committed"
    DUPLICATE = "duplicate"
    ASKED = "asked"
    CONFLICT = "conflict"
    REFUSED = "refused"
    OVERRULED = "overruled"
    SHADOWED = "shadowed"
    ESCALATED = "escalated"


class EscalationState(StrEnum):
    """Where an escalation stands. PENDING is the only one in which somebody is asked."""

    PENDING = "pending"
    APPROVED = "approved"
    EDITED = "edited"
    REJECTED = "rejected"
    ANSWERED = "answered"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One case: one request or incident, one LangGraph thread, one lease.

    ``origin``: ``text`` (a person's line), ``fact``, ``event`` (heard in another lane) or ``feed``
    (questions about a mapping). ``position`` is the protocol's state of the case as plain JSON: the
    ledger's answer to "where do we go on". ``runnable``: work is due that needs no person.
    """

    id: str
    seq: int
    origin: str
    source: str
    source_id: str
    opened_at: str
    session: str | None = None
    person: str | None = None
    text: str | None = None
    event: str | None = None
    cause: str | None = None
    depth: int = 0
    status: CaseStatus = CaseStatus.OPEN
    runnable: bool = True
    position: Mapping[str, Any] = field(default_factory=dict)
    passes: int = 0
    rounds: int = 0
    reply: str = ""
    code: str | None = None
    clarify: bool = False
    ended_at: str | None = None
    fingerprint: str = ""
    duration_ms: int | None = None
    """Process-clock milliseconds spent driving the case so far."""


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """One verdict on one action, in the order given. ``resource`` is a ref as text, or empty."""

    key: str
    case: str
    pass_no: int
    round: int
    agent: str
    kind: str
    params: Mapping[str, Any]
    resource: str
    verdict: Verdict
    code: str | None
    reason: str
    at: str
    params_hash: str = ""


@dataclass(frozen=True, slots=True)
class CommitRow:
    """A committed action: one per key, one per approval."""

    key: str
    case: str
    agent: str
    kind: str
    params: Mapping[str, Any]
    params_hash: str
    result: Mapping[str, Any]
    level: int
    at: str
    approval: str | None = None


@dataclass(frozen=True, slots=True)
class EventRow:
    """A typed record of a change. ``seq`` 0 until stored. ``depth``: causal distance from outside."""

    id: str
    type: str
    source: str
    source_id: str
    occurred: str
    recorded: str
    subject: str
    data: Mapping[str, Any]
    case: str | None = None
    agent: str | None = None
    lane: str | None = None
    cause: str | None = None
    depth: int = 0
    seq: int = 0


@dataclass(frozen=True, slots=True)
class EscalationRow:
    """An item of the human queue (approvals.md, section 2).

    ``type``: ``approval`` (one action) or ``question`` (options, perhaps free text).
    ``action``: {kind, params} of an approval, else None. ``options``: of a question, each {title,
    action or None, key}; the last is ``leave as it is``. ``bound``: versions, by ref, of what the
    action writes and what was shown; ``shown``: the bodies behind them. ``ladder``: [{role, answer_s}];
    ``rung`` the index asked now; ``due_at`` when this rung ends; ``expires_at`` the last use by a commit.
    """

    id: str
    type: str
    case: str
    agent: str
    key: str
    summary: str
    reason: str
    role: str
    requested_at: str
    due_at: str
    expires_at: str
    ladder: Sequence[Mapping[str, Any]]
    action: Mapping[str, Any] | None = None
    action_hash: str = ""
    options: Sequence[Mapping[str, Any]] = ()
    allow_text: bool = False
    bound: Mapping[str, int] = field(default_factory=dict)
    shown: Mapping[str, Any] = field(default_factory=dict)
    diff: Sequence[Mapping[str, Any]] = ()
    policy: str = ""
    quorum: int = 1
    separate: bool = False
    meaning: str = "approval"
    on_exhausted: str = "reject"
    asker: str | None = None
    rung: int = 0
    state: EscalationState = EscalationState.PENDING
    version: int = 0
    superseded_by: str | None = None
    manifest_hash: str = ""
    lineage: str = ""
    level: int = 0


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """A person's recorded answer. ``spent``: applied by a gate pass; a decision applies once."""

    escalation: str
    person: str
    name: str
    role: str
    meaning: str
    decision: str
    at: str
    action_hash: str
    reason: str = ""
    option: int | None = None
    text: str = ""
    channel: str = "cli"
    spent: bool = False
    seq: int = 0


@dataclass(frozen=True, slots=True)
class WriteRow:
    """One version of one resource as it was written, with who answers for it and what caused it."""

    type: str
    key: str
    version: int
    body: Mapping[str, Any]
    by: str
    cause: str
    row_hash: str
    seq: int = 0


@dataclass(frozen=True, slots=True)
class PassRow:
    """One gate pass: its clock read, what it read ({ref: version}), and the route it chose."""

    case: str
    pass_no: int
    round: int
    at: str
    reads: Mapping[str, int]
    route: str
    clock_s: float | None = None
    """Wall seconds: the pass's one reading of the clock that processes share; None in old ledgers."""


@dataclass(frozen=True, slots=True)
class GoodAnswer:
    """The last good answer of ``callee`` to one request of ``caller``, by the hash of its params."""

    caller: str
    callee: str
    request: str
    params_hash: str
    values: Mapping[str, Any]
    at: str


@dataclass(frozen=True, slots=True)
class PullRow:
    """The andon cord, pulled on a scope by a person with a role. ``released_by`` None: it stands."""

    scope: str
    by: str
    role: str
    reason: str
    at: str
    released_by: str | None = None
    released_at: str | None = None
    release_reason: str | None = None
    seq: int = 0

    @property
    def stands(self) -> bool:
        """Whether agents are stopped there."""
        return self.released_by is None


@dataclass(frozen=True, slots=True)
class AlertRow:
    """An anomaly that was raised. ``figure`` and ``limit`` in words; ``cleared_at`` None: it stands."""

    name: str
    figure: str
    limit: str
    raised_at: str
    cleared_at: str | None = None
    cleared_figure: str | None = None
    seq: int = 0


@dataclass(frozen=True, slots=True)
class LeaseHolder:
    """Who drives a case: a host, a process and the instant it started (process clock, opaque)."""

    host: str
    pid: int
    started: str


@dataclass(frozen=True, slots=True)
class LeaseRow:
    """The lease of a case. ``token`` only grows; ``holder`` None when free.

    ``expires``: wall seconds by the holder's clock. Each renewal changes it, and that is what others go by.
    """

    case: str
    token: int
    holder: LeaseHolder | None
    expires: float
