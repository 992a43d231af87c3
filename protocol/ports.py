"""The ports of the ledger: what the rules and the shell need of any database.

A ``Tx`` is one savepoint of one transaction; its methods are plain functions. ``Ledger`` runs jobs
against it. Adapters translate; they decide nothing. One contract suite runs on every adapter.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

from protocol.anomalies import Figures
from protocol.breaker import Breaker
from protocol.inbound import Inbound, InboundReads
from protocol.outbox import Outbox, OutboxReads
from protocol.records import Claimed, Ref, Snapshot
from protocol.rows import (
    AlertRow,
    CaseRow,
    CommitRow,
    DecisionRow,
    EscalationRow,
    EventRow,
    GoodAnswer,
    LeaseHolder,
    LeaseRow,
    PassRow,
    PullRow,
    VerdictRow,
    WriteRow,
)
from protocol.spending import Spending, SpendingReads

T = TypeVar("T")


class Store(Snapshot, Protocol):
    """What a round's commits need: reads, versioned writes, claims, and a savepoint each."""

    def mark(self) -> AbstractContextManager[Callable[[], None]]:
        """A savepoint: ``with store.mark() as undo`` keeps the changes unless ``undo()`` was called.

        ``undo()`` rolls back to the savepoint at once; it may be called only as the last use inside
        the block. An exception rolls back and goes on. Savepoints nest.
        """

    def write(
        self,
        ref: Ref,
        base: int | None,
        fields: Mapping[str, Any],
        deltas: Mapping[str, int],
        by: str,
        cause: str,
    ) -> int | None:
        """Create (``base`` None) or change one record: merge ``fields``, add ``deltas`` to balances.

        Returns the new version (0 for a new record), or None when the version found is not ``base``
        or the key exists already. The version predicate stands in the UPDATE. Stores the row hash
        and a WriteRow (with the whole body, balances included).
        """

    def claim(self, claim: Claimed) -> None:
        """Take an interval. The caller has checked for overlaps."""

    def release(self, holder: Ref, resource: str | None) -> None:
        """Give back a holder's claims."""


class ReadTx(Snapshot, Protocol):
    """Everything that can be read. One instance sees one state of the ledger."""

    @property
    def outbox(self) -> OutboxReads:
        """What is, or is not, delivered to receivers outside."""

    @property
    def inbound(self) -> InboundReads:
        """Reports from outside that wait for others, and those that were refused."""

    @property
    def spending(self) -> SpendingReads:
        """What calls of models have taken."""

    def meta(self, name: str) -> str | None:
        """A setting stored in the ledger: floor, lineage, clock, schema."""

    def case(self, case: str) -> CaseRow | None: ...
    def case_by_source(self, source: str, source_id: str) -> CaseRow | None: ...
    def cases(self, status: str | None = None, limit: int | None = None) -> Sequence[CaseRow]:
        """Newest first."""

    def runnable(self) -> Sequence[str]:
        """Ids of cases with work due that needs no person, oldest first."""

    def of_other_versions(self, fingerprint: str) -> Sequence[str]:
        """Ids of cases that have not ended and do not run under ``fingerprint``, oldest first."""

    def session_cases(self, session: str, limit: int) -> Sequence[CaseRow]:
        """The last ``limit`` cases of a session, oldest of them first."""

    def children(self, case: str) -> Sequence[CaseRow]:
        """Cases that an event of ``case`` opened."""

    def turn(self, case: str, round_no: int, agent: str) -> Mapping[str, Any] | None:
        """A stored turn as ``protocol.turns.to_json`` wrote it."""

    def turns(self, case: str, round_no: int | None = None) -> Sequence[tuple[int, Mapping[str, Any]]]:
        """(round, turn) of a case, by round, then agent."""

    def commit_of(self, key: str) -> CommitRow | None: ...
    def commits(self, case: str) -> Sequence[CommitRow]: ...
    def verdicts(self, case: str) -> Sequence[VerdictRow]:
        """In the order given."""

    def event(self, event: str) -> EventRow | None: ...
    def events(self, case: str | None = None, type: str | None = None) -> Sequence[EventRow]:  # noqa: A002
        """By sequence."""

    def escalation(self, escalation: str) -> EscalationRow | None: ...
    def escalations(self, case: str | None = None, open_only: bool = False) -> Sequence[EscalationRow]:
        """By request time, then id."""

    def decisions(self, escalation: str) -> Sequence[DecisionRow]: ...
    def unspent(self, case: str) -> Sequence[DecisionRow]:
        """Decisions on the case's escalations that no gate pass applied yet, oldest first."""

    def due(self, now: str) -> Sequence[EscalationRow]:
        """Open escalations whose rung ended at or before ``now``."""

    def lease(self, case: str) -> LeaseRow | None: ...
    def undone(self) -> Sequence[tuple[str, LeaseRow | None]]:
        """Cases with work due that needs no person, oldest first, each with its lease if it ever had one."""

    def tries(self, case: str) -> int:
        """Drives of a case that began since its last finished pass and were never ended in order."""

    def passes(self, case: str) -> Sequence[PassRow]: ...
    def writes(self, ref: Ref) -> Sequence[WriteRow]:
        """Every version of one resource, oldest first."""

    def breaker(self, name: str) -> Breaker | None:
        """A breaker as stored; None for one that nothing ever happened to."""

    def breakers(self) -> Sequence[Breaker]:
        """All that are stored, by name."""

    def good_answer(self, caller: str, callee: str, request: str, params_hash: str) -> GoodAnswer | None:
        """The last good answer to that request with those params."""

    def turn_slots(self, agent: str, after_s: float) -> Sequence[float]:
        """When turns of an agent with a rate are taken, later than ``after_s``: wall seconds, in order."""

    def actions_like(self, kind: str, params_hash: str) -> Sequence[EscalationRow]:
        """Escalations ever opened for an action with this hash, newest first."""

    def pulls(self, open_only: bool = False) -> Sequence[PullRow]:
        """Pulls of the andon cord, oldest first. A writing transaction counts those that stand as read."""

    @property
    def clock_step_s(self) -> int:
        """By how many seconds the system's clock has jumped away from elapsed time; 0: it has not."""

    def alerts(self, open_only: bool = False) -> Sequence[AlertRow]:
        """What the watch for anomalies raised, oldest first."""

    def figures(self, window_turns: int) -> Figures:
        """What the watch for anomalies looks at, at the ledger clock; rates of the last ``window_turns``."""

    def counts(self) -> Mapping[str, int]:
        """cases, actions (commits), events, decisions, audit_entries."""


class Tx(Store, ReadTx, Protocol):
    """A writing transaction's savepoint."""

    @property
    def outbox(self) -> Outbox:
        """Deliveries to receivers outside."""

    @property
    def inbound(self) -> Inbound:
        """Reports from outside, kept in order."""

    @property
    def spending(self) -> Spending:
        """What calls of models take."""

    def set_meta(self, name: str, value: str) -> None: ...
    def advance_clock(self, to: str) -> None:
        """Move the floor clock; earlier instants and system-clock ledgers ignore it."""

    def accept(self, source: str, source_id: str, kind: str, body: Mapping[str, Any]) -> int | None:
        """An inbox row; its sequence number, or None when (source, source_id) is there already."""

    def open_case(self, row: CaseRow) -> None: ...
    def save_case(self, row: CaseRow) -> None:
        """Replace everything but id, seq and origin."""

    def put_turn(self, case: str, round_no: int, agent: str, turn: Mapping[str, Any]) -> Mapping[str, Any]:
        """Store a turn; returns the row that stands (the first one written wins)."""

    def put_verdict(self, row: VerdictRow) -> None: ...
    def put_commit(self, row: CommitRow) -> None:
        """Unique on key and on approval."""

    def put_event(self, row: EventRow) -> None:
        """Stores the event and its outbox row."""

    def put_escalation(self, row: EscalationRow) -> None: ...
    def save_escalation(self, row: EscalationRow, expected_version: int) -> bool:
        """Compare-and-set on (id, version); the stored version becomes ``expected_version + 1``."""

    def put_decision(self, row: DecisionRow) -> None: ...
    def spend(self, decision: DecisionRow) -> bool:
        """Mark a decision applied; False when it was already."""

    def put_pass(self, row: PassRow) -> None: ...
    def audit(self, body: Mapping[str, Any]) -> None:
        """Append to the hash chain. The entry also seals what this Tx wrote since the one before it."""

    def save_breaker(self, row: Breaker, expected_version: int) -> bool:
        """Compare-and-set on (name, version), 0 before it is stored; it becomes ``expected_version + 1``."""

    def put_good_answer(self, row: GoodAnswer, keep_since: str) -> None:
        """Replace the answer given before. Forgets those of the pair that are older than ``keep_since``."""

    def put_turn_slot(self, agent: str, at_s: float, forget_s: float) -> None:
        """Take a slot. Forgets those of the agent at or before ``forget_s``."""

    def put_pull(self, row: PullRow) -> bool:
        """Stores a pull; False when one stands on that scope already."""

    def release_pull(self, scope: str, by: str, at: str, reason: str) -> bool:
        """Ends the pull that stands on a scope, once; False when none does."""

    def put_alert(self, row: AlertRow) -> bool:
        """Stores an alert; False when one of that name stands already."""

    def clear_alert(self, name: str, at: str, figure: str) -> bool:
        """Ends the alert of that name that stands, once; False when none does."""

    def take_lease(self, case: str, holder: LeaseHolder, now: float, ttl_s: float, ended: bool) -> int | None:
        """Take or take over a lease; the fencing token, or None when another holds it.

        ``now`` is wall seconds. ``ended``: the caller has seen that it was not renewed, or its holder gone.
        """

    def renew_lease(self, case: str, token: int, now: float, ttl_s: float) -> bool: ...
    def drop_lease(self, case: str, token: int) -> None: ...
    def begin_try(self, case: str, passes: int) -> int:
        """Count a drive that begins after so many passes; how many have begun since the last of them."""

    def end_tries(self, case: str) -> None:
        """The drive came to an orderly end: nothing is held against the case."""

    def pass_begins(self, case: str) -> None:
        """A gate pass on a case begins: what every pass reads first may be asked for in one go."""

    def holds(self, case: str, token: int) -> bool:
        """Whether ``token`` is the newest: the fence every commit checks."""

    def reads(self) -> dict[str, int]:
        """{ref: version} of everything read through this Tx since it was made (−1: was absent)."""

    def put_seed(self, records: Iterable[tuple[Ref, Mapping[str, Any]]], by: Callable[[str], str]) -> None:
        """Opening records of an empty ledger; ``by`` names the owner of a type."""


class Ledger(Protocol):
    """Runs jobs. Writes are serial and may share a transaction, a savepoint each (group commit)."""

    async def write(self, job: Callable[[Tx], T]) -> T:
        """Run ``job`` in a savepoint; returns after COMMIT. An exception rolls its savepoint back."""

    async def read(self, job: Callable[[ReadTx], T]) -> T:
        """Run ``job`` on one consistent state."""

    async def close(self) -> None: ...
