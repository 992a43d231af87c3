"""What a search found: sizes, and for each broken invariant the shortest story of how it breaks."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken invariant. ``story``: what happens, in plain words; ``moves``: the same, to be played."""

    invariant: str
    story: tuple[str, ...]
    moves: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Searched:
    """One search. ``longest_path``: in steps, when all states are known. ``complete``: whether they are."""

    name: str
    states: int
    transitions: int
    longest_path: int
    violations: tuple[Violation, ...]
    complete: bool = True
