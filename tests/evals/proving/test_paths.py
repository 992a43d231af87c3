"""Paths through a search take every edge, and what the search holds for one state behaves as one."""

from pathlib import Path

import pytest

from agents.floor_loader import load_floor
from evals.proving.abstract_floor import CASE
from evals.proving.adversary import Choice
from evals.proving.matters import Question, questions
from evals.proving.moves import Gate, Move
from evals.proving.paths import covering_paths
from evals.proving.scenes import DOWN, LATE, PLAIN, Scene
from evals.proving.search import Search
from evals.proving.state import Packer, State
from protocol.world import World
from tests.agents.floor_copies import HARBOUR


@pytest.fixture(scope="module")
def harbour() -> World:
    return load_floor(Path(HARBOUR)).world


def _of(world: World, kind: str) -> Question:
    return next(q for q, _ in questions(world, 2) if q.matter.kind == kind)


def _searched(world: World, kind: str, scene: Scene) -> Search:
    search = Search(world, _of(world, kind), scene)
    assert search.run().complete
    return search


@pytest.mark.parametrize("scene", [PLAIN, DOWN], ids=lambda scene: scene.name)
def test_every_edge_is_on_a_path_that_can_be_gone(harbour: World, scene: Scene) -> None:
    search = _searched(harbour, "assign_berth", scene)
    paths = list(covering_paths(search))
    edges = {(here, after) for here, following in search.graph().items() for after in following}
    assert {edge for path in paths for edge in path.edges} == edges
    assert all(search.graph()[path.states[-1]] == () for path in paths)
    assert len(paths) < len(edges), "a path takes more than one new edge"
    assert all(search.play(path.moves).invariant is None for path in paths[:20])


def test_a_seed_gives_the_same_paths(harbour: World) -> None:
    one, two = (_searched(harbour, "shift_visit", DOWN) for _ in range(2))
    assert list(covering_paths(one)) == list(covering_paths(two))
    assert list(covering_paths(one)) != list(covering_paths(one, seed=1))


def _after(search: Search, *moves: Move) -> State:
    state = search.first()
    for move in moves:
        assert move in set(search.model.moves(state))
        state, _ = search.model.apply(state, move)
    return state


def test_a_round_is_told_apart_as_long_as_the_limit_of_rounds_can_be_reached(harbour: World) -> None:
    """Two states, two rounds apart, that once were one: a failure led from only one of them back to one."""
    search = _searched(harbour, "book_pilot", LATE)

    def turn(*turns: Choice) -> Gate:
        return Gate(CASE, turns)

    opening = turn(Choice("berthing", "timeout"), Choice("fairway", starts=("propose", "p1")))
    ending = turn(Choice("berthing", answers=(("x1", "refuse", "known"),), starts=("propose", "p2")))
    offers = (turn(Choice(a, answers=(("x1", "counter", "p1"),))) for a in ("berthing", "fairway"))
    failure = turn(Choice("fairway", "timeout"))
    early, late = (opening, ending), (opening, *offers, ending)
    assert search.number(_after(search, *early)) == search.number(_after(search, *late))
    assert search.number(_after(search, *early, failure)) == search.number(_after(search, *late, failure))


def test_two_that_people_decide_are_decided_in_either_order(harbour: World) -> None:
    """Which of two escalations came first is not in the key of a state."""
    search = Search(harbour, _of(harbour, "book_pilot"), PLAIN)
    both = Gate(CASE, (Choice("berthing", starts=("propose", "p2")), Choice("fairway", starts=("ask", "p2"))))
    state = _after(search, both, Gate(CASE, (Choice("berthing", "timeout"),)))
    pairs = [m.decisions for m in search.model.moves(state) if isinstance(m, Gate) and len(m.decisions) > 1]
    assert pairs
    assert {(later, first) for first, later in pairs} == set(pairs)


def test_what_waits_for_a_signature_is_told_apart_by_what_it_acts_for(harbour: World) -> None:
    """Agreed to by an owner, an action carries the lower of two levels, and its exchange hears of it."""
    search = Search(harbour, _of(harbour, "shift_visit"), PLAIN)
    begun = Gate(
        CASE, (Choice("berthing", starts=("ask", "p2")), Choice("fairway", starts=("propose", "p2")))
    )
    agreed = _after(search, begun, Gate(CASE, (Choice("fairway", answers=(("x1", "agree", ""),)),)))
    wanted = (Choice("berthing", starts=("propose", "p2")), Choice("fairway", starts=("propose", "p2")))
    proposed = _after(search, Gate(CASE, wanted))
    packer = Packer(search.world.config.limits, search.question.agents)
    assert packer.key(agreed) != packer.key(proposed)
