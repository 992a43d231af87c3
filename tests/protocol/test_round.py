"""The gate's thinking, pass by pass, on a made-up yard."""

from typing import Any

import pytest

from protocol.position import Route
from protocol.rows import CaseStatus, Verdict
from protocol.turns import Answer, AnswerKind, Ask, Carried, Proposal, Reply, Turn

from .memory_store import MemoryStore
from .yard import T10, T11, T12, T13, Yard, world

LIFT = {"crate": "C1", "start": T10, "end": T11}
HOLES = Ask("crane", "find", {}, Carried("lift", {"crate": "C1"}, ("start", "end")))
OFFER = {"start": T12, "end": T13}


def yard(**options: Any) -> Yard:
    store = MemoryStore()
    store.seed("crate", "C1", frozen=False, burnt=False)
    store.seed("crate", "C2", frozen=True, burnt=False)
    store.seed("pile", "P1", count=500)
    return Yard(world(**options), store)


def say(kind: str, **values: str) -> Answer:
    return Answer("x1", AnswerKind(kind), values)


def test_own_action_is_committed_and_ends_the_case() -> None:
    y = yard().wake("crew")
    outcome = y.round(crew=[Proposal("lift", LIFT)])
    assert (outcome.route, outcome.status) == (Route.REPLY, CaseStatus.DONE)
    assert y.verdict("lift") == [Verdict.COMMITTED]


def test_same_key_again_is_a_duplicate_and_other_params_are_refused() -> None:
    y = yard().wake("crew")
    y.round(crew=[Proposal("lift", LIFT)])
    y.wake("crew").round(crew=[Proposal("lift", LIFT)])
    y.wake("crew").round(crew=[Proposal("lift", {**LIFT, "end": T12})])
    assert y.verdict("lift") == [Verdict.COMMITTED, Verdict.DUPLICATE, Verdict.REFUSED]
    assert y.verdicts[-1].code == "key_reused"


@pytest.mark.parametrize(
    ("kind", "params", "code"),
    [
        ("reserve", {"booking": "B1", "start": T10, "end": T11}, "out_of_scope"),
        ("burn_all", {}, "out_of_scope"),
        ("lift", {"crate": "C1", "start": T10}, "bad_params"),
        ("lift", {**LIFT, "level": 5}, "bad_params"),
        ("lift", {**LIFT, "crate": "NONE"}, "unknown_crate"),
    ],
)
def test_refusals_name_the_guard(kind: str, params: dict[str, str], code: str) -> None:
    y = yard().wake("crew")
    outcome = y.round(crew=[Proposal(kind, params)])
    assert y.verdicts[-1].code == code
    assert outcome.status is CaseStatus.REFUSED


def test_agreement_that_fills_the_holes_commits_without_another_turn() -> None:
    y = yard().wake("crew")
    assert y.round(crew=[HOLES]).route is Route.AGENTS
    outcome = y.round(crane=[say("agree", **OFFER)])
    assert y.verdict("lift") == [Verdict.ASKED, Verdict.COMMITTED]
    assert y.store.commit_rows[y.verdicts[-1].key].params["start"] == T12
    assert outcome.route is Route.REPLY
    assert y.count("loop.cut") == 0


def test_carried_action_has_the_lower_of_both_levels() -> None:
    y = yard(crew_level=5, crane_level=2).wake("crew")
    y.round(crew=[HOLES])
    y.round(crane=[say("agree", **OFFER)])
    assert next(iter(y.store.commit_rows.values())).level == 2


def test_two_defers_of_the_owner_end_at_one_person() -> None:
    y = yard().wake("crew")
    y.round(crew=[HOLES])
    second = y.round(crane=[say("defer")])
    assert second.position.active["crane"][0]["insist"] is True
    outcome = y.round(crane=[say("defer")])
    assert (outcome.route, outcome.status) == (Route.ESCALATE, CaseStatus.WAITING)
    assert y.count("loop.cut") == 1
    (question,) = y.store.escalation_rows.values()
    assert (question.type, question.role) == ("question", "foreman")
    assert "crew wants lift" in question.summary and "crane" in question.summary
    assert not y.store.commit_rows


def test_offer_then_defer_commits_the_offer_and_counts_the_cut() -> None:
    y = yard().wake("crew")
    y.round(crew=[HOLES])
    y.round(crane=[say("counter", **OFFER)])
    outcome = y.round(crew=[say("defer")])
    assert outcome.route is Route.REPLY
    assert (y.verdict("lift")[-1], y.count("loop.cut")) == (Verdict.COMMITTED, 1)


def test_repeated_position_is_cut_at_once_and_the_outranked_asker_gets_the_offer() -> None:
    y = yard(crew_level=2, crane_level=3).wake("crew")
    y.round(crew=[HOLES])
    y.round(crane=[say("counter", **OFFER)])
    y.round(crew=[say("counter", start=T10, end=T11)])
    y.round(crane=[say("counter", **OFFER)])
    assert y.count("loop.cut") == 1
    assert next(iter(y.store.commit_rows.values())).params["start"] == T12


def test_bound_of_answers_lets_the_higher_asker_have_its_position() -> None:
    y = yard(crew_level=4, crane_level=3).wake("crew")
    y.round(crew=[HOLES])
    y.round(crane=[say("counter", **OFFER)])
    y.round(crew=[say("counter", start=T10, end=T11)])
    y.round(crane=[say("counter", start=T11, end=T12)])
    cut = next(e for e in y.events if e.type == "loop.cut")
    assert cut.data["by"] == "bound"
    assert next(iter(y.store.commit_rows.values())).params["start"] == T10


def test_silence_of_the_owner_counts_as_a_defer() -> None:
    y = yard().wake("crew")
    y.round(crew=[HOLES])
    y.round(crane=[])
    y.round(crane=[])
    assert y.count("loop.cut") == 1 and len(y.store.escalation_rows) == 1


def test_higher_level_wins_the_interval_and_the_other_is_overruled_with_the_winner() -> None:
    y = yard(crew_level=3, crane_level=4).wake("crew", "crane")
    booking = Proposal("reserve", {"booking": "B1", "start": T10, "end": T11})
    outcome = y.round(crew=[Proposal("lift", LIFT)], crane=[booking])
    assert (y.verdict("reserve"), y.verdict("lift")) == ([Verdict.COMMITTED], [Verdict.OVERRULED])
    assert outcome.position.active["crew"][0]["type"] == "overruled"
    assert outcome.position.active["crew"][0]["winner"].endswith("/crane/0")


def test_interval_held_since_before_becomes_a_request_to_its_owner() -> None:
    y = yard().wake("crane")
    y.round(crane=[Proposal("reserve", {"booking": "B1", "start": T10, "end": T11})])
    y.wake("crew")
    outcome = y.round(crew=[Proposal("lift", LIFT)])
    assert y.verdict("lift") == [Verdict.ASKED]
    request = outcome.position.active["crane"][0]
    assert (request["request"], request["carries"]["kind"]) == ("decide", "lift")


def test_a_move_that_frees_the_interval_and_the_answer_that_uses_it_stand_in_one_turn() -> None:
    y = yard().wake("crane")
    y.round(crane=[Proposal("reserve", {"booking": "B1", "start": T12, "end": T13})])
    y.wake("crew").round(crew=[HOLES])
    y.round(crane=[say("agree", **OFFER), Proposal("cancel", {"booking": "B1"})])
    assert (y.verdict("cancel"), y.verdict("lift")[-1]) == ([Verdict.COMMITTED], Verdict.COMMITTED)


def test_a_proposal_on_anothers_resource_goes_to_its_owner() -> None:
    y = yard().wake("crew")
    outcome = y.round(crew=[Proposal("take", {"pile": "P1", "quantity": 5})])
    assert (y.verdict("take"), tuple(outcome.position.active)) == ([Verdict.ASKED], ("crane",))
    y.round(crane=[say("agree")])
    assert y.store.get("pile", "P1")["count"] == 495  # type: ignore[index]


def test_owner_cannot_refuse_a_higher_level_without_a_code() -> None:
    y = yard(crew_level=4, crane_level=3).wake("crew")
    y.round(crew=[HOLES])
    y.round(crane=[say("refuse")])
    assert y.position.exchanges["x1"].state == "insisted"
    y.round(crane=[Answer("x1", AnswerKind.REFUSE, {}, "no_slot", "full")])
    assert y.position.exchanges["x1"].state == "refused"


def test_balance_is_judged_on_what_is_left() -> None:
    y = yard().wake("crane")
    y.round(
        crane=[
            Proposal("take", {"pile": "P1", "quantity": 400}),
            Proposal("take", {"pile": "P1", "quantity": 400}),
        ]
    )
    assert y.verdict("take") == [Verdict.COMMITTED, Verdict.REFUSED]
    assert y.store.get("pile", "P1")["count"] == 100  # type: ignore[index]


def test_stale_but_still_possible_is_recomputed_without_asking_the_agent() -> None:
    y = yard().wake("crane")
    y.store.write(next(r for r in y.store.records if r.type == "pile"), 0, {}, {"count": -200}, "crane", "x")
    outcome = y.round(
        crane=Turn("crane", (Proposal("take", {"pile": "P1", "quantity": 100}),), {"pile/P1": 0})
    )
    assert y.verdict("take") == [Verdict.COMMITTED]
    assert "re-computed on fresh state of pile/P1" in y.verdicts[-1].reason
    assert outcome.route is Route.REPLY


def test_conflict_asks_again_and_the_bound_of_rereads_ends_at_a_person() -> None:
    y = yard(rereads=1, rounds=20)
    y.wake("crane")
    y.store.write(next(r for r in y.store.records if r.type == "pile"), 0, {}, {"count": -450}, "crane", "x")
    stale = Turn("crane", (Proposal("take", {"pile": "P1", "quantity": 400}),), {"pile/P1": 0})
    first = y.round(crane=stale)
    assert y.verdict("take") == [Verdict.CONFLICT] and first.position.active["crane"][0]["type"] == "reread"
    second = y.round(crane=stale)
    assert second.route is Route.ESCALATE
    assert next(iter(y.store.escalation_rows.values())).reason == "rereads"


def test_action_that_needs_a_signature_waits_for_it_and_commits_once() -> None:
    y = yard().wake("crane")
    assert y.round(crane=[Proposal("burn", {"crate": "C1"})]).route is Route.ESCALATE
    (asked,) = y.store.escalation_rows.values()
    assert (asked.type, asked.role, asked.bound) == ("approval", "foreman", {"crate/C1": 0})
    decision = y.store.decide(asked.id, "approve", "f.one", "foreman")
    outcome = y.run(None, [decision])
    assert outcome.status is CaseStatus.DONE
    assert y.store.commit_rows[asked.key].approval == asked.id
    assert y.last is not None and y.last.spent == [decision]


def test_approval_after_a_change_is_stale_and_asked_anew_with_the_difference() -> None:
    y = yard().wake("crane")
    y.round(crane=[Proposal("burn", {"crate": "C1"})])
    (asked,) = y.store.escalation_rows.values()
    y.store.write(next(r for r in y.store.records if r.key == "C1"), 0, {"frozen": True}, {}, "crane", "x")
    outcome = y.run(None, [y.store.decide(asked.id, "approve", "f.one", "foreman")])
    assert outcome.route is Route.ESCALATE and not y.store.commit_rows
    old = y.store.escalation_rows[asked.id]
    new = y.store.escalation_rows[str(old.superseded_by)]
    assert (old.state, new.bound) == ("superseded", {"crate/C1": 1})
    assert "frozen False -> True" in new.reason


def test_rejection_refuses_and_the_same_request_is_suppressed_on_the_same_state() -> None:
    y = yard().wake("crane")
    y.round(crane=[Proposal("burn", {"crate": "C1"})])
    (asked,) = y.store.escalation_rows.values()
    outcome = y.run(None, [y.store.decide(asked.id, "reject", "f.one", "foreman", reason="no")])
    assert (outcome.status, y.verdicts[-1].code) == (CaseStatus.REFUSED, "rejected")
    y.wake("crane")
    again = y.run({"crane": Turn("crane", (Reply("x"), Proposal("burn", {"crate": "C1", "why": "please"})))})
    assert again.status is CaseStatus.REFUSED and y.verdicts[-1].code == "rejected_before"


def test_rule_with_a_policy_asks_for_that_signature_and_is_passed_by_it() -> None:
    y = yard().wake("crew")
    y.round(crew=[Proposal("lift", {**LIFT, "crate": "C2"})])
    (asked,) = y.store.escalation_rows.values()
    assert (asked.policy, asked.role) == ("frozen", "boss")
    y.run(None, [y.store.decide(asked.id, "approve", "b.two", "boss")])
    assert y.verdict("lift")[-1] == Verdict.COMMITTED


def test_signature_of_a_person_without_the_role_commits_nothing() -> None:
    y = yard().wake("crew")
    y.round(crew=[Proposal("lift", {**LIFT, "crate": "C2"})])
    (asked,) = y.store.escalation_rows.values()
    y.run(None, [y.store.decide(asked.id, "approve", "f.one", "boss")])
    assert not y.store.commit_rows and y.verdicts[-1].code == "not_authorised"


def test_chosen_option_signs_that_action() -> None:
    y = yard(answers_per_exchange=2, crew_level=2).wake("crew")
    y.round(crew=[HOLES])
    y.round(crane=[say("defer")])
    y.round(crane=[say("defer")])
    (question,) = y.store.escalation_rows.values()
    assert [o["title"] for o in question.options] == ["leave as it is"]
    outcome = y.run(None, [y.store.decide(question.id, "answer", "f.one", "foreman", option=0)])
    assert outcome.route is Route.REPLY and y.verdicts[-1].code == "left_as_it_is"


def test_failed_turn_ends_at_a_person_and_silence_is_no_yes() -> None:
    y = yard().wake("crew")
    y.round(crew=[HOLES])
    outcome = y.round(crane=Turn("crane", failure="timeout", detail="slow"))
    assert outcome.route is Route.ESCALATE and not y.store.commit_rows
    assert y.position.exchanges["x1"].state == "failed"


def test_limit_of_rounds_asks_no_agent_again() -> None:
    y = yard(rounds=2).wake("crew")
    y.round(crew=[HOLES])
    outcome = y.round(crane=[say("defer")])
    assert outcome.route is Route.ESCALATE and not outcome.position.active
    assert y.count("limit.reached") == 1


def test_limit_of_proposals_refuses_the_rest() -> None:
    y = yard(proposals=1).wake("crane")
    y.round(
        crane=[
            Proposal("take", {"pile": "P1", "quantity": 1}),
            Proposal("take", {"pile": "P1", "quantity": 2}),
        ]
    )
    assert [v.code for v in y.verdicts] == ["limit_proposals", None]


def test_event_in_the_same_lane_wakes_and_in_another_opens_a_case() -> None:
    for lanes, woken, opened in ((("a", "a"), ("crane",), 0), (("a", "b"), (), 1)):
        store = MemoryStore()
        store.seed("crate", "C1", frozen=False, burnt=False)
        y = Yard(world(lanes=lanes), store).wake("crew")
        outcome = y.round(crew=[Proposal("lift", LIFT)])
        assert (tuple(outcome.position.active), len(outcome.openings)) == (woken, opened)


def test_reply_with_a_code_refuses_the_request() -> None:
    y = yard().wake("crew")
    outcome = y.round(crew=[Reply("No such crate.", "unknown_crate")])
    assert outcome.status is CaseStatus.REFUSED


def test_the_same_turns_make_the_same_rows() -> None:
    def once() -> tuple[object, ...]:
        y = yard().wake("crew", "crane")
        y.round(crew=[Proposal("lift", LIFT), HOLES], crane=[Proposal("take", {"pile": "P1", "quantity": 4})])
        y.round(crane=[say("agree", **OFFER)])
        return tuple(y.verdicts), tuple(y.events), tuple(y.store.commit_rows.items())

    assert once() == once()
