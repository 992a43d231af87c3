"""The search finds nothing on a floor that is right, and a shortest story where a rule is broken."""

from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest

from agents.floor_loader import load_floor
from evals.proving.matters import Question, matters_of, questions
from evals.proving.scenes import BOUNDARY, FAILURES, PAIR, PLAIN, PULLED, Scene
from evals.proving.search import CoarseKeyError, Search, longest_path, searches
from graph.gate import make_pass
from protocol import commit
from protocol.world import World


@pytest.fixture(scope="module")
def harbour() -> World:
    return load_floor(Path("tests/floors/harbour")).world


def first(world: World) -> Question:
    return questions(world, 2)[0][0]


@pytest.mark.parametrize("scene", [*PAIR[1:], PULLED, BOUNDARY], ids=str)
def test_the_harbour_breaks_no_invariant(harbour: World, scene: Scene) -> None:
    found = Search(harbour, first(harbour), scene).run()
    assert found.complete
    assert found.violations == ()
    assert found.states > 10
    assert found.longest_path >= 3


def test_every_matter_stands_behind_a_question(harbour: World) -> None:
    told = [m for _, alike in questions(harbour, 2) for m in alike]
    assert sorted(map(str, told)) == sorted(map(str, matters_of(harbour)))


def test_a_limit_ends_the_search_and_proves_nothing(harbour: World) -> None:
    found = Search(harbour, first(harbour), PLAIN).run(limit=20)
    assert not found.complete
    assert 20 <= found.states < 60


def test_the_ways_of_failing_lead_to_the_same_states(harbour: World) -> None:
    """What lets the longer scenes tell only one of them apart."""
    told = [Search(harbour, first(harbour), replace(PLAIN, failures=(f,))).run() for f in FAILURES]
    assert len({(t.states, t.transitions, t.longest_path) for t in told}) == 1


def test_a_grant_while_held_is_found_with_its_shortest_story(harbour: World) -> None:
    with patch.object(commit, "_overlap", lambda *_: None):
        found = Search(harbour, first(harbour), PLAIN).run()
    (broken,) = found.violations
    assert broken.invariant == "claims_apart"
    assert broken.story[0].startswith("round 1: ")
    assert broken.story[-1].startswith("claims_apart: ")
    assert len(broken.moves) == 1


def test_scenes_that_share_their_steps_find_what_each_finds_alone(harbour: World) -> None:
    alike = [PLAIN, *(scene for scene in PAIR if scene.opening == PLAIN.opening and not scene.changes)]
    assert len(alike) == 4
    with patch("evals.proving.moves.make_pass", wraps=make_pass) as made:
        alone = [Search(harbour, first(harbour), scene).run() for scene in alike]
        passes_alone = made.call_count
        together = [search.run() for search in searches(harbour, first(harbour), alike)]
        passes_together = made.call_count - passes_alone
    assert together == alone
    assert passes_together < 0.9 * passes_alone


def test_what_another_scene_found_broken_is_told_as_a_story_of_this_one(harbour: World) -> None:
    alike = [scene for scene in PAIR if scene.opening == PLAIN.opening]
    with patch.object(commit, "_overlap", lambda *_: None):
        for search in searches(harbour, first(harbour), alike):
            (broken,) = search.run().violations
            assert broken.invariant == "claims_apart"
            played = search.play(broken.moves)
            assert (played.invariant, played.story) == (broken.invariant, broken.story)


def test_what_breaks_is_told_even_when_no_path_to_it_can_be_played(harbour: World) -> None:
    coarse = CoarseKeyError("no move leads to 7")
    with patch.object(commit, "_overlap", lambda *_: None), patch.object(Search, "path", side_effect=coarse):
        (broken,) = Search(harbour, first(harbour), PLAIN).run().violations
    assert (broken.invariant, broken.moves) == ("claims_apart", ())
    assert broken.story[0] == "no move leads to 7: it has no story."


def test_a_path_that_comes_back_has_no_length() -> None:
    assert longest_path([(1,), (2,), ()]) == 2
    assert longest_path([(1,), (2,), (1,)]) is None
