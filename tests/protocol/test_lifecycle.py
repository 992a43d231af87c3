"""A case from its opening to its end."""

from dataclasses import replace

import pytest

from protocol.lifecycle import CaseEvent, advance, woken
from protocol.machine import IllegalStepError
from protocol.rows import CaseStatus

from .yard import CASE


@pytest.mark.parametrize("status", CaseStatus)
@pytest.mark.parametrize("event", CaseEvent)
def test_ended_case_does_not_go_on(status: CaseStatus, event: CaseEvent) -> None:
    if status.ended:
        with pytest.raises(IllegalStepError, match=f"{event} is not possible while the case is {status}"):
            advance(status, event)
    else:
        assert advance(status, event) in CaseStatus


@pytest.mark.parametrize("status", CaseStatus)
def test_decision_wakes_a_case_that_has_not_ended(status: CaseStatus) -> None:
    case = replace(CASE, status=status, runnable=False)
    assert woken(case) == (None if status.ended else replace(case, runnable=True))


@pytest.mark.parametrize("status", [CaseStatus.OPEN, CaseStatus.WAITING])
def test_stopped_case_waits_for_a_person(status: CaseStatus) -> None:
    assert advance(status, CaseEvent.STOP) is CaseStatus.WAITING
