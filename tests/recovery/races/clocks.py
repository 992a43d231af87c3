"""A wall clock that is wrong or is set, in the process that calls this and nowhere else."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any
from unittest.mock import patch

HOUR_S, DAY_S, TEN_MINUTES_S = 3600, 86400, 600


@dataclass(frozen=True)
class Skew:
    """``ahead_s``: from the start. ``step_s``: added in an order, taken away before every ``each``-th."""

    ahead_s: int = 0
    step_s: int = 0
    each: int = 3


RIGHT = Skew()
SKEWS = {
    "an hour": (Skew(HOUR_S), Skew(-HOUR_S)),
    "a day": (Skew(DAY_S), Skew(-DAY_S)),
    "ten minutes": (Skew(TEN_MINUTES_S), Skew(-TEN_MINUTES_S)),
    "steps of an hour": (Skew(0, HOUR_S), Skew(0, -HOUR_S)),
    "steps of a day": (Skew(0, DAY_S), Skew(0, -DAY_S)),
}
"""Of two processes: apart from the start, or set to and fro in the middle of what they do."""


class WallClock:
    """The clock of the walls, ``ahead_s`` seconds ahead; elapsed time goes on as it did."""

    def __init__(self, ahead_s: float = 0.0) -> None:
        self.ahead_s = ahead_s
        self._right: Callable[[], float] = time.time

    def seconds(self) -> float:
        """In place of ``time.time``."""
        return self._right() + self.ahead_s

    def hang(self) -> None:
        """Hang it up for the rest of this process's life."""
        wall = self

        class Shown(datetime):
            """In place of ``datetime``, for whoever asks what time it is."""

            @classmethod
            def now(cls, tz: tzinfo | None = None) -> Any:
                return datetime.fromtimestamp(wall.seconds(), tz or UTC)

        patch("telemetry.clock.datetime", Shown).start()
        patch("time.time", self.seconds).start()
