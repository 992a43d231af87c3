"""The watch for anomalies: what raises an alert, what clears it, and what says nothing (R10)."""

from dataclasses import replace
from typing import Any

import pytest

from protocol.anomalies import ADVICE, AlertState, Anomaly, Change, Figures, readings, watch
from protocol.floor import Thresholds

CALM = Figures(events=20, depth=1, calls=100, retries=1, oldest_case_s=60)
LIMITS = Thresholds(
    events_per_minute=100,
    causal_depth=4,
    retry_percent=5,
    min_calls=20,
    loops_cut=3,
    open_breakers=0,
    case_age_s=3600,
)

OVER: list[tuple[Anomaly, dict[str, Any], str]] = [
    (Anomaly.EVENT_STORM, {"events": 101}, "events in the last minute: 101"),
    (Anomaly.CAUSAL_DEPTH, {"depth": 5}, "deepest chain of events: 5"),
    (Anomaly.RETRY_RATE, {"calls": 100, "retries": 6}, "retries of 100 calls between agents: 6.0 %"),
    (Anomaly.LOOPS_CUT, {"loops_cut": 4}, "loops cut in the last 200 turns: 4"),
    (Anomaly.OPEN_BREAKERS, {"open_breakers": 1}, "breakers open: 1"),
    (Anomaly.CASE_AGE, {"oldest_case_s": 3601}, "seconds since the oldest open case began: 3601"),
]
AT_LIMIT: list[dict[str, Any]] = [
    {"events": 100},
    {"depth": 4},
    {"calls": 100, "retries": 5},
    {"loops_cut": 3},
    {"open_breakers": 0},
    {"oldest_case_s": 3600},
]


def test_calm_floor_raises_nothing() -> None:
    assert watch(CALM, LIMITS, ()) == ()
    assert watch(Figures(), Thresholds(), ()) == ()


@pytest.mark.parametrize(("anomaly", "found", "figure"), OVER)
def test_figure_over_its_limit_raises_one_alert_once(
    anomaly: Anomaly, found: dict[str, Any], figure: str
) -> None:
    figures = replace(CALM, **found)
    (change,) = watch(figures, LIMITS, ())
    assert (change.anomaly, change.state, change.figure) == (anomaly, AlertState.RAISED, figure)
    assert watch(figures, LIMITS, (anomaly,)) == ()


@pytest.mark.parametrize("found", AT_LIMIT)
def test_figure_at_its_limit_raises_nothing(found: dict[str, Any]) -> None:
    assert watch(replace(CALM, **found), LIMITS, ()) == ()


@pytest.mark.parametrize("anomaly", Anomaly)
def test_alert_is_cleared_when_all_is_calm(anomaly: Anomaly) -> None:
    (change,) = watch(CALM, LIMITS, (anomaly,))
    assert (change.anomaly, change.state) == (anomaly, AlertState.CLEARED)


@pytest.mark.parametrize(
    ("anomaly", "found"),
    [
        (Anomaly.EVENT_STORM, {"events": 81}),
        (Anomaly.CAUSAL_DEPTH, {"depth": 4}),
        (Anomaly.RETRY_RATE, {"calls": 100, "retries": 5}),
        (Anomaly.LOOPS_CUT, {"loops_cut": 3}),
        (Anomaly.CASE_AGE, {"oldest_case_s": 2881}),
    ],
)
def test_alert_stands_until_its_figure_is_well_below_the_limit(
    anomaly: Anomaly, found: dict[str, Any]
) -> None:
    assert watch(replace(CALM, **found), LIMITS, (anomaly,)) == ()


@pytest.mark.parametrize("calls", [0, 1, 19])
def test_too_few_calls_tell_no_rate(calls: int) -> None:
    few = replace(CALM, calls=calls, retries=calls)
    assert watch(few, LIMITS, ()) == ()
    assert [c.state for c in watch(few, LIMITS, ("retry_rate",))] == [AlertState.CLEARED]
    assert [c.anomaly for c in watch(replace(CALM, calls=20, retries=2), LIMITS, ())] == ["retry_rate"]


def test_floor_without_an_open_case_has_no_old_one() -> None:
    none = replace(CALM, oldest_case_s=None)
    assert watch(none, LIMITS, ()) == ()
    assert [c.state for c in watch(none, LIMITS, ("case_age",))] == [AlertState.CLEARED]


def test_limit_of_nothing_is_exceeded_by_one() -> None:
    strict = LIMITS.model_copy(update={"loops_cut": 0, "retry_percent": 0})
    found = watch(replace(CALM, loops_cut=1), strict, ())
    assert [c.anomaly for c in found] == ["retry_rate", "loops_cut"]


def test_several_change_at_once_each_by_itself() -> None:
    worse = replace(CALM, events=500, open_breakers=2)
    found = watch(worse, LIMITS, ("case_age", "open_breakers"))
    assert [(c.anomaly, c.state) for c in found] == [("event_storm", "raised"), ("case_age", "cleared")]


def test_every_anomaly_has_a_reading_and_advice() -> None:
    assert [r.anomaly for r in readings(CALM, LIMITS)] == list(Anomaly) == list(ADVICE)
    change = Change(Anomaly.CASE_AGE, AlertState.RAISED, "9 s", "8")
    assert change.advice == ADVICE[Anomaly.CASE_AGE]


def test_rate_is_rounded_down_never_up() -> None:
    assert Figures(calls=3, retries=1).retry_permille == 333
    assert Figures(calls=0, retries=0).retry_permille is None
