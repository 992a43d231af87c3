"""Maintenance without a model: windows for what is due, symptoms, breakdowns, returns."""

from typing import Any

import pytest

from protocol.turns import Answer, AnswerKind, Ask, Carried, Move, Proposal, Reply

from .play import decide, event, overruled, person, play, policy_of, request, told
from .snapshot_fake import NOW, FakePlant, machine_7, tue

PM = {"est_min": 240, "earliest": tue(6), "due": tue(42), "hard_limit": tue(66)}


def moves(store: FakePlant, *triggers: Any) -> list[Move]:
    return play(policy_of("maintenance"), store, "maintenance", *triggers)


def said(store: FakePlant, text: str, *recent: tuple[str, str]) -> list[Move]:
    return moves(store, person(text, *recent))


def due() -> FakePlant:
    return machine_7().add("maintenance_order", "MO-71", **PM)


def offer(**values: Any) -> dict[str, Any]:
    return {
        "type": "answer",
        "exchange": "x1",
        "to": "scheduling",
        "request": "find_window",
        "params": {
            "machine": "M7",
            "minutes": 240,
            "earliest": tue(6),
            "latest": tue(66),
            "maintenance_order": "MO-71",
        },
        "kind": "counter",
        "values": values,
        "code": None,
        "text": "",
        "open": True,
    }


def test_what_is_due_asks_for_a_window_inside_its_limits() -> None:
    (ask,) = moves(due(), event("maintenance.due", "M7", machine="M7", maintenance_order="MO-71"))
    want = {
        "machine": "M7",
        "maintenance_order": "MO-71",
        "minutes": 240,
        "earliest": tue(6),
        "latest": tue(66),
    }
    action = {"machine": "M7", "maintenance_order": "MO-71", "kind": "preventive"}
    assert ask == Ask("scheduling", "find_window", want, Carried("open_downtime", action, ("start", "end")))


def test_what_is_planned_already_asks_for_nothing() -> None:
    store = due().downtime("D-1", tue(15), tue(19), maintenance_order="MO-71")
    assert moves(store, event("maintenance.due", "M7", machine="M7", maintenance_order="MO-71")) == []


def test_any_offer_of_a_window_is_taken() -> None:
    assert moves(due(), offer(start=tue(15), end=tue(19))) == [Answer("x1", AnswerKind.AGREE)]


def test_due_maintenance_is_not_dropped_when_no_window_is_found() -> None:
    refused = offer() | {"kind": "refuse", "open": False, "code": "no_capacity"}
    (proposal,) = moves(due(), refused)
    span = {"start": tue(6), "end": tue(10)}
    where = {"machine": "M7", "maintenance_order": "MO-71", "kind": "preventive"}
    assert proposal == Proposal("open_downtime", {**where, **span})


def test_an_overruled_window_is_asked_for_again() -> None:
    lost = overruled(
        "open_downtime", machine="M7", maintenance_order="MO-71", kind="preventive", start=tue(6), end=tue(10)
    )
    (ask,) = moves(due(), lost)
    assert isinstance(ask, Ask)


@pytest.mark.parametrize(
    ("mode", "orders"), [("AUTOMATIC", 1), ("MANUAL", 0), ("MANUAL_DATA_INPUT", 0), (None, 0)]
)
def test_fault_in_automatic_mode_alone_opens_an_order(mode: str | None, orders: int) -> None:
    fault = event("machine.fault", "M7", machine="M7", mode=mode, code="468", text="LUBRICATION LOW")
    found = moves(machine_7(), fault)
    assert [m.kind for m in found if isinstance(m, Proposal)] == ["create_maintenance_order"] * orders


def test_availability_is_said_with_the_end_of_the_downtime() -> None:
    store = machine_7().downtime("D-1", tue(15), tue(19))
    ask = request("is_available", machine="M7", start=tue(16), end=tue(17))
    (answer,) = moves(store, ask)
    assert answer == Answer("x1", AnswerKind.AGREE, {"available": False, "until": tue(19)})
    (free,) = moves(store, request("is_available", machine="M7", start=tue(19), end=tue(20)))
    assert isinstance(free, Answer)
    assert free.values == {"available": True, "until": None}


def test_unknown_machine_is_not_available() -> None:
    (answer,) = moves(machine_7(), request("is_available", machine="M99", start=tue(16), end=tue(17)))
    assert isinstance(answer, Answer)
    assert answer.values["available"] is False


def test_run_that_wants_the_time_of_a_downtime_is_offered_the_time_after_it() -> None:
    store = machine_7().downtime("D-1", tue(15), tue(19))
    wanted: dict[str, Any] = {
        "order": "O-310",
        "operation": "OP10",
        "machine": "M7",
        "start": tue(16),
        "setup_min": 0,
        "run_min": 60,
    }
    assert moves(store, decide("plan_run", **wanted)) == [
        Answer("x1", AnswerKind.COUNTER, {"start": tue(19)})
    ]
    moving = decide("move_run", run="R-701", to="M7", start=tue(12))
    assert moves(store, moving) == [Answer("x1", AnswerKind.COUNTER, {"start": tue(19)})]


def test_hours_on_a_day_ask_for_a_window_of_that_day() -> None:
    (ask,) = said(due(), "need 4 hours on Machine 7 Tuesday, when hurts least?")
    assert isinstance(ask, Ask)
    assert (ask.params["earliest"], ask.params["latest"], ask.params["minutes"]) == (tue(6), tue(24), 240)


def test_a_noise_is_a_symptom_and_no_breakdown() -> None:
    proposal, _ = said(machine_7(), "M7 is making that noise again")
    assert isinstance(proposal, Proposal)
    assert (proposal.kind, proposal.params["type"]) == ("create_maintenance_order", "CM")


def test_a_report_that_it_is_down_is_a_breakdown_and_a_question_is_not() -> None:
    (proposal,) = said(machine_7(), "M7 is down, spindle seized")
    assert proposal == Proposal(
        "report_down", {"machine": "M7", "at": NOW, "reason": "M7 is down, spindle seized"}
    )
    assert all(isinstance(m, Reply) for m in said(machine_7(), "Is M7 down?"))


def test_both_states_are_said_and_control_ends_no_downtime() -> None:
    store = machine_7().add("machine", "M8", state="Down", since=NOW).add("signal", "M8", reported="READY")
    text = told(said(store, "is Machine 8 back?"))
    assert "M8 is Down" in text
    assert "control says READY" in text
    assert "stays down" in text


def test_return_needs_the_order_it_returns_after() -> None:
    store = (
        machine_7()
        .add("machine", "M8", state="Down")
        .add("maintenance_order", "MO-9", machine="M8", state="WorkDone")
    )
    (proposal,) = said(store, "return M8 to production")
    assert isinstance(proposal, Proposal)
    assert (proposal.kind, proposal.params["maintenance_order"]) == ("return_to_production", "MO-9")


def test_nobody_else_takes_a_lock_off() -> None:
    (reply,) = said(machine_7(), "lock's still on, Dave's gone home, clear it")
    assert isinstance(reply, Reply)
    assert reply.code == "locked_out"
    assert "safety_officer" in reply.text


def test_it_means_what_was_named_before() -> None:
    (reply,) = said(machine_7(), "and is it back?", ("M7 status", "M7 is Up"))
    assert isinstance(reply, Reply)
    assert reply.text.startswith("M7 is Up")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("need 4 hours on Machine 99", "unknown_machine"),
        ("MO-99 is done", "unknown_order"),
        ("move D-99 to Friday 10:00", "unknown_downtime"),
        ("need -4 pieces on M7", "bad_quantity"),
    ],
)
def test_what_does_not_exist_is_refused(text: str, code: str) -> None:
    (reply,) = said(machine_7(), text)
    assert isinstance(reply, Reply)
    assert reply.code == code


@pytest.mark.parametrize("text", ["take it out of the plan till I say so", "is it back?", "MO is done"])
def test_what_is_unclear_is_asked_about_once(text: str) -> None:
    (reply,) = said(machine_7(), text)
    assert isinstance(reply, Reply)
    assert reply.clarify
