"""One action before the gate: its key, its ground, and what is in its way (R3, R7, R8, R10)."""

from dataclasses import replace
from typing import Any

import pytest

from protocol.effects import Effects, Emit, Put, Refusal, Release
from protocol.position import Route, first
from protocol.records import Claimed, Ref, Snapshot
from protocol.rows import CaseStatus, Verdict
from protocol.toolbox import ActionContext, Attempt, Params, Rule
from protocol.turns import Answer, AnswerKind, Ask, Carried, Proposal, Turn
from protocol.world import World

from .memory_store import MemoryStore
from .signing import with_kind
from .yard import T10, T11, T12, T13, Yard, world

LIFT = {"crate": "C1", "start": T10, "end": T11}
BOOK = {"booking": "B1", "start": T10, "end": T11}
CANCEL = {"booking": "B1"}
AGREE = AnswerKind.AGREE


def yard(w: World | None = None) -> Yard:
    store = MemoryStore()
    store.seed("crate", "C1", frozen=False, burnt=False)
    store.seed("crate", "C2", frozen=True, burnt=False)
    store.seed("pile", "P1", count=500)
    return Yard(w or world(), store)


def deciding(w: World, kind: str, decide: Any) -> World:
    """The world, one kind deciding like this."""
    return with_kind(w, kind, lambda k: replace(k, decide=decide))


def booked(w: World | None = None) -> Yard:
    """A yard in which the crane holds the slot from ten to eleven, since before."""
    y = yard(w).wake("crane")
    y.round(crane=[Proposal("reserve", BOOK)])
    assert y.verdict("reserve") == [Verdict.COMMITTED]
    return y


# R7


def test_effect_of_a_key_stands_once_whatever_is_said_under_it_again() -> None:
    y = yard().wake("crane")
    for quantity in (5, 5, 6):
        y.wake("crane").round(crane=[Proposal("take", {"pile": "P1", "quantity": quantity})])
    pile = y.store.get("pile", "P1")
    assert pile is not None
    assert (pile["count"], pile.version, len(y.store.commit_rows)) == (495, 1, 1)
    assert [v.code for v in y.verdicts] == [None, None, "key_reused"]


def test_other_kind_under_the_same_key_is_refused() -> None:
    y = yard().wake("crane")
    y.round(crane=[Proposal("reserve", BOOK)])
    y.wake("crane").round(crane=[Proposal("cancel", CANCEL)])
    assert y.verdicts[-1].code == "key_reused"
    assert y.store.claims("slot/S1", T10, T11)


def test_key_is_made_by_the_runtime_from_case_round_agent_and_place() -> None:
    y = yard().wake("crane")
    y.round(crane=[Proposal("take", {"pile": "P1", "quantity": n}) for n in (1, 2)])
    assert sorted(y.store.commit_rows) == [f"{y.case.id}/1/crane/{n}" for n in (0, 1)]


def test_key_and_hash_are_stored_with_the_effect() -> None:
    y = yard().wake("crew")
    y.round(crew=[Proposal("lift", LIFT)])
    (row,) = y.store.commit_rows.values()
    key = y.store.find("lift")[0].key
    assert row.result == {"lift": key, "resource": f"lift/{key}"}
    assert row.params_hash == y.verdicts[-1].params_hash


# R3: of one round


def test_agent_may_write_one_record_twice_in_a_round() -> None:
    y = booked().wake("crane")
    y.position = replace(y.position, round=2)
    y.round(crane=[Proposal("cancel", CANCEL), Proposal("cancel", CANCEL)])
    assert y.verdict("cancel") == [Verdict.COMMITTED] * 2


def test_balance_is_no_reason_to_be_overruled() -> None:
    w = world()
    y = yard(w).wake("crew", "crane")
    y.round(crew=[Ask("crane", "decide", {}, Carried("take", {"pile": "P1", "quantity": 300}))])
    y.round(crane=[Answer("x1", AGREE), Proposal("take", {"pile": "P1", "quantity": 100})])
    assert y.verdict("take") == [Verdict.ASKED, Verdict.COMMITTED, Verdict.COMMITTED]
    assert y.store.get("pile", "P1")["count"] == 100  # type: ignore[index]


def test_loser_of_an_interval_is_told_the_winner_and_holds_nothing() -> None:
    y = yard(world(crew_level=3, crane_level=4)).wake("crew", "crane")
    y.round(crew=[Proposal("lift", LIFT)], crane=[Proposal("reserve", BOOK)])
    assert y.verdict("lift") == [Verdict.OVERRULED]
    assert [c.holder for c in y.store.claims("slot/S1", T10, T11)] == [Ref("booking", "B1")]
    assert y.store.find("lift") == []


def test_loser_of_an_interval_is_asked_again_at_no_higher_level() -> None:
    y = yard(world(crew_level=4, crane_level=4)).wake("crew", "crane")
    (trigger,) = y.position.active["crew"]
    y.position = first({**y.position.active, "crew": ({**trigger, "level": 1},)})
    outcome = y.round(crew=[Proposal("lift", LIFT)], crane=[Proposal("reserve", BOOK)])
    assert y.verdict("lift") == [Verdict.OVERRULED]
    assert [t["level"] for t in outcome.position.active["crew"] if t["type"] == "overruled"] == [1]
    y.round(crew=[Proposal("lift", LIFT | {"start": T12, "end": T13})])
    assert [row.level for row in y.store.commit_rows.values() if row.agent == "crew"] == [1]


# R3: against what is committed


def test_own_claim_in_the_way_refuses_and_asks_nobody() -> None:
    y = booked().wake("crane")
    y.position = replace(y.position, round=2)
    outcome = y.round(crane=[Proposal("reserve", {**BOOK, "booking": "B2"})])
    assert (y.verdicts[-1].code, y.verdicts[-1].resource) == ("occupied", "booking/B1")
    assert (outcome.route, outcome.position.exchanges) == (Route.REPLY, {})
    assert y.store.get("booking", "B2") is None


def test_owner_that_agrees_but_frees_nothing_is_not_asked_again() -> None:
    y = booked().wake("crew")
    y.round(crew=[Proposal("lift", LIFT)])
    outcome = y.round(crane=[Answer("x1", AGREE)])
    assert y.verdicts[-1].code == "occupied"
    assert (outcome.route, list(outcome.position.exchanges)) == (Route.REPLY, ["x1"])


def test_higher_level_takes_nothing_that_is_committed() -> None:
    y = booked(world(crew_level=5, crane_level=1)).wake("crew")
    y.round(crew=[Proposal("lift", LIFT)])
    assert y.verdict("lift") == [Verdict.ASKED]
    assert [c.holder for c in y.store.claims("slot/S1", T10, T11)] == [Ref("booking", "B1")]


def test_signature_on_a_taken_interval_asks_no_agent() -> None:
    y = booked().wake("crew")
    y.round(crew=[Proposal("lift", {**LIFT, "crate": "C2"})])
    (asked,) = y.store.escalation_rows.values()
    outcome = y.run(None, [y.store.decide(asked.id, "approve", "b.two", "boss")])
    assert (y.verdicts[-1].code, outcome.route) == ("occupied", Route.REPLY)


# what is told


def refusing(left: int) -> Any:
    def decide(params: Params, snapshot: Snapshot, context: ActionContext) -> Effects | Refusal:
        return Refusal("short", "too few.", "foreman", f"take {left}")

    return decide


def test_rereads_of_one_matter_are_not_counted_against_another() -> None:
    y = yard(world(rereads=1, rounds=20))
    for key in ("P1", "P2"):
        y.store.seed("pile", key, count=0)
        y.store.write(Ref("pile", key), 0, {}, {"count": 1}, "crane", "x")
    y.wake("crane")
    for key in ("P1", "P2"):
        turn = Turn("crane", (Proposal("take", {"pile": key, "quantity": 5}),), {f"pile/{key}": 0})
        assert y.round(crane=turn).route is Route.AGENTS


def test_refusal_says_who_may_decide_and_what_to_do_instead() -> None:
    y = yard(deciding(world(), "take", refusing(3))).wake("crane")
    y.round(crane=[Proposal("take", {"pile": "P1", "quantity": 5})])
    assert y.verdicts[-1].reason == "too few. foreman may decide. Instead: take 3."


def test_refusal_without_advice_is_its_sentence() -> None:
    w = deciding(world(), "take", lambda p, s, c: Refusal("short", "too few"))
    y = yard(w).wake("crane")
    y.round(crane=[Proposal("take", {"pile": "P1", "quantity": 5})])
    assert y.verdicts[-1].reason == "too few."


def test_events_of_a_refusal_are_published_though_nothing_is_committed() -> None:
    emit = Emit("slot.booked", "booking/B1", {"booking": "B1"})
    w = deciding(world(), "take", lambda p, s, c: Refusal("short", "too few", events=(emit,)))
    y = yard(w).wake("crane")
    y.round(crane=[Proposal("take", {"pile": "P1", "quantity": 5})])
    assert (y.count("slot.booked"), len(y.store.commit_rows)) == (1, 0)


# R9, R10: inside the transaction


def test_action_that_breaks_half_way_leaves_nothing() -> None:
    def decide(params: Params, snapshot: Snapshot, context: ActionContext) -> Effects:
        good = Put(Ref("crate", "C1"), {"burnt": True})
        return Effects(puts=(good, Put(Ref("crate", "C9"), {"burnt": True})))

    w = with_kind(world(), "burn", lambda k: replace(k, decide=decide, signature=None))
    y = yard(w).wake("crane")
    outcome = y.round(crane=[Proposal("burn", {"crate": "C1"})])
    assert (y.verdicts[-1].code, outcome.status) == ("unknown_resource", CaseStatus.REFUSED)
    assert y.store.get("crate", "C1")["burnt"] is False  # type: ignore[index]
    assert y.store.get("crate", "C1").version == 0  # type: ignore[union-attr]


def test_action_whose_claim_is_taken_leaves_nothing() -> None:
    y = booked().wake("crew")
    y.round(crew=[Proposal("lift", LIFT)])
    assert y.store.find("lift") == []
    assert y.count("lift.planned") == 0


def ruled(*rules: Rule) -> World:
    w = world()
    config = w.config.model_copy(update={"rules": [r.name for r in rules]})
    return replace(w, config=config, toolbox=replace(w.toolbox, rules=rules))


def no(attempt: Attempt, snapshot: Snapshot) -> Refusal | None:
    return Refusal("forbidden", f"{attempt.agent} may not {attempt.kind}")


@pytest.mark.parametrize(
    ("rule", "stopped"),
    [
        (Rule("ALL", no), True),
        (Rule("LIFT", no, ("lift",)), True),
        (Rule("OTHER", no, ("burn",)), False),
        (Rule("HANDOFF", no, handoff_only=True), False),
    ],
)
def test_rule_stops_the_kinds_it_names_at_every_commit(rule: Rule, *, stopped: bool) -> None:
    y = yard(ruled(rule)).wake("crew")
    y.round(crew=[Proposal("lift", LIFT)])
    assert [v.code for v in y.verdicts] == (["forbidden"] if stopped else [None])
    assert len(y.store.commit_rows) == (not stopped)


@pytest.mark.parametrize(("lanes", "stopped"), [(("a", "b"), True), (("a", "a"), False)])
def test_rule_of_hand_offs_holds_between_lanes_only(lanes: tuple[str, str], *, stopped: bool) -> None:
    w = ruled(Rule("HANDOFF", no, handoff_only=True))
    own = world(lanes=lanes)
    w = replace(own, config=own.config.model_copy(update={"rules": w.config.rules}), toolbox=w.toolbox)
    y = yard(w).wake("crew")
    y.round(crew=[Ask("crane", "find", {}, Carried("lift", {"crate": "C1"}, ("start", "end")))])
    y.round(crane=[Answer("x1", AGREE, {"start": T12, "end": T13})])
    assert y.verdicts[-1].code == ("forbidden" if stopped else None)


def test_first_rule_that_says_no_is_the_one_that_is_told() -> None:
    second = Rule("SECOND", lambda a, s: Refusal("second", "no"))
    y = yard(ruled(Rule("FIRST", no), second)).wake("crew")
    y.round(crew=[Proposal("lift", LIFT)])
    assert [v.code for v in y.verdicts] == ["forbidden"]


# what an action publishes


def test_agent_that_acted_does_not_hear_its_own_event() -> None:
    y = yard(world(lanes=("a", "a"))).wake("crane")
    outcome = y.round(crane=[Proposal("reserve", BOOK)])
    assert tuple(outcome.position.active) == ("crew",)


def test_every_verdict_is_an_event_with_its_case_agent_and_lane() -> None:
    y = yard().wake("crew")
    y.round(crew=[Proposal("lift", LIFT), Proposal("burn_all", {})])
    told = [e for e in y.events if e.type.startswith("action.")]
    assert [e.type for e in told] == ["action.committed", "action.refused"]
    assert {(e.case, e.agent, e.lane) for e in told} == {(y.case.id, "crew", "b")}


def test_shared_claim_stands_beside_another() -> None:
    def decide(params: Params, snapshot: Snapshot, context: ActionContext) -> Effects:
        key = context.new_key("L-")
        made = Put(Ref("lift", key), {"crate": params["crate"], "start": params["start"]}, create=True)
        claim = Claimed("slot/S1", params["start"], params["end"], Ref("lift", key), shared=True)
        return Effects(puts=(made,), claims=(claim,))

    y = yard(deciding(world(), "lift", decide)).wake("crew")
    y.round(crew=[Proposal("lift", LIFT), Proposal("lift", LIFT)])
    assert y.verdict("lift") == [Verdict.COMMITTED] * 2


def test_holder_that_takes_its_interval_again_at_a_lower_level_is_asked() -> None:
    """It held the slot before the round: repeating itself is no way round a request."""
    booking = Ref("booking", "B1")
    held = Claimed("slot/S1", T10, T12, booking)

    def repeat(params: Params, snapshot: Snapshot, context: ActionContext) -> Effects:
        return Effects(puts=(Put(booking, {"start": T10}),), releases=(Release(booking),), claims=(held,))

    w = with_kind(
        world(crew_level=4, crane_level=3), "cancel", lambda k: replace(k, decide=repeat, claims=("slot",))
    )
    y = Yard(w).wake("crane", "crew")
    y.store.seed("crate", "C1")
    y.store.seed("booking", "B1", start=T10, end=T12)
    y.store.claim(held)
    y.round(
        crane=[Proposal("cancel", {"booking": "B1"})],
        crew=[Proposal("lift", {"crate": "C1", "start": T10, "end": T11})],
    )
    assert (y.verdict("cancel"), y.verdict("lift")) == (["committed"], ["asked"])
