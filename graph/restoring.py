"""Saying that the ledger was restored from an older copy: what people signed before is void (F34)."""

from dataclasses import dataclass
from pathlib import Path
from typing import cast

from checkpoints.anchor import open_anchor
from checkpoints.audit_anchor import RESTORED, head_of
from checkpoints.audit_port import AuditTx
from checkpoints.ledger_file import LINEAGE
from graph.gate import begin_pass, check_fence, end_pass
from graph.noting import note
from graph.persistence import Place, open_ledger
from graph.sweeping import expire
from graph.texts import check_text
from protocol.errors import AndonError, NotAuthorisedError, UsageError
from protocol.ids import derive
from protocol.moving import refresh
from protocol.ports import Tx
from protocol.rows import EscalationState, LeaseHolder
from protocol.world import World
from telemetry.ids import new_lineage

_WHY = "its ledger was restored from an older copy"
_HOLDER = LeaseHolder("restored", 0, "")
_OPEN = (EscalationState.PENDING, EscalationState.APPROVED, EscalationState.ANSWERED)
"""Escalations that may still lead to a commit."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What became of it. ``kept``: the last audit entry of the copy; ``void``: escalations asked anew."""

    was: str
    lineage: str
    kept: int
    void: tuple[str, ...]


def check_reason(reason: str) -> str:
    """Without surrounding blanks. Raises UsageError when it is malformed or missing."""
    if not reason.strip():
        raise UsageError(
            "A reason is missing: whoever audits this ledger must know why its past was given up.",
            hint="Add --reason TEXT.",
            code="reason_missing",
        )
    return check_text(reason)


def declare_restored(
    tx: Tx, world: World, person: str, reason: str, lineage: str, clock_s: float
) -> Restored | AndonError:
    """Give the ledger the new ``lineage``; or return (not raise) why not, so that the attempt is logged.

    What waits for a person is void and is asked anew: nobody knows what the lost time decided. ``clock_s``:
    wall seconds, the clock that processes share.
    """
    if world.config.person(person) is None:
        tx.audit({"what": "restore_refused", "person": person})
        return NotAuthorisedError(
            f"{person} is not on this floor's list and may not speak for its ledger.",
            hint="Say who you are with --as PERSON.",
        )
    head = head_of(cast(AuditTx, tx))
    was, kept = tx.meta(LINEAGE) or "", head.seq if head else 0
    tx.set_meta(LINEAGE, lineage)
    waiting = [c.id for c in tx.cases() if not c.status.ended and tx.escalations(c.id)]
    void = tuple(e for case in waiting for e in _void(tx, world, case, clock_s))
    said = {"by": person, "reason": reason, "was": was, "lineage": lineage, "kept": kept, "void": list(void)}
    note(RESTORED, tx, derive("evt", RESTORED, lineage), lineage, said)
    tx.audit({"what": RESTORED, **said, "at": tx.now})
    return Restored(was, lineage, kept, void)


def _void(tx: Tx, world: World, case: str, clock_s: float) -> list[str]:
    """Ask anew what a case asked people, decided or not; the escalations that are void now.

    The lease is taken over, so that a process of before, which still runs, commits nothing.
    """
    token = tx.take_lease(case, _HOLDER, clock_s, 0.0, True)
    row = tx.case(case)
    if token is None or row is None or row.status.ended:
        return []
    check_fence(tx, case, token)
    if row.origin == "feed":  # asked again by the next file
        gone = list(tx.escalations(case, open_only=True))
        for escalation in gone:
            expire(tx, escalation)
    else:
        p = begin_pass(tx, world, case, clock_s)
        rows = (p.store.escalation(identifier) for identifier in p.waiting)
        gone = [e for e in rows if e is not None and e.state in _OPEN]
        if gone:
            end_pass(tx, p, refresh(p, tx.unspent(case), [(e, _WHY) for e in gone]))
    tx.drop_lease(case, token)
    return [e.id for e in gone]


async def restore(place: Place, world: World, heads: tuple[Path, Path], person: str, reason: str) -> Restored:
    """Declare it on the ledger at ``place``, and anchor its new life. Raises what refused it."""
    anchor = open_anchor(*heads, make=True)
    assert anchor is not None
    async with open_ledger(place, world) as (ledger, wall):
        lineage = new_lineage()
        done = await ledger.write(lambda tx: declare_restored(tx, world, person, reason, lineage, wall()))
        if isinstance(done, AndonError):
            raise done
        head = await ledger.read(lambda tx: head_of(cast(AuditTx, tx)))
        assert head is not None
        anchor.append(head)
    return done
