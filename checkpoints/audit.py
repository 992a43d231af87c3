"""Verifying a ledger: every invariant that its tables can show, one function each (faults.md, section 5)."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from checkpoints import (
    audit_anchor,
    audit_authority,
    audit_cases,
    audit_delivery,
    audit_log,
    audit_open,
    audit_people,
    audit_records,
    audit_seals,
)
from checkpoints.audit_anchor import Beside
from checkpoints.audit_port import AuditTx
from protocol.world import World

MOST_SHOWN = 100
"""Violations shown per invariant: a ledger of another floor breaks one for each of its rows."""


@dataclass(frozen=True, slots=True)
class Invariant:
    """One truth about every ledger. ``number``: its row in faults.md, section 5 (0: the design's R2)."""

    number: int
    name: str
    check: Callable[[AuditTx, World], Iterable[str]]


@dataclass(frozen=True, slots=True)
class InvariantBeside:
    """One truth about a ledger and what lies beside it."""

    number: int
    name: str
    check: Callable[[AuditTx, Beside], Iterable[str]]


INVARIANTS = (
    Invariant(23, "database_sound", lambda tx, _: tx.soundness()),
    Invariant(23, "row_hashes", audit_records.row_hashes),
    Invariant(23, "lookups", audit_records.lookups),
    Invariant(1, "balances_in_bounds", audit_records.balances_in_bounds),
    Invariant(2, "conservation", audit_records.conservation),
    Invariant(2, "writes_caused", audit_open.writes_caused),
    Invariant(4, "no_lost_update", audit_records.no_lost_update),
    Invariant(10, "claims_apart", audit_records.claims_apart),
    Invariant(10, "floor_invariants", audit_open.floor_invariants),
    Invariant(0, "written_by_owner", audit_records.written_by_owner),
    Invariant(3, "committed_once", audit_cases.committed_once),
    Invariant(3, "one_turn", audit_cases.one_turn),
    Invariant(5, "authority", audit_authority.authority),
    Invariant(6, "signed_when_asked", audit_authority.signed_when_asked),
    Invariant(6, "approval_binding", audit_people.approval_binding),
    Invariant(7, "decided_once", audit_people.decided_once),
    Invariant(7, "pulls_logged", audit_people.pulls_logged),
    Invariant(9, "pulls_respected", audit_authority.pulls_respected),
    Invariant(11, "shadow_apart", audit_authority.shadow_apart),
    Invariant(8, "nothing_forgotten", audit_cases.nothing_forgotten),
    Invariant(8, "within_bounds", audit_authority.within_bounds),
    Invariant(21, "people_exist", audit_open.people_exist),
    Invariant(25, "inbox_accounted", audit_open.inbox_accounted),
    Invariant(12, "outbox_complete", audit_cases.outbox_complete),
    Invariant(12, "deliveries_complete", audit_delivery.deliveries_complete),
    Invariant(13, "delivered_in_order", audit_delivery.delivered_in_order),
    Invariant(14, "chain_whole", audit_log.chain_whole),
    Invariant(14, "changes_logged", audit_log.changes_logged),
    Invariant(14, "verdicts_logged", audit_log.verdicts_logged),
    Invariant(15, "rows_as_logged", audit_seals.rows_as_logged),
    Invariant(15, "claims_as_logged", audit_seals.claims_as_logged),
    Invariant(15, "cases_as_accepted", audit_open.cases_as_accepted),
    Invariant(17, "fenced", audit_cases.fenced),
    Invariant(18, "breakers_move_on", audit_open.breakers_move_on),
    Invariant(22, "sizes_kept", audit_open.sizes_kept),
)


BESIDE = (
    InvariantBeside(14, "anchored", audit_anchor.anchored),
    InvariantBeside(22, "no_secrets", audit_anchor.no_secrets),
    InvariantBeside(24, "checkpoints_subordinate", audit_anchor.checkpoints_subordinate),
)


def audit(tx: AuditTx, world: World, beside: Beside | None = None) -> dict[str, Any]:
    """Shape ``audit`` (DESIGN section 8). ``head``: the hash of the last audit entry, null without one.

    ``beside``: what lies beside the ledger and is looked at as well.
    """
    found = [(i.name, _details(partial(i.check, tx, world))) for i in INVARIANTS]
    if beside is not None:
        found += [(i.name, _details(partial(i.check, tx, beside))) for i in BESIDE]
    violations = [
        {"invariant": name, "detail": detail}
        for name, details in found
        for detail in islice(details, MOST_SHOWN)
    ]
    return {
        "schema": "andon/audit/v1",
        "ok": not violations,
        "violations": violations,
        "counts": dict(tx.counts()),
        "head": audit_log.head(tx),
    }


def _details(check: Callable[[], Iterable[str]]) -> Iterator[str]:
    """What breaks an invariant. Rows too damaged to be read break it as well."""
    try:
        yield from check()
    except Exception as error:  # noqa: BLE001 - an auditor that stumbles over a row has found something
        yield f"a row cannot be read: {type(error).__name__}: {error}"
