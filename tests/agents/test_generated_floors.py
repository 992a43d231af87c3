"""Floors made up by the thousand: valid ones are accepted, each mistake in one is told, nothing crashes."""

import os
import random
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.floor_catalogue import Code
from agents.floor_loader import check_floor, load_floor
from protocol.errors import Problem
from tests.generated_floors import Blueprint, blueprint, forget, valid_floor, write
from tests.generated_mistakes import MISTAKES, Mistake

pytestmark = pytest.mark.long

FLOORS = 300
SOAKED = 10_000 * int(os.environ.get("ANDON_SOAK", "1"))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory for one floor after the other, whose Python is forgotten afterwards."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield tmp_path / "floor"
    forget()


def told(plan: Blueprint, place: Path) -> list[Problem]:
    try:
        return check_floor(write(plan, place))
    finally:
        forget()


def look(place: Path, first: int, last: int) -> Counter[str]:
    """Floors of these numbers: a third are valid, each other one has a mistake. How often each was made."""
    made: Counter[str] = Counter()
    for number in range(first, last):
        plan = blueprint(number)
        mistake = spoiled(plan, number) if number % 3 else None
        problems = told(plan, place)
        codes = {problem.code for problem in problems}
        if mistake is None:
            assert problems == [], f"floor {number} is valid"
            made["valid"] += 1
            continue
        assert mistake.code in codes, f"floor {number} with {mistake.name} is told of {codes or 'nothing'}"
        assert all(p.line >= 1 and p.message and "\n" not in p.message for p in problems)
        made[mistake.name] += 1
    return made


def spoiled(plan: Blueprint, number: int) -> Mistake:
    """The next mistake of the table that this floor can have, made in it."""
    rolls, turn = random.Random(f"mistake/{number}"), number // 3 * 2 + number % 3
    ahead = (MISTAKES[(turn + n) % len(MISTAKES)] for n in range(len(MISTAKES)))
    return next(mistake for mistake in ahead if mistake.change(plan, rolls) is not False)


def test_every_code_has_a_mistake_that_can_be_made_up() -> None:
    assert {mistake.code for mistake in MISTAKES} == set(Code)
    assert len({mistake.name for mistake in MISTAKES}) == len(MISTAKES) > 120


def test_made_up_floors_are_accepted_and_their_mistakes_told(place: Path) -> None:
    made = look(place, 0, FLOORS)
    assert made["valid"] > FLOORS // 4
    assert len(made) > 100


def test_same_number_gives_the_same_floor_and_another_number_another(tmp_path: Path) -> None:
    worlds = []
    for place, number in (("one", 7), ("same", 7), ("other", 8)):
        worlds.append(load_floor(valid_floor(number, tmp_path / place)).world)
    one, same, other = worlds
    assert one.manifest_hashes == same.manifest_hashes != other.manifest_hashes
    assert 2 <= len(one.manifests) <= 6
    forget()


def test_what_stood_in_the_directory_before_is_gone(place: Path) -> None:
    assert told(blueprint(1), place) == []
    (place / "agents" / "left_over").mkdir()
    (place / "agents" / "left_over" / "manifest.yaml").write_text("agent: left_over\n", encoding="utf-8")
    assert told(blueprint(2), place) == []


def test_mistakes_made_together_are_told_together(place: Path) -> None:
    """Several in one floor may hide each other; none of them makes the check fail."""
    for number in range(60):
        plan, rolls = blueprint(number), random.Random(f"mistakes/{number}")
        for mistake in rolls.sample(MISTAKES, 4):
            try:
                mistake.change(plan, rolls)
            except (KeyError, IndexError, TypeError, ValueError, AttributeError):
                continue  # another mistake took away what this one would spoil
        assert all(p.line >= 1 and p.message for p in told(plan, place))


@pytest.mark.soak
@pytest.mark.parametrize("part", range(10))
def test_thousands_of_made_up_floors_are_accepted_and_their_mistakes_told(part: int, place: Path) -> None:
    made = look(place, FLOORS + part * SOAKED // 10, FLOORS + (part + 1) * SOAKED // 10)
    assert sum(made.values()) == SOAKED // 10
