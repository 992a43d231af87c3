"""One gate pass as it is being made: what it was given, and what it has decided so far.

The shell (graph/gate.py) makes a ``Pass``, the rules fill it, the shell writes what they filled in.
Commits go through ``store`` as they are judged, a savepoint each, so that later ones see them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from protocol.breaker import Breaker
from protocol.canonical import digest
from protocol.copies import changed
from protocol.exchange import Exchange
from protocol.ids import derive
from protocol.ports import Store
from protocol.position import Item, Position, Trigger
from protocol.records import Ref
from protocol.rows import (
    CaseRow,
    CommitRow,
    DecisionRow,
    EscalationRow,
    EventRow,
    GoodAnswer,
    PullRow,
    Verdict,
    VerdictRow,
)
from protocol.world import SUPERVISOR, World


class RoundStore(Store, Protocol):
    """The store of a pass: besides commits it looks up keys, escalations and decisions."""

    def commit_of(self, key: str) -> CommitRow | None: ...
    def escalation(self, escalation: str) -> EscalationRow | None: ...
    def escalations(self, case: str | None = None, open_only: bool = False) -> Sequence[EscalationRow]: ...
    def actions_like(self, kind: str, params_hash: str) -> Sequence[EscalationRow]: ...
    def decisions(self, escalation: str) -> Sequence[DecisionRow]: ...
    def breaker(self, name: str) -> Breaker | None: ...
    def good_answer(self, caller: str, callee: str, request: str, params_hash: str) -> GoodAnswer | None: ...
    def pulls(self, open_only: bool = False) -> Sequence[PullRow]: ...


@dataclass
class Pass:
    """The state of one pass. ``heard`` are events that may wake
    agents or open cases, each with the agent that acted and does not hear it.
    """

    world: World
    store: RoundStore
    case: CaseRow
    position: Position
    number: int
    lineage: str = ""
    clock_s: float = 0.0
    """Wall seconds: the pass's one reading of the clock that processes share, by whoever makes the pass."""
    clock_step_s: int = 0
    """By how many seconds the ledger clock's source has jumped: then nothing that is signed is done."""
    exchanges: dict[str, Exchange] = field(default_factory=dict)
    waiting: dict[str, Item | None] = field(default_factory=dict)
    rereads: dict[str, int] = field(default_factory=dict)
    outcomes: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    said: dict[str, dict[str, Any]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    exhausted: str | None = None
    proposals: int = 0
    cuts: int = 0
    next: dict[str, list[Trigger]] = field(default_factory=dict)
    verdicts: list[VerdictRow] = field(default_factory=list)
    commits: list[CommitRow] = field(default_factory=list)
    events: list[EventRow] = field(default_factory=list)
    heard: list[tuple[EventRow, str]] = field(default_factory=list)
    opened: list[EscalationRow] = field(default_factory=list)
    changed: list[EscalationRow] = field(default_factory=list)
    spent: list[DecisionRow] = field(default_factory=list)
    writes: list[tuple[Ref, int]] = field(default_factory=list)
    before: dict[Ref, int] = field(default_factory=dict)
    """Versions at the start of the pass of what this pass has written (−1: absent)."""
    put_by: dict[Ref, tuple[str, str]] = field(default_factory=dict)
    """Who wrote a record in this pass other than through a balance: (agent, action key)."""
    claimed_by: dict[Ref, Item] = field(default_factory=dict)
    """Which action of this pass took claims for a holder."""
    breakers: dict[str, tuple[Breaker, Breaker]] = field(default_factory=dict)
    """By name: breakers as they were read, and as they are now."""
    answers: list[tuple[GoodAnswer, str]] = field(default_factory=list)
    """Good answers to keep, each with the instant before which those of its pair are too old to be given."""
    used_up: list[str] = field(default_factory=list)
    """Exchanges of matters whose answers were used up when they were asked about again."""

    def __post_init__(self) -> None:
        """Unpack the stored position into working copies."""
        stored = self.position
        self.exchanges = dict(stored.exchanges)
        self.waiting = dict(stored.waiting)
        self.rereads = dict(stored.rereads)
        self.outcomes = dict(stored.outcomes)
        self.said = {a: dict(s) for a, s in stored.said.items()}
        self.errors = list(stored.errors)
        self.exhausted = stored.exhausted
        self.proposals = stored.proposals
        self.cuts = stored.cuts

    @property
    def now(self) -> str:
        """The pass's one reading of the ledger clock."""
        return self.store.now

    def note(self, kind: str, subject: str, data: Mapping[str, Any], agent: str | None = None) -> None:
        """Record that something happened (R13)."""
        identifier = derive("evt", self.case.id, self.number, len(self.events))
        self.events.append(
            EventRow(
                id=identifier,
                type=kind,
                source=SUPERVISOR,
                source_id=identifier,
                occurred=self.now,
                recorded=self.now,
                subject=subject,
                data=dict(data),
                case=self.case.id,
                agent=agent,
                lane=self.world.lane(agent) if agent is not None and agent in self.world.manifests else None,
                cause=self.case.event,
                depth=self.case.depth,
            )
        )

    def rule(
        self, item: Item, verdict: Verdict, reason: str = "", code: str | None = None, resource: str = ""
    ) -> None:
        """Give the verdict on an action."""
        self.outcomes[item.key] = (str(verdict), code)
        self.verdicts.append(
            VerdictRow(
                key=item.key,
                case=self.case.id,
                pass_no=self.number,
                round=self.position.round,
                agent=item.agent,
                kind=item.kind,
                params=item.params,
                resource=resource,
                verdict=verdict,
                code=code,
                reason=reason,
                at=self.now,
                params_hash=digest([item.kind, dict(item.params)]),
            )
        )
        self.note(
            f"action.{verdict}",
            resource or item.kind,
            {"key": item.key, "action": item.kind, "code": code, "reason": reason[:500]},
            item.agent,
        )

    def wake(self, agent: str, trigger: Trigger) -> None:
        """Ask an agent in the next round."""
        self.next.setdefault(agent, []).append(trigger)

    def open_escalations(self) -> list[str]:
        """Ids of escalations of this case that are open after what this pass did."""
        return list(self.waiting)

    def start_version(self, ref: Ref) -> int | None:
        """The version a record had when the pass began; None when it was absent."""
        if ref in self.before:
            return None if self.before[ref] < 0 else self.before[ref]
        record = self.store.get(ref.type, ref.key)
        return record.version if record else None

    def to_position(self, active: Mapping[str, Sequence[Trigger]], round_no: int) -> Position:
        """What is stored for the next pass."""
        return changed(
            self.position,
            round=round_no,
            active={a: tuple(ts) for a, ts in sorted(active.items())},
            exchanges=self.exchanges,
            waiting=self.waiting,
            rereads=self.rereads,
            outcomes=self.outcomes,
            said=self.said,
            errors=tuple(self.errors),
            exhausted=self.exhausted,
            proposals=self.proposals,
            cuts=self.cuts,
        )
