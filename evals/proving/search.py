"""Breadth-first over every state one question can reach in one scene: the first violation is a shortest one.

The graph is kept as numbers (a state, its rows, whence it was reached, by which move), so that a story
can be played again from the start and the longest path be measured when all states are known.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from evals.proving.abstract_floor import abstract_world, opening
from evals.proving.budgets import Budget, budget
from evals.proving.matters import Question
from evals.proving.model_ledger import ModelLedger
from evals.proving.moves import Model, Move
from evals.proving.results import Searched, Violation
from evals.proving.scenes import Scene
from evals.proving.state import State
from evals.proving.steps import Steps, checked
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


class CoarseKeyError(Exception):
    """Two states have one key, and what can follow one of them cannot follow the other."""


class Search:
    """One question in one scene. ``steps``: shared with searches of the question from the same opening."""

    def __init__(self, world: World, question: Question, scene: Scene, steps: Steps | None = None) -> None:
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
        self.steps = steps or Steps(world.config.limits, question.agents, [budget(question, scene)])
        self._index: dict[bytes, int] = {}
        self._found: dict[tuple[int, Budget], int] = {}
        self._states: list[tuple[int, Budget]] = []
        self._reached: list[tuple[int, Move | None]] = []
        self._targets: list[tuple[int, ...]] = []
        self._transitions = 0

    def run(self, limit: int | None = None, progress: Callable[[int], None] = lambda _: None) -> Searched:
        """Look at every state; stop at the first violation, or at ``limit`` states.

        ``progress`` is told how many states are known.
        """
        logging.getLogger("andon.gate").disabled = True  # an error there is a violation, told as a story
        first = self.first()
        self._known(self.steps.number(first.ledger), (first.starts, first.changes), -1, None)
        frontier = [0]
        found: _Found | None = None
        while frontier and found is None:
            coming: list[int] = []
            for number in frontier:
                found = self._look(number, coming)
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
        return State(ledger, *budget(self.question, scene))

    def _known(self, rows: int, left: Budget, parent: int, move: Move | None) -> tuple[int, bool]:
        """The number of the state with these rows and what is left, and whether it is a new one."""
        number = self._found.get((rows, left))
        if number is not None:
            return number, False
        ledger = self.steps.rows(rows)
        used = self.model.usable(ledger, left)
        key = self.steps.packer.key(State(ledger, *used))
        number = self._found[rows, left] = self._index.setdefault(key, len(self._index))
        new = number == len(self._states)
        if new:
            self._states.append((rows, used))
            self._reached.append((parent, move))
        return number, new

    def _key(self, state: State) -> bytes:
        ledger, left = state.ledger, (state.starts, state.changes)
        return self.steps.packer.key(State(ledger, *self.model.usable(ledger, left)))

    def _look(self, number: int, coming: list[int]) -> _Found | None:
        """All moves of a state; the first violation, with the state and the move it happened in."""
        targets: dict[int, None] = {}
        rows, left = self._states[number]
        state = State(self.steps.rows(rows), *left)
        for move in self.model.moves(state):
            led = self.steps.led(self.model, rows, move)
            self._transitions += 1
            if led.wrong is not None:
                return (*led.wrong, number, move)
            target, new = self._known(led.rows, self.model.left(*left, move), number, move)
            targets[target] = None
            if new:
                coming.append(target)
        if not targets and not _ended(state.ledger):
            return ("no_deadlock", "nothing can happen any more, and the case has not ended", number, None)
        self._put_targets(number, tuple(targets))
        return None

    def _put_targets(self, number: int, targets: tuple[int, ...]) -> None:
        assert number == len(self._targets)
        self._targets.append(targets)

    def path(self, number: int) -> Iterator[Node]:
        """The states from the first to ``number``, played again on rows of their own. CoarseKeyError."""
        numbers: list[int] = []
        while number > 0:
            numbers.append(number)
            number, _ = self._reached[number]
        node = Node(None, self.first())
        yield node
        for target in reversed(numbers):
            node = self._towards(node.state, target)
            yield node

    def _towards(self, state: State, target: int) -> Node:
        """One step to ``target``, by the move it was reached by if that leads there from these very rows."""
        _, known = self._reached[target]
        moves = sorted(self.model.moves(state), key=lambda move: move != known)
        for move in moves:
            after, _ = self.model.apply(state, move)
            if self._index.get(self._key(after)) == target:
                return Node(move, after)
        raise CoarseKeyError(f"no move leads to {target} from a state like the one it was reached from")

    def play(self, moves: Sequence[Move]) -> Played:
        """Make these moves from the start, as far as they can be made; stop at the first violation."""
        nodes = [Node(None, self.first())]
        for move in moves:
            state = nodes[-1].state
            if move not in set(self.model.moves(state)):
                return Played(
                    (*told(self, nodes, None), "what comes next in the scenario cannot happen here.")
                )
            after, wrong = checked(self.model, state.ledger, move)
            if wrong is not None:
                return Played((*told(self, nodes, move), f"{wrong[0]}: {wrong[1]}."), wrong[0])
            starts, changes = self.model.left(state.starts, state.changes, move)
            nodes.append(Node(move, State(after, starts, changes)))
        return Played(tuple(told(self, nodes, None)))

    def _result(self, found: _Found | None, *, complete: bool) -> Searched:
        name = f"{self.question}: {self.scene.name}"
        broken: tuple[Violation, ...] = ()
        longest = 0
        if found is not None:
            broken = (self._told(*found),)
        elif complete:
            order = longest_path(self._targets)
            if order is None:
                broken = (Violation("acyclic", (f"{name}: a path comes back to a state it has left.",)),)
            longest = order or 0
        return Searched(name, len(self._index), self._transitions, longest, broken, complete=complete)

    def _told(self, invariant: str, what: str, number: int, move: Move | None) -> Violation:
        """What broke, with the path that leads there and its story."""
        try:
            nodes = [*self.path(number)]
        except CoarseKeyError as error:
            return Violation(invariant, (f"{error}: it has no story.", f"{invariant}: {what}."))
        moves = [*(n.move for n in nodes if n.move is not None), *([move] if move is not None else [])]
        return Violation(invariant, (*told(self, nodes, move), f"{invariant}: {what}."), tuple(moves))

    def number(self, state: State) -> int:
        """The number of a state that is known; KeyError for any other."""
        return self._index[self._key(state)]

    def graph(self) -> Mapping[int, tuple[int, ...]]:
        """The states that follow each state, by number."""
        return dict(enumerate(self._targets))


def searches(world: World, question: Question, scenes: Sequence[Scene]) -> Iterator[Search]:
    """A search of each scene, all of one opening: what one has found out of a step the others know."""
    steps = Steps(world.config.limits, question.agents, [budget(question, scene) for scene in scenes])
    yield from (Search(world, question, scene, steps) for scene in scenes)


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
