"""Deadlines of escalations: rungs, expiry, and the case that goes on when nobody decided (R5, R12)."""

from pathlib import Path

import pytest

from graph.deciding import Wanted, record_decision
from graph.sweeping import sweep
from protocol.errors import AlreadyDecidedError, DeadlineError, NotAuthorisedError
from protocol.rows import EscalationState
from tests.agents.floor_copies import CONFIG, Edit, copy_harbour
from tests.graph.harbour_app import SHIFT, events, opened, violations, waiting

RUNG_S, BOTH_S = 900, 2700
"""Of the harbour's shift_visit: 15 minutes for the berth master, 30 more for the harbour master."""


async def test_rung_that_ends_asks_the_next_role_and_the_case_goes_on_waiting(tmp_path: Path) -> None:
    async with opened(tmp_path) as app:
        case, escalation = await waiting(app)
        with pytest.raises(NotAuthorisedError):
            await app.decide(escalation, "approve", person="a.vos")
        await app.wait(RUNG_S)
        shape = await app.outcome(case)
        assert [(w["role"], w["due_at"]) for w in shape["waiting"]] == [
            ("harbour_master", "2026-05-04T04:45:00Z")
        ]
        assert (await app.decide(escalation, "approve", person="a.vos"))["status"] == "done"


async def test_nobody_decides_in_time_and_nothing_is_approved(tmp_path: Path) -> None:
    async with opened(tmp_path) as app:
        case, escalation = await waiting(app)
        await app.wait(BOTH_S - 1)
        assert (await app.outcome(case))["status"] == "waiting"
        await app.wait(1)
        shape = await app.outcome(case)
        assert (shape["status"], shape["code"], shape["verdicts"][-1]["verdict"]) == (
            "refused",
            "expired",
            "refused",
        )
        assert "nobody decided by 2026-05-04T04:45:00Z" in shape["reply"]
        with pytest.raises(DeadlineError):
            await app.decide(escalation, "approve", person="a.vos")
        assert [e for e in await events(app) if e.startswith("approval.")] == [
            "approval.requested",
            "approval.escalated",
            "approval.expired",
        ]
        assert await violations(app) == []


async def test_both_rungs_that_ended_unseen_are_told_and_the_decider_hears_of_it(tmp_path: Path) -> None:
    """Nobody swept for a day; whoever wants to decide then sweeps first, and the case ends."""
    async with opened(tmp_path) as app:
        case, escalation = await waiting(app)
        await app.ledger.write(lambda tx: tx.advance_clock("2026-05-05T04:00:00Z"))
        with pytest.raises(DeadlineError):
            await app.decide(escalation, "approve", person="a.vos")
        assert (await app.outcome(case))["status"] == "refused"
        assert "approval.escalated" in await events(app, case)


async def test_expiry_in_the_instant_of_the_decision_frees_the_case(tmp_path: Path) -> None:
    """Between the sweep and the decision the hour strikes."""
    floor = copy_harbour(
        tmp_path / "floor", Edit(CONFIG, "  shift_visit:\n", "  shift_visit:\n    expires_s: 60\n")
    )
    async with opened(tmp_path / "data", floor) as app:
        case, escalation = await waiting(app)
        row = await app.ledger.read(lambda tx: tx.escalation(escalation))
        assert row is not None and row.due_at == row.expires_at == "2026-05-04T04:01:00Z"
        await app.ledger.write(lambda tx: tx.advance_clock(row.expires_at))
        wanted = Wanted(escalation, "approve", "k.maes")
        refused = await app.ledger.write(lambda tx: record_decision(tx, app.world, wanted))
        assert isinstance(refused, DeadlineError)
        assert [s["status"] for s in await app.resume()] == ["refused"]
        assert (await app.outcome(case))["code"] == "expired"
        assert await violations(app) == []


async def test_sweep_leaves_alone_what_was_decided(tmp_path: Path) -> None:
    async with opened(tmp_path) as app:
        _, escalation = await waiting(app)
        await app.decide(escalation, "reject", person="k.maes", reason="not today")
        await app.ledger.write(lambda tx: tx.advance_clock("2026-05-06T04:00:00Z"))
        assert await app.ledger.write(sweep) == []
        row = await app.ledger.read(lambda tx: tx.escalation(escalation))
        assert row is not None and row.state is EscalationState.REJECTED
        with pytest.raises(AlreadyDecidedError):
            await app.decide(escalation, "approve", person="a.vos")


async def test_rejected_question_is_not_asked_again_on_the_same_state(tmp_path: Path) -> None:
    async with opened(tmp_path) as app:
        _, escalation = await waiting(app)
        await app.decide(escalation, "reject", person="k.maes", reason="not today")
        shape = await app.ask(SHIFT, person="guest")
        assert (shape["status"], shape["code"]) == ("refused", "rejected_before")
