"""The plant's scenarios through the real gate, with turns said by hand: state, verdicts, counts."""

from collections.abc import Mapping
from typing import Any

from protocol.deciding import may_sign
from protocol.position import Route, first
from protocol.rows import EscalationRow, Verdict
from protocol.turns import Answer, AnswerKind, Ask, Carried, Move, Proposal, Turn
from tests.protocol.yard import Yard

from .plant_world import plant
from .snapshot_fake import FakePlant, machine_7, tue, two_orders
from .test_maintenance import EARLY, PM
from .test_run_actions import MOVE, PLAN
from .test_stock_actions import want

HOLES = {name: PM[name] for name in ("machine", "kind", "maintenance_order")}
NEED = {"machine": "M7", "minutes": 240, "earliest": tue(6), "latest": tue(66)}
ASK = Ask("scheduling", "find_window", NEED, Carried("open_downtime", HOLES, ("start", "end")))
LATE = {"start": tue(15), "end": tue(19)}


class Plant(Yard):
    """A case on the plant whose first round hears a fact."""

    store: FakePlant

    def __init__(self, store: FakePlant, **hears: str) -> None:
        super().__init__(plant(), store)
        triggers = {
            agent: ({"type": "event", "id": "evt_1", "event": event, "subject": "machine/M7", "data": {}},)
            for agent, event in hears.items()
        }
        self.position = first(triggers)

    def codes(self, kind: str) -> list[tuple[str, str | None]]:
        """Verdict and code of every action of a kind."""
        return [(str(v.verdict), v.code) for v in self.verdicts if v.kind == kind]

    def escalations(self) -> list[EscalationRow]:
        """Everything put to people."""
        return list(self.store.escalation_rows.values())

    def held(self, resource: str = "machine/M7") -> list[tuple[str, str, str]]:
        """(type of holder, start, end) on Tuesday."""
        return [(c.holder.type, c.start, c.end) for c in self.store.claims(resource, tue(0), tue(24))]


def due(store: FakePlant) -> Plant:
    return Plant(store, maintenance="maintenance.due", scheduling="maintenance.due")


def answer(kind: AnswerKind, values: Mapping[str, Any] | None = None) -> Answer:
    return Answer("x1", kind, values or {})


def tight(approval: str | None = None) -> FakePlant:
    """S1 (e) and (f): the hard limit is Tuesday noon."""
    made = machine_7(approval)
    return made.add(
        "maintenance_order", "MO-71", est_min=240, earliest=tue(6), due=tue(12), hard_limit=tue(12)
    )


def test_agreement_on_a_free_window_books_it_and_moves_nothing() -> None:
    case = due(machine_7())
    case.round(maintenance=[ASK])
    outcome = case.round(scheduling=[answer(AnswerKind.AGREE, LATE)])
    assert (outcome.route, case.position.round, case.count("loop.cut")) == (Route.REPLY, 2, 0)
    assert case.held() == [
        ("run", tue(7), tue(11)),
        ("run", tue(11), tue(15)),
        ("downtime", tue(15), tue(19)),
    ]
    assert case.escalations() == []


def test_two_who_only_defer_end_at_one_question_and_book_nothing() -> None:
    case = due(machine_7())
    case.round(maintenance=[ASK])
    case.round(scheduling=[answer(AnswerKind.DEFER)])
    outcome = case.round(scheduling=[answer(AnswerKind.DEFER)])
    assert (outcome.route, case.count("loop.cut")) == (Route.ESCALATE, 1)
    (question,) = case.escalations()
    assert (question.role, question.type) == ("shift_supervisor", "question")
    assert [h[0] for h in case.held()] == ["run", "run"]


def test_offer_stands_when_both_defer_after_it() -> None:
    case = due(machine_7())
    case.round(maintenance=[ASK])
    case.round(scheduling=[answer(AnswerKind.COUNTER, LATE)])
    case.round(maintenance=[answer(AnswerKind.DEFER)])
    assert case.codes("open_downtime")[-1] == (Verdict.COMMITTED, None)
    assert ("downtime", tue(15), tue(19)) in case.held()
    assert (case.count("loop.cut"), case.position.round, case.escalations()) == (1, 3, [])


def test_maintenance_outranks_a_plan_for_the_same_time() -> None:
    case = due(machine_7())
    case.round(maintenance=[Proposal("open_downtime", PM)], scheduling=[Proposal("plan_run", PLAN)])
    downtime = next(v for v in case.verdicts if v.kind == "open_downtime")
    assert downtime.verdict is Verdict.COMMITTED
    assert case.codes("plan_run") == [(Verdict.OVERRULED, "overruled")]
    assert case.position.active["scheduling"][0]["winner"] == downtime.key
    slot = case.store.ask("find_slots", earliest=tue(15), order="O-310", operation="OP10")[0]
    case.round(scheduling=[Proposal("plan_run", {**PLAN, "start": slot["start"]})])
    assert slot["start"] == tue(19)
    assert case.codes("plan_run")[-1] == (Verdict.COMMITTED, None)


def test_hard_limit_lays_the_downtime_over_the_run_that_makes_way() -> None:
    case = due(tight())
    case.round(maintenance=[ASK])
    six = {"start": tue(6), "end": tue(10)}
    case.round(scheduling=[Proposal("move_run", MOVE), answer(AnswerKind.AGREE, six)])
    assert case.held() == [
        ("downtime", tue(6), tue(10)),
        ("run", tue(11), tue(15)),
        ("run", tue(15), tue(19)),
    ]
    assert case.store.of("run", "R-701")["at_risk"] is None
    assert case.store.of("run", "R-702").version == 0
    assert case.escalations() == []


def test_approved_run_under_a_hard_limit_keeps_its_record_and_a_person_is_asked() -> None:
    case = due(tight("APR-2"))
    case.round(maintenance=[ASK])
    change = {"moves": [MOVE], "reason": "MO-71 lies on it"}
    said: list[Move] = [
        Proposal("change_approved_runs", change),
        answer(AnswerKind.AGREE, {"start": tue(6), "end": tue(10)}),
    ]
    outcome = case.round(scheduling=said)
    run = case.store.of("run", "R-701")
    assert (run["start"], run["end"], run["approval"], bool(run["at_risk"])) == (
        tue(7),
        tue(11),
        "APR-2",
        True,
    )
    assert case.held() == [("downtime", tue(6), tue(10)), ("run", tue(11), tue(15))]
    (asked,) = case.escalations()
    assert [r["role"] for r in asked.ladder] == ["production_planner", "shift_supervisor"]
    assert outcome.route is Route.ESCALATE
    case.run(None, [case.store.decide(asked.id, "approve", "l.brandt", "production_planner")])
    run = case.store.of("run", "R-701")
    assert (run["start"], run["at_risk"], run["approval"], run["approved_by"]) == (
        tue(15),
        None,
        asked.id,
        "l.brandt",
    )


def stock_case(*wants: dict[str, Any], partial: bool = False) -> Plant:
    store = two_orders()
    if partial:
        store.order("O-201", priority=2, due="2026-03-05T15:00:00Z", partial_ok=True)
    case = Plant(store, inventory="order.released")
    case.round(inventory=[Proposal("allocate_stock", w) for w in wants])
    return case


def test_better_rank_gets_the_stock_whatever_was_said_first() -> None:
    """S2 (a)."""
    case = stock_case(want("O-201"), want("O-202"))
    assert {a["order"]: a["quantity"] for a in case.store.find("allocation")} == {"O-202": 400}
    assert sorted(case.codes("allocate_stock"), key=str) == [
        (Verdict.COMMITTED, None),
        (Verdict.REFUSED, "short"),
    ]
    stock = case.store.of("stock", "CX")
    assert (stock["on_hand"], stock["allocated"], case.count("shortage.detected")) == (500, 400, 1)


def test_partial_order_gets_the_rest_above_safety_stock() -> None:
    """S2 (a), partial."""
    case = stock_case(want("O-201"), want("O-202"), partial=True)
    assert {a["order"]: a["quantity"] for a in case.store.find("allocation")} == {"O-202": 400, "O-201": 50}
    (short,) = [e for e in case.events if e.type == "shortage.detected"]
    assert (short.data["order"], short.data["missing"]) == ("O-201", 350)


def test_stale_want_is_asked_anew_with_the_fresh_number() -> None:
    """S2 (b): what the turn read has changed, so it is a conflict first and short then."""
    store = two_orders()
    case = Plant(store, inventory="order.released")
    store.commit("allocate_stock", want("O-201"))
    case.round(inventory=Turn("inventory", (Proposal("allocate_stock", want("O-202")),), {"stock/CX": 0}))
    assert case.codes("allocate_stock") == [(Verdict.CONFLICT, "short")]
    case.round(inventory=Turn("inventory", (Proposal("allocate_stock", want("O-202")),), {"stock/CX": 1}))
    assert case.codes("allocate_stock")[-1] == (Verdict.REFUSED, "short")
    assert store.of("stock", "CX")["allocated"] == 400


def test_taking_an_allocation_is_put_to_the_materials_planner() -> None:
    """S2 (c)."""
    store = two_orders()
    store.commit("allocate_stock", want("O-201"))
    case = Plant(store, inventory="order.released")
    take = store.ask("shortage", order="O-202", item="CX", quantity=400)["may_take"][0]
    params = {"allocation": take["allocation"], "quantity": 400, "to_order": "O-202", "reason": "priority 1"}
    case.round(inventory=[Proposal("release_allocation", params)])
    (asked,) = case.escalations()
    assert asked.role == "materials_planner"
    assert {a["order"] for a in store.find("allocation")} == {"O-201"}
    case.run(None, [store.decide(asked.id, "approve", "k.amari", "materials_planner")])
    assert {a["order"] for a in store.find("allocation") if a["quantity"]} == {"O-202"}


def held_order() -> FakePlant:
    """S7: R-500 of O-500 uses L95, which is under compliance hold H-12."""
    store = machine_7().order("O-500", priority=1, due="2026-03-02T11:00:00Z")
    store.add("lot", "L95", item="PLATE", quantity=160).add("stock", "PLATE", on_hand=160)
    store.add(
        "hold", "H-12", subject="lot/L95", kind="compliance", release_role="qa_manager", reason="G12 expired"
    )
    return store.run("R-500", tue(15), tue(16), order="O-500", lots=["L95"])


def test_urgent_order_does_not_move_a_compliance_hold() -> None:
    store = held_order()
    case = Plant(store, scheduling="order.released", inventory="order.released")
    before = dict(store.records)
    sooner = Proposal("move_run", {"run": "R-500", "to": "M7", "start": tue(17)})
    take = Proposal("allocate_stock", {"order": "O-500", "item": "PLATE", "lot": "L95", "quantity": 120})
    case.round(scheduling=[sooner], inventory=[take])
    assert case.codes("move_run") == case.codes("allocate_stock") == [(Verdict.REFUSED, "compliance_hold")]
    assert all("qa_manager" in v.reason for v in case.verdicts)
    assert store.records == before


def test_only_the_qa_manager_releases_it_and_only_as_it_was_shown() -> None:
    store = held_order()
    case = Plant(store, quality="calibration.expired")
    params = {"hold": "H-12", "evidence": "measured with G14", "reason": "urgent"}
    case.round(quality=[Proposal("release_hold", params)])
    (asked,) = case.escalations()
    assert (asked.role, asked.separate, asked.meaning) == ("qa_manager", True, "responsibility")
    assert asked.bound["hold/H-12"] == 0
    people = [p.id for p in plant().config.people if may_sign(plant(), asked, p.id, store.now)]
    assert people == ["h.novak"]
    case.run(None, [store.decide(asked.id, "approve", "h.novak", "qa_manager")])
    assert (store.of("hold", "H-12")["state"], store.of("hold", "H-12")["released_by"]) == (
        "released",
        "h.novak",
    )


def test_move_of_an_approved_run_is_signed_once_and_carries_the_signature() -> None:
    """S8."""
    case = Plant(machine_7(), scheduling="order.released")
    outcome = case.round(scheduling=[Proposal("move_run", {**MOVE, "run": "R-702"})])
    (asked,) = case.escalations()
    assert (outcome.route, asked.policy, asked.role) == (Route.ESCALATE, "run_approved", "production_planner")
    assert case.store.of("run", "R-702").version == 0
    case.run(None, [case.store.decide(asked.id, "approve", "l.brandt", "production_planner")])
    run = case.store.of("run", "R-702")
    assert (run["start"], run["approval"], case.codes("move_run")[-1]) == (
        tue(15),
        asked.id,
        (Verdict.COMMITTED, None),
    )


def test_approval_of_a_run_that_changed_meanwhile_is_asked_anew() -> None:
    """S8."""
    case = Plant(machine_7(), scheduling="order.released")
    case.round(scheduling=[Proposal("move_run", {**MOVE, "run": "R-702"})])
    (asked,) = case.escalations()
    swap = {"moves": [{**MOVE, "run": "R-702", "start": tue(19)}], "gain_min": 9, "reason": "x"}
    case.store.commit("change_approved_runs", swap, ("l.brandt",))
    case.run(None, [case.store.decide(asked.id, "approve", "l.brandt", "production_planner")])
    assert case.codes("move_run")[-2:][0] == (Verdict.CONFLICT, "stale")
    assert case.store.of("run", "R-702")["start"] == tue(19)
    assert len(case.escalations()) == 2


def test_downtime_over_a_run_while_a_window_is_free_becomes_a_request_to_scheduling() -> None:
    case = due(machine_7())
    case.round(maintenance=[Proposal("open_downtime", EARLY)])
    assert case.codes("open_downtime") == [(Verdict.ASKED, None)]
    assert case.position.active["scheduling"][0]["request"] == "decide"
