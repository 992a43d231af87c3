"""The ledger's port, part three: escalations and decisions."""

from dataclasses import replace

import pytest

from protocol.ports import Ledger, Tx
from protocol.rows import EscalationState
from tests.checkpoints.kit import LATER, LATEST, START, decision_row, each, escalation_row, open_case


async def test_escalation_comes_back_as_it_was_asked(ledger: Ledger) -> None:
    row = escalation_row()
    await ledger.write(lambda tx: tx.put_escalation(row))
    assert await ledger.read(lambda tx: tx.escalation("esc_1")) == row
    assert await ledger.read(lambda tx: tx.escalation("esc_2")) is None


async def test_question_comes_back_with_its_options(ledger: Ledger) -> None:
    options = [
        {"title": "Lift", "action": {"kind": "lift", "params": {}}, "item": None},
        {"title": "leave", "action": None},
    ]
    row = escalation_row(type="question", action=None, options=options, allow_text=True)
    await ledger.write(lambda tx: tx.put_escalation(row))
    assert await ledger.read(lambda tx: tx.escalation("esc_1")) == row


async def test_saving_compares_the_version(ledger: Ledger) -> None:
    await ledger.write(lambda tx: tx.put_escalation(escalation_row()))
    approved = escalation_row(state=EscalationState.APPROVED, version=7)
    assert await ledger.write(lambda tx: tx.save_escalation(approved, 1)) is False
    assert await ledger.write(lambda tx: tx.save_escalation(approved, 0)) is True
    assert await ledger.write(lambda tx: tx.save_escalation(replace(approved, role="boss"), 0)) is False
    assert await ledger.read(lambda tx: tx.escalation("esc_1")) == replace(approved, version=1)


async def test_saving_keeps_everything_else_that_changed(ledger: Ledger) -> None:
    await ledger.write(lambda tx: tx.put_escalation(escalation_row()))
    moved = escalation_row(rung=1, role="boss", due_at=LATEST, shown={"also": ["x"]}, superseded_by="esc_2")
    await ledger.write(lambda tx: tx.save_escalation(moved, 0))
    assert await ledger.read(lambda tx: tx.escalation("esc_1")) == replace(moved, version=1)
    assert await ledger.read(lambda tx: tx.due(LATER)) == []


async def test_escalations_come_by_request_then_id(ledger: Ledger) -> None:
    rows = [
        escalation_row("esc_b"),
        escalation_row("esc_a", state=EscalationState.REJECTED),
        escalation_row("esc_c", requested_at="2026-03-01T09:00:00Z"),
        escalation_row("esc_d", case="case_2"),
    ]
    await ledger.write(each(lambda tx: tx.put_escalation, rows))
    assert [e.id for e in await ledger.read(lambda tx: tx.escalations())] == [
        "esc_c",
        "esc_a",
        "esc_b",
        "esc_d",
    ]
    assert [e.id for e in await ledger.read(lambda tx: tx.escalations("case_1"))] == [
        "esc_c",
        "esc_a",
        "esc_b",
    ]
    assert [e.id for e in await ledger.read(lambda tx: tx.escalations(open_only=True))] == [
        "esc_c",
        "esc_b",
        "esc_d",
    ]
    assert [e.id for e in await ledger.read(lambda tx: tx.escalations("case_1", True))] == ["esc_c", "esc_b"]


async def test_due_are_open_ones_whose_rung_ended(ledger: Ledger) -> None:
    rows = [
        escalation_row("esc_a", due_at=LATER),
        escalation_row("esc_b", due_at=LATEST),
        escalation_row("esc_c", due_at=START, state=EscalationState.ANSWERED),
    ]
    await ledger.write(each(lambda tx: tx.put_escalation, rows))
    assert [e.id for e in await ledger.read(lambda tx: tx.due(START))] == []
    assert [e.id for e in await ledger.read(lambda tx: tx.due(LATER))] == ["esc_a"]
    assert [e.id for e in await ledger.read(lambda tx: tx.due(LATEST))] == ["esc_a", "esc_b"]


async def test_same_action_is_found_by_its_hash_newest_first(ledger: Ledger) -> None:
    rows = [
        escalation_row("esc_a"),
        escalation_row("esc_b"),
        escalation_row("esc_c", requested_at=LATER),
        escalation_row("esc_d", action_hash="sha256:b"),
        escalation_row("esc_e", type="question", action=None),
    ]
    await ledger.write(each(lambda tx: tx.put_escalation, rows))
    found = await ledger.read(lambda tx: [e.id for e in tx.actions_like("lift", "sha256:a")])
    assert found == ["esc_c", "esc_b", "esc_a"]
    assert await ledger.read(lambda tx: tx.actions_like("drop", "sha256:a")) == []


async def test_decisions_come_in_order_and_are_spent_once(ledger: Ledger) -> None:
    def ask(tx: Tx) -> None:
        open_case(tx)
        tx.put_escalation(escalation_row())
        tx.put_escalation(escalation_row("esc_2", case="case_2"))
        tx.put_decision(decision_row("f.one"))
        tx.put_decision(decision_row("b.two", option=1))
        tx.put_decision(decision_row("f.one", escalation="esc_2"))

    await ledger.write(ask)
    first, second = await ledger.read(lambda tx: tx.decisions("esc_1"))
    assert first == decision_row("f.one", seq=first.seq)
    assert second == decision_row("b.two", option=1, seq=second.seq)
    assert first.seq < second.seq
    assert await ledger.read(lambda tx: tx.unspent("case_1")) == [first, second]
    assert await ledger.write(lambda tx: tx.spend(first)) is True
    assert await ledger.write(lambda tx: tx.spend(first)) is False
    assert await ledger.read(lambda tx: tx.unspent("case_1")) == [second]
    assert [d.spent for d in await ledger.read(lambda tx: tx.decisions("esc_1"))] == [True, False]


async def test_person_decides_an_escalation_once(ledger: Ledger) -> None:
    await ledger.write(lambda tx: tx.put_escalation(escalation_row()))
    await ledger.write(lambda tx: tx.put_decision(decision_row()))
    with pytest.raises(Exception, match=r"(?i)unique"):
        await ledger.write(lambda tx: tx.put_decision(decision_row(decision="reject")))


async def test_decision_needs_its_escalation(ledger: Ledger) -> None:
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        await ledger.write(lambda tx: tx.put_decision(decision_row()))
