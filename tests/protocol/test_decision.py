"""A person's decision: it counts when it is complete, and is used once or not at all."""

from dataclasses import replace

import pytest

from protocol.decision import DecisionEvent, DecisionState, advance, checked, standing
from protocol.effects import Refusal
from protocol.machine import IllegalStepError
from protocol.passing import Pass
from protocol.rows import DecisionRow, EscalationState, Verdict
from protocol.stopping import Stop, stop

from .signing import BURN, FOREMAN, asked, signing_world, yard
from .test_ladder import START
from .test_ladder import asked as escalation
from .yard import Yard


def decision(what: str) -> DecisionRow:
    return DecisionRow("esc_a", "f.one", "F One", "foreman", "approval", what, START, "sha256:0")


@pytest.mark.parametrize(
    ("what", "row_state", "stands"),
    [
        ("approve", EscalationState.PENDING, DecisionState.RECORDED),
        ("approve", EscalationState.APPROVED, DecisionState.COMPLETE),
        ("approve", EscalationState.REJECTED, DecisionState.LAPSED),
        ("approve", EscalationState.EXPIRED, DecisionState.LAPSED),
        ("reject", EscalationState.REJECTED, DecisionState.COMPLETE),
        ("answer", EscalationState.ANSWERED, DecisionState.COMPLETE),
    ],
)
def test_decision_counts_when_its_escalation_was_decided_so(
    what: str, row_state: EscalationState, stands: DecisionState
) -> None:
    assert standing(replace(escalation([60], 100), state=row_state), decision(what)) is stands


def test_what_refuses_a_decision_weighs_more_than_what_changed() -> None:
    refusal = Refusal("expired", "too late")
    assert checked(refusal, ["crate/C1"]).state is DecisionState.REFUSED
    assert checked(None, ["crate/C1"]).state is DecisionState.STALE
    assert checked(None, []).state is DecisionState.SPENT


@pytest.mark.parametrize("state", [s for s in DecisionState if s is not DecisionState.COMPLETE])
def test_only_a_complete_decision_is_applied(state: DecisionState) -> None:
    with pytest.raises(IllegalStepError):
        advance(state, DecisionEvent.APPLY)


def half_signed() -> Yard:
    """A crate to burn, which needs two signatures and has one."""
    y = yard(signing_world(burn={"ladder": [FOREMAN], "quorum": 2}))
    y.round(crane=[BURN])
    return y


def test_one_signature_of_two_lapses_when_nobody_else_signs_in_time() -> None:
    y = half_signed()
    first = y.store.decide(asked(y), "approve", "f.one", "foreman")
    y.store.escalation_rows[asked(y)] = replace(
        y.store.escalation_rows[asked(y)], state=EscalationState.EXPIRED
    )
    y.run(None, [first])
    assert [(v.verdict, v.code) for v in y.verdicts][1:] == [(Verdict.REFUSED, "expired")]
    assert y.last is not None and y.last.spent == [first]


def test_stopped_case_uses_up_a_signature_that_lapsed() -> None:
    y = half_signed()
    first = y.store.decide(asked(y), "approve", "f.one", "foreman")
    row = y.store.escalation_rows[asked(y)]
    y.store.escalation_rows[row.id] = replace(row, state=EscalationState.EXPIRED)
    p = Pass(y.world, y.store, y.case, y.position, y.number + 1)
    stop(p, [first], Stop("gate_error", "a rule failed"))
    assert (p.spent, row.id in p.waiting) == ([first], False)


def test_rejection_outweighs_a_signature_before_it_and_both_are_used_up() -> None:
    y = half_signed()
    both = [
        y.store.decide(asked(y), "approve", "f.one", "foreman"),
        y.store.decide(asked(y), "reject", "f.two", "foreman"),
    ]
    y.run(None, both)
    assert [(v.verdict, v.code) for v in y.verdicts][1:] == [(Verdict.REFUSED, "rejected")]
    assert "f.two" in y.verdicts[-1].reason
    assert y.last is not None and y.last.spent == both
