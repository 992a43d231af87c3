"""Where a pull holds: what lies in a scope and what does not, and scopes that nothing lies in (R10)."""

from dataclasses import replace
from typing import Any

import pytest

from protocol.effects import Delta, Effects, Put, Release
from protocol.fields import KeyOf, ListOf, Maybe, Object, Shape, Text
from protocol.position import Item
from protocol.pulls import Scope, covers, unknown
from protocol.records import Claimed, Ref
from protocol.toolbox import ResourceType
from protocol.world import World

from .memory_store import MemoryStore
from .signing import with_kind
from .yard import T10, T11, world

LIFT = {"crate": "C1", "start": T10, "end": T11}


def yard() -> World:
    """The yard with bays: a crate stands in one, a bay is on a row, and a hoist is bolted to a crate."""
    w = world()
    crate = replace(w.types["crate"], fields={**w.types["crate"].fields, "bay": Maybe(KeyOf("bay"))})
    bay = ResourceType("bay", {"row": Text(8), "level": Maybe(Text(8)), "open": Maybe(Text(8))})
    hoist = ResourceType("hoist", {"crate": KeyOf("crate"), "seen": Maybe(ListOf(KeyOf("bay")))})
    rest = [t for t in w.toolbox.resources if t.name != "crate"]
    return replace(w, toolbox=replace(w.toolbox, resources=(crate, bay, hoist, *rest)))


def store() -> MemoryStore:
    s = MemoryStore()
    s.seed("bay", "B1", row="R3")
    s.seed("bay", "B2", row="R4")
    s.seed("crate", "C1", frozen=False, burnt=False, bay="B1")
    s.seed("crate", "C2", frozen=True, burnt=False, bay="B2")
    s.seed("hoist", "H1", crate="C1")
    s.seed("pile", "P1", count=500)
    s.claim(Claimed("slot/S1", T10, T11, Ref("booking", "B7")))
    s.claim(Claimed("booking/B7", T10, T11, Ref("lift", "L-0")))
    return s


def item(kind: str = "lift", agent: str = "crew", **params: Any) -> Item:
    return Item("case_a/1/crew/0", agent, kind, params or LIFT, 4, 1, 0)


LIFTING = Effects(
    puts=(Put(Ref("lift", "L-1"), {"crate": "C1", "start": T10}, create=True),),
    claims=(Claimed("slot/S1", T10, T11, Ref("lift", "L-1")),),
)
TAKING = Effects(deltas=(Delta(Ref("pile", "P1"), "count", -5),))


@pytest.mark.parametrize(
    ("scope", "covered"),
    [
        ("floor", True),
        ("crew", True),  # the agent that proposes it
        ("crane", False),
        ("b", True),  # its lane
        ("a", False),
        ("lift", True),  # an action kind, and what it writes
        ("burn", False),
        ("slot", True),  # what it claims
        ("crate", True),  # what it names
        ("bay", True),  # where that is
        ("hoist", False),  # what only points to it
        ("pile", False),
        ("lift/L-1", True),  # written
        ("slot/S1", True),  # claimed
        ("slot/S2", False),
        ("crate/C1", True),  # named
        ("crate/C2", False),
        ("bay/B1", True),
        ("bay/B2", False),
        ("row/R3", True),  # a field of where it is
        ("row/R4", False),
        ("frozen/false", True),
        ("frozen/true", False),
        ("nothing", False),
        ("nothing/R3", False),
    ],
)
def test_lift_lies_where_it_is_named_writes_claims_and_stands(scope: str, *, covered: bool) -> None:
    assert covers(Scope.parse(scope), yard(), item(), LIFTING, store()) is covered


@pytest.mark.parametrize(
    ("scope", "effects", "covered"),
    [
        ("pile/P1", TAKING, True),
        ("pile", TAKING, True),
        ("pile/P2", TAKING, False),
        ("booking/B7", Effects(releases=(Release(Ref("booking", "B7")),)), True),
        ("slot/S1", Effects(releases=(Release(Ref("booking", "B7"), "slot/S1"),)), True),
        ("row/R4", Effects(puts=(Put(Ref("crate", "C1"), {"bay": "B2"}),)), True),  # where it goes
        ("row/R3", Effects(puts=(Put(Ref("crate", "C1"), {"bay": "B2"}),)), True),  # where it comes from
        ("burnt/true", Effects(puts=(Put(Ref("crate", "C1"), {"burnt": True}),)), True),
        ("row/R3", Effects(puts=(Put(Ref("hoist", "H1"), {"seen": ["B1"]}),)), True),
        ("row/R3", Effects(puts=(Put(Ref("hoist", "H1"), {"crate": "C2"}),)), False),  # two steps away
        ("odd", Effects(claims=(Claimed("odd", T10, T11, Ref("lift", "L-1")),)), True),
        ("slot", Effects(claims=(Claimed("odd", T10, T11, Ref("lift", "L-1")),)), False),
    ],
)
def test_effects_lie_where_they_write_release_and_lead(
    scope: str, effects: Effects, *, covered: bool
) -> None:
    it = item("take", "crane", pile="P9", quantity=5)
    assert covers(Scope.parse(scope), yard(), it, effects, store()) is covered


def test_type_of_a_name_wins_over_the_field_of_it() -> None:
    w = yard()
    piles = replace(w.types["pile"], fields={"bay": Maybe(Text(8))})
    rest = [t for t in w.toolbox.resources if t.name != "pile"]
    w = replace(w, toolbox=replace(w.toolbox, resources=(piles, *rest)))
    s = store()
    s.seed("pile", "P2", count=1, bay="B1")
    it = item("take", "crane", pile="P2", quantity=1)
    assert covers(Scope.parse("bay/B1"), w, it, Effects(), s) is False


def test_names_inside_lists_objects_and_whole_texts_count() -> None:
    shape: Shape = {"many": ListOf(Object({"crate": KeyOf("crate")})), "about": Maybe(Text())}
    w = with_kind(yard(), "take", lambda k: replace(k, params=shape))
    it = item("take", "crane", many=[{"crate": "C2"}], about="crate/C1")
    for scope, covered in {"crate/C2": True, "crate/C1": True, "row/R4": True, "pile/P1": False}.items():
        assert covers(Scope.parse(scope), w, it, Effects(), store()) is covered
    prose = item("take", "crane", many=[], about="not crate/C1 again")
    assert covers(Scope.parse("crate/C1"), w, prose, Effects(), store()) is False


@pytest.mark.parametrize(
    "text",
    [
        "floor",
        "crew",
        "a",
        "lift",
        "pile",
        "slot",
        "pile/P1",
        "slot/S1",
        "slot/S2",
        "booking/B7",
        "row/R3",
        "frozen/true",
        "bay/B2",
    ],
)
def test_scope_of_something_there_is_known(text: str) -> None:
    assert unknown(Scope.parse(text), yard(), store()) is None


@pytest.mark.parametrize(
    ("text", "said", "instead"),
    [
        ("crow", "no agent, lane, action or record type is called crow", "crane, crew"),
        ("pile/P9", "there is no pile/P9", "pile/P1"),
        ("row/R9", "no record has row R9", "row/R3, row/R4"),
        ("line/R9", "no record type and no field is called line", "FIELD/VALUE"),
        ("booking/B1", "there is no booking/B1", "a wider scope"),
        ("Row/R3", "'Row/R3' is no scope", "floor"),
        ("row/", "'row/' is no scope", "floor"),
        ("/R3", "'/R3' is no scope", "floor"),
        ("", "'' is no scope", "floor"),
    ],
)
def test_scope_of_nothing_is_told_with_what_is_possible(text: str, said: str, instead: str) -> None:
    refusal = unknown(Scope.parse(text), yard(), store())
    assert refusal is not None
    assert (refusal.code, refusal.message) == ("unknown_scope", said)
    assert instead in str(refusal.alternative)


def test_list_of_possible_scopes_is_cut() -> None:
    s = store()
    for n in range(30):
        s.seed("bay", f"X{n:02}", row=f"R{n}")
    refusal = unknown(Scope.parse("row/NO"), yard(), s)
    assert refusal is not None and str(refusal.alternative).endswith(" and 18 more")
