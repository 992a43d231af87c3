"""A ledger in memory that can be copied cheaply: what the search gives the gate in place of a database.

It has the methods of the ledger's port that a gate pass, a decision and a sweep use, and keeps the
rows that decide what may happen next. What only tells (events, verdicts, audit) is kept for one step.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from protocol.breaker import Breaker
from protocol.canonical import dumps
from protocol.copies import changed
from protocol.ports import Tx
from protocol.records import Claimed, Record, Ref
from protocol.rows import (
    CaseRow,
    CommitRow,
    DecisionRow,
    EscalationRow,
    EscalationState,
    EventRow,
    GoodAnswer,
    PassRow,
    PullRow,
    VerdictRow,
)

LINEAGE = "model"


@dataclass(slots=True)
class Told:
    """What one step told, for the checks of that step."""

    events: list[EventRow] = field(default_factory=list)
    verdicts: list[VerdictRow] = field(default_factory=list)
    commits: list[CommitRow] = field(default_factory=list)
    opened: list[EscalationRow] = field(default_factory=list)
    writes: list[tuple[Ref, int, str]] = field(default_factory=list)
    """(record, new version, cause), as committed."""


class ModelLedger:
    """The rows of one state. ``copy`` before a step: rows are never changed in place."""

    clock_step_s = 0
    """Its clock moves by ticks: nobody sets it."""
    __slots__ = (
        "breaker_rows",
        "cases",
        "claimed",
        "commit_rows",
        "decision_rows",
        "escalation_rows",
        "now",
        "pull_rows",
        "records",
        "token",
        "told",
        "turn_rows",
    )

    def __init__(self, now: str) -> None:
        self.now = now
        self.records: dict[Ref, Record] = {}
        self.claimed: tuple[Claimed, ...] = ()
        self.commit_rows: dict[str, CommitRow] = {}
        self.escalation_rows: dict[str, EscalationRow] = {}
        self.decision_rows: tuple[DecisionRow, ...] = ()
        self.cases: dict[str, CaseRow] = {}
        self.turn_rows: dict[tuple[str, int, str], Mapping[str, Any]] = {}
        self.breaker_rows: dict[str, Breaker] = {}
        self.pull_rows: tuple[PullRow, ...] = ()
        self.token = 1
        self.told = Told()

    def copy(self) -> "ModelLedger":
        """The same rows, with nothing told yet."""
        other = ModelLedger(self.now)
        other.records = dict(self.records)
        other.claimed = self.claimed
        other.commit_rows = dict(self.commit_rows)
        other.escalation_rows = dict(self.escalation_rows)
        other.decision_rows = self.decision_rows
        other.cases = dict(self.cases)
        other.breaker_rows = dict(self.breaker_rows)
        other.pull_rows = self.pull_rows
        other.token = self.token
        return other

    # Records and claims

    def get(self, type: str, key: str) -> Record | None:  # noqa: A002 - the design's word
        return self.records.get(Ref(type, key))

    def find(self, type: str, **equals: str | int | bool | None) -> Sequence[Record]:  # noqa: A002
        found = (r for ref, r in sorted(self.records.items()) if ref.type == type)
        return [r for r in found if all(r[n] == v for n, v in equals.items())]

    def claims(self, resource: str, start: str, end: str) -> Sequence[Claimed]:
        found = (c for c in self.claimed if c.resource == resource and c.start < end and start < c.end)
        return sorted(found, key=lambda c: (c.start, c.holder))

    @contextmanager
    def mark(self) -> Iterator[Callable[[], None]]:
        told = self.told
        saved = (
            dict(self.records),
            self.claimed,
            dict(self.commit_rows),
            dict(self.escalation_rows),
            self.decision_rows,
            dict(self.cases),
        )
        lengths = [len(rows) for rows in (told.events, told.verdicts, told.commits, told.opened, told.writes)]

        def undo() -> None:
            self.records, self.claimed, self.commit_rows = saved[0], saved[1], saved[2]
            self.escalation_rows, self.decision_rows, self.cases = saved[3], saved[4], saved[5]
            rows: tuple[list[Any], ...] = (
                told.events,
                told.verdicts,
                told.commits,
                told.opened,
                told.writes,
            )
            for kept, length in zip(rows, lengths, strict=True):
                del kept[length:]

        try:
            yield undo
        except BaseException:
            undo()
            raise

    def write(
        self,
        ref: Ref,
        base: int | None,
        fields: Mapping[str, Any],
        deltas: Mapping[str, int],
        by: str,
        cause: str,
    ) -> int | None:
        found = self.records.get(ref)
        if (found.version if found else None) != base:
            return None
        body = {**(found.body if found else {}), **fields}
        for name, amount in deltas.items():
            body[name] = body.get(name, 0) + amount
        version = 0 if found is None else found.version + 1
        self.records[ref] = Record(ref, version, body)
        self.told.writes.append((ref, version, cause))
        return version

    def claim(self, claim: Claimed) -> None:
        self.claimed = (*self.claimed, claim)

    def release(self, holder: Ref, resource: str | None) -> None:
        self.claimed = tuple(
            c for c in self.claimed if c.holder != holder or (resource is not None and c.resource != resource)
        )

    def commit_of(self, key: str) -> CommitRow | None:
        return self.commit_rows.get(key)

    def put_commit(self, row: CommitRow) -> None:
        if row.key in self.commit_rows:
            raise RuntimeError(f"{row.key} committed twice")
        if row.approval is not None and any(c.approval == row.approval for c in self.commit_rows.values()):
            raise RuntimeError(f"{row.approval} used twice")
        self.commit_rows[row.key] = row
        self.told.commits.append(row)

    # Cases

    def case(self, case: str) -> CaseRow | None:
        return self.cases.get(case)

    def save_case(self, row: CaseRow) -> None:
        self.cases[row.id] = row

    def open_case(self, row: CaseRow) -> None:
        self.save_case(row)

    def accept(self, source: str, source_id: str, kind: str, body: Mapping[str, Any]) -> int | None:
        known = any(c.source == source and c.source_id == source_id for c in self.cases.values())
        return None if known else len(self.cases) + 1

    def turn(self, case: str, round_no: int, agent: str) -> Mapping[str, Any] | None:
        return self.turn_rows.get((case, round_no, agent))

    def pass_begins(self, case: str) -> None:
        """Nothing is far away here."""

    def holds(self, case: str, token: int) -> bool:
        return token == self.token

    def meta(self, name: str) -> str | None:
        return LINEAGE if name == "lineage" else None

    def reads(self) -> dict[str, int]:
        return {}

    # People

    def escalation(self, escalation: str) -> EscalationRow | None:
        return self.escalation_rows.get(escalation)

    def escalations(self, case: str | None = None, open_only: bool = False) -> Sequence[EscalationRow]:
        found = (
            e
            for e in self.escalation_rows.values()
            if (case is None or e.case == case) and (not open_only or e.state is EscalationState.PENDING)
        )
        return sorted(found, key=lambda e: (e.requested_at, e.id))

    def actions_like(self, kind: str, params_hash: str) -> Sequence[EscalationRow]:
        return [
            e
            for e in reversed(self.escalation_rows.values())
            if e.action is not None and e.action["kind"] == kind and e.action_hash == params_hash
        ]

    def put_escalation(self, row: EscalationRow) -> None:
        self.escalation_rows[row.id] = row
        self.told.opened.append(row)

    def save_escalation(self, row: EscalationRow, expected_version: int) -> bool:
        if self.escalation_rows[row.id].version != expected_version:
            return False
        self.escalation_rows[row.id] = changed(row, version=expected_version + 1)
        return True

    def due(self, now: str) -> Sequence[EscalationRow]:
        pending = EscalationState.PENDING
        found = (e for e in self.escalation_rows.values() if e.state is pending and e.due_at <= now)
        return sorted(found, key=lambda e: (e.due_at, e.id))

    def decisions(self, escalation: str) -> Sequence[DecisionRow]:
        return [d for d in self.decision_rows if d.escalation == escalation]

    def unspent(self, case: str) -> Sequence[DecisionRow]:
        rows = self.escalation_rows
        return [d for d in self.decision_rows if not d.spent and rows[d.escalation].case == case]

    def put_decision(self, row: DecisionRow) -> None:
        self.decision_rows = (*self.decision_rows, row)

    def spend(self, decision: DecisionRow) -> bool:
        same = [
            d
            for d in self.decision_rows
            if (d.escalation, d.person) == (decision.escalation, decision.person)
        ]
        if any(d.spent for d in same):
            return False
        self.decision_rows = tuple(changed(d, spent=True) if d in same else d for d in self.decision_rows)
        return True

    # What only tells

    def verdicts(self, case: str) -> Sequence[VerdictRow]:
        return ()

    def put_verdict(self, row: VerdictRow) -> None:
        self.told.verdicts.append(row)

    def put_event(self, row: EventRow) -> None:
        self.told.events.append(row)

    def events(self, case: str | None = None, type: str | None = None) -> Sequence[EventRow]:  # noqa: A002
        return ()

    def put_pass(self, row: PassRow) -> None:
        return

    def audit(self, body: Mapping[str, Any]) -> None:
        return

    # What stands between agents

    def breaker(self, name: str) -> Breaker | None:
        return self.breaker_rows.get(name)

    def save_breaker(self, row: Breaker, expected_version: int) -> bool:
        stored = self.breaker_rows.get(row.name)
        if (stored.version if stored else 0) != expected_version:
            return False
        self.breaker_rows[row.name] = changed(row, version=expected_version + 1)
        return True

    def good_answer(self, caller: str, callee: str, request: str, params_hash: str) -> GoodAnswer | None:
        return None

    def put_good_answer(self, row: GoodAnswer, keep_since: str) -> None:
        return

    def pulls(self, open_only: bool = False) -> Sequence[PullRow]:
        return self.pull_rows


def as_stored(value: Mapping[str, Any]) -> dict[str, Any]:
    """As a ledger gives it back, in the order of its names: rules that take the first of many go by it."""
    stored: dict[str, Any] = json.loads(dumps(value))
    return stored


def as_tx(ledger: ModelLedger) -> Tx:
    """The ledger as the gate's port: it has the methods that a pass, a decision and a sweep call."""
    return cast(Tx, ledger)
