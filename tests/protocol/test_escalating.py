"""What is put to a person, what of it is bound, and when the same is not asked again (R12, R14)."""

from dataclasses import replace
from typing import Any

import pytest

from protocol.escalating import LEAVE, action_hash
from protocol.fields import Integer, KeyOf, ListOf, Maybe, Shape, Text
from protocol.position import Route
from protocol.records import Ref
from protocol.rows import CaseStatus, EscalationState, Verdict
from protocol.turns import Answer, AnswerKind, Ask, Carried, Proposal, Turn

from .signing import BURN, FOREMAN, asked, signing_world, yard
from .yard import CASE, Yard

TAKE = Proposal("take", {"pile": "P1", "quantity": 5})
SHAPE: Shape = {"crate": KeyOf("crate"), "n": Integer(), "why": Maybe(Text()), "notes": ListOf(Text())}
PARAMS = {"crate": "C1", "n": 1, "why": "rot", "notes": ["x"]}


def next_round(y: Yard, agent: str = "crane") -> Yard:
    """The same case, its agent asked again: later keys, same waiting escalations."""
    trigger = {"type": "person", "person": "guest", "roles": [], "text": "go on"}
    y.position = replace(y.position, round=y.position.round + 1, active={agent: (trigger,)})
    return y


def undecided(**options: Any) -> Yard:
    """A case at the question whether crew may take five from the pile."""
    y = yard(signing_world(crew_level=2, **options)).wake("crew")
    y.round(crew=[TAKE])
    for _ in range(2):
        y.round(crane=[Answer("x1", AnswerKind.DEFER)])
    return y


def answer(y: Yard, option: int, person: str = "f.one") -> Any:
    found = asked(y)
    return y.run(None, [y.store.decide(found, "answer", person, "foreman", option=option)])


def left(y: Yard) -> int:
    pile = y.store.get("pile", "P1")
    assert pile is not None
    return int(pile["count"])


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({}, True),
        ({"why": "mould"}, True),
        ({"notes": ["y", "z"]}, True),
        ({"n": 2}, False),
        ({"crate": "C2"}, False),
    ],
)
def test_hash_of_an_action_leaves_out_free_text_only(change: dict[str, Any], same: bool) -> None:
    assert (action_hash("burn", PARAMS | change, SHAPE) == action_hash("burn", PARAMS, SHAPE)) is same


def test_hash_of_an_action_names_its_kind() -> None:
    assert action_hash("burn", PARAMS, SHAPE) != action_hash("lift", PARAMS, SHAPE)


def test_approval_says_who_until_when_and_what_it_would_do() -> None:
    y = yard(signing_world(burn={"ladder": [FOREMAN], "expires_s": 300, "meaning": "review"}))
    y.round(crane=[BURN])
    row = y.store.escalation_rows[asked(y)]
    assert (row.role, row.due_at, row.expires_at) == (
        "foreman",
        "2026-03-02T09:05:00Z",
        "2026-03-02T09:05:00Z",
    )
    assert row.action == {"kind": "burn", "params": {"crate": "C1"}}
    assert row.bound == {"crate/C1": 0}
    assert row.shown == {"crate/C1": {"frozen": False, "burnt": False}}
    assert row.diff == [{"ref": "crate/C1", "field": "burnt", "was": False, "now": True}]
    assert (row.asker, row.meaning) == ("guest", "review")


def test_what_its_turn_showed_of_its_subject_is_bound_too() -> None:
    y = yard(signing_world(ruled=("burn",)))
    y.store.seed("lift", "C1", crate="C2")
    y.store.seed("lift", "L9", crate="C2")
    y.round(crane=Turn("crane", (BURN,), {"lift/C1": 0, "lift/L9": 0}))
    assert y.store.escalation_rows[asked(y)].bound == {"crate/C1": 0, "lift/C1": 0}


def test_action_without_a_policy_for_its_signature_is_refused() -> None:
    made = signing_world()
    approvals = {n: p for n, p in made.config.approvals.items() if n != "burn"}
    y = yard(replace(made, config=made.config.model_copy(update={"approvals": approvals})))
    y.round(crane=[BURN])
    assert (y.verdicts[-1].code, y.store.escalation_rows) == ("no_policy", {})


def test_same_action_of_another_case_is_not_asked_twice() -> None:
    y = yard(signing_world())
    y.round(crane=[BURN])
    other = yard(signing_world(), y.store, id="case_bbbbbbbbbbbbbbbb")
    outcome = other.round(crane=[BURN])
    assert (outcome.status, other.verdicts[-1].code) == (CaseStatus.REFUSED, "already_asked")
    assert asked(y) in other.verdicts[-1].reason


@pytest.mark.parametrize("together", [True, False])
def test_same_action_of_the_same_case_is_not_asked_twice(together: bool) -> None:
    y = yard(signing_world())
    again = Proposal("burn", {"crate": "C1", "why": "please"})
    y.round(crane=[BURN, again] if together else [BURN])
    if not together:
        next_round(y).round(crane=[again])
    assert [(str(v.verdict), v.code) for v in y.verdicts] == [
        ("escalated", "burn"),
        ("refused", "already_asked"),
    ]
    assert len(y.store.escalation_rows) == 1


@pytest.mark.parametrize(
    ("changed", "seconds", "again"),
    [(False, 0, False), (False, 3599, False), (False, 3600, True), (True, 0, True)],
)
def test_rejected_action_is_asked_again_on_new_ground_or_after_a_while(
    changed: bool, seconds: int, again: bool
) -> None:
    y = yard(signing_world(burn={"ladder": [FOREMAN], "repeat_after_s": 3600}))
    y.round(crane=[BURN])
    y.run(None, [y.store.decide(asked(y), "reject", "f.one", "foreman", reason="no")])
    if changed:
        y.store.write(Ref("crate", "C1"), 0, {}, {}, "crane", "x")
    y.store.now = f"2026-03-02T{9 + seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}Z"
    outcome = next_round(y).round(crane=[Proposal("burn", {"crate": "C1", "why": "once more"})])
    assert (outcome.route is Route.ESCALATE) is again
    assert (y.verdicts[-1].code == "rejected_before") is not again


def test_question_offers_the_positions_and_to_leave_it() -> None:
    y = undecided()
    row = y.store.escalation_rows[asked(y)]
    assert [o["title"] for o in row.options] == ["Takes 5 from P1", LEAVE]
    assert [r["role"] for r in row.ladder] == ["foreman", "boss"]
    assert (row.due_at, row.expires_at) == ("2026-03-02T09:15:00Z", "2026-03-02T09:30:00Z")


@pytest.mark.parametrize(("option", "count"), [(0, 495), (1, 500)])
def test_chosen_position_is_committed_and_leaving_it_changes_nothing(option: int, count: int) -> None:
    y = undecided()
    outcome = answer(y, option)
    assert (outcome.route, left(y)) == (Route.REPLY, count)


def test_chosen_position_on_changed_ground_is_asked_anew() -> None:
    y = undecided()
    old = asked(y)
    y.store.write(Ref("pile", "P1"), 0, {}, {"count": -100}, "crane", "x")
    outcome = answer(y, 0)
    assert (outcome.route, y.verdicts[-1].code, left(y)) == (Route.ESCALATE, "stale", 400)
    new = y.store.escalation_rows[asked(y)]
    assert "pile/P1 (count 500 -> 400)" in new.shown["question"]
    assert y.store.escalation_rows[old].superseded_by == new.id
    answer(y, 0)
    assert left(y) == 395


@pytest.mark.parametrize(
    ("change", "now", "person", "code"),
    [
        ({}, "2026-03-02T09:29:59Z", "f.one", None),
        ({}, "2026-03-02T09:30:00Z", "f.one", "expired"),
        ({"lineage": "restored"}, "2026-03-02T09:00:00Z", "f.one", "lineage_changed"),
        ({}, "2026-03-02T09:00:00Z", "guest", "not_authorised"),
    ],
)
def test_chosen_position_is_checked_again_in_the_commit(
    change: dict[str, str], now: str, person: str, code: str | None
) -> None:
    y = undecided()
    y.store.escalation_rows[asked(y)] = replace(y.store.escalation_rows[asked(y)], **change)  # type: ignore[arg-type]
    decision = y.store.decide(asked(y), "answer", person, "foreman", option=0)
    y.store.now = now
    y.run(None, [decision])
    assert (y.verdicts[-1].code, left(y)) == (code, 495 if code is None else 500)


def test_choosing_a_position_is_one_signature_where_two_are_needed() -> None:
    y = yard(signing_world(burn={"ladder": [FOREMAN], "quorum": 2}, crew_level=2)).wake("crew")
    scope = y.world.manifests["crew"].capability_scope.model_copy(update={"can": ["burn", "lift", "take"]})
    crew = y.world.manifests["crew"].model_copy(update={"capability_scope": scope})
    y.world = replace(y.world, manifests={**y.world.manifests, "crew": crew})
    y.round(crew=[Ask("crane", "decide", {}, Carried("burn", {"crate": "C1"}))])
    for _ in range(2):
        y.round(crane=[Answer("x1", AnswerKind.DEFER)])
    y.store.escalation_rows[asked(y)] = replace(
        y.store.escalation_rows[asked(y)],
        options=[
            {
                "title": "burn",
                "action": {},
                "item": y.position.waiting[asked(y)].to_json(),  # type: ignore[union-attr]
            }
        ],
    )
    outcome = answer(y, 0)
    row = y.store.escalation_rows[asked(y)]
    assert (outcome.route, row.policy, row.quorum) == (Route.ESCALATE, "burn", 2)
    assert y.store.get("crate", "C1")["burnt"] is False  # type: ignore[index]


def test_at_the_limit_of_open_escalations_an_action_is_refused_and_told() -> None:
    y = yard(signing_world(open_escalations=1))
    y.round(crane=[BURN, Proposal("burn", {"crate": "C2"})])
    assert [(str(v.verdict), v.code) for v in y.verdicts] == [
        ("escalated", "burn"),
        ("refused", "limit_escalations"),
    ]
    assert (len(y.store.escalation_rows), y.count("limit.escalations")) == (1, 1)


def test_at_the_limit_all_that_comes_later_joins_the_last_question() -> None:
    y = undecided(open_escalations=1)
    next_round(y).round(crane=[BURN, Proposal("burn", {"crate": "C2"})])
    (row,) = y.store.escalation_rows.values()
    assert len(row.shown["also"]) == 2
    assert y.last is not None and [r.id for r in y.last.changed] == [row.id]


def test_at_the_limit_a_question_of_the_same_pass_is_joined_too() -> None:
    y = yard(signing_world(open_escalations=1))
    y.round(crane=Turn("crane", (BURN, Proposal("burn", {"crate": "C2"})), failure="error", detail="down"))
    (row,) = y.store.escalation_rows.values()
    assert (row.type, len(row.shown["also"])) == ("question", 2)


def test_question_that_is_decided_is_joined_no_more() -> None:
    y = undecided(open_escalations=1)
    decided = y.store.decide(asked(y), "answer", "f.one", "foreman", option=1)
    next_round(y)
    y.run({"crane": Turn("crane", (BURN, Proposal("burn", {"crate": "C2"})))}, [decided])
    first = next(iter(y.store.escalation_rows.values()))
    assert (first.state, "also" in first.shown) == (EscalationState.ANSWERED, False)
    assert y.verdict("burn") == [Verdict.ESCALATED, Verdict.REFUSED]


def test_escalations_of_one_case_have_ids_of_their_own() -> None:
    y = yard(signing_world())
    y.round(crane=[BURN, Proposal("burn", {"crate": "C2"})])
    assert len(y.store.escalation_rows) == 2
    assert all(row.case == CASE.id for row in y.store.escalation_rows.values())


def test_nobody_is_asked_where_the_action_should_name_a_role_and_names_none() -> None:
    """A role `subject` does not exist: such a question would only ever expire."""
    y = yard(signing_world(burn={"ladder": [{"role": "subject", "answer_s": 600}]}))
    y.round(crane=[BURN])
    assert [(v.verdict, v.code) for v in y.verdicts] == [(Verdict.REFUSED, "no_policy")]
    assert y.store.escalation_rows == {}
