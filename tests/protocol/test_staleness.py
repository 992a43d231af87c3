"""What was read before it changed: computed again, asked again, or refused (R8)."""

from dataclasses import replace
from typing import Any

import pytest

from protocol.effects import Effects, Put, Refusal
from protocol.position import Route, first
from protocol.records import Ref
from protocol.rows import Verdict
from protocol.turns import Proposal, Turn
from protocol.world import World

from .signing import BURN, asked, signing_world, with_kind, yard
from .yard import Yard, world

PILE, CRATE = Ref("pile", "P1"), Ref("crate", "C1")


def take(quantity: int, **reads: int) -> Turn:
    """Takes from the pile, having read records at these versions (``pile_P1=0``)."""
    named = {name.replace("_", "/"): version for name, version in reads.items()}
    return Turn("crane", (Proposal("take", {"pile": "P1", "quantity": quantity}),), named)


def moved(made: World | None = None) -> Yard:
    """A case on a pile and a crate that were both written once since version 0; 500 are left."""
    y = yard(made or world())
    for ref in (PILE, CRATE):
        y.store.write(ref, 0, {}, {}, "crane", "x")
    return y


@pytest.mark.parametrize(
    ("turn", "verdict", "code"),
    [
        (take(100, pile_P1=0), Verdict.COMMITTED, None),
        (take(100, pile_P1=1), Verdict.COMMITTED, None),
        (take(600, pile_P1=0), Verdict.CONFLICT, "short"),
        (take(600, pile_P1=1), Verdict.REFUSED, "short"),
        (take(600, crate_C1=0), Verdict.REFUSED, "short"),
        (take(600, pile_P1=1, crate_C1=0), Verdict.REFUSED, "short"),
        (take(600), Verdict.REFUSED, "short"),
    ],
)
def test_agent_is_asked_again_when_what_its_action_is_about_changed(
    turn: Turn, verdict: Verdict, code: str | None
) -> None:
    y = moved()
    outcome = y.round(crane=turn)
    assert (y.verdicts[-1].verdict, y.verdicts[-1].code) == (verdict, code)
    assert (outcome.route is Route.AGENTS) is (verdict is Verdict.CONFLICT)


def test_agent_that_is_asked_again_hears_what_changed() -> None:
    outcome = moved().round(crane=take(600, pile_P1=0))
    (trigger,) = outcome.position.active["crane"]
    assert trigger["type"] == "reread"
    assert trigger["changed"] == [{"ref": "pile/P1", "was": 0, "now": 1}]


def test_agent_that_is_asked_again_acts_at_no_higher_level() -> None:
    y = moved(world(crane_level=3))
    y.position = first({"crane": ({**y.position.active["crane"][0], "level": 1},)})
    outcome = y.round(crane=take(600, pile_P1=0))
    assert [t["level"] for t in outcome.position.active["crane"]] == [1]
    y.round(crane=take(100, pile_P1=1))
    assert [row.level for row in y.store.commit_rows.values()] == [1]


def test_telemetry_that_changed_is_no_conflict() -> None:
    made = world()
    types = [replace(t, versioned=t.name != "pile") for t in made.toolbox.resources]
    y = moved(replace(made, toolbox=replace(made.toolbox, resources=types)))
    y.round(crane=take(600, pile_P1=0))
    assert y.verdicts[-1].verdict is Verdict.REFUSED


def test_what_the_same_pass_wrote_is_no_conflict() -> None:
    y = yard(world())
    moves = tuple(Proposal("take", {"pile": "P1", "quantity": n}) for n in (400, 300))
    y.round(crane=Turn("crane", moves, {"pile/P1": 0}))
    assert [v.verdict for v in y.verdicts] == [Verdict.COMMITTED, Verdict.REFUSED]


def needs_the_pile(params: Any, snapshot: Any, context: Any) -> Effects | Refusal:
    """Burns while something is piled up: a condition on a record nobody was shown."""
    if snapshot.get("pile", "P1")["count"] == 0:
        return Refusal("nothing_piled", "there is nothing to burn with")
    return Effects(puts=(Put(CRATE, {"burnt": True}),))


def test_signed_action_that_has_become_impossible_is_refused_and_not_asked_again() -> None:
    y = moved(with_kind(signing_world(), "burn", lambda k: replace(k, decide=needs_the_pile)))
    y.round(crane=Turn("crane", (BURN,), {"crate/C1": 0}))
    y.store.write(PILE, 1, {}, {"count": -500}, "crane", "x")
    outcome = y.run(None, [y.store.decide(asked(y), "approve", "f.one", "foreman")])
    assert (y.verdicts[-1].verdict, y.verdicts[-1].code) == (Verdict.REFUSED, "nothing_piled")
    assert outcome.route is Route.REPLY


@pytest.mark.parametrize("rereads", [0, 1, 3])
def test_rereads_are_bounded_and_end_at_a_person(rereads: int) -> None:
    y = moved(world(rereads=rereads, rounds=20))
    for number in range(rereads + 1):
        outcome = y.round(crane=take(600, pile_P1=0))
        assert (outcome.route is Route.ESCALATE) is (number == rereads)
    assert [r.reason for r in y.store.escalation_rows.values()] == ["rereads"]
