"""Scheduling without a model: windows, plans, runs that lost their time, and what people say."""

from collections.abc import Mapping
from typing import Any

import pytest

from protocol.turns import Answer, AnswerKind, Ask, Move, Proposal, Reply

from .play import decide, event, overruled, person, play, policy_of, request, reread, told
from .snapshot_fake import NOW, FakePlant, machine_7, tue

WANT = {"machine": "M7", "minutes": 240, "earliest": tue(6), "maintenance_order": "MO-71"}


def moves(store: FakePlant, *triggers: Any) -> list[Move]:
    return play(policy_of("scheduling"), store, "scheduling", *triggers)


def said(store: FakePlant, text: str, *recent: tuple[str, str]) -> list[Move]:
    return moves(store, person(text, *recent))


def window(store: FakePlant, latest: str) -> list[Move]:
    return moves(store, request("find_window", of="maintenance", latest=latest, **WANT))


def params_of(found: list[Move], kind: str) -> Mapping[str, Any]:
    (proposal,) = [m for m in found if isinstance(m, Proposal) and m.kind == kind]
    return proposal.params


def held_run() -> FakePlant:
    store = machine_7().add("stock", "PLATE", on_hand=260).add("lot", "L95", item="PLATE", quantity=160)
    store.add("hold", "H-12", subject="lot/L95", kind="compliance", release_role="qa_manager")
    store.order("O-500").add("allocation", "A-5", order="O-500", item="PLATE", lot="L95", quantity=120)
    return store.run("R-500", tue(19), tue(20), order="O-500", setup_min=0, lots=["L95"])


def test_a_free_window_is_given_at_once() -> None:
    answer = Answer("x1", AnswerKind.AGREE, {"start": tue(15), "end": tue(19)})
    assert window(machine_7(), tue(66)) == [answer]


def test_without_a_free_window_the_run_that_is_nobodys_makes_way() -> None:
    move = Proposal("move_run", {"run": "R-701", "to": "M7", "start": tue(15)})
    answer = Answer("x1", AnswerKind.AGREE, {"start": tue(6), "end": tue(10)})
    assert window(machine_7(), tue(12)) == [move, answer]


def test_an_approved_run_makes_way_by_a_change_that_a_person_signs() -> None:
    change, answer = window(machine_7("APR-2"), tue(12))
    assert isinstance(change, Proposal)
    assert change.kind == "change_approved_runs"
    assert change.params["moves"] == [{"run": "R-701", "to": "M7", "start": tue(15)}]
    assert isinstance(answer, Answer)
    assert answer.kind is AnswerKind.AGREE


def test_a_running_run_is_never_laid_over() -> None:
    store = machine_7()
    store.add("run", "R-701", **{**store.of("run", "R-701").body, "state": "Running"})
    (answer,) = window(store, tue(11))
    assert isinstance(answer, Answer)
    assert (answer.kind, answer.code) == (AnswerKind.REFUSE, "no_capacity")


def test_window_on_an_unknown_machine_is_refused() -> None:
    ask = request("find_window", of="maintenance", latest=tue(66), **{**WANT, "machine": "M99"})
    (answer,) = moves(machine_7(), ask)
    assert isinstance(answer, Answer)
    assert answer.code == "unknown_machine"


def test_who_wants_time_of_a_run_is_offered_the_next_free_window() -> None:
    taken = decide(
        "open_downtime", of="maintenance", machine="M7", start=tue(8), end=tue(10), kind="preventive"
    )
    offer = Answer("x1", AnswerKind.COUNTER, {"start": tue(15), "end": tue(17)})
    assert moves(machine_7(), taken) == [offer]


def test_released_order_is_planned_step_by_step() -> None:
    steps = [
        {"operation": "OP10", "ability": "laser_marking", "setup_min": 30, "run_min": 90},
        {"operation": "OP20", "ability": "grinding", "setup_min": 0, "run_min": 60},
    ]
    store = (
        machine_7()
        .add("machine", "M10", abilities=["grinding"])
        .order("O-320", operations=steps, materials=[])
    )
    first, second = moves(store, event("order.released", "O-320", order="O-320"))
    assert isinstance(first, Proposal)
    assert isinstance(second, Proposal)
    assert (first.params["machine"], second.params["machine"]) == ("M7", "M10")
    assert (first.params["start"], second.params["start"]) == (NOW, "2026-03-02T11:00:00Z")


@pytest.mark.parametrize(("promised", "planned"), [(tue(8), 1), (None, 0)])
def test_order_without_material_waits_for_its_receipt(promised: str | None, planned: int) -> None:
    store = machine_7().add("stock", "CX", on_hand=0).order("O-1", materials=[{"item": "CX", "quantity": 10}])
    if promised is not None:
        store.add(
            "purchase", "PO-1", item="CX", ordered=10, received=0, rejected=0, promised=promised, state="open"
        )
    found = moves(store, event("order.released", "O-1", order="O-1"))
    starts = [m.params["start"] for m in found if isinstance(m, Proposal)]
    assert len(starts) == planned
    assert all(start >= tue(12) for start in starts)


def test_runs_that_a_downtime_took_the_time_of_are_put_after_it() -> None:
    store = machine_7()
    store.add("run", "R-701", **{**store.of("run", "R-701").body, "at_risk": "breakdown"})
    store.claimed[:] = [c for c in store.claimed if c.holder.key != "R-701"]
    store.downtime("D-1", tue(6), tue(9), kind="breakdown", state="open")
    opened = event("downtime.opened", "downtime/D-1", machine="M7", start=tue(6), end=tue(9))
    assert moves(store, opened) == [Proposal("move_run", {"run": "R-701", "to": "M7", "start": tue(15)})]


@pytest.mark.parametrize("told_of", [overruled, reread])
def test_a_place_that_is_gone_is_looked_for_again(told_of: Any) -> None:
    plan = {"order": "O-310", "operation": "OP10", "quantity": 200, "setup_min": 30, "run_min": 210}
    store = machine_7().downtime("D-1", tue(15), tue(19))
    found = moves(store, told_of("plan_run", machine="M7", start=tue(15), **plan))
    assert params_of(found, "plan_run")["start"] == tue(19)


def test_move_to_a_stated_time_is_proposed_as_said() -> None:
    found = said(machine_7(), "Move R-702 to Wednesday 07:00")
    assert params_of(found, "move_run") == {"run": "R-702", "to": "M7", "start": tue(31)}


def test_move_to_a_day_takes_its_first_free_place() -> None:
    found = said(machine_7(), "move R-701 to Wednesday")
    assert params_of(found, "move_run")["start"] == tue(31)


def test_what_is_held_is_put_to_who_releases_it_with_alternatives() -> None:
    store = held_run().add("lot", "L96", item="PLATE", quantity=100)
    found = said(store, "Just run O-500, customer is screaming, I'll take responsibility")
    assert params_of(found, "move_run") == {"run": "R-500", "to": "M7", "start": NOW}
    (ask,) = [m for m in found if isinstance(m, Ask)]
    assert (ask.to, ask.request, ask.params["hold"]) == ("quality", "review_hold", "H-12")
    assert "responsibility" in ask.params["reason"]
    text = next(m.text for m in found if isinstance(m, Reply))
    assert "qa_manager" in text
    assert "L96" in text


def test_just_run_it_means_the_order_spoken_of_before() -> None:
    found = said(held_run(), "Just run it", ("When is O-500 ready?", "O-500: 200 LABEL"))
    assert params_of(found, "move_run")["run"] == "R-500"


def test_next_on_a_machine_is_an_answer_and_no_write() -> None:
    text = told(said(machine_7(), "What's next on Machine 7?"))
    assert text.index("R-701") < text.index("R-702")
    assert "approved by l.brandt" in text


def test_order_is_measured_against_the_time_asked_about() -> None:
    assert "in time" in told(said(machine_7(), "Can we still make O-310 by Thursday noon?"))
    assert "too late" in told(said(machine_7(), "Can we still make O-310 by Tuesday 08:00?"))


def test_priority_is_the_planners() -> None:
    (reply,) = said(machine_7(), "put everything for the aerospace customer first")
    assert isinstance(reply, Reply)
    assert reply.code == "out_of_scope"
    assert "production_planner" in reply.text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Move R-99 to Wednesday 07:00", "unknown_run"),
        ("When is O-99 ready?", "unknown_order"),
        ("Move R-701 to M99", "unknown_machine"),
        ("Plan -5 of O-310", "bad_quantity"),
        ("Plan NaN of O-310", "bad_quantity"),
    ],
)
def test_what_does_not_exist_is_refused(text: str, code: str) -> None:
    (reply,) = said(machine_7(), text)
    assert isinstance(reply, Reply)
    assert reply.code == code


@pytest.mark.parametrize("text", ["move it", "Move R-701", "Move R-701 and R-702 to Friday", "plan", "next?"])
def test_what_is_unclear_is_asked_about_once(text: str) -> None:
    (reply,) = said(machine_7(), text)
    assert isinstance(reply, Reply)
    assert reply.clarify
