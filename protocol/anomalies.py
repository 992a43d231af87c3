"""The watch for anomalies: figures of the whole floor against what its thresholds take for ordinary (R10).

It decides nothing about any case. An alert is raised once, stands while its figure stays high, and is
cleared when the figure has come well below the limit; a figure that nobody knows clears it, too.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from protocol.machine import Machine

if TYPE_CHECKING:
    from protocol.floor import Thresholds


class Anomaly(StrEnum):
    """What is watched."""

    EVENT_STORM = "event_storm"
    CAUSAL_DEPTH = "causal_depth"
    RETRY_RATE = "retry_rate"
    LOOPS_CUT = "loops_cut"
    OPEN_BREAKERS = "open_breakers"
    CASE_AGE = "case_age"


class AlertState(StrEnum):
    """Where an alert stands. A figure that rises again after it was cleared makes another alert."""

    QUIET = "quiet"
    RAISED = "raised"
    CLEARED = "cleared"


class AlertEvent(StrEnum):
    """What a reading of its figure says."""

    OVER = "over"
    """The figure is above its limit."""
    WITHIN = "within"
    """The figure is well within its limit."""


_S, _E = AlertState, AlertEvent
TABLE: Mapping[tuple[AlertState, AlertEvent], AlertState] = {
    (_S.QUIET, _E.WITHIN): _S.QUIET,
    (_S.QUIET, _E.OVER): _S.RAISED,
    (_S.RAISED, _E.OVER): _S.RAISED,
    (_S.RAISED, _E.WITHIN): _S.CLEARED,
}
"""(state, what the figure says) -> next state."""

MACHINE = Machine(
    "alert",
    AlertState,
    AlertEvent,
    TABLE,
    initial=AlertState.QUIET,
    finals=frozenset({AlertState.CLEARED}),
    rests=frozenset({AlertState.QUIET, AlertState.RAISED}),
)

ADVICE: Mapping[Anomaly, str] = {
    Anomaly.EVENT_STORM: "andon cases shows what goes round; andon pull floor stops agents meanwhile",
    Anomaly.CAUSAL_DEPTH: "andon trace CASE follows the chain; pull the lane that keeps it going",
    Anomaly.RETRY_RATE: "look which agent answers late or wrong, and whether its model is well",
    Anomaly.LOOPS_CUT: "andon trace CASE shows who goes in circles; a person should settle the matter",
    Anomaly.OPEN_BREAKERS: "andon breakers shows which calls are stopped, and what their callers get instead",
    Anomaly.CASE_AGE: "andon cases shows the oldest; decide what it waits for",
}
"""What to do, in one line for each."""

CLOCK_STEP = "clock_step"
"""The alert of a clock that jumped. No figure of the ledger tells it: a process that was there saw it."""
CLOCK_ADVICE = (
    "see who set the clock; once it is right, restart what runs for long: until then nothing is signed"
)


@dataclass(frozen=True, slots=True)
class Figures:
    """What one look at the ledger finds.

    ``events``: of cases, in the last minute. ``depth``: the deepest among the last events. ``calls``:
    of the last turns, those asked for by other agents; ``retries``: their attempts beyond the first.
    ``oldest_case_s``: the age of the oldest open case in seconds, None without one.
    """

    events: int = 0
    depth: int = 0
    calls: int = 0
    retries: int = 0
    loops_cut: int = 0
    open_breakers: int = 0
    oldest_case_s: int | None = None

    @property
    def retry_permille(self) -> int | None:
        """Retries per thousand calls, rounded down; None without any call."""
        return self.retries * 1000 // self.calls if self.calls else None


@dataclass(frozen=True, slots=True)
class Reading:
    """One figure beside its limit. ``shown``: both as a person reads them."""

    anomaly: Anomaly
    value: int | None
    limit: int
    shown: tuple[str, str]

    @property
    def event(self) -> AlertEvent | None:
        """What it says; None between four fifths of the limit and the limit, where nothing changes."""
        if self.value is None or self.value * 5 <= self.limit * 4:
            return AlertEvent.WITHIN
        return AlertEvent.OVER if self.value > self.limit else None


@dataclass(frozen=True, slots=True)
class Change:
    """An alert to raise or to clear. ``figure`` and ``limit``: in words, with their unit."""

    anomaly: Anomaly
    state: AlertState
    figure: str
    limit: str

    @property
    def advice(self) -> str:
        """What to do about it."""
        return ADVICE[self.anomaly]


def watch(figures: Figures, thresholds: "Thresholds", standing: Collection[str]) -> tuple[Change, ...]:
    """The alerts that change. ``standing``: the names of those that are raised now."""
    changes = []
    for reading in readings(figures, thresholds):
        before = AlertState.RAISED if reading.anomaly in standing else AlertState.QUIET
        after = before if reading.event is None else MACHINE.advance(before, reading.event)
        if after is not before:
            changes.append(Change(reading.anomaly, after, *reading.shown))
    return tuple(changes)


def readings(figures: Figures, thresholds: "Thresholds") -> tuple[Reading, ...]:
    """Every figure beside its limit, in the order of the anomalies."""
    enough = figures.calls >= thresholds.min_calls
    rate = figures.retry_permille if enough else None
    f, t, a = figures, thresholds, Anomaly
    return (
        _counted(a.EVENT_STORM, f.events, t.events_per_minute, "events in the last minute"),
        _counted(a.CAUSAL_DEPTH, f.depth, t.causal_depth, "deepest chain of events"),
        Reading(a.RETRY_RATE, rate, t.retry_percent * 10, (_rate(figures), f"{t.retry_percent} %")),
        _counted(a.LOOPS_CUT, f.loops_cut, t.loops_cut, f"loops cut in the last {t.window_turns} turns"),
        _counted(a.OPEN_BREAKERS, f.open_breakers, t.open_breakers, "breakers open"),
        _counted(a.CASE_AGE, f.oldest_case_s, t.case_age_s, "seconds since the oldest open case began"),
    )


def _counted(anomaly: Anomaly, value: int | None, limit: int, what: str) -> Reading:
    return Reading(anomaly, value, limit, (f"{what}: {value or 0}", str(limit)))


def _rate(figures: Figures) -> str:
    permille = figures.retry_permille or 0
    return f"retries of {figures.calls} calls between agents: {permille // 10}.{permille % 10} %"
