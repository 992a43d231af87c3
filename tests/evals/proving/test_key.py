"""States of one key can do the same: whatever else tells them apart, each move leads to states of one key.

Searched again under a finer key, which keeps what the real one leaves out: the words that later ones
replaced, every repetition, the reasons of questions, and initiatives that can no longer be taken.
"""

from collections.abc import Hashable, Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from agents.floor_loader import load_floor
from evals.proving import state
from evals.proving.budgets import Budget, usable
from evals.proving.matters import Question, questions
from evals.proving.model_ledger import ModelLedger
from evals.proving.moves import Gate, Move
from evals.proving.scenes import AGAIN, BOUNDARY, CONTENDED, PAIR, PLAIN, PULLED, Scene
from evals.proving.search import Search
from evals.proving.state import Packer, State, _offers, reads_of
from protocol.exchange import OPEN
from protocol.world import World

HARBOUR, PLANT = Path("tests/floors/harbour"), Path()
FEW = 100
"""A search with fewer states would tell little."""


class FinePacker(Packer):
    """Keeps what the real one leaves out."""

    def key(self, found: State) -> bytes:
        kept = tuple(_left_out(found.ledger)), found.starts
        return super().key(found) + b"|%d" % self._number(kept)


def _left_out(ledger: ModelLedger) -> Iterator[Hashable]:
    reads = tuple(sorted(reads_of(ledger).items()))
    for case in ledger.cases.values():
        for identifier, x in case.position["exchanges"].items():
            offers = (*_offers(x["asker"], reads), *_offers(x["owner"], reads))
            repeats = tuple(what for said, what in offers if said in x["seen"])
            yield identifier, repr(x["carries"]), repr(x["position"]), repr(x["offer"]), repeats
        for identifier, item in case.position["waiting"].items():
            yield ledger.escalation_rows[identifier].policy, repr(item)


class FineSearch(Search):
    """Under the finer key, and with every initiative that is left."""

    def __init__(self, world: World, question: Question, scene: Scene) -> None:
        super().__init__(world, question, scene)
        self.steps.packer = FinePacker(self.world.config.limits, question.agents)
        self.model.usable = _all_of_it  # type: ignore[method-assign]

    def states(self) -> Iterator[tuple[int, ModelLedger, Budget]]:
        """All of them, by number."""
        for number, (rows, left) in enumerate(self._states):
            yield number, self.steps.rows(rows), left

    def moves(self, number: int) -> Iterator[tuple[Hashable, int]]:
        """What can happen in a state, and the state that follows."""
        rows, left = self._states[number]
        ledger = self.steps.rows(rows)
        for move in self.model.moves(State(ledger, *left)):
            led = self.steps.led(self.model, rows, move)
            target, new = self._known(led.rows, self.model.left(*left, move), number, move)
            assert not new
            yield _what(move, ledger), target


def _all_of_it(ledger: ModelLedger, left: Budget) -> Budget:
    return left


def _what(move: Move, ledger: ModelLedger) -> Hashable:
    """A move without names: of the case, the exchanges, and the escalations among the open ones."""
    if not isinstance(move, Gate):
        return move
    exchanges = ledger.cases[move.case].position["exchanges"]
    names = [identifier for identifier, x in exchanges.items() if x["state"] in OPEN]
    turns = tuple(
        (c.agent, c.failure, tuple((names.index(x), *said) for x, *said in c.answers), c.starts)
        for c in move.turns
    )
    decisions = tuple((d.person, d.decision, d.option) for d in move.decisions)
    return tuple(ledger.cases).index(move.case), turns, decisions, move.between


def told_apart(world: World, question: Question, scene: Scene) -> tuple[int, int, list[tuple[int, int]]]:
    """States under the finer key and under the real one, and pairs of one key that do not do the same."""
    search = FineSearch(world, question, scene)
    assert search.run().complete
    packer = Packer(search.world.config.limits, question.agents)
    keys = [
        packer.key(State(ledger, *usable(ledger, question.agents, left, scene)))
        for _, ledger, left in search.states()
    ]
    known: dict[bytes, tuple[int, frozenset[Hashable]]] = {}
    apart = []
    for number, key in enumerate(keys):
        does = frozenset((what, keys[target]) for what, target in search.moves(number))
        first, as_first = known.setdefault(key, (number, does))
        if does != as_first:
            apart.append((first, number))
    return len(keys), len(known), apart


@pytest.fixture(scope="module")
def harbour() -> World:
    return load_floor(HARBOUR).world


def first(world: World) -> Question:
    return questions(world, 2)[0][0]


@pytest.mark.parametrize("scene", [PLAIN, AGAIN, BOUNDARY], ids=lambda s: s.name)
def test_states_of_one_key_do_the_same(harbour: World, scene: Scene) -> None:
    finer, real, apart = told_apart(harbour, first(harbour), scene)
    assert apart == []
    assert FEW < real < 0.7 * finer


def test_a_key_that_leaves_out_too_much_is_found(harbour: World) -> None:
    with patch.object(state, "_stated_part", lambda _: None):
        assert told_apart(harbour, first(harbour), PLAIN)[2] != []


@pytest.mark.soak
@pytest.mark.parametrize("floor", [HARBOUR, PLANT], ids=["harbour", "plant"])
@pytest.mark.parametrize("scene", [*PAIR, PULLED, BOUNDARY], ids=lambda s: s.name)
def test_so_they_do_in_every_question(floor: Path, scene: Scene) -> None:
    world = load_floor(floor).world
    for question, _ in questions(world, 2):
        assert told_apart(world, question, scene)[2] == [], str(question)


@pytest.mark.soak
def test_so_they_do_where_three_contend() -> None:
    plant = load_floor(PLANT).world
    for question, _ in questions(plant, 3):
        if len(question.agents) > 2:
            assert told_apart(plant, question, CONTENDED)[2] == [], str(question)
