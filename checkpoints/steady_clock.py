"""The ledger clock of a process, held against elapsed time: a jump is not followed, it is told."""

from collections.abc import Callable
from dataclasses import dataclass

from protocol.times import from_micros, micros, whole

BOUND_S = 60
"""Seconds by which the hour may differ at once from the last one and the time since. Clocks are slewed and
leap by less, and a host that has slept has both behind it; by more, somebody or something sets a clock.
"""
_SECOND = 1_000_000


class SteadyClock:
    """A clock for a ledger. ``hour`` gives whole seconds of UTC, ``elapsed`` seconds that are never set and
    go on while the host sleeps.

    After a jump it goes on from the last hour by elapsed time, until the hour is back or the process ends.
    """

    def __init__(self, hour: Callable[[], str], elapsed: Callable[[], float]) -> None:
        self._hour = hour
        self._elapsed = elapsed
        self._last: tuple[int, float] | None = None
        self.step_s = 0
        """By how many seconds the hour has jumped; 0 while it is believed."""

    def __call__(self) -> str:
        """The hour by the clock that it was made with."""
        return self.believed(self._hour())

    def believed(self, hour: str) -> str:
        """``hour`` when it follows on the last one, else the last one and the time since."""
        at, elapsed_s = micros(hour), self._elapsed()
        if self._last is not None:
            last, last_s = self._last
            expected = last + int((elapsed_s - last_s) * _SECOND)
            self.step_s = 0 if abs(at - expected) <= BOUND_S * _SECOND else (at - expected) // _SECOND
            if self.step_s:
                return whole(from_micros(expected))
        self._last = at, elapsed_s
        return hour


@dataclass(frozen=True, slots=True)
class ServerHour:
    """The hour of one transaction as a server has told it, held against this process's elapsed time."""

    steady: SteadyClock
    hour: str

    def __call__(self) -> str:
        """The hour to go by."""
        return self.steady.believed(self.hour)

    @property
    def step_s(self) -> int:
        """As of SteadyClock."""
        return self.steady.step_s
