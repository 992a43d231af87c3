"""Breadth-first over every state of a small model in which time goes by whole ticks.

A model gives its starts, what can happen in a state, and what is wrong with a step. Each of them is
bounded by its ticks, so no path comes back to where it was, and the longest one has a length.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from evals.proving.results import Searched, Violation
from evals.proving.search import longest_path

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Happening(Generic[S]):
    """One thing that can happen: in plain words, and what it leads to when it is made to happen."""

    words: str
    leads_to: Callable[[], S]


class TickModel(Protocol[S]):
    """What a search by ticks walks."""

    name: str

    def starts(self) -> Iterator[tuple[str, S]]:
        """The states in which it can begin, each with the words of its story's first sentence."""
        ...

    def happenings(self, state: S) -> Iterator[Happening[S]]:
        """Everything that can happen in a state. What changes nothing is no step, but is checked."""
        ...

    def key(self, state: S) -> Hashable:
        """The exact key under which states that behave alike are one."""
        ...

    def broken(self, before: S, after: S) -> Iterator[tuple[str, str]]:
        """(invariant, what is wrong) of a step, whether it leads to a new state or not."""
        ...

    def wrong(self, state: S) -> Iterator[tuple[str, str]]:
        """(invariant, what is wrong) of a state, however it came about."""
        ...


class _Walk(Generic[S]):
    """What is known so far: the states by key, and whence each was first reached."""

    def __init__(self, model: TickModel[S]) -> None:
        self.model = model
        self.numbers: dict[Hashable, int] = {}
        self.parents: list[tuple[int, str]] = []
        self.targets: list[tuple[int, ...]] = []
        self.transitions = 0

    def known(self, state: S, parent: int, words: str) -> tuple[int, bool]:
        """The number of a state, and whether it is new."""
        number = self.numbers.setdefault(self.model.key(state), len(self.numbers))
        new = number == len(self.parents)
        if new:
            self.parents.append((parent, words))
        return number, new

    def story(self, number: int, *last: str) -> tuple[str, ...]:
        """How a state came about, a sentence a step, then ``last``."""
        told: list[str] = []
        while number >= 0:
            number, words = self.parents[number]
            told.append(words)
        return (*reversed(told), *last)

    def look(self, number: int, state: S, coming: list[tuple[int, S]]) -> Violation | None:
        """All that can happen in a state; the first thing that must not."""
        following: dict[int, None] = {}
        words = ""
        try:
            for happening in self.model.happenings(state):
                words = happening.words
                after = happening.leads_to()
                found = next(self.model.broken(state, after), None)
                target, new = self.known(after, number, words)
                if found is None and new:
                    found = next(self.model.wrong(after), None)
                if found is not None:
                    return _told(found, self.story(number, words))
                if target == number:
                    continue
                self.transitions += 1
                following[target] = None
                if new:
                    coming.append((target, after))
        except Exception as error:  # noqa: BLE001 - nothing the rules are asked here may fail: it is a finding
            return _told(_failed(error), self.story(number, *filter(None, [words])))
        self.targets.append(tuple(following))
        return None

    def begin(self) -> list[tuple[int, S]] | Violation:
        """The starts, or what is wrong with one of them."""
        frontier = []
        words = self.model.name
        try:
            for words, state in self.model.starts():
                if (found := next(self.model.wrong(state), None)) is not None:
                    return _told(found, (words,))
                number, new = self.known(state, -1, words)
                if new:
                    frontier.append((number, state))
        except Exception as error:  # noqa: BLE001 - as above
            return _told(_failed(error), (words,))
        return frontier


def _told(found: tuple[str, str], story: Sequence[str]) -> Violation:
    invariant, what = found
    return Violation(invariant, (*story, f"{invariant}: {what}."))


def _failed(error: Exception) -> tuple[str, str]:
    return "no_error", f"{type(error).__name__}: {error}"


def explore(model: TickModel[S]) -> Searched:
    """Look at every state of ``model``; stop at the first violation, whose story is a shortest one."""
    walk = _Walk(model)
    begun = walk.begin()
    found = begun if isinstance(begun, Violation) else _walked(walk, begun)
    longest = longest_path(walk.targets) if found is None else 0
    if longest is None:
        found = Violation("acyclic", (f"{model.name}: a path comes back to a state it has left.",))
    broken = () if found is None else (found,)
    return Searched(
        model.name, len(walk.numbers), walk.transitions, longest or 0, broken, complete=found is None
    )


def _walked(walk: _Walk[S], frontier: Sequence[tuple[int, S]]) -> Violation | None:
    while frontier:
        coming: list[tuple[int, S]] = []
        for number, state in frontier:
            if (found := walk.look(number, state, coming)) is not None:
                return found
        frontier = coming
    return None
