"""The engine knows nothing of manufacturing, nor of harbours: a floor is a directory it loads."""

import ast
from functools import cache

import pytest

from agents.floor_loader import Floor, load_floor
from tests.architecture.floor_names import names_of, types_of, words_of
from tests.architecture.sources import ROOT, Source, engine

FLOORS = {"plant": ROOT, "harbour": ROOT / "tests" / "floors" / "harbour"}

PLAIN_WORDS = {
    "ask": "a move, and the app's verb; at the plant also the request that takes a person's line",
    "open_items": "what is open in the human queue; at the plant also a query",
}
"""Name of a floor that the engine may use all the same -> what else it means here."""


@cache
def floor(name: str) -> Floor:
    return load_floor(FLOORS[name])


@cache
def names(name: str) -> frozenset[str]:
    return frozenset(names_of(floor(name)) - set(PLAIN_WORDS))


@pytest.mark.parametrize("name", FLOORS)
@pytest.mark.parametrize("source", engine(), ids=lambda s: s.name)
def test_engine_names_nothing_of_a_floor(name: str, source: Source) -> None:
    found = [f"{source.name}:{line} {word}" for line, word in words_of(source) if word in names(name)]
    assert found == []


@pytest.mark.parametrize("name", FLOORS)
def test_every_kind_of_name_is_looked_for(name: str) -> None:
    world = floor(name).world
    assert set(world.manifests) | set(world.config.roles) <= names(name) | set(PLAIN_WORDS)
    assert len(names(name)) > 20


def test_a_name_in_code_is_noticed_and_one_in_a_docstring_is_not() -> None:
    source = engine()[0]
    said = Source(source.path)
    agent = sorted(floor("harbour").world.manifests)[0]
    said.__dict__["tree"] = ast.parse(f'"""Like {agent}."""\nif x == "{agent}.ask":\n    y.{agent} = 1\n')
    assert [line for line, word in words_of(said) if word.partition(".")[0] == agent] == [2, 3]


def test_the_two_floors_share_no_name() -> None:
    plant, harbour = (names_of(floor(name)) | types_of(floor(name)) for name in FLOORS)
    assert plant & harbour == set()


def test_no_word_is_excused_in_vain() -> None:
    everything = {word for name in FLOORS for word in names_of(floor(name))}
    assert set(PLAIN_WORDS) <= everything
