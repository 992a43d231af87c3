"""Carrying out effects: owners, versions, balances, claims, consequences, invariants (R2, R8, R9)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from protocol.canonical import MAX_INTEGER
from protocol.commit import MAX_CHAIN, Applied, Blocked, perform
from protocol.effects import Delta, Effects, Emit, Refusal, Release
from protocol.records import Claimed, Record, Ref, Snapshot
from protocol.toolbox import Bound, Consequence, Invariant, create, put
from protocol.world import World

from .memory_store import MemoryStore
from .yard import T10, T11, T12, T13, world

PILE, CRATE, BOOKING = Ref("pile", "P1"), Ref("crate", "C1"), Ref("booking", "B1")
OTHER = Ref("booking", "B2")


def store() -> MemoryStore:
    made = MemoryStore()
    made.seed("pile", "P1", count=10)
    made.seed("crate", "C1", frozen=False, burnt=False)
    return made


def bounded(minimum: int, maximum: int | None) -> World:
    """The yard, its piles between these bounds."""
    made = world()
    types = [
        replace(t, balances={"count": Bound(minimum, maximum)}) if t.name == "pile" else t
        for t in made.toolbox.resources
    ]
    return replace(made, toolbox=replace(made.toolbox, resources=types))


def having(w: World, **tools: Any) -> World:
    """The world with these parts of its toolbox replaced."""
    return replace(w, toolbox=replace(w.toolbox, **tools))


def code(found: Applied | Refusal | Blocked) -> str | None:
    """The code of a refusal; None for what was applied."""
    assert not isinstance(found, Blocked)
    return found.code if isinstance(found, Refusal) else None


class Hurried(MemoryStore):
    """A store in which every record changes between being read and being written."""

    def get(self, type: str, key: str) -> Record | None:  # noqa: A002
        found = super().get(type, key)
        if found is not None:
            self.records[found.ref] = replace(found, version=found.version + 1)
        return found


@pytest.mark.parametrize(
    ("by", "effects", "expected"),
    [
        ("crane", Effects(puts=(put("crate", "C1", burnt=True),)), None),
        ("crew", Effects(puts=(put("crate", "C1", burnt=True),)), "not_owner"),
        ("crew", Effects(deltas=(Delta(PILE, "count", -1),)), "not_owner"),
        ("nobody", Effects(puts=(create("booking", "B1", start=T10, end=T11),)), "not_owner"),
    ],
)
def test_only_the_owner_of_a_type_writes_it(by: str, effects: Effects, expected: str | None) -> None:
    assert code(perform(store(), world(), effects, by, "k")) == expected


def test_each_write_raises_the_version_and_keeps_the_other_fields() -> None:
    kept = store()
    found = perform(kept, world(), Effects(puts=(put("crate", "C1", burnt=True),)), "crane", "k")
    assert isinstance(found, Applied) and found.written == ((CRATE, 1),)
    assert kept.records[CRATE].body == {"frozen": False, "burnt": True}


def test_new_record_begins_at_version_zero() -> None:
    found = perform(store(), world(), Effects((create("booking", "B1", start=T10, end=T11),)), "crane", "k")
    assert isinstance(found, Applied) and found.written == ((BOOKING, 0),)


def test_record_that_changed_between_reading_and_writing_is_stale() -> None:
    hurried = Hurried()
    hurried.seed("crate", "C1", frozen=False, burnt=False)
    found = perform(hurried, world(), Effects(puts=(put("crate", "C1", burnt=True),)), "crane", "k")
    assert code(found) == "stale"
    assert hurried.records[CRATE].body["burnt"] is False


@pytest.mark.parametrize(
    ("effects", "expected"),
    [
        (Effects(puts=(create("crate", "C1"),)), "exists"),
        (Effects(puts=(put("crate", "C9", burnt=True),)), "unknown_resource"),
        (Effects(deltas=(Delta(Ref("pile", "P9"), "count", 1),)), "unknown_resource"),
        (Effects(puts=(put("crate", "C1", colour="red"),)), "bad_field"),
        (Effects(puts=(put("crate", "C1", burnt="yes"),)), "bad_field"),
        (Effects(puts=(put("crate", "C1", burnt=None),)), None),
        (Effects(puts=(put("pile", "P1", count=7),)), "bad_field"),
        (Effects(deltas=(Delta(PILE, "weight", 1),)), "bad_field"),
        (Effects(deltas=(Delta(CRATE, "burnt", 1),)), "bad_field"),
        (Effects(puts=(create("pile", "P2", count=True),)), "bad_field"),
        (Effects(puts=(create("pile", "P2", count="7"),)), "bad_field"),
    ],
)
def test_write_fits_the_type(effects: Effects, expected: str | None) -> None:
    assert code(perform(store(), world(), effects, "crane", "k")) == expected


@pytest.mark.parametrize(
    ("bounds", "deltas", "left"),
    [
        ((0, None), [-10], 0),
        ((0, None), [-11], None),
        ((0, None), [-4, -6], 0),
        ((0, None), [-4, -7], None),
        ((0, None), [-11, 1], 0),
        ((0, 12), [2], 12),
        ((0, 12), [3], None),
        ((5, None), [-5], 5),
        ((5, None), [-6], None),
        ((-5, None), [-15], -5),
        ((0, None), [MAX_INTEGER], None),
    ],
)
def test_balance_stays_within_its_bounds(
    bounds: tuple[int, int | None], deltas: Sequence[int], left: int | None
) -> None:
    kept = store()
    effects = Effects(deltas=tuple(Delta(PILE, "count", d) for d in deltas))
    found = perform(kept, bounded(*bounds), effects, "crane", "k")
    assert code(found) == (None if left is not None else "out_of_bounds")
    assert kept.records[PILE].body["count"] == (10 if left is None else left)


@pytest.mark.parametrize(
    ("opening", "delta", "left"),
    [(7, 0, 7), (-1, 0, None), (13, 0, None), (7, 5, 12), (7, 6, None), (-1, 5, 4)],
)
def test_new_balance_opens_within_its_bounds(opening: int, delta: int, left: int | None) -> None:
    kept, new = store(), Ref("pile", "P2")
    effects = Effects(
        puts=(create("pile", "P2", count=opening),), deltas=(Delta(new, "count", delta),) if delta else ()
    )
    found = perform(kept, bounded(0, 12), effects, "crane", "k")
    assert code(found) == (None if left is not None else "out_of_bounds")
    assert (kept.records[new].body["count"] if new in kept.records else None) == left


@pytest.mark.parametrize(
    ("held", "wanted", "free"),
    [
        ((T10, T11), (T11, T12), True),
        ((T11, T12), (T10, T11), True),
        ((T10, T12), (T11, T13), False),
        ((T11, T13), (T10, T12), False),
        ((T10, T13), (T11, T12), False),
        ((T11, T12), (T10, T13), False),
        ((T10, T11), (T10, T11), False),
    ],
)
def test_claims_do_not_overlap(held: tuple[str, str], wanted: tuple[str, str], free: bool) -> None:
    kept = store()
    kept.claim(Claimed("slot/S1", *held, OTHER))
    claim = Claimed("slot/S1", *wanted, BOOKING)
    found = perform(kept, world(), Effects(claims=(claim,)), "crane", "k", may_claim=("slot",))
    assert isinstance(found, Applied) is free
    if isinstance(found, Blocked):
        assert (found.wanted, found.held.holder) == (claim, OTHER)
    assert (claim in kept.claimed) is free


@pytest.mark.parametrize(
    ("held", "wanted", "free"),
    [((True), (True), True), ((True), (False), False), ((False), (True), False), ((False), (False), False)],
)
def test_shared_claims_exclude_exclusive_ones_only(held: bool, wanted: bool, free: bool) -> None:
    kept = store()
    kept.claim(Claimed("slot/S1", T10, T11, OTHER, shared=held))
    effects = Effects(claims=(Claimed("slot/S1", T10, T11, BOOKING, shared=wanted),))
    assert isinstance(perform(kept, world(), effects, "crane", "k", may_claim=("slot",)), Applied) is free


def test_holder_does_not_stand_in_its_own_way_and_another_resource_is_free() -> None:
    kept = store()
    kept.claim(Claimed("slot/S1", T10, T12, BOOKING))
    kept.claim(Claimed("slot/S2", T10, T12, OTHER))
    effects = Effects(claims=(Claimed("slot/S1", T11, T13, BOOKING),))
    assert isinstance(perform(kept, world(), effects, "crane", "k", may_claim=("slot",)), Applied)


def test_claims_of_one_action_are_checked_against_each_other() -> None:
    effects = Effects(claims=(Claimed("slot/S1", T10, T12, BOOKING), Claimed("slot/S1", T11, T13, OTHER)))
    assert isinstance(perform(store(), world(), effects, "crane", "k", may_claim=("slot",)), Blocked)


@pytest.mark.parametrize(("resource", "free"), [(None, True), ("slot/S1", True), ("slot/S2", False)])
def test_what_is_released_is_free_in_the_same_action(resource: str | None, free: bool) -> None:
    kept = store()
    kept.claim(Claimed("slot/S1", T10, T11, OTHER))
    effects = Effects(releases=(Release(OTHER, resource),), claims=(Claimed("slot/S1", T10, T11, BOOKING),))
    assert isinstance(perform(kept, world(), effects, "crane", "k", may_claim=("slot",)), Applied) is free


def ashes(emit: Emit, snapshot: Snapshot) -> Effects:
    """A burnt crate takes one from the pile and says so."""
    return Effects(
        deltas=(Delta(PILE, "count", -1),), events=(Emit("pile.less", "pile/P1", {"crate": emit.subject}),)
    )


BURNING = Effects(
    puts=(put("crate", "C1", burnt=True),), events=(Emit("crate.burnt", "crate/C1", {"crate": "C1"}),)
)


def test_consequence_is_written_with_its_own_owner_after_the_action() -> None:
    w = having(world(), consequences=(Consequence("ASHES", ("crate.burnt",), "crane", ashes),))
    found = perform(store(), w, BURNING, "crane", "k")
    assert isinstance(found, Applied)
    assert found.written == ((CRATE, 1), (PILE, 1))
    assert [(e.emit.type, e.agent) for e in found.events] == [
        ("crate.burnt", "crane"),
        ("pile.less", "crane"),
    ]


def test_consequence_writes_what_its_owner_owns_and_nothing_else() -> None:
    w = having(world(), consequences=(Consequence("ASHES", ("crate.burnt",), "crew", ashes),))
    assert code(perform(store(), w, BURNING, "crane", "k")) == "not_owner"


def test_consequence_that_breaks_a_bound_stops_the_action() -> None:
    kept = store()
    kept.seed("pile", "P1", count=0)
    w = having(world(), consequences=(Consequence("ASHES", ("crate.burnt",), "crane", ashes),))
    assert code(perform(kept, w, BURNING, "crane", "k")) == "out_of_bounds"


@pytest.mark.parametrize(("long", "expected"), [(MAX_CHAIN, None), (MAX_CHAIN + 1, "consequence_chain")])
def test_consequences_chain_up_to_a_bound(long: int, expected: str | None) -> None:
    def link(number: int) -> Consequence:
        def apply(emit: Emit, snapshot: Snapshot) -> Effects:
            return Effects(events=(Emit(f"step.{'x' * (number + 1)}", "crate/C1", {}),))

        return Consequence(f"LINK{number}", (f"step.{'x' * number}",), "crane", apply)

    w = having(world(), consequences=tuple(link(n) for n in range(1, long + 1)))
    effects = Effects(events=(Emit("step.x", "crate/C1", {}),))
    assert code(perform(store(), w, effects, "crane", "k")) == expected


def ring(emit: Emit, snapshot: Snapshot) -> Effects:
    """An event that causes itself."""
    return Effects(events=(emit,))


def test_consequence_that_causes_itself_ends() -> None:
    w = having(world(), consequences=(Consequence("RING", ("crate.burnt",), "crane", ring),))
    assert code(perform(store(), w, BURNING, "crane", "k")) == "consequence_chain"


def never_burnt(record: Record, snapshot: Snapshot) -> str | None:
    return f"{record.ref} may not burn" if record["burnt"] else None


@pytest.mark.parametrize(
    ("kind", "changes", "expected"),
    [
        ("crate", {"burnt": True}, "INV-01"),
        ("crate", {"frozen": True}, None),
        ("pile", {"burnt": True}, None),
    ],
)
def test_invariant_of_a_type_is_checked_on_what_was_written(
    kind: str, changes: Mapping[str, bool], expected: str | None
) -> None:
    w = having(world(), invariants=(Invariant("INV-01", kind, never_burnt),))
    found = perform(store(), w, Effects(puts=(put("crate", "C1", **changes),)), "crane", "k")
    assert code(found) == expected


def test_invariant_is_checked_on_what_a_consequence_wrote() -> None:
    def few(record: Record, snapshot: Snapshot) -> str | None:
        return "too few are left" if record["count"] < 10 else None

    w = having(
        world(),
        consequences=(Consequence("ASHES", ("crate.burnt",), "crane", ashes),),
        invariants=(Invariant("INV-02", "pile", few),),
    )
    assert code(perform(store(), w, BURNING, "crane", "k")) == "INV-02"


def test_fact_is_recorded_against_claims_and_invariants_but_not_against_owners_and_bounds() -> None:
    kept = store()
    kept.claim(Claimed("slot/S1", T10, T11, OTHER))
    w = having(world(), invariants=(Invariant("INV-01", "crate", never_burnt),))
    stopped = Effects(puts=(put("crate", "C1", burnt=True),), claims=(Claimed("slot/S1", T10, T11, CRATE),))
    assert isinstance(perform(kept, w, stopped, "crane", "k", is_fact=True), Applied)
    assert code(perform(kept, w, stopped, "crew", "k", is_fact=True)) == "not_owner"
    less = Effects(deltas=(Delta(PILE, "count", -11),))
    assert code(perform(kept, w, less, "crane", "k", is_fact=True)) == "out_of_bounds"


@pytest.mark.parametrize(
    ("fields", "free", "expected"),
    [
        ({"frozen": True}, {}, "facts_only"),
        ({"frozen": None}, {}, "facts_only"),
        ({"frozen": False}, {}, None),  # as it is
        ({"burnt": True}, {}, None),
        ({"frozen": True}, {"is_fact": True}, None),
        ({"frozen": True}, {"is_signed": True}, None),
    ],
)
def test_what_facts_and_people_set_no_unsigned_action_changes(
    fields: Mapping[str, Any], free: Mapping[str, Any], expected: str | None
) -> None:
    found = perform(
        store(), frozen_by_facts(), Effects(puts=(put("crate", "C1", **fields),)), "crane", "k", **free
    )
    assert code(found) == expected


def test_consequence_of_an_unsigned_action_does_not_change_what_facts_set_either() -> None:
    def thaw(emit: Emit, snapshot: Snapshot) -> Effects:
        return Effects(puts=(put("crate", "C1", frozen=True),))

    w = having(frozen_by_facts(), consequences=(Consequence("THAW", ("crate.burnt",), "crane", thaw),))
    assert code(perform(store(), w, BURNING, "crane", "k")) == "facts_only"
    assert code(perform(store(), w, BURNING, "crane", "k", is_signed=True)) is None


def test_new_record_may_state_what_only_facts_change() -> None:
    effects = Effects(puts=(create("crate", "C2", frozen=True),))
    assert code(perform(store(), frozen_by_facts(), effects, "crane", "k")) is None


def frozen_by_facts() -> World:
    """The yard, where only a fact or a person freezes a crate."""
    made = world()
    types = [
        replace(t, facts_only=frozenset({"frozen"})) if t.name == "crate" else t
        for t in made.toolbox.resources
    ]
    return having(made, resources=types)


def test_an_action_claims_only_what_its_kind_declares() -> None:
    claim = Claimed("slot/S1", T10, T11, BOOKING)
    effects = Effects(claims=(claim,))
    kept = store()
    assert code(perform(kept, world(), effects, "crane", "k", may_claim=("berth",))) == "undeclared_claim"
    assert kept.claimed == []
    assert isinstance(perform(kept, world(), effects, "crane", "k", is_fact=True), Applied)
