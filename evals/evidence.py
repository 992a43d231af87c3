"""What the checks of an attempt look at: its steps as they ended, and the ledger file they left."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from checkpoints.audit import audit
from checkpoints.audit_port import AuditTx
from evals.played import Played
from protocol.rows import CaseRow, CommitRow, EscalationRow, EventRow, VerdictRow
from protocol.world import World

At: TypeAlias = int | Literal["all"] | None
STOPPED = "case.stopped"
OPENING = frozenset({"user", "event", "events", "feed"})


@dataclass(frozen=True, slots=True)
class Evidence:
    """One attempt, after its application was closed. Nothing is read but the ledger's own rows."""

    tx: AuditTx
    world: World
    played: Sequence[Played]

    def step(self, kind: str, at: int | None) -> Played | None:
        """The step ``at``, or the last of its kind; None when it was not played."""
        of_kind = [p for p in self.played if p.kind == kind and at in (None, p.step)]
        return of_kind[-1] if of_kind else None

    def changed(self, at: int | None) -> list[str]:
        """Records that the step ``at`` made or wrote, or any step, by name."""
        return sorted({ref for p in self.played if at in (None, p.step) for ref in p.changed})

    def asked(self, at: At) -> list[CaseRow]:
        """The cases that came in with a step: the last one that opens cases, one by number, or all."""
        opening = [p for p in self.played if p.kind in OPENING]
        chosen = opening[-1:] if at is None else [p for p in opening if at in ("all", p.step)]
        rows = [self.tx.case(case) for step in chosen for case in step.cases]
        return [row for row in rows if row is not None]

    def _within(self, at: At) -> set[str] | None:
        """The cases of a step and those that they opened; None for all there are."""
        if not isinstance(at, int):
            return None
        found = [row.id for row in self.asked(at)]
        for case in found:
            found += [child.id for child in self.tx.children(case) if child.id not in found]
        return set(found)

    def _rows(self, at: At) -> list[str]:
        """Cases within a step, oldest first."""
        within = self._within(at)
        return [row.id for row in reversed(self.tx.cases()) if within is None or row.id in within]

    def verdicts(self, at: At) -> list[VerdictRow]:
        """Every verdict within a step."""
        return [verdict for case in self._rows(at) for verdict in self.tx.verdicts(case)]

    def commits(self, at: At) -> list[CommitRow]:
        """Every committed action within a step."""
        return [commit for case in self._rows(at) for commit in self.tx.commits(case)]

    def escalations(self, at: At) -> list[EscalationRow]:
        """Everything that was ever put to people within a step."""
        within = self._within(at)
        return [row for row in self.tx.escalations() if within is None or row.case in within]

    def events(self, kind: str, at: At) -> list[EventRow]:
        """Events of a type within a step: those of its cases, and those it published by itself."""
        within = self._within(at)
        own = next((p.events for p in self.played if p.step == at), (0, 0))
        return [
            event
            for event in self.tx.events(type=kind)
            if within is None or event.case in within or (event.case is None and own[0] <= event.seq < own[1])
        ]

    def stopped(self) -> list[str]:
        """Why cases were stopped: an error in the floor's code, or agents that are gone."""
        return [str(event.data["text"]) for event in self.tx.events(type=STOPPED)]

    def audit(self) -> dict[str, Any]:
        """Shape ``audit``."""
        return audit(self.tx, self.world)
