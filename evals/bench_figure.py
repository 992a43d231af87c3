"""One measured promise: what was found, what was promised, and how it was measured."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

WARM_UP = 3
"""Pairs that are made and not counted: imports, caches, files that grow to their size."""

Act = Callable[[int], Awaitable[float]]
"""Does something for the n-th time and gives back what it cost, in seconds of its own clock."""


@dataclass(frozen=True, slots=True)
class Figure:
    """``value`` may be at most ``target``, both in ``unit``; ``n`` counts what the median was taken of.

    ``medians``: the parts behind the value, by name and unit, such as ``bare_ms``.
    """

    name: str
    value: float
    unit: str
    target: float
    n: int
    medians: Mapping[str, float] = field(default_factory=dict)
    note: str = ""

    @property
    def met(self) -> bool:
        """Whether the promise was kept."""
        return self.value <= self.target

    def to_json(self) -> dict[str, Any]:
        """The shape in ``andon/bench/v1``."""
        return {
            "name": self.name,
            "value": round(self.value, 3),
            "unit": self.unit,
            "target": self.target,
            "met": self.met,
            "n": self.n,
            "medians": {name: round(value, 3) for name, value in self.medians.items()},
            "note": self.note,
        }

    def line(self) -> str:
        """For people: name, value, how many, target, met or not, and the parts."""
        said = "met" if self.met else "MISSED"
        parts = ", ".join(f"{name} {value:.3f}" for name, value in self.medians.items())
        found = f"{self.value:.2f} {self.unit} (median of {self.n})"
        line = f"{self.name:<38} {found:<32} <= {self.target:g} {self.unit:<8} {said:<7} {parts}".rstrip()
        return f"{line}\n{'':<38} {self.note}" if self.note else line


def wall_s() -> float:
    """Elapsed seconds."""
    return time.perf_counter()


def cpu_s() -> float:
    """CPU seconds of this process, all threads, user and system."""
    return time.process_time()


async def paired(pairs: int, ours: Act, theirs: Act) -> list[tuple[float, float]]:
    """Seconds of ours and of theirs, one straight after the other, so that a busy machine slows both."""
    found = [(await ours(n), await theirs(n)) for n in range(pairs + WARM_UP)]
    return found[WARM_UP:]


def ratio(name: str, target: float, pairs: Sequence[tuple[float, float]], parts: tuple[str, str]) -> Figure:
    """The median of the pairs' ratios. ``parts``: what ours and theirs are called."""
    medians = {f"{part}_ms": 1000 * median(p[i] for p in pairs) for i, part in enumerate(parts)}
    return Figure(name, median(a / b for a, b in pairs), "x", target, len(pairs), medians)
