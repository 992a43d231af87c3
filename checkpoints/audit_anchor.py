"""Invariants of a ledger and what lies beside it: anchored heads, checkpoints, secrets (14, 22, 24)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checkpoints.anchor import Anchor, Head
from checkpoints.audit_log import entries
from checkpoints.audit_port import AuditTx
from checkpoints.ledger_file import LINEAGE
from checkpoints.named_sql import named_queries
from protocol.errors import AndonError

_SQL = "audit"
RESTORED = "db.restored"
"""The audit entry with which a person says that the ledger was restored from an older copy."""
MAX_LAG = 10_000
"""Entries that may follow the newest head: processes write it every few entries, and at their end."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What an audit looks at beside the ledger. ``secrets``: what must stand nowhere in it."""

    anchor: Anchor | None = None
    checkpoints: Path | None = None
    secrets: Sequence[str] = ()


def entry_at(tx: AuditTx, seq: int) -> str | None:
    """The hash of one entry of the chain."""
    found = next(iter(tx.rows(named_queries(_SQL)["audit_entry"], seq)), None)
    return None if found is None else str(found[0])


def head_of(tx: AuditTx) -> Head | None:
    """The head of the chain, as it is anchored; None for an empty log."""
    last = next(iter(tx.rows(named_queries(_SQL)["audit_end"])), None)
    return None if last is None else Head(tx.meta(LINEAGE) or "", last[0], last[1], tx.now)


def disagreement(tx: AuditTx, head: Head) -> tuple[str, str] | None:
    """Why the ledger is not the one that ``head`` was taken of, or a later one: (code, sentence)."""
    lineage = tx.meta(LINEAGE)
    if head.lineage != lineage:
        return "ledger_behind_anchor", f"its anchor is of lineage {head.lineage}, the ledger of {lineage}"
    found = entry_at(tx, head.seq)
    if found is None:
        last = head_of(tx)
        return (
            "ledger_behind_anchor",
            f"its anchor is at audit entry {head.seq}, the ledger ends at {last.seq if last else 0}",
        )
    if found != head.hash:
        return "ledger_rewritten", f"audit entry {head.seq} is not the one that was anchored"
    return None


def anchored(tx: AuditTx, beside: Beside) -> Iterator[str]:
    """Every head that was anchored is an entry of the chain, or lies in a past that a person gave up (14)."""
    if beside.anchor is None:
        return
    given_up = {e["was"]: int(e["kept"]) for e in entries(tx) if e.get("what") == RESTORED}
    newest = 0
    try:
        for head in beside.anchor.heads():
            newest = max(newest, head.seq if head.lineage == tx.meta(LINEAGE) else 0)
            yield from _misplaced(tx, head, given_up)
    except AndonError as error:
        yield error.message
    last = head_of(tx)
    if last is not None and newest and last.seq - newest > MAX_LAG:
        yield f"the anchor is {last.seq - newest} entries behind"


def _misplaced(tx: AuditTx, head: Head, given_up: dict[str, int]) -> Iterator[str]:
    if head.lineage in given_up:
        if head.seq > given_up[head.lineage]:
            return  # what was written after the copy was taken, and is gone as a person knows
    elif head.lineage != tx.meta(LINEAGE):
        yield f"a head of lineage {head.lineage} was anchored, which this ledger never had"
        return
    found = entry_at(tx, head.seq)
    if found is None:
        yield f"audit entry {head.seq} was anchored and is gone: the log was cut, or an older copy restored"
    elif found != head.hash:
        yield f"audit entry {head.seq} is not the one that was anchored: the log was rewritten"


def checkpoints_subordinate(tx: AuditTx, beside: Beside) -> Iterator[str]:
    """No checkpoint is of a case, or of a round of it, that the ledger does not know (24)."""
    if beside.checkpoints is None or not beside.checkpoints.exists():
        return
    from checkpoints.checkpoint_states import newest_states

    for thread, state in newest_states(beside.checkpoints):
        case = tx.case(thread)
        if case is None:
            yield f"there are checkpoints of {thread}, which is no case"
        elif int(state.get("round", 0)) > max(case.rounds, 1):
            yield f"the checkpoint of {thread} is in round {state['round']}, the ledger in {case.rounds}"
        else:
            for escalation in state.get("waiting", ()):
                if tx.escalation(str(escalation)) is None:
                    yield f"the checkpoint of {thread} waits for {escalation}, which does not exist"


def no_secrets(tx: AuditTx, beside: Beside) -> Iterator[str]:
    """No key that this process was given stands in the inbox, in turns, events or the log (22)."""
    if not any(beside.secrets):
        return
    sql = named_queries(_SQL)
    for name in ("secrets_in_inbox", "secrets_in_turns", "secrets_in_events", "secrets_in_audit"):
        for where, text in tx.rows(sql[name]):
            if _holds(text, beside.secrets):
                yield f"{where} holds a secret"


def _holds(text: Any, secrets: Sequence[str]) -> bool:
    return any(secret and secret in str(text) for secret in secrets)
