"""The judgement of an action: one verdict, one wait at most."""

import pytest

from protocol.arbitration import TABLE, ActionEvent, ActionState, advance, ruled
from protocol.judging import judge, judge_single
from protocol.machine import IllegalStepError
from protocol.passing import Pass
from protocol.position import Item
from protocol.rows import Verdict

from .test_judging import BOOK, LIFT, booked


def a_pass() -> Pass:
    """A pass of a yard in which the crane has booked the slot before."""
    y = booked()
    return Pass(y.world, y.store, y.case, y.position, y.number + 1)


def lift() -> Item:
    """Lifting in the hour that the crane has booked since before."""
    return Item(key="case/9/crew/0", agent="crew", kind="lift", params=LIFT, level=4, round=9, ordinal=0)


@pytest.mark.parametrize("verdict", Verdict)
def test_every_verdict_ends_the_judgement(verdict: Verdict) -> None:
    given = ruled(ActionState.PROPOSED, verdict)
    assert str(given) == str(verdict)
    with pytest.raises(IllegalStepError, match=f"is not possible while the action is {verdict}"):
        ruled(given, Verdict.REFUSED)


def test_only_the_wait_is_no_verdict() -> None:
    verdicts = {ActionState(verdict) for verdict in Verdict}
    assert set(TABLE.values()) - verdicts == {ActionState.LAST_TRY}


def test_nothing_is_blocked_twice() -> None:
    waiting = advance(ActionState.PROPOSED, ActionEvent.BLOCK)
    with pytest.raises(IllegalStepError):
        advance(waiting, ActionEvent.BLOCK)


def test_blocked_action_waits_once_and_then_gets_its_verdict() -> None:
    p = a_pass()
    first = judge(p, lift())
    assert (first, p.verdicts) == (ActionState.LAST_TRY, [])
    assert judge(p, lift(), state=first) is ActionState.ASKED
    assert [v.verdict for v in p.verdicts] == [Verdict.ASKED]


def test_action_judged_by_itself_waits_for_nobody() -> None:
    assert judge_single(a_pass(), lift()) is ActionState.ASKED


def test_action_that_can_happen_is_committed_at_once() -> None:
    p = a_pass()
    free = {**BOOK, "booking": "B2", "start": "2026-03-04T10:00:00Z", "end": "2026-03-04T11:00:00Z"}
    item = Item(key="case/9/crane/0", agent="crane", kind="reserve", params=free, level=3, round=9, ordinal=0)
    assert judge(p, item) is ActionState.COMMITTED
