"""The port of schedulers: a problem in, a plan out. Minutes (any one integer unit), never fractions.

A plan is feasible when no two tasks share a machine at a time, tasks of a job follow each other, nothing
lies in a busy window, pinned tasks stay, and set-ups do not share the setter.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

Span = tuple[int, int]
"""Half-open: [start, end)."""
TaskId = tuple[str, int]
"""A job's key and the place of a task in it."""
WEIGHTS = {1: 8, 2: 5, 3: 3, 4: 2, 5: 1}
"""Weight of tardiness by priority of the order (plant.md section 10)."""


@dataclass(frozen=True, slots=True)
class Task:
    """One operation: how long it takes on each machine able to do it, set-up included."""

    minutes: Mapping[str, int]
    setup_min: int = 0


@dataclass(frozen=True, slots=True)
class Job:
    """The tasks of one order, in sequence. ``release``: nothing starts before; ``due`` None: whenever."""

    key: str
    tasks: tuple[Task, ...]
    release: int = 0
    due: int | None = None
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Problem:
    """What is to be planned. ``busy``: windows of machines that are taken, in any order, overlapping or
    not; ``setter_busy``: when no setter is there; ``pins``: tasks that stay where they are.
    """

    jobs: tuple[Job, ...]
    busy: Mapping[str, Sequence[Span]] = field(default_factory=dict)
    setter_busy: Sequence[Span] = ()
    pins: Mapping[TaskId, tuple[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """A solver's answer. ``gap`` and ``bound`` None: unknown, never 0. ``wall_s``: seconds it took."""

    status: Literal["optimal", "feasible", "infeasible", "unknown"]
    solver: str
    starts: Mapping[TaskId, int] = field(default_factory=dict)
    machines: Mapping[TaskId, str] = field(default_factory=dict)
    late_min: Mapping[str, int | None] = field(default_factory=dict)
    changeover_min: int = 0
    gap: float | None = None
    bound: int | None = None
    wall_s: float = 0.0
    because: str = ""
    """For an infeasible problem: what would have to give."""


class Scheduler(Protocol):
    """Solves a problem within a limit."""

    def solve(self, problem: Problem, limit_s: float, workers: int = 1, seed: int = 1) -> Plan:
        """The best plan found; the same seed and one worker give the same plan."""
