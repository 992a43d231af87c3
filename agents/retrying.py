"""The one retry layer: after which failures a turn is tried again, and after how long (R5)."""

from dataclasses import dataclass
from typing import Literal

FIRST_WAIT_S = 0.2
FACTOR = 2.0
KEEP_SHARE = 0.2
"""No retry once less than this share of the deadline is left, and no waiting for the rate until then."""
SLOW_SHARE = 0.9
"""A turn that took this share of its time or more is slow: the next one may well take all of it."""
LATE_SHARE = 1.1
"""A turn that took more than this is late: it could not be ended in time. A busy process delays less."""


@dataclass(frozen=True, slots=True)
class RetryDecision:
    """Whether to try again, and the wait before it in seconds."""

    again: bool
    wait_s: float = 0.0


def decide(
    attempt: int, max_attempts: int, deadline_s: float, left_s: float, jitter: float, *, least_s: float = 0.0
) -> RetryDecision:
    """After failed attempt number ``attempt`` (from 1). ``jitter``: 0 to 1, from the turn's own stream.

    Exponential backoff with full jitter: between half the step and the whole of it, and no less than
    ``least_s``, which whoever failed has asked for. Nothing is tried again where that takes too long.
    """
    if attempt >= max_attempts or left_s < KEEP_SHARE * deadline_s:
        return RetryDecision(False)
    step = FIRST_WAIT_S * FACTOR ** (attempt - 1)
    wait = max(least_s, step * (0.5 + 0.5 * jitter))
    return RetryDecision(wait < left_s - KEEP_SHARE * deadline_s, wait)


def pace(took_s: float, allowed_s: float) -> Literal["", "slow", "late"]:
    """How a turn took its time, for the breaker of whoever asked."""
    if took_s > LATE_SHARE * allowed_s:
        return "late"
    return "slow" if took_s >= SLOW_SHARE * allowed_s else ""
