"""A store in memory for the rules' tests: the same port as a ledger's, without a database."""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from protocol.breaker import Breaker
from protocol.records import Claimed, Record, Ref
from protocol.rows import (
    CaseRow,
    CommitRow,
    DecisionRow,
    EscalationRow,
    EscalationState,
    EventRow,
    GoodAnswer,
    PullRow,
)
from protocol.times import micros


class MemoryStore:
    """Records, claims, commits and escalations in dictionaries."""

    def __init__(self, now: str = "2026-03-02T09:00:00Z") -> None:
        self.now = now
        self.records: dict[Ref, Record] = {}
        self.claimed: list[Claimed] = []
        self.commit_rows: dict[str, CommitRow] = {}
        self.escalation_rows: dict[str, EscalationRow] = {}
        self.decision_rows: list[DecisionRow] = []
        self.breaker_rows: dict[str, Breaker] = {}
        self.pull_rows: list[PullRow] = []
        self.answer_rows: dict[tuple[str, str, str, str], GoodAnswer] = {}

    def seed(self, kind: str, key: str, **body: Any) -> None:
        """An opening record at version 0."""
        self.records[Ref(kind, key)] = Record(Ref(kind, key), 0, body)

    def get(self, type: str, key: str) -> Record | None:  # noqa: A002
        return self.records.get(Ref(type, key))

    def find(self, type: str, **equals: str | int | bool | None) -> Sequence[Record]:  # noqa: A002
        found = (r for ref, r in sorted(self.records.items()) if ref.type == type)
        return [r for r in found if all(r[n] == v for n, v in equals.items())]

    def claims(self, resource: str, start: str, end: str) -> Sequence[Claimed]:
        def overlaps(c: Claimed) -> bool:
            return c.resource == resource and micros(c.start) < micros(end) and micros(start) < micros(c.end)

        return sorted((c for c in self.claimed if overlaps(c)), key=lambda c: (c.start, c.holder))

    @contextmanager
    def mark(self) -> Iterator[Callable[[], None]]:
        saved = (dict(self.records), list(self.claimed))

        def undo() -> None:
            self.records, self.claimed = dict(saved[0]), list(saved[1])

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
        body = copy.deepcopy(dict(found.body)) if found else {}
        body.update(fields)
        for name, amount in deltas.items():
            body[name] = body.get(name, 0) + amount
        version = 0 if found is None else found.version + 1
        self.records[ref] = Record(ref, version, body)
        return version

    def claim(self, claim: Claimed) -> None:
        self.claimed.append(claim)

    def release(self, holder: Ref, resource: str | None) -> None:
        self.claimed = [
            c for c in self.claimed if c.holder != holder or (resource is not None and c.resource != resource)
        ]

    def commit_of(self, key: str) -> CommitRow | None:
        return self.commit_rows.get(key)

    def escalation(self, escalation: str) -> EscalationRow | None:
        return self.escalation_rows.get(escalation)

    def escalations(self, case: str | None = None, open_only: bool = False) -> Sequence[EscalationRow]:
        rows = self.escalation_rows.values()
        return [
            e
            for e in rows
            if (case is None or e.case == case) and (not open_only or e.state is EscalationState.PENDING)
        ]

    def actions_like(self, kind: str, params_hash: str) -> Sequence[EscalationRow]:
        rows = self.escalation_rows.values()
        return [
            e
            for e in rows
            if e.action is not None and e.action["kind"] == kind and e.action_hash == params_hash
        ]

    def decisions(self, escalation: str) -> Sequence[DecisionRow]:
        return [d for d in self.decision_rows if d.escalation == escalation]

    def pulls(self, open_only: bool = False) -> Sequence[PullRow]:
        return [row for row in self.pull_rows if row.stands or not open_only]

    def put_pull(self, row: PullRow) -> bool:
        if any(p.scope == row.scope for p in self.pulls(open_only=True)):
            return False
        self.pull_rows.append(replace(row, seq=len(self.pull_rows) + 1))
        return True

    def release_pull(self, scope: str, by: str, at: str, reason: str) -> bool:
        found = [p for p in self.pulls(open_only=True) if p.scope == scope]
        for row in found:
            released = replace(row, released_by=by, released_at=at, release_reason=reason)
            self.pull_rows[self.pull_rows.index(row)] = released
        return bool(found)

    def breaker(self, name: str) -> Breaker | None:
        return self.breaker_rows.get(name)

    def save_breaker(self, row: Breaker, expected_version: int) -> bool:
        stored = self.breaker_rows.get(row.name)
        if (stored.version if stored else 0) != expected_version:
            return False
        self.breaker_rows[row.name] = replace(row, version=expected_version + 1)
        return True

    def good_answer(self, caller: str, callee: str, request: str, params_hash: str) -> GoodAnswer | None:
        return self.answer_rows.get((caller, callee, request, params_hash))

    def put_good_answer(self, row: GoodAnswer, keep_since: str) -> None:
        self.answer_rows[row.caller, row.callee, row.request, row.params_hash] = row

    def decide(self, escalation: str, decision: str, person: str, role: str, **rest: Any) -> DecisionRow:
        """A person's decision, recorded as the service would."""
        row = self.escalation_rows[escalation]
        state = {
            "approve": EscalationState.APPROVED,
            "reject": EscalationState.REJECTED,
            "answer": EscalationState.ANSWERED,
        }
        made = DecisionRow(
            escalation, person, person, role, row.meaning, decision, self.now, row.action_hash, **rest
        )
        self.decision_rows.append(made)
        self.escalation_rows[escalation] = replace(row, state=state[decision], version=row.version + 1)
        return made


class MemoryTx(MemoryStore):
    """A memory store on which people decide: what the decision service writes beside the rows."""

    clock_step_s = 0

    def __init__(self, now: str = "2026-03-02T09:00:00Z") -> None:
        super().__init__(now)
        self.case_rows: dict[str, CaseRow] = {}
        self.event_rows: list[EventRow] = []
        self.audited: list[Mapping[str, Any]] = []

    def case(self, case: str) -> CaseRow | None:
        return self.case_rows.get(case)

    def save_case(self, case: CaseRow) -> None:
        self.case_rows[case.id] = case

    def put_decision(self, row: DecisionRow) -> None:
        self.decision_rows.append(row)

    def save_escalation(self, row: EscalationRow, base: int) -> bool:
        if self.escalation_rows[row.id].version != base:
            return False
        self.escalation_rows[row.id] = replace(row, version=base + 1)
        return True

    def put_event(self, row: EventRow) -> None:
        self.event_rows.append(row)

    def audit(self, entry: Mapping[str, Any]) -> None:
        self.audited.append(entry)

    def due(self, now: str) -> Sequence[EscalationRow]:
        return [e for e in self.escalations(open_only=True) if e.due_at <= now]
