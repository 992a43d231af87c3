"""The whole page behind one escalation: everything a person needs to decide it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cli.items import decision_shape, inbox_item
from protocol.deciding import may_sign
from protocol.escalating import action_hash
from protocol.ladder import move_on
from protocol.ports import ReadTx
from protocol.records import Ref
from protocol.rows import DecisionRow, EscalationRow, EscalationState
from protocol.turns import Answer, Reply, from_json
from protocol.world import World


@dataclass(frozen=True, slots=True)
class Page:
    """One escalation with everything a person needs to decide it, as it stands at the ledger clock.

    ``versions``: what each bound record's version is now, None when it is gone. ``holders``: people by
    role who hold it now. ``role``: as which ``person`` may sign, None when they may not. ``prose``:
    what the agent said beside it, never to be trusted. ``asked``: the line that opened the case.
    """

    row: EscalationRow
    now: str
    zone: str
    person: str
    role: str | None
    decisions: Sequence[DecisionRow]
    versions: Mapping[str, int | None]
    holders: Mapping[str, Sequence[str]]
    inspectable: bool
    irreversible: bool
    prose: Sequence[str]
    asked: str | None

    @property
    def open(self) -> bool:
        """Whether it can still be decided."""
        return self.row.state is EscalationState.PENDING

    @property
    def roles(self) -> list[str]:
        """The roles that have been asked so far."""
        return [str(r["role"]) for r in self.row.ladder[: self.row.rung + 1]]


def page_of(tx: ReadTx, world: World, escalation: str, person: str) -> Page | None:
    """The page of one escalation for ``person``; None for an id nobody knows."""
    stored = tx.escalation(escalation)
    if stored is None:
        return None
    row, now, case = move_on(stored, tx.now), tx.now, tx.case(stored.case)
    decisions = tuple(tx.decisions(row.id))
    signed = any(d.person == person for d in decisions)
    own = row.separate and person == row.asker
    policy = world.config.approvals.get(row.policy)
    return Page(
        row=row,
        now=now,
        zone=world.config.zone,
        person=person,
        role=None if signed or own else may_sign(world, row, person, now),
        decisions=decisions,
        versions={text: _version(tx, text) for text in row.bound},
        holders={str(r["role"]): world.config.holders(str(r["role"]), now) for r in row.ladder},
        inspectable=_inspectable(world, row),
        irreversible=policy.irreversible if policy else False,
        prose=_prose(tx, row),
        asked=case.text if case else None,
    )


def page_shape(page: Page) -> dict[str, Any]:
    """The answer of ``andon show``."""
    row = page.row
    return {
        "schema": "andon/show/v1",
        **inbox_item(row),
        "state": str(row.state),
        "diff": [dict(d) for d in row.diff],
        "decisions": [decision_shape(d) for d in page.decisions],
        "bound": [{"ref": r, "version": v, "now": page.versions[r]} for r, v in row.bound.items()],
        "shown": dict(row.shown),
        "policy": row.policy,
        "level": row.level,
        "meaning": row.meaning,
        "signatures": {"have": len(page.decisions), "need": row.quorum},
        "ladder": [dict(r) for r in row.ladder],
        "rung": row.rung,
        "on_exhausted": row.on_exhausted,
        "requested_at": row.requested_at,
        "expires_at": row.expires_at,
        "allow_text": row.allow_text,
        "superseded_by": row.superseded_by,
        "inspectable": page.inspectable,
        "irreversible": page.irreversible,
        "may_sign": sorted({p for role in page.roles for p in page.holders[role]}),
        "you": {"person": page.person, "role": page.role},
        "untrusted": {"request": page.asked, "agent": list(page.prose)},
    }


def _version(tx: ReadTx, text: str) -> int | None:
    ref = Ref.parse(text)
    record = tx.get(ref.type, ref.key)
    return record.version if record else None


def _inspectable(world: World, row: EscalationRow) -> bool:
    """Whether what is shown is what would be executed: the hash is made again from the action itself."""
    if row.action is None:
        return row.type == "question"
    kind = world.kinds.get(row.action["kind"])
    return kind is not None and row.action_hash == action_hash(kind.name, row.action["params"], kind.params)


def _prose(tx: ReadTx, row: EscalationRow) -> list[str]:
    """The words of the turn that made the action, from the key case/round/agent/ordinal."""
    parts = row.key.split("/")
    stored = tx.turn(parts[0], int(parts[1]), parts[2]) if len(parts) == 4 and parts[1].isdecimal() else None
    if stored is None or "moves" not in stored:
        return []
    return [m.text for m in from_json(stored).moves if isinstance(m, Answer | Reply) and m.text]
