"""What became of one step of an attempt."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

DONE, FAILED, WAITING = 0, 1, 75
"""Exit codes of what went well or at least as far as it could (DESIGN section 8)."""


@dataclass(frozen=True, slots=True)
class Played:
    """``cases``: those that came in with it. ``events``: the numbers of the first event it may have
    published, and of the first it did not. ``changed``: the records it made or wrote, as ``TYPE/KEY``.
    ``shape``: what a feed counted.
    """

    step: int
    kind: str
    exit_code: int
    accepts: frozenset[int]
    cases: tuple[str, ...] = ()
    events: tuple[int, int] = (0, 0)
    changed: tuple[str, ...] = ()
    shape: Mapping[str, Any] = field(default_factory=dict)
    said: str = ""

    @property
    def as_expected(self) -> bool:
        """Whether it ended with an exit code that it may end with."""
        return self.exit_code in self.accepts
