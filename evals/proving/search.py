"""Breadth-first over every state one question can reach in one scene: the first violation is a shortest one.

The graph is kept as numbers (a state, whence it was reached, by which of the moves there), so that a
story can be played again from the start and the longest path be measured when all states are known.
"""

import logging
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from evals.proving.abstract_floor import abstract_world, opening
from evals.proving.invariants import Step, violations
from evals.proving.matters import Question
from evals.proving.model_ledger import ModelLedger
from evals.proving.moves import Model, Move
from evals.proving.results import Searched, Violation
from evals.proving.scenes import Scene
from evals.proving.state import Packer, State
from evals.proving.story import told
from protocol.breaker import Breaker, BreakerState, pair
from protocol.rows import PullRow
from protocol.world import World

BOUNDARY_DEPTH = 2
"""Crossings of a lane boundary that a search follows: a longer chain repeats them up to the floor's limit."""
COOLED_S = -1e6
"""When a breaker opened whose cooldown is over."""


_Found = tuple[str, str, int, Move | None]
"""(invariant, what is wrong, the state, the move out of it): how a search ends early."""


@dataclass(frozen=True, slots=True)
class Node:
    """One state on a path, with the move that led to it."""

    move: Move | None
    state: State


@dataclass(frozen=True, slots=True)
class Played:
    """What came of moves that were played: the story, and the invariant they broke, if they did."""

    story: tuple[str, ...]
    invariant: str | None = None


class Search:
    """One question in one scene."""

    def __init__(self, world: World, question: Question, scene: Scene) -> None:
        self.question, self.scene = question, scene
        self.world = abstract_world(world, question)
        if scene.follows:
            limits = self.world.config.limits
            depth = min(limits.causal_depth, BOUNDARY_DEPTH)
            config = self.world.config.model_copy(
                update={"limits": limits.model_copy(update={"causal_depth": depth})}
            )
            self.world = replace(self.world, config=config)
        self.model = Model(self.world, question, scene)
        self._packer = Packer(self.world.config.limits, question.agents)
        self._index: dict[bytes, int] = {}
        self._parents, self._moves = array("q"), array("q")
        self._targets: list[tuple[int, ...]] = []
        self._transitions = 0

    def run(self, limit: int | None = None, progress: Callable[[int], None] = lambda _: None) -> Searched:
        """Look at every state; stop at the first violation, or at ``limit`` states.

        ``progress`` is told how many states are known.
        """
        logging.getLogger("andon.gate").disabled = True  # an error there is a violation, told as a story
        first = self.first()
        self._known(first, -1, -1)
        frontier = [(0, first)]
        found: _Found | None = None
        while frontier and found is None:
            coming: list[tuple[int, State]] = []
            for number, state in frontier:
                found = self._look(number, state, coming)
                if found is not None or (limit is not None and len(self._index) >= limit):
                    break
            else:
                frontier = coming
                progress(len(self._index))
                continue
            break
        complete = found is None and not frontier
        return self._result(found, complete=complete)

    def first(self) -> State:
        """The state a search starts from."""
        ledger = opening(self.world, self.question).ledger
        scene, asker = self.scene, self.question.matter.asker
        name = pair(asker, self.question.matter.owner)
        if scene.breaker != "closed":
            opened_s = 0.0 if scene.breaker == "open" else COOLED_S
            breaker = Breaker(
                name, BreakerState.OPEN, 3, "111", opened_s, opened_s, cause="timeout", version=1
            )
            ledger.breaker_rows[name] = breaker
        if scene.pulled:
            person = self.world.config.people[0]
            ledger.pull_rows = (PullRow("floor", person.id, person.roles[0], "proof", ledger.now, seq=1),)
        begins = {asker: scene.asker_starts, self.question.matter.owner: scene.owner_starts}
        starts = tuple(begins.get(a, scene.other_starts) for a in self.question.agents)
        return State(ledger, starts, scene.changes)

    def _known(self, state: State, parent: int, move: int) -> tuple[int, bool]:
        key = self._packer.key(state)
        number = self._index.setdefault(key, len(self._index))
        new = number == len(self._parents)
        if new:
            self._parents.append(parent)
            self._moves.append(move)
        return number, new

    def _look(self, number: int, state: State, coming: list[tuple[int, State]]) -> _Found | None:
        """All moves of a state; the first violation, with the state and the move it happened in."""
        targets: dict[int, None] = {}
        for n, move in enumerate(self.model.moves(state)):
            after, wrong = self._step(state, move)
            self._transitions += 1
            if wrong is not None:
                return (*wrong, number, move)
            target, new = self._known(after, number, n)
            targets[target] = None
            if new:
                coming.append((target, after))
        if not targets and not _ended(state.ledger):
            return ("no_deadlock", "nothing can happen any more, and the case has not ended", number, None)
        self._put_targets(number, tuple(targets))
        return None

    def _step(self, state: State, move: Move) -> tuple[State, tuple[str, str] | None]:
        """The state after a move, and the first invariant that does not hold then."""
        try:
            after, entry = self.model.apply(state, move)
        except Exception as error:  # noqa: BLE001 - whatever the gate raises is what is looked for
            return state, ("no_error", f"{type(error).__name__}: {error}")
        return after, next(violations(Step(self.world, state.ledger, entry, after.ledger)), None)

    def _put_targets(self, number: int, targets: tuple[int, ...]) -> None:
        assert number == len(self._targets)
        self._targets.append(targets)

    def path(self, number: int) -> Iterator[Node]:
        """The states from the first to ``number``, played again."""
        numbers = []
        while number > 0:
            numbers.append(self._moves[number])
            number = self._parents[number]
        state = self.first()
        yield Node(None, state)
        for n in reversed(numbers):
            move = next(islice(self.model.moves(state), n, None))
            state, _ = self.model.apply(state, move)
            yield Node(move, state)

    def play(self, moves: Sequence[Move]) -> Played:
        """Make these moves from the start, as far as they can be made; stop at the first violation."""
        nodes = [Node(None, self.first())]
        for move in moves:
            state = nodes[-1].state
            if move not in set(self.model.moves(state)):
                return Played(
                    (*told(self, nodes, None), "what comes next in the scenario cannot happen here.")
                )
            after, wrong = self._step(state, move)
            if wrong is not None:
                return Played((*told(self, nodes, move), f"{wrong[0]}: {wrong[1]}."), wrong[0])
            nodes.append(Node(move, after))
        return Played(tuple(told(self, nodes, None)))

    def _result(self, found: _Found | None, *, complete: bool) -> Searched:
        name = f"{self.question}: {self.scene.name}"
        broken: tuple[Violation, ...] = ()
        longest = 0
        if found is not None:
            invariant, what, number, move = found
            nodes = [*self.path(number)]
            moves = [*(n.move for n in nodes if n.move is not None), *([move] if move is not None else [])]
            story = (*told(self, nodes, move), f"{invariant}: {what}.")
            broken = (Violation(invariant, story, tuple(moves)),)
        elif complete:
            order = longest_path(self._targets)
            if order is None:
                broken = (Violation("acyclic", (f"{name}: a path comes back to a state it has left.",)),)
            longest = order or 0
        return Searched(name, len(self._index), self._transitions, longest, broken, complete=complete)

    def number(self, state: State) -> int:
        """The number of a state that is known; KeyError for any other."""
        return self._index[self._packer.key(state)]

    def graph(self) -> Mapping[int, tuple[int, ...]]:
        """The states that follow each state, by number."""
        return dict(enumerate(self._targets))


def _ended(ledger: ModelLedger) -> bool:
    return all(c.status.ended for c in ledger.cases.values())


def longest_path(targets: list[tuple[int, ...]]) -> int | None:
    """Steps of the longest path, or None when a path comes back to where it was (Kahn's order)."""
    incoming, depth = [0] * len(targets), [0] * len(targets)
    for following in targets:
        for target in following:
            incoming[target] += 1
    ready, seen = [n for n, count in enumerate(incoming) if count == 0], 0
    while ready:
        number = ready.pop()
        seen += 1
        for target in targets[number]:
            depth[target] = max(depth[target], depth[number] + 1)
            incoming[target] -= 1
            if incoming[target] == 0:
                ready.append(target)
    return max(depth, default=0) if seen == len(targets) else None
