"""The slots of an agent with a rate: no minute holds more of them than it may (R14)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.rate import MINUTE_S, next_slot

NOW = 1_795_000_000.125
AHEAD_S = 3600.0


def slots(arrivals: list[float], per_minute: int) -> list[float]:
    """When turns that come in at these instants are taken."""
    taken: list[float] = []
    for now_s in arrivals:
        taken.append(next_slot(sorted(taken), now_s, per_minute, 1e9))
    return taken


def test_turns_within_the_rate_do_not_wait() -> None:
    assert slots([NOW, NOW + 20, NOW + 40, NOW + 60], 3) == [NOW, NOW + 20, NOW + 40, NOW + 60]


def test_turn_over_the_rate_waits_for_the_oldest_to_be_a_minute_old() -> None:
    assert slots([NOW, NOW + 20, NOW + 40, NOW + 41, NOW + 41], 3)[3:] == [NOW + 60, NOW + 80]


@given(
    gaps=st.lists(st.floats(0, 90, allow_nan=False), max_size=40),
    per_minute=st.integers(1, 5),
)
def test_no_minute_holds_more_than_the_rate_and_nobody_is_passed_over(
    gaps: list[float], per_minute: int
) -> None:
    arrivals = [sum(gaps[:n]) for n in range(len(gaps))]
    taken = slots(arrivals, per_minute)
    assert taken == sorted(taken)
    assert all(at >= arrival for at, arrival in zip(taken, arrivals, strict=True))
    for first, later in zip(taken, taken[per_minute:], strict=False):
        assert later - first >= MINUTE_S - 1e-9


@pytest.mark.parametrize("back_s", [7200.0, 1e9])
def test_clock_set_back_makes_nobody_wait_for_it(back_s: float) -> None:
    taken = [NOW, NOW, NOW]
    assert next_slot(taken, NOW - back_s, 3, AHEAD_S) == NOW - back_s
