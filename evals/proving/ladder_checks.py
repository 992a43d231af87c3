"""What must hold of an approval at every tick: who decides, until when, and how it ends.

Each check computes from the request's own times when a rung begins and ends, and never asks the
functions that the search drives; the two that do ask them ask whether time gets a row on at all.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from evals.proving.abstract_floor import CASE
from evals.proving.model_ledger import ModelLedger, as_tx
from graph.gate import ready
from graph.sweeping import sweep
from protocol import ladder
from protocol.deciding import APPROVE, REJECT
from protocol.position import Position
from protocol.records import Ref
from protocol.rows import CommitRow, EscalationRow, EscalationState
from protocol.times import plus
from protocol.world import World

Found = Iterator[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Did:
    """What a step did. ``row``: the escalation a person decided, or tried to."""

    what: str
    person: str = ""
    row: str = ""


@dataclass(slots=True)
class State:
    """The ledger's rows under the ladder of that number. ``edits``: changes of the record left."""

    world: World
    ledger: ModelLedger
    ladder: int
    edits: int
    did: Did | None = None


def step_wrong(before: State, after: State) -> Found:
    """(invariant, what is wrong) of a step."""
    yield from _grows(before.ledger, after.ledger)
    if after.did is not None and after.did.what in _STEPS:
        yield from _STEPS[after.did.what](before, after)
    for commit in after.ledger.told.commits:
        yield from _committed(before, after.ledger, commit)
    for row in after.ledger.escalation_rows.values():
        yield from _one_stands(after.ledger, row)
    if after.ledger.told.opened and not any(_changed(before.ledger, r) for r in _waited(before.ledger)):
        yield "asked_once", "people are asked anew, and nothing they were shown has changed"
    for event in after.ledger.told.events:
        if event.type == "case.stopped":
            yield "no_error", str(event.data["text"])


def state_wrong(state: State) -> Found:
    """(invariant, what is wrong) of a state."""
    ledger = state.ledger
    case = ledger.cases[CASE]
    pending = [r for r in ledger.escalation_rows.values() if r.state is EscalationState.PENDING]
    for row in pending:
        yield from _has_a_way_out(state, row)
    if not (case.status.ended or pending or ready(as_tx(ledger), Position.from_json(case.position))):
        yield "closed_in_time", "nobody is asked any more, and the case has not ended"


def starts_of(row: EscalationRow) -> list[str]:
    """The instant at which each rung begins, and that at which the last one ends: none after the expiry."""
    at, found = row.requested_at, [row.requested_at]
    for rung in row.ladder:
        at = min(plus(at, seconds=rung["answer_s"]), row.expires_at)
        found.append(at)
    return found


def end_of(row: EscalationRow) -> str:
    """The last tick of a row: nobody is asked at it or later."""
    return starts_of(row)[-1]


def _grows(before: ModelLedger, after: ModelLedger) -> Found:
    """Rungs are only added, deadlines only move on, and what is closed stays closed."""
    for identifier, was in before.escalation_rows.items():
        row = after.escalation_rows[identifier]
        if row.rung < was.rung or row.due_at < was.due_at:
            yield "ladder_grows", f"the ladder went back from rung {was.rung + 1} to {row.rung + 1}"
        if row.role != row.ladder[row.rung]["role"]:
            yield "ladder_grows", f"rung {row.rung + 1} asks {row.role}"
        reopened = was.state is not EscalationState.PENDING and row.state is not was.state
        if reopened and row.state is not EscalationState.SUPERSEDED:
            yield "closed_is_closed", f"what was {was.state} became {row.state}"


def _decided(before: State, after: State) -> Found:
    """In time, by who is asked by then; and whoever is asked and in time is heard."""
    did = after.did
    assert did is not None
    ledger = before.ledger
    row, now = ledger.escalation_rows[did.row], ledger.now
    heard = len(after.ledger.decision_rows) > len(ledger.decision_rows)
    held = before.world.config.roles_of(did.person, now)
    by_time = {str(r["role"]) for r, start in zip(row.ladder, starts_of(row), strict=False) if start <= now}
    if heard:
        if now >= row.expires_at:
            yield "signed_in_time", f"{did.person} decided, and the approval had expired"
        if row.state is not EscalationState.PENDING:
            yield "closed_is_closed", f"{did.person} decided what was already {row.state}"
        if not held & by_time:
            yield "asked_in_turn", f"{did.person} decided and was not asked yet, or is not on shift"
        return
    asked = {str(r["role"]) for r in row.ladder[: row.rung + 1]}
    signed = any(d.person == did.person for d in ledger.decisions(row.id))
    if row.state is EscalationState.PENDING and now < row.expires_at and held & asked and not signed:
        yield "is_heard", f"{did.person} was asked and in time, and was refused"


def _swept(before: State, after: State) -> Found:
    """After a sweep whoever is asked is asked by the clock, with a deadline ahead, and nobody too early."""
    now = after.ledger.now
    for row in after.ledger.escalation_rows.values():
        was = before.ledger.escalation_rows[row.id]
        ended = sum(1 for end in starts_of(row)[1:] if end <= now)
        if row.state is EscalationState.PENDING:
            if now >= end_of(row):
                yield "closed_in_time", "its last tick is over, and it is still asked"
            elif row.due_at <= now:
                yield "due_ahead", f"{row.role} is asked, with a deadline that is past"
            elif row.rung != ended:
                yield "right_rung", f"{ended} rungs have ended, and rung {row.rung + 1} is asked"
            elif row.due_at > row.expires_at:
                yield "due_ahead", f"{row.role} is asked for longer than the approval lasts"
        elif row.state is EscalationState.EXPIRED and was.state is not row.state and now < end_of(row):
            yield "not_early", "it expired although somebody was still to be asked"


_STEPS: dict[str, Callable[[State, State], Found]] = {"decide": _decided, "sweep": _swept}


def _committed(before: State, after: ModelLedger, commit: CommitRow) -> Found:
    """Under as many signatures as are needed, in time, on what was shown: silence commits nothing."""
    row = after.escalation_rows.get(commit.approval or "")
    if row is None:
        yield "silence_is_no_yes", f"{commit.kind} was done and nobody had signed"
        return
    signed = {d.person for d in after.decisions(row.id) if d.decision == APPROVE}
    if len(signed) < row.quorum:
        yield "silence_is_no_yes", f"{commit.kind} was done under {len(signed)} of {row.quorum} signatures"
    if row.state is not EscalationState.APPROVED:
        yield "silence_is_no_yes", f"{commit.kind} was done on what is {row.state}"
    if after.now >= row.expires_at:
        yield "committed_in_time", f"{commit.kind} was done, and its approval had expired"
    if _changed(before.ledger, row):
        yield "as_shown", f"{commit.kind} was done, and what was shown had changed since it was signed"


def _changed(ledger: ModelLedger, row: EscalationRow) -> bool:
    return any(ledger.records[Ref.parse(text)].version != v for text, v in row.bound.items())


def _waited(ledger: ModelLedger) -> list[EscalationRow]:
    return [ledger.escalation_rows[i] for i in ledger.cases[CASE].position["waiting"]]


def _one_stands(ledger: ModelLedger, row: EscalationRow) -> Found:
    """Of a decision and a timeout in the same instant one stands, and it is the one that is told."""
    decided = ledger.decisions(row.id)
    yes = sum(1 for d in decided if d.decision == APPROVE)
    no = sum(1 for d in decided if d.decision == REJECT)
    complete = yes >= row.quorum or no > 0
    if row.state in (EscalationState.PENDING, EscalationState.EXPIRED) and complete:
        yield "one_stands", f"a person decided, and it is {row.state}"
    if row.state in (EscalationState.APPROVED, EscalationState.REJECTED) and not complete:
        yield "one_stands", f"it is {row.state}, and too few decided so"
    told = {e.type for e in ledger.told.events if e.subject == row.id}
    if row.state is not EscalationState.EXPIRED and f"{row.type}.expired" in told:
        yield "one_stands", f"it was told to have expired, and it is {row.state}"


def _has_a_way_out(state: State, row: EscalationRow) -> Found:
    """Time alone gets every open row on: the timeout edge is there, and whoever wakes up last takes it."""
    if ladder.due(row, row.due_at) is None:
        yield "timeout_enabled", f"{row.role} is asked, and nothing follows when the deadline comes"
    later = state.ledger.copy()
    later.now = max(later.now, end_of(row))
    woken = sweep(as_tx(later))
    if later.escalation_rows[row.id].state is EscalationState.PENDING:
        yield "timeout_enabled", "everybody sleeps over its last tick, and it is still asked"
    elif CASE not in woken:
        yield "timeout_enabled", "it expires while everybody sleeps, and its case is not taken up again"
