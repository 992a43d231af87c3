"""What a pass makes of people's decisions: bound, counted, single use, asked anew (R12)."""

from dataclasses import replace
from typing import Any

import pytest

from protocol.deciding import may_sign
from protocol.position import Route
from protocol.records import Ref
from protocol.rows import CaseStatus, EscalationState, Verdict
from protocol.turns import Proposal

from .signing import BOSS, BURN, FOREMAN, asked, signing_world, with_kind, yard
from .yard import Yard

LATE = "2026-03-02T20:00:00Z"


def approve(y: Yard, *signers: tuple[str, str], escalation: str | None = None) -> Any:
    """A pass after these people have approved."""
    found = escalation or asked(y)
    return y.run(None, [y.store.decide(found, "approve", person, role) for person, role in signers])


def burnt(y: Yard, key: str = "C1") -> bool:
    record = y.store.get("crate", key)
    return record is not None and record["burnt"] is True


@pytest.mark.parametrize(
    ("rung", "person", "role"),
    [
        (0, "f.one", "foreman"),
        (0, "b.two", None),
        (1, "b.two", "boss"),
        (1, "f.one", "foreman"),
        (0, "guest", None),
        (1, "crane", None),
        (1, "crew", None),
    ],
)
def test_who_holds_a_role_of_a_rung_reached_may_sign(rung: int, person: str, role: str | None) -> None:
    y = yard(signing_world())
    y.round(crane=[BURN])
    row = replace(y.store.escalation_rows[asked(y)], rung=rung)
    assert may_sign(y.world, row, person, y.store.now) == role


def test_role_off_shift_signs_nothing() -> None:
    people = [{"id": "f.one", "name": "F", "roles": ["foreman"], "hours": {"from": "06:00", "to": "14:00"}}]
    y = yard(signing_world(people=people))
    y.round(crane=[BURN])
    row = y.store.escalation_rows[asked(y)]
    found = [
        may_sign(y.world, row, "f.one", f"2026-03-02T{hour}:00Z") for hour in ("05:59", "06:00", "14:00")
    ]
    assert found == [None, "foreman", None]


def test_first_signature_of_two_leaves_the_case_waiting() -> None:
    y = yard(signing_world(burn={"ladder": [FOREMAN], "quorum": 2}))
    y.round(crane=[BURN])
    first = y.store.decide(asked(y), "approve", "f.one", "foreman")
    y.store.escalation_rows[asked(y)] = replace(
        y.store.escalation_rows[asked(y)], state=EscalationState.PENDING
    )
    outcome = y.run(None, [first])
    assert (outcome.route, burnt(y)) == (Route.ESCALATE, False)
    assert y.last is not None and y.last.spent == []


@pytest.mark.parametrize(
    ("signers", "done"),
    [
        ([("f.one", "foreman"), ("f.two", "foreman")], True),
        ([("f.one", "foreman")], False),
        ([("f.one", "foreman"), ("f.one", "foreman")], False),
        ([("f.one", "foreman"), ("guest", "foreman")], False),
    ],
)
def test_quorum_counts_different_people_who_may(signers: list[tuple[str, str]], done: bool) -> None:
    y = yard(signing_world(burn={"ladder": [FOREMAN], "quorum": 2}))
    y.round(crane=[BURN])
    approve(y, *signers)
    assert burnt(y) is done
    assert (y.verdicts[-1].code is None) is done


def test_signature_under_one_policy_is_counted_by_the_other_policys_quorum() -> None:
    made = signing_world(burn={"ladder": [FOREMAN, BOSS], "quorum": 2}, ruled=("burn",))
    y = yard(made, frozen=True)
    y.round(crane=[BURN])
    assert y.store.escalation_rows[asked(y)].policy == "frozen"
    outcome = approve(y, ("b.two", "boss"))
    assert (outcome.route, burnt(y)) == (Route.ESCALATE, False)
    assert y.store.escalation_rows[asked(y)].policy == "burn"


def test_two_policies_of_one_action_are_signed_one_after_the_other() -> None:
    made = signing_world(burn={"ladder": [FOREMAN]}, ruled=("burn",))
    y = yard(made, frozen=True)
    y.round(crane=[BURN])
    approve(y, ("b.two", "boss"))
    outcome = approve(y, ("f.one", "foreman"))
    assert (outcome.status, burnt(y)) == (CaseStatus.DONE, True)


def test_signature_on_ground_that_changed_is_not_counted_beside_a_later_one() -> None:
    made = signing_world(burn={"ladder": [FOREMAN]}, ruled=("burn",))
    y = yard(made, frozen=True)
    y.round(crane=[BURN])
    approve(y, ("b.two", "boss"))
    y.store.write(Ref("crate", "C1"), 0, {}, {}, "crane", "x")
    approve(y, ("f.one", "foreman"))  # stale: asked anew
    outcome = approve(y, ("f.one", "foreman"))
    assert (outcome.route, burnt(y)) == (Route.ESCALATE, False)
    assert y.store.escalation_rows[asked(y)].policy == "frozen"


@pytest.mark.parametrize(("person", "done"), [("f.one", False), ("f.two", True)])
def test_where_signatures_are_separate_the_askers_is_not_one(person: str, done: bool) -> None:
    y = yard(signing_world(burn={"ladder": [FOREMAN], "separate": True}), person="f.one")
    y.round(crane=[BURN])
    outcome = approve(y, (person, "foreman"))
    assert (burnt(y), outcome.route) == (done, Route.REPLY)
    assert y.verdicts[-1].code == (None if done else "not_authorised")


def test_asker_may_sign_where_the_policy_lets_them() -> None:
    y = yard(signing_world(burn={"ladder": [FOREMAN]}), person="f.one")
    y.round(crane=[BURN])
    approve(y, ("f.one", "foreman"))
    assert burnt(y)


def test_decision_applies_once() -> None:
    y = yard(signing_world())
    y.round(crane=[BURN])
    decision = y.store.decide(asked(y), "approve", "f.one", "foreman")
    y.run(None, [decision])
    y.run(None, [decision])
    assert y.verdict("burn") == [Verdict.ESCALATED, Verdict.COMMITTED]


def test_signature_on_one_action_signs_no_other() -> None:
    y = yard(signing_world())
    y.round(crane=[BURN])
    approve(y, ("f.one", "foreman"))
    y.wake("crane")
    y.position = replace(y.position, round=2)
    y.round(crane=[Proposal("burn", {"crate": "C2"})])
    assert (burnt(y, "C1"), burnt(y, "C2")) == (True, False)


def test_same_action_again_needs_another_signature() -> None:
    y = yard(signing_world())
    y.round(crane=[BURN])
    approve(y, ("f.one", "foreman"))
    y.wake("crane")
    y.position = replace(y.position, round=2)
    assert y.round(crane=[BURN]).route is Route.ESCALATE


@pytest.mark.parametrize(
    ("now", "code"),
    [("2026-03-02T09:59:59Z", None), ("2026-03-02T10:00:00Z", "expired"), (LATE, "expired")],
)
def test_approval_counts_until_it_expires(now: str, code: str | None) -> None:
    y = yard(signing_world(burn={"ladder": [FOREMAN], "expires_s": 3600}))
    y.round(crane=[BURN])
    decision = y.store.decide(asked(y), "approve", "f.one", "foreman")
    y.store.now = now
    y.run(None, [decision])
    assert (y.verdicts[-1].code, burnt(y)) == (code, code is None)


def test_silence_refuses_and_commits_nothing() -> None:
    y = yard(signing_world())
    y.round(crane=[BURN])
    row = y.store.escalation_rows[asked(y)]
    y.store.escalation_rows[row.id] = replace(row, state=EscalationState.EXPIRED)
    outcome = y.run(None)
    assert (outcome.status, y.verdicts[-1].code, burnt(y)) == (CaseStatus.REFUSED, "expired", False)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"action_hash": "sha256:other"}, "hash_mismatch"),
        ({"lineage": "restored"}, "lineage_changed"),
        ({"manifest_hash": "sha256:other"}, "manifest_changed"),
        ({"quorum": 2}, "not_authorised"),
    ],
)
def test_approval_of_something_else_is_refused_in_the_commit(change: dict[str, Any], code: str) -> None:
    y = yard(signing_world())
    y.round(crane=[BURN])
    y.store.escalation_rows[asked(y)] = replace(y.store.escalation_rows[asked(y)], **change)
    approve(y, ("f.one", "foreman"))
    assert (y.verdicts[-1].code, burnt(y)) == (code, False)


def test_stale_approval_is_asked_anew_of_the_same_action_with_the_difference() -> None:
    y = yard(signing_world())
    y.round(crane=[BURN])
    old = asked(y)
    y.store.write(Ref("crate", "C1"), 0, {"frozen": True}, {}, "crane", "x")
    outcome = approve(y, ("f.one", "foreman"))
    new = y.store.escalation_rows[asked(y)]
    assert (outcome.route, burnt(y)) == (Route.ESCALATE, False)
    assert y.store.escalation_rows[old].superseded_by == new.id != old
    assert new.action_hash == y.store.escalation_rows[old].action_hash
    assert "crate/C1 (frozen False -> True)" in new.reason
    approve(y, ("f.one", "foreman"))
    assert burnt(y)


def test_asked_anew_the_subjects_role_is_asked_again() -> None:
    subject = {"ladder": [{"role": "subject", "answer_s": 600}]}
    y = yard(signing_world(frozen=subject, ruled=("take", "lift")), frozen=True)
    y.wake("crew")
    lift = {"crate": "C1", "start": "2026-03-03T10:00:00Z", "end": "2026-03-03T11:00:00Z"}
    y.round(crew=[Proposal("lift", lift)])
    row = y.store.escalation_rows[asked(y)]
    assert row.role == "boss"
    y.store.escalation_rows[row.id] = replace(row, bound={"crate/C1": 0})
    y.store.write(Ref("crate", "C1"), 0, {"burnt": True}, {}, "crane", "x")
    approve(y, ("b.two", "boss"))
    assert [r["role"] for r in y.store.escalation_rows[asked(y)].ladder] == ["boss"]


def test_stale_approval_of_what_has_become_impossible_is_refused() -> None:
    def decide(params: Any, snapshot: Any, context: Any) -> Any:
        from protocol.effects import Effects, Put, Refusal

        if snapshot.get("crate", "C1")["frozen"]:
            return Refusal("gone", "there is nothing left to burn")
        return Effects(puts=(Put(Ref("crate", "C1"), {"burnt": True}),))

    y = yard(with_kind(signing_world(), "burn", lambda k: replace(k, decide=decide)))
    y.round(crane=[BURN])
    y.store.write(Ref("crate", "C1"), 0, {"frozen": True}, {}, "crane", "x")
    outcome = approve(y, ("f.one", "foreman"))
    assert [v.code for v in y.verdicts[-2:]] == ["stale", "gone"]
    assert outcome.route is Route.REPLY and len(y.store.escalation_rows) == 1


def test_rejection_names_who_rejected_not_who_signed_before() -> None:
    y = yard(signing_world(burn={"ladder": [FOREMAN], "quorum": 2}))
    y.round(crane=[BURN])
    first = y.store.decide(asked(y), "approve", "f.one", "foreman")
    second = y.store.decide(asked(y), "reject", "f.two", "foreman", reason="too windy")
    y.run(None, [first, second])
    assert y.verdicts[-1].code == "rejected"
    assert "rejected by f.two (foreman): too windy" in y.verdicts[-1].reason


def test_a_failed_rule_without_a_policy_cannot_be_signed_away() -> None:
    made = signing_world()
    approvals = {n: p for n, p in made.config.approvals.items() if n != "frozen"}
    made = replace(made, config=made.config.model_copy(update={"approvals": approvals}))
    y = yard(made, frozen=True).wake("crew")
    lift = {"crate": "C1", "start": "2026-03-03T10:00:00Z", "end": "2026-03-03T11:00:00Z"}
    y.round(crew=[Proposal("lift", lift)])
    assert (y.verdicts[-1].code, y.store.escalation_rows) == ("frozen", {})


@pytest.mark.parametrize(("is_signed", "code"), [(True, None), (False, "facts_only")])
def test_what_only_people_change_is_changed_by_a_signed_action(is_signed: bool, code: str | None) -> None:
    made = with_kind(signing_world(), "burn", lambda k: k if is_signed else replace(k, signature=None))
    types = [
        replace(t, facts_only=frozenset({"burnt"})) if t.name == "crate" else t
        for t in made.toolbox.resources
    ]
    y = yard(replace(made, toolbox=replace(made.toolbox, resources=types)))
    y.round(crane=[BURN])
    if is_signed:
        approve(y, ("f.one", "foreman"))
    assert (y.verdicts[-1].code, burnt(y)) == (code, is_signed)


def signed_twice(**change: Any) -> Yard:
    """Signed under the rule, that row then changed, then signed under the action's own policy."""
    y = yard(
        signing_world(burn={"ladder": [FOREMAN]}, frozen={"ladder": [BOSS]}, ruled=("burn",)), frozen=True
    )
    y.round(crane=[BURN])
    first = asked(y)
    approve(y, ("b.two", "boss"))
    y.store.escalation_rows[first] = replace(y.store.escalation_rows[first], **change)
    approve(y, ("f.one", "foreman"))
    return y


@pytest.mark.parametrize(
    ("change", "counts"),
    [
        ({}, True),
        ({"expires_at": "2026-03-02T09:00:00Z"}, False),
        ({"state": EscalationState.SUPERSEDED}, False),
        ({"case": "case_bbbbbbbbbbbbbbbb"}, False),
        ({"key": "case_aaaaaaaaaaaaaaaa/1/crane/7"}, False),
        ({"lineage": "restored"}, False),
        ({"manifest_hash": "sha256:other"}, False),
        ({"bound": {"crate/C1": 7}}, False),
        ({"action_hash": "sha256:other"}, False),
    ],
)
def test_earlier_signature_counts_while_it_stands_for_the_same_action(
    change: dict[str, Any], counts: bool
) -> None:
    assert burnt(signed_twice(**change)) is counts


def test_second_signature_of_two_is_spent_and_told_once() -> None:
    y = yard(signing_world(burn={"ladder": [FOREMAN], "quorum": 2}))
    y.round(crane=[BURN])
    approve(y, ("f.one", "foreman"), ("f.two", "foreman"))
    assert y.last is not None and [d.person for d in y.last.spent] == ["f.one", "f.two"]
    assert (y.verdict("burn"), y.count("question.left")) == (["escalated", "committed"], 0)


def test_approval_of_what_is_gone_meanwhile_is_stale() -> None:
    y = yard(signing_world())
    y.round(crane=[Proposal("take", {"pile": "P1", "quantity": 1}), BURN])
    row = y.store.escalation_rows[asked(y)]
    y.store.escalation_rows[row.id] = replace(row, bound={**row.bound, "crate/C9": 0})
    approve(y, ("f.one", "foreman"))
    assert (y.verdicts[-2].code, burnt(y)) == ("stale", False)
