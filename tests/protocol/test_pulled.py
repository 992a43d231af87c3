"""The cord at the gate: agents' proposals there go to a person; facts, holds and signatures flow (R10)."""

from dataclasses import replace
from typing import Any

import pytest

from protocol.effects import Delta, Effects, Emit
from protocol.position import Route
from protocol.records import Ref, Snapshot
from protocol.rows import CaseStatus, EscalationRow, PullRow, Verdict
from protocol.toolbox import Consequence
from protocol.turns import Answer, AnswerKind, Ask, Carried, Proposal
from protocol.world import World

from .memory_store import MemoryStore
from .signing import with_kind
from .yard import CASE, T10, T11, T12, T13, Yard, world

LIFT = {"crate": "C1", "start": T10, "end": T11}
TAKE = {"pile": "P1", "quantity": 5}
BURN = {"crate": "C1", "why": "rotten"}


def yard(w: World | None = None, *scopes: str, store: MemoryStore | None = None) -> Yard:
    """A yard in which these scopes are pulled."""
    store = store or MemoryStore()
    store.seed("crate", "C1", frozen=False, burnt=False)
    store.seed("crate", "C2", frozen=True, burnt=False)
    store.seed("pile", "P1", count=500)
    for scope in scopes:
        store.put_pull(PullRow(scope, "f.one", "foreman", "smoke in the yard", "2026-03-02T08:30:00Z"))
    return Yard(w or world(), store)


def question(y: Yard) -> EscalationRow:
    (row,) = [e for e in y.store.escalations(open_only=True) if e.policy == "pulled"]
    return row


def choose(y: Yard, option: int, person: str = "f.one", role: str = "foreman") -> Any:
    decision = y.store.decide(question(y).id, "answer", person, role, option=option)
    return y.run(None, [decision])


def test_pulled_proposal_is_put_to_a_person_and_commits_nothing() -> None:
    y = yard(None, "crate/C1").wake("crew")
    outcome = y.round(crew=[Proposal("lift", LIFT)])
    (verdict,) = y.verdicts
    assert (verdict.verdict, verdict.code) == (Verdict.ESCALATED, "pulled")
    assert verdict.reason == "foreman is asked: crate/C1 is pulled"
    assert (outcome.route, outcome.status) == (Route.ESCALATE, CaseStatus.WAITING)
    assert (y.store.commit_rows, y.store.find("lift"), y.store.claims("slot/S1", T10, T11)) == ({}, [], [])


def test_question_says_who_pulled_why_and_what_is_wanted() -> None:
    y = yard(None, "crate/C1", "crew").wake("crew")
    y.round(crew=[Proposal("lift", LIFT)])
    row = question(y)
    assert [r["role"] for r in row.ladder] == ["foreman", "boss"]
    assert [o["action"] for o in row.options] == [{"kind": "lift", "params": LIFT}, None]
    assert row.shown["question"] == (
        f"crate/C1, crew is pulled, and crew wants: Lifts C1 at {T10}."
        " Pulled by f.one (foreman) since Mon 2026-03-02 08:30 UTC: smoke in the yard"
    )
    assert (row.reason, row.on_exhausted, len(row.summary) <= 200) == ("pulled", "hold", True)


def test_choosing_the_action_signs_it_and_it_commits_once() -> None:
    y = yard(None, "floor").wake("crew")
    y.round(crew=[Proposal("lift", LIFT)])
    asked = question(y)
    outcome = choose(y, 0)
    assert y.verdict("lift") == [Verdict.ESCALATED, Verdict.COMMITTED]
    assert (outcome.status, len(y.store.find("lift"))) == (CaseStatus.DONE, 1)
    (commit,) = y.store.commit_rows.values()
    assert commit.approval == asked.id
    again = [d for d in y.store.decision_rows if d.escalation == asked.id]
    y.run(None, again)
    assert len(y.store.find("lift")) == 1


def test_leaving_it_as_it_is_refuses_the_action() -> None:
    y = yard(None, "floor").wake("crew")
    y.round(crew=[Proposal("lift", LIFT)])
    outcome = choose(y, 1)
    assert y.verdicts[-1].code == "left_as_it_is"
    assert (outcome.route, y.store.commit_rows) == (Route.REPLY, {})


def test_release_lets_the_next_proposal_commit_and_keeps_the_question_open() -> None:
    y = yard(None, "crate/C1").wake("crew")
    y.round(crew=[Proposal("lift", LIFT)])
    y.store.release_pull("crate/C1", "b.two", "2026-03-02T10:00:00Z", "all clear")
    y.wake("crew")
    y.position = replace(y.position, round=2)
    y.round(crew=[Proposal("lift", {**LIFT, "start": T12, "end": T13})])
    assert y.verdict("lift") == [Verdict.ESCALATED, Verdict.COMMITTED]
    assert question(y).policy == "pulled"


@pytest.mark.parametrize("scope", ["crate/C2", "crane", "a", "take", "pile/P1", "frozen/true"])
def test_proposal_outside_the_scope_commits(scope: str) -> None:
    y = yard(None, scope).wake("crew")
    y.round(crew=[Proposal("lift", LIFT)])
    assert y.verdict("lift") == [Verdict.COMMITTED]


def test_protective_action_flows() -> None:
    w = with_kind(world(), "take", lambda k: replace(k, protective=True))
    y = yard(w, "floor").wake("crane")
    y.round(crane=[Proposal("take", TAKE)])
    assert y.verdict("take") == [Verdict.COMMITTED]


def test_what_was_signed_before_or_during_the_pull_flows() -> None:
    y = yard().wake("crane")
    y.round(crane=[Proposal("burn", BURN)])
    (asked,) = y.store.escalation_rows.values()
    y.store.put_pull(PullRow("floor", "f.one", "foreman", "smoke", "2026-03-02T09:00:00Z"))
    y.run(None, [y.store.decide(asked.id, "approve", "f.one", "foreman")])
    assert y.verdict("burn") == [Verdict.ESCALATED, Verdict.COMMITTED]
    assert y.store.get("crate", "C1")["burnt"] is True  # type: ignore[index]


def test_action_that_needs_a_signature_anyway_still_needs_the_right_one() -> None:
    """Choosing at the question lets it past the cord only; who may burn is another matter."""
    w = world()
    ladder = w.config.approvals["burn"].model_copy(
        update={"ladder": w.config.approvals["frozen"].ladder}
    )  # the boss alone
    config = w.config.model_copy(update={"approvals": {**w.config.approvals, "burn": ladder}})
    y = yard(replace(w, config=config), "crane").wake("crane")
    y.round(crane=[Proposal("burn", BURN)])
    choose(y, 0)
    assert y.verdict("burn") == [Verdict.ESCALATED] * 2
    (approval,) = [e for e in y.store.escalations(open_only=True) if e.type == "approval"]
    y.run(None, [y.store.decide(approval.id, "approve", "b.two", "boss")])
    assert y.verdict("burn")[-1] == Verdict.COMMITTED


def test_supervisor_rule_still_holds_for_what_was_chosen() -> None:
    y = yard(None, "floor").wake("crew")
    y.round(crew=[Proposal("lift", {**LIFT, "crate": "C2"})])
    choose(y, 0)
    assert [v.code for v in y.verdicts] == ["pulled", "frozen"]
    assert y.store.commit_rows == {}


def test_settled_exchange_is_an_agents_proposal_too() -> None:
    y = yard(None, "lift").wake("crew")
    carried = Carried("lift", {"crate": "C1"}, ("start", "end"))
    y.round(crew=[Ask("crane", "find", {}, carried)])
    assert y.verdict("lift") == [Verdict.ASKED]
    outcome = y.round(crane=[Answer("x1", AnswerKind.AGREE, {"start": T12, "end": T13})])
    assert y.verdict("lift") == [Verdict.ASKED, Verdict.ESCALATED]
    assert outcome.route is Route.ESCALATE
    choose(y, 0)
    assert y.verdict("lift")[-1] == Verdict.COMMITTED
    assert len(y.store.claims("slot/S1", T12, T13)) == 1


def test_cord_goes_before_the_signature_that_an_action_needs() -> None:
    y = yard(None, "floor").wake("crane")
    y.round(crane=[Proposal("burn", BURN)])
    assert [(v.verdict, v.code) for v in y.verdicts] == [(Verdict.ESCALATED, "pulled")]
    assert [row.type for row in y.store.escalation_rows.values()] == ["question"]


def test_cut_exchange_in_a_pulled_scope_asks_one_question() -> None:
    y = yard(world(crew_level=4, crane_level=3), "crew").wake("crew")
    y.round(crew=[Ask("crane", "find", {}, Carried("lift", dict(LIFT)))])
    y.round(crane=[Answer("x1", AnswerKind.DEFER)])
    y.round(crane=[Answer("x1", AnswerKind.DEFER)])
    assert y.verdict("lift") == [Verdict.ASKED, Verdict.ESCALATED]
    assert question(y).policy == "pulled"


def test_cord_goes_before_ownership() -> None:
    """No owner is asked about what another wants there: a person is."""
    y = yard(None, "pile/P1").wake("crew")
    outcome = y.round(crew=[Proposal("take", TAKE)])
    assert y.verdict("take") == [Verdict.ESCALATED]
    assert outcome.position.exchanges == {}
    choose(y, 0)
    assert y.store.get("pile", "P1")["count"] == 495  # type: ignore[index]


def test_what_cannot_be_done_is_no_question_for_a_person() -> None:
    y = yard(None, "floor").wake("crane", "crew")
    impossible = Proposal("take", {**TAKE, "quantity": 900})
    y.round(crane=[impossible], crew=[impossible])
    assert {v.agent: v.verdict for v in y.verdicts} == {"crane": Verdict.REFUSED, "crew": Verdict.ASKED}
    assert y.store.escalations(open_only=True) == []


def test_shadow_proposal_is_compared_and_asks_nobody() -> None:
    w = world()
    shadow = w.manifests["crew"].model_copy(update={"mode": "shadow"})
    y = yard(replace(w, manifests={**w.manifests, "crew": shadow}), "floor").wake("crew")
    y.round(crew=[Proposal("lift", LIFT)])
    assert (y.verdict("lift"), y.store.escalations()) == ([Verdict.SHADOWED], [])


def causing() -> World:
    """A lift also takes one piece of the pile, for which crane answers."""

    def apply(emit: Emit, snapshot: Snapshot) -> Effects:
        return Effects(deltas=(Delta(Ref("pile", "P1"), "count", -1),))

    w = world()
    follows = Consequence("wear", ("lift.planned",), "crane", apply)
    return replace(w, toolbox=replace(w.toolbox, consequences=(follows,)))


def test_consequence_that_reaches_the_scope_stops_the_action_and_is_undone() -> None:
    y = yard(causing(), "pile/P1").wake("crew")
    y.round(crew=[Proposal("lift", LIFT)])
    assert y.verdict("lift") == [Verdict.ESCALATED]
    assert y.store.get("pile", "P1")["count"] == 500  # type: ignore[index]
    assert (y.store.find("lift"), y.count("lift.planned")) == ([], 0)
    choose(y, 0)
    assert y.store.get("pile", "P1")["count"] == 499  # type: ignore[index]


def test_protective_action_flows_with_its_consequences() -> None:
    w = with_kind(causing(), "lift", lambda k: replace(k, protective=True))
    y = yard(w, "pile/P1").wake("crew")
    y.round(crew=[Proposal("lift", LIFT)])
    assert y.verdict("lift") == [Verdict.COMMITTED]


def test_same_action_is_put_to_people_once_whatever_its_wording() -> None:
    y = yard(None, "crew").wake("crew")
    y.round(crew=[Proposal("lift", {**LIFT, "why": "now"}), Proposal("lift", {**LIFT, "why": "soon"})])
    assert [v.code for v in y.verdicts] == ["pulled", "already_asked"]
    other = Yard(y.world, y.store, replace(CASE, id="case_bbbbbbbbbbbbbbbb")).wake("crew")
    other.round(crew=[Proposal("lift", LIFT)])
    assert [v.code for v in other.verdicts] == ["already_asked"]
    assert question(y).id in other.verdicts[0].reason


def test_other_action_there_is_another_question() -> None:
    y = yard(None, "crew").wake("crew")
    y.round(crew=[Proposal("lift", LIFT), Proposal("lift", {**LIFT, "start": T12, "end": T13})])
    assert y.verdict("lift") == [Verdict.ESCALATED] * 2
    assert len(y.store.escalations(open_only=True)) == 2


def test_at_the_limit_of_open_questions_the_rest_joins_the_last() -> None:
    y = yard(world(open_escalations=1), "crew").wake("crew")
    y.round(crew=[Proposal("lift", LIFT), Proposal("lift", {**LIFT, "start": T12, "end": T13})])
    assert [v.code for v in y.verdicts] == ["pulled", "limit_escalations"]
    assert f"Lifts C1 at {T12}" in question(y).shown["also"][0]


def test_nobody_answers_and_it_is_left_as_it_is() -> None:
    y = yard(None, "crew").wake("crew")
    y.round(crew=[Proposal("lift", LIFT)])
    row = question(y)
    y.store.escalation_rows[row.id] = replace(row, state=type(row.state).EXPIRED)
    outcome = y.run(None)
    assert (y.verdicts[-1].code, outcome.route, y.store.commit_rows) == ("expired", Route.REPLY, {})


def test_changed_ground_asks_anew_and_not_twice() -> None:
    y = yard(None, "pile/P1").wake("crane")
    y.round(crane=[Proposal("take", TAKE)])
    y.store.write(Ref("pile", "P1"), 0, {}, {"count": -100}, "crane", "x")
    choose(y, 0)
    assert [v.code for v in y.verdicts] == ["pulled", "stale"]
    choose(y, 0)
    assert y.store.get("pile", "P1")["count"] == 395  # type: ignore[index]
