"""Who may do what, whose yes counts, and who goes first (R2, R3)."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from protocol.authority import (
    Signature,
    effective_level,
    key_params,
    passes,
    rank,
    scope_refusal,
    signer_roles,
)
from protocol.effects import Delta, Effects, Put
from protocol.fields import Integer, KeyOf, Maybe, Shape, Text
from protocol.floor import ApprovalPolicy
from protocol.manifest import Authority
from protocol.position import Item
from protocol.records import Claimed, Ref
from protocol.rows import Verdict
from protocol.turns import Answer, AnswerKind, Ask, Carried, Proposal, Turn
from protocol.world import World

from .memory_store import MemoryStore
from .signing import BOSS, FOREMAN, signing_world
from .yard import T10, T11, Yard, world

FIVE = {"pile": "P1", "quantity": 5}


def item(agent: str = "crew", kind: str = "lift", **fields: Any) -> Item:
    made: dict[str, Any] = {"params": {}, "level": 3, "round": 1, "ordinal": 0}
    return Item("case/1/crew/0", agent, kind, **(made | fields))


def with_agent(w: World, name: str, like: str, **authority: Any) -> World:
    """The world with one more agent: as ``like`` is, who owns nothing unless stated."""
    twin = w.manifests[like]
    powers = twin.authority.model_copy(update={"owns": [], **authority})
    made = twin.model_copy(update={"agent": name, "authority": powers})
    return replace(w, manifests={**w.manifests, name: made})


def with_manifest(w: World, name: str, **fields: Any) -> World:
    return replace(w, manifests={**w.manifests, name: w.manifests[name].model_copy(update=fields)})


@pytest.mark.parametrize(
    ("own", "caps", "level"),
    [(3, [], 3), (3, [5], 3), (5, [2, 4], 2), (4, [None], 4), (4, [None, 1], 1)],
)
def test_an_agent_acts_with_the_lowest_level_it_acts_for(
    own: int, caps: list[int | None], level: int
) -> None:
    assert effective_level(own, caps) == level


@pytest.mark.parametrize(
    ("agent", "kind", "reason"),
    [
        ("crew", "lift", None),
        ("crew", "burn_all", "states that it cannot"),
        ("crew", "reserve", "is not in what"),
        ("crane", "lift", "is not in what"),
        ("crane", "reserve", None),
        ("crew", "no_such_kind", "is not in what"),
    ],
)
def test_scope_lets_through_what_the_manifest_lists(agent: str, kind: str, reason: str | None) -> None:
    found = scope_refusal(world(), item(agent, kind))
    assert (found is None) if reason is None else (found is not None and reason in found.message)


def test_stated_boundary_beats_what_is_listed() -> None:
    scope = world().manifests["crew"].capability_scope.model_copy(update={"cannot": ["lift"]})
    found = scope_refusal(with_manifest(world(), "crew", capability_scope=scope), item())
    assert found is not None and "states that it cannot" in found.message


def test_listed_kind_that_no_tool_has_is_out_of_scope() -> None:
    scope = world().manifests["crew"].capability_scope.model_copy(update={"can": ["fly"]})
    found = scope_refusal(with_manifest(world(), "crew", capability_scope=scope), item(kind="fly"))
    assert found is not None and found.code == "out_of_scope"


def test_key_params_are_what_an_action_is_about() -> None:
    shape: Shape = {
        "a": KeyOf("crate"),
        "b": Maybe(KeyOf("pile")),
        "c": Text(),
        "d": Integer(),
        "e": KeyOf("x"),
    }
    params = {"a": "C1", "b": "P1", "c": "words", "d": 3, "e": 7}
    assert key_params(shape, params) == {"a": "C1", "b": "P1"}


@pytest.mark.parametrize(
    ("rung", "roles"), [(0, {"foreman"}), (1, {"foreman", "boss"}), (5, {"foreman", "boss"})]
)
def test_roles_of_rungs_reached_so_far_may_sign(rung: int, roles: set[str]) -> None:
    policy = ApprovalPolicy.model_validate({"ladder": [FOREMAN, BOSS]})
    assert signer_roles(policy, rung, None) == roles


def test_subject_stands_for_the_role_the_action_names() -> None:
    policy = ApprovalPolicy.model_validate({"ladder": [{"role": "subject", "answer_s": 60}, BOSS]})
    assert signer_roles(policy, 0, "foreman") == {"foreman"}


@pytest.mark.parametrize(
    ("policy", "signers", "asker", "good"),
    [
        ({"ladder": [FOREMAN]}, None, None, False),
        ({"ladder": [FOREMAN]}, (), None, False),
        ({"ladder": [FOREMAN]}, (("f.one", "foreman"),), None, True),
        ({"ladder": [FOREMAN]}, (("b.two", "boss"),), None, False),
        ({"ladder": [FOREMAN, BOSS]}, (("b.two", "boss"),), None, True),
        ({"ladder": [FOREMAN], "quorum": 2}, (("f.one", "foreman"),), None, False),
        ({"ladder": [FOREMAN], "quorum": 2}, (("f.one", "foreman"), ("f.one", "foreman")), None, False),
        ({"ladder": [FOREMAN], "quorum": 2}, (("f.one", "foreman"), ("b.two", "boss")), None, False),
        ({"ladder": [FOREMAN], "quorum": 2}, (("f.one", "foreman"), ("f.two", "foreman")), None, True),
        ({"ladder": [FOREMAN], "separate": True}, (("f.one", "foreman"),), "f.one", False),
        ({"ladder": [FOREMAN], "separate": True}, (("f.one", "foreman"),), "f.two", True),
        ({"ladder": [FOREMAN]}, (("f.one", "foreman"),), "f.one", True),
    ],
)
def test_signature_passes_a_policy(
    policy: Mapping[str, Any], signers: tuple[tuple[str, str], ...] | None, asker: str | None, good: bool
) -> None:
    signature = None if signers is None else Signature("esc_1", signers, asker)
    assert passes(signing_world(burn=policy), "burn", signature) is good


def test_signature_passes_no_policy_that_the_floor_does_not_name() -> None:
    assert not passes(world(), "reserve", Signature("esc_1", (("b.two", "boss"),)))


def claiming(kind: str) -> Effects:
    return Effects(claims=(Claimed("slot/S1", T10, T11, Ref(kind, "X")),))


SLOT = Effects(claims=(Claimed("booking/B1", T10, T11, Ref("lift", "L")),))


@pytest.mark.parametrize(
    ("first", "effects", "second"),
    [
        (item(level=4), None, item("crane", level=3)),
        (item("crane", level=3), SLOT, item(level=3, age=0)),
        (item("crew", age=1), None, item("crane", age=2)),
        (item("crane"), None, item("crew")),
        (item(ordinal=0), None, item(ordinal=1)),
        (item(level=4, age=9, ordinal=9), SLOT, item("crane", level=3)),
    ],
    ids=["level", "owner of the claimed", "older", "name", "ordinal", "level before all"],
)
def test_who_goes_first(first: Item, effects: Effects | None, second: Item) -> None:
    w, store = world(), MemoryStore()
    assert rank(w, first, effects, store) < rank(w, second, effects, store)


@pytest.mark.parametrize(("quantities", "first"), [((1, 2), "crew"), ((2, 1), "crane")])
def test_the_floors_order_goes_before_age_and_name(quantities: tuple[int, int], first: str) -> None:
    toolbox = replace(world().toolbox, order=lambda kind, params, snapshot: (-params["quantity"],))
    w, store = replace(world(), toolbox=toolbox), MemoryStore()
    items = [
        item("crew", "take", params={"quantity": quantities[1]}, age=1),
        item("crane", "take", params={"quantity": quantities[0]}, age=2),
    ]
    effects = Effects(deltas=(Delta(Ref("pile", "P1"), "count", -1),))
    assert min(items, key=lambda i: rank(w, i, effects, store)).agent == first


def test_owner_of_what_is_written_but_not_claimed_does_not_go_first() -> None:
    effects = Effects(puts=(Put(Ref("booking", "B1"), {}),))
    found = [rank(world(), item(agent), effects, MemoryStore())[1] for agent in ("crane", "crew")]
    assert found == [True, True]


BOTH = {
    "crew": [Proposal("lift", {"crate": "C1", "start": T10, "end": T11})],
    "crane": [Proposal("reserve", {"booking": "B1", "start": T10, "end": T11})],
}


def owning_slots(w: World) -> World:
    """The world, the slot that both claim being the crew's."""
    return with_manifest(w, "crew", authority=Authority(level=3, owns=["lift", "slot"]))


def lifts_first(w: World) -> World:
    """The world, its floor putting lifts before what is reserved."""
    first = replace(w.toolbox, order=lambda kind, params, snapshot: (kind != "lift",))
    return replace(w, toolbox=first)


@pytest.mark.parametrize(
    ("change", "winner"), [(lambda w: w, "reserve"), (owning_slots, "lift"), (lifts_first, "lift")]
)
def test_round_is_judged_by_owner_and_order_before_name(
    change: Callable[[World], World], winner: str
) -> None:
    y = piled(change(world(crew_level=3, crane_level=3))).wake("crew", "crane")
    y.round(**BOTH)
    assert [v.kind for v in y.verdicts if v.verdict is Verdict.COMMITTED] == [winner]


def piled(w: World) -> Yard:
    store = MemoryStore()
    store.seed("pile", "P1", count=500)
    store.seed("crate", "C1", frozen=False, burnt=False)
    return Yard(w, store)


def left(y: Yard) -> int:
    pile = y.store.get("pile", "P1")
    assert pile is not None
    return int(pile["count"])


def test_what_another_owns_is_never_committed_without_its_owner() -> None:
    y = piled(world(crew_level=5, crane_level=1)).wake("crew")
    y.round(crew=[Proposal("take", FIVE)])
    assert (y.verdict("take"), left(y)) == ([Verdict.ASKED], 500)


def test_only_the_owners_agreement_counts_for_what_it_owns() -> None:
    w = with_agent(world(), "clerk", "crane", level=5)
    scope = w.manifests["crew"].capability_scope.model_copy(update={"asks": {"clerk": ["find"]}})
    y = piled(with_manifest(w, "crew", capability_scope=scope)).wake("crew")
    y.round(crew=[Ask("clerk", "find", {}, Carried("take", FIVE))])
    outcome = y.round(clerk=[Answer("x1", AnswerKind.AGREE)])
    assert (left(y), tuple(outcome.position.active)) == (500, ("crane",))
    assert outcome.position.active["crane"][0]["request"] == "decide"
    y.round(crane=[Answer("x2", AnswerKind.AGREE)])
    assert left(y) == 495


def test_cut_exchange_with_another_than_the_owner_ends_at_the_owner() -> None:
    w = with_agent(world(), "clerk", "crane", level=1)
    scope = w.manifests["crew"].capability_scope.model_copy(update={"asks": {"clerk": ["find"]}})
    y = piled(with_manifest(w, "crew", capability_scope=scope)).wake("crew")
    y.round(crew=[Ask("clerk", "find", {}, Carried("take", FIVE))])
    y.round(clerk=[])
    outcome = y.round(clerk=[])
    assert (left(y), tuple(outcome.position.active), y.store.escalation_rows) == (500, ("crane",), {})


def test_what_arises_from_a_request_carries_the_askers_lower_level() -> None:
    y = piled(world(crew_level=2, crane_level=5)).wake("crew")
    y.round(crew=[Ask("crane", "find", {"crate": "C1"})])
    y.round(crane=[Proposal("take", FIVE)])
    assert [c.level for c in y.store.commit_rows.values()] == [2]


def test_level_of_a_person_s_request_is_the_agents_own() -> None:
    y = piled(world(crane_level=5)).wake("crane")
    y.round(crane=[Proposal("take", FIVE)])
    assert [c.level for c in y.store.commit_rows.values()] == [5]


def test_shadow_agent_commits_nothing() -> None:
    y = piled(with_manifest(world(), "crane", mode="shadow")).wake("crane")
    y.round(crane=Turn("crane", (Proposal("take", FIVE),)))
    assert (y.verdict("take"), left(y)) == ([Verdict.SHADOWED], 500)
