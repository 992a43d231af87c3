"""The ledger clock of one process: what it follows, and what it does not."""

import pytest

from checkpoints.steady_clock import BOUND_S, ServerHour, SteadyClock
from protocol.times import plus

START = "2026-05-04T04:00:00Z"


class Host:
    """A host whose clock a test sets."""

    def __init__(self) -> None:
        self.hour, self.elapsed_s = START, 100.0
        self.clock = SteadyClock(lambda: self.hour, lambda: self.elapsed_s)

    def after(self, seconds: float, step_s: float = 0.0) -> str:
        """What the ledger clock shows after so long, its host's clock being set meanwhile."""
        self.elapsed_s += seconds
        self.hour = plus(self.hour, seconds=seconds + step_s)
        return self.clock()


@pytest.fixture
def host() -> Host:
    found = Host()
    assert found.clock() == START
    return found


def test_clock_that_goes_as_time_goes_is_followed(host: Host) -> None:
    assert host.after(86400 * 3) == plus(START, seconds=86400 * 3)
    assert host.clock.step_s == 0


@pytest.mark.parametrize("step_s", [BOUND_S, -BOUND_S, 1, -1])
def test_small_correction_is_followed(host: Host, step_s: int) -> None:
    assert host.after(5, step_s) == plus(START, seconds=5 + step_s)
    assert host.after(5) == plus(START, seconds=10 + step_s)
    assert host.clock.step_s == 0


@pytest.mark.parametrize("step_s", [BOUND_S + 1, -BOUND_S - 1, 3600, -3600, 86400, -86400])
def test_jump_is_told_and_not_followed(host: Host, step_s: int) -> None:
    assert host.after(5, step_s) == plus(START, seconds=5)
    assert host.clock.step_s == step_s
    assert host.after(600) == plus(START, seconds=605)
    assert host.after(1, -step_s) == plus(START, seconds=606)
    assert host.clock.step_s == 0


def test_server_s_hour_is_held_against_this_process(host: Host) -> None:
    host.elapsed_s += 5
    jumped = ServerHour(host.clock, plus(START, seconds=7205))
    assert (jumped(), jumped.step_s) == (plus(START, seconds=5), 7200)
    right = ServerHour(host.clock, plus(START, seconds=5))
    assert (right(), right.step_s) == (plus(START, seconds=5), 0)
