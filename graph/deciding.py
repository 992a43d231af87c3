"""The decision service: who decides what, once, recorded in one transaction (R12, approvals.md)."""

from dataclasses import dataclass
from typing import Any

from graph.sweeping import expire, wake
from protocol.deciding import ANSWER, APPROVE, REJECT, may_sign
from protocol.errors import (
    AlreadyDecidedError,
    AndonError,
    DeadlineError,
    DecisionRefusedError,
    NotAuthorisedError,
    NotFoundError,
    UsageError,
)
from protocol.ids import derive
from protocol.ladder import LadderEvent, step
from protocol.ports import Tx
from protocol.rows import DecisionRow, EscalationRow, EscalationState, EventRow
from protocol.times import local
from protocol.world import SUPERVISOR, World


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person wants to decide."""

    escalation: str
    decision: str
    person: str
    reason: str = ""
    option: int | None = None
    text: str = ""
    expect_hash: str | None = None
    channel: str = "cli"


@dataclass(frozen=True, slots=True)
class Recorded:
    """A decision that stands. ``have`` of ``need`` signatures are there."""

    row: EscalationRow
    role: str
    have: int
    need: int

    @property
    def complete(self) -> bool:
        """Whether the escalation is decided."""
        return self.have >= self.need


def record_decision(tx: Tx, world: World, wanted: Wanted) -> Recorded | AndonError:
    """Record a decision, or return (not raise) the error, so that the attempt stays in the audit log."""
    row = tx.escalation(wanted.escalation)
    if row is None:
        return NotFoundError(
            f"There is no escalation {wanted.escalation}.",
            hint="`andon inbox` lists what is open.",
            code="unknown_id",
        )
    found = _refusal(tx, world, row, wanted)
    if isinstance(found, AndonError):
        tx.audit(
            {
                "what": "decision_refused",
                "escalation": row.id,
                "person": wanted.person,
                "code": found.error_code,
            }
        )
        return found
    return _record(tx, world, row, wanted, found)


def _refusal(tx: Tx, world: World, row: EscalationRow, wanted: Wanted) -> AndonError | str:
    """Why not, or the role as which the person decides."""
    if error := _closed(tx, world, row):
        return error
    if tx.now >= row.expires_at:
        expire(tx, row)
        return _expired(world, row)
    if tx.clock_step_s:
        return DecisionRefusedError(
            f"The clock of this host jumped by {tx.clock_step_s} s: nothing is decided until it is right.",
            hint="Set the clock, or restart what runs for long once it is right.",
            code="clock_stepped",
        )
    role = may_sign(world, row, wanted.person, tx.now)
    asked = ", ".join(str(r["role"]) for r in row.ladder[: row.rung + 1])
    if role is None:
        return NotAuthorisedError(
            f"{wanted.person} may not decide {row.id}: it needs {asked}.", hint=_hint(world, row, tx.now)
        )
    if row.separate and wanted.person == row.asker:
        return NotAuthorisedError(
            f"{wanted.person} asked for this and may not sign it.",
            hint=f"Another holder of {asked} must decide.",
            code="separate",
        )
    if any(d.person == wanted.person for d in tx.decisions(row.id)):
        return _decided(tx, world, row, wanted.person)
    return _misfit(row, wanted) or role


def _hint(world: World, row: EscalationRow, now: str) -> str:
    people = [p for r in row.ladder[: row.rung + 1] for p in world.config.holders(str(r["role"]), now)]
    return f"Use --as with one of: {', '.join(people)}." if people else "Nobody holds that role at this hour."


def _closed(tx: Tx, world: World, row: EscalationRow) -> AndonError | None:
    match row.state:
        case EscalationState.PENDING:
            return None
        case EscalationState.EXPIRED:
            return _expired(world, row)
        case EscalationState.SUPERSEDED | EscalationState.WITHDRAWN:
            hint = (
                f"Look at {row.superseded_by}." if row.superseded_by else "`andon inbox` lists what is open."
            )
            return DecisionRefusedError(
                f"{row.id} is no longer asked: what it would do has changed.", hint=hint, code="superseded"
            )
        case _:
            return _decided(tx, world, row)


def _expired(world: World, row: EscalationRow) -> DeadlineError:
    ended = row.due_at if row.state is EscalationState.EXPIRED else row.expires_at
    at = local(ended, world.config.zone)
    return DeadlineError(f"{row.id} expired at {at}: nothing was approved.", hint="Ask again if needed.")


def _decided(tx: Tx, world: World, row: EscalationRow, person: str | None = None) -> AlreadyDecidedError:
    """Who decided and when; ``person``: their own signature is the one in the way."""
    last = next(d for d in reversed(tx.decisions(row.id)) if person in (None, d.person))
    what = "already signed" if person else f"already {row.state}"
    return AlreadyDecidedError(
        f"{row.id} is {what} by {last.person}, at {local(last.at, world.config.zone)}.",
        hint=f"`andon show {row.id}` shows it.",
        details={"by": last.person, "at": last.at, "decision": str(row.state)},
    )


def _misfit(row: EscalationRow, wanted: Wanted) -> AndonError | None:
    """Whether the decision fits what is asked."""
    if wanted.expect_hash is not None and wanted.expect_hash != row.action_hash:
        return DecisionRefusedError(
            f"{row.id} is not the action you saw: its hash is {row.action_hash}.",
            hint=f"Look again with `andon show {row.id}`.",
            code="hash_mismatch",
        )
    if row.type == "approval" and wanted.decision == ANSWER:
        return UsageError(
            f"{row.id} is an approval.", hint=f"Use `andon approve {row.id}` or `andon reject {row.id}`."
        )
    if row.type == "question" and wanted.decision == APPROVE:
        return UsageError(f"{row.id} is a question.", hint=f"Use `andon answer {row.id} --option N`.")
    if wanted.decision == REJECT and not wanted.reason.strip():
        return UsageError("A rejection needs a reason.", hint="Add --reason TEXT.", code="reason_missing")
    if wanted.decision != ANSWER:
        return None
    if wanted.option is None and not (row.allow_text and wanted.text.strip()):
        return UsageError(f"Choose one of the options 0 to {len(row.options) - 1}.", hint="Add --option N.")
    if wanted.option is not None and not 0 <= wanted.option < len(row.options):
        return UsageError(
            f"{row.id} has no option {wanted.option}.", hint=f"Options are 0 to {len(row.options) - 1}."
        )
    return None


def _record(tx: Tx, world: World, row: EscalationRow, wanted: Wanted, role: str) -> Recorded:
    entry = world.config.person(wanted.person)
    decision = DecisionRow(
        escalation=row.id,
        person=wanted.person,
        name=entry.name if entry else wanted.person,
        role=role,
        meaning=row.meaning,
        decision=wanted.decision,
        at=tx.now,
        action_hash=row.action_hash,
        reason=wanted.reason,
        option=wanted.option,
        text=wanted.text,
        channel=wanted.channel,
    )
    tx.put_decision(decision)
    signed = sum(1 for d in tx.decisions(row.id) if d.decision == wanted.decision)
    have = signed if wanted.decision == APPROVE else row.quorum
    recorded = Recorded(row, role, have, row.quorum)
    after = step(row, LadderEvent(wanted.decision) if recorded.complete else LadderEvent.SIGN)
    if after.state is not EscalationState.PENDING:
        if not tx.save_escalation(after, row.version):
            raise RuntimeError(f"{row.id} changed inside its own transaction")
        wake(tx, row.case)
    _tell(tx, world, row, decision)
    return recorded


def _tell(tx: Tx, world: World, row: EscalationRow, decision: DecisionRow) -> None:
    data: dict[str, Any] = {"by": decision.person, "role": decision.role, "decision": decision.decision}
    identifier = derive("evt", row.id, decision.person, decision.decision)
    tx.put_event(
        EventRow(
            id=identifier,
            type=f"{row.type}.decided",
            source=SUPERVISOR,
            source_id=identifier,
            occurred=tx.now,
            recorded=tx.now,
            subject=row.id,
            data=data,
            case=row.case,
            agent=row.agent,
        )
    )
    tx.audit(
        {
            "what": "decision",
            "escalation": row.id,
            "case": row.case,
            "person": decision.person,
            "role": decision.role,
            "meaning": decision.meaning,
            "decision": decision.decision,
            "action_hash": decision.action_hash,
            "at": decision.at,
            "registry": world.registry_hash,
        }
    )
