"""From graph to tests: paths through a finished search that take every edge, to be played on the real system.

An edge is a state and one that follows it; of the moves that lead from one to the other a path makes one.
States that the search holds for one may be reached in different ways, so every path is walked on its own
rows: an edge that cannot be taken from there would mean that the search's key is too coarse.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from evals.proving.moves import Move
from evals.proving.search import CoarseKeyError, Search
from evals.proving.state import State

SEED = 20260302
"""Of all choices between paths that are worth the same."""


@dataclass(frozen=True, slots=True)
class Path:
    """From the first state to one where nothing can happen any more. ``states``: one more than moves."""

    moves: tuple[Move, ...]
    states: tuple[int, ...]

    @property
    def edges(self) -> Iterator[tuple[int, int]]:
        """What it covers."""
        return pairwise(self.states)


def covering_paths(search: Search, seed: int = SEED) -> Iterator[Path]:
    """Paths until every edge is on one of them, those with the most new edges first.

    The search must have been made to its end, without a violation. Raises CoarseKeyError.
    """
    walker = _Walker(search, random.Random(seed))
    graph = search.graph()
    uncovered = {(n, target) for n, targets in graph.items() for target in targets}
    order = _last_first(graph)
    while uncovered:
        numbers = _richest(graph, order, uncovered, walker.rolls)
        path = Path(tuple(walker.walk(numbers)), tuple(numbers))
        uncovered.difference_update(path.edges)
        yield path


def _last_first(graph: Mapping[int, Sequence[int]]) -> list[int]:
    """All states, each behind those that follow it."""
    order: list[int] = []
    seen = {0}
    stack = [(0, iter(graph[0]))]
    while stack:
        number, following = stack[-1]
        new = next((t for t in following if t not in seen), None)
        if new is None:
            order.append(number)
            stack.pop()
        else:
            seen.add(new)
            stack.append((new, iter(graph[new])))
    return order


def _richest(
    graph: Mapping[int, Sequence[int]],
    order: Sequence[int],
    uncovered: set[tuple[int, int]],
    rolls: random.Random,
) -> list[int]:
    """The states of a path from the first to an end with as many uncovered edges as any has."""
    worth: dict[int, int] = {}
    for number in order:
        worth[number] = max((((number, t) in uncovered) + worth[t] for t in graph[number]), default=0)
    numbers = [0]
    while targets := graph[numbers[-1]]:
        here = numbers[-1]
        best = [t for t in targets if ((here, t) in uncovered) + worth[t] == worth[here]]
        numbers.append(rolls.choice(best))
    return numbers


class _Walker:
    """Finds the moves of a path. What was found from one state is tried first from its like."""

    def __init__(self, search: Search, rolls: random.Random) -> None:
        self.rolls = rolls
        self._search = search
        self._known: dict[int, dict[int, list[Move]]] = {}

    def walk(self, numbers: Sequence[int]) -> Iterator[Move]:
        """The moves along these states."""
        state = self._search.first()
        for here, target in pairwise(numbers):
            move, state = self._step(state, here, target)
            yield move

    def _step(self, state: State, here: int, target: int) -> tuple[Move, State]:
        known = self._known.get(here)
        if known is None:
            known = self._known[here] = self._moves(state)
        if known.get(target):
            move = self.rolls.choice(known[target])
            if any(m == move for m in self._search.model.moves(state)):
                after, _ = self._search.model.apply(state, move)
                if self._search.number(after) == target:
                    return move, after
        found = self._moves(state).get(target)
        if not found:
            raise CoarseKeyError(f"from a state like {here} there is no move to {target}")
        move = self.rolls.choice(found)
        return move, self._search.model.apply(state, move)[0]

    def _moves(self, state: State) -> dict[int, list[Move]]:
        """The moves out of a state, by where they lead."""
        found: dict[int, list[Move]] = {}
        for move in self._search.model.moves(state):
            after, _ = self._search.model.apply(state, move)
            try:
                number = self._search.number(after)
            except KeyError:
                raise CoarseKeyError(f"{move} leads to a state that the search has not seen") from None
            found.setdefault(number, []).append(move)
        return found
