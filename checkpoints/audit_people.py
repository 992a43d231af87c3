"""Invariants of people's decisions: bound to what was shown, by who was asked, in time, once (R12)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from checkpoints.audit_log import entries
from checkpoints.audit_port import AuditTx
from checkpoints.named_sql import named_queries
from protocol.deciding import ANSWER, APPROVE
from protocol.escalating import action_hash
from protocol.records import Ref
from protocol.rows import DecisionRow, EscalationRow, EscalationState
from protocol.world import World

_SQL = "audit"
_SIGNED = {"approval": (EscalationState.APPROVED, APPROVE), "question": (EscalationState.ANSWERED, ANSWER)}


@dataclass(frozen=True, slots=True)
class _Signed:
    """A commit that carries people's decisions."""

    key: str
    kind: str
    params: dict[str, Any]
    at: str
    row: EscalationRow
    decisions: tuple[DecisionRow, ...]


def approval_binding(tx: AuditTx, world: World) -> Iterator[str]:
    """Every signed commit is the action that was signed, on the state that was shown, in time (6)."""
    for key, kind, params, _, at, approval in tx.rows(named_queries(_SQL)["commits"]):
        if approval is None:
            continue
        row = tx.escalation(approval)
        if row is None:
            yield f"the commit {key} names {approval}, which does not exist"
            continue
        state, decision = _SIGNED[row.type]
        decisions = tuple(d for d in tx.decisions(approval) if d.decision == decision)
        signed = _Signed(key, kind, json.loads(params), at, row, decisions)
        if row.state is not state:
            yield f"the commit {key} rests on {approval}, which is {row.state}"
        yield from _action(signed, world)
        yield from _signers(signed, world)
        yield from _times(signed)
        yield from _bound_versions(tx, signed)
        if row.lineage != tx.meta("lineage"):
            yield f"{approval} was asked in another ledger's lineage"


def _action(signed: _Signed, world: World) -> Iterator[str]:
    row, wanted = signed.row, {"kind": signed.kind, "params": signed.params}
    if row.type == "question":
        chosen = [row.options[d.option] for d in signed.decisions if d.option is not None]
        if wanted not in [o.get("action") for o in chosen]:
            yield f"the commit {signed.key} is not the option that was chosen in {row.id}"
        return
    if row.key != signed.key or row.action != wanted:
        yield f"the commit {signed.key} is not the action that {row.id} asked about"
    shape = world.kinds[signed.kind].params if signed.kind in world.kinds else {}
    if action_hash(signed.kind, signed.params, shape) != row.action_hash:
        yield f"the action of {signed.key} does not match the hash that was signed in {row.id}"


def _signers(signed: _Signed, world: World) -> Iterator[str]:
    row, decisions = signed.row, signed.decisions
    people = {d.person for d in decisions}
    if len(people) < row.quorum:
        yield f"the commit {signed.key} needs {row.quorum} signatures on {row.id} and has {len(people)}"
    asked = {str(rung["role"]) for rung in row.ladder}
    for decision in decisions:
        if decision.action_hash != row.action_hash:
            yield f"{decision.person} signed another action than {row.id} asks about"
        if decision.role not in asked:
            yield f"{decision.person} signed {row.id} as {decision.role}, who was not asked"
        if decision.person in world.manifests:
            yield f"{row.id} was signed by the agent {decision.person}"
    if row.separate and row.asker in people:
        yield f"{row.asker} asked for {row.id} and signed it"


def _times(signed: _Signed) -> Iterator[str]:
    row = signed.row
    if signed.at >= row.expires_at:
        yield f"{signed.key} was committed at {signed.at}; {row.id} expired at {row.expires_at}"
    for decision in signed.decisions:
        if not row.requested_at <= decision.at < row.expires_at:
            yield f"{decision.person} signed {row.id} at {decision.at}, outside its time"


def _bound_versions(tx: AuditTx, signed: _Signed) -> Iterator[str]:
    """What was bound stood at its version when the action wrote first."""
    sql = named_queries(_SQL)
    first = next(iter(tx.rows(sql["first_write_for"], signed.key)))[0]
    if first is None:
        return
    for text, version in signed.row.bound.items():
        ref = Ref.parse(text)
        stood = next(iter(tx.rows(sql["version_before"], ref.type, ref.key, first)))[0]
        if stood != version:
            yield f"{signed.row.id} was signed for {text}@{version}, and {signed.key} found version {stood}"


def pulls_logged(tx: AuditTx, world: World) -> Iterator[str]:
    """Every pull stands, or was released, as it was logged: nobody lets agents go on in silence (7)."""
    sql = named_queries(_SQL)
    logged: dict[tuple[str, int], tuple[Any, ...]] = {}
    for entry in entries(tx):
        if entry.get("what") in ("pull.set", "pull.released"):
            role: tuple[str, ...] = (entry["role"],) if entry["what"] == "pull.set" else ()
            said = (entry["scope"], entry["by"], entry["reason"], entry["at"], *role)
            logged[entry["what"], entry["pull"]] = said
    for seq, scope, by, reason, at, role, *released in tx.rows(sql["pulls"]):
        released_by, release_reason, released_at = released
        if logged.pop(("pull.set", seq), None) != (scope, by, reason, at, role):
            yield f"the pull {seq} on {scope} is not what was logged"
        release = logged.pop(("pull.released", seq), None)
        if release != (None if released_by is None else (scope, released_by, release_reason, released_at)):
            yield f"the release of the pull {seq} on {scope} is not what was logged"
    for what, seq in sorted(logged):
        yield f"{what} {seq} was logged and is gone"


def decided_once(tx: AuditTx, world: World) -> Iterator[str]:
    """No approval is on two commits, and decisions stand as they were logged (7)."""
    sql = named_queries(_SQL)
    for approval, count in tx.rows(sql["repeated_approvals"]):
        yield f"{approval} was used by {count} commits"
    names = ("escalation", "person", "role", "meaning", "decision", "action_hash", "at")
    logged = {}
    for entry in entries(tx):
        if entry.get("what") == "decision":
            logged[entry["escalation"], entry["person"]] = tuple(entry[n] for n in names)
    for columns in tx.rows(sql["decisions"]):
        noted = logged.pop((columns[0], columns[1]), None)
        if noted != columns:
            said = "was never logged" if noted is None else "is not what was logged"
            yield f"the decision of {columns[1]} on {columns[0]} {said}"
    for escalation, person in logged:
        yield f"the decision of {person} on {escalation} was logged and is gone"
    applied = {tuple(d) for entry in entries(tx) for d in entry.get("decisions", ())}
    spent = set(tx.rows(sql["spent_decisions"]))
    for escalation, person, _ in sorted(spent - applied):
        yield f"the decision of {person} on {escalation} is marked as applied, and no pass applied it"
    for escalation, person, _ in sorted(applied - spent):
        yield f"the decision of {person} on {escalation} was applied, and is not marked so"
