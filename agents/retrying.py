"""The one retry layer: after which failures a turn is tried again, how soon, and how often in a case (R5)."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Literal

from agents.telling import tell
from protocol.ports import Ledger, Tx
from protocol.rows import CaseRow
from protocol.world import World

FIRST_WAIT_S = 0.2
FACTOR = 2.0
KEEP_SHARE = 0.2
"""No retry once less than this share of the deadline is left, and no waiting for the rate until then."""
SLOW_SHARE = 0.9
"""A turn that took this share of its time or more is slow: the next one may well take all of it."""
LATE_SHARE = 1.1
"""A turn that took more than this is late: it could not be ended in time. A busy process delays less."""
MOST_KNOWN = 10_000
"""Cases whose retries in their present round are remembered; the rows of turns tell of earlier rounds."""


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


class CaseRetries:
    """What cases have used of their one allowance (``limits.retries``), turns side by side included.

    A case is driven by one process at a time. One that dies forgets what its unfinished turns had tried.
    """

    def __init__(self, world: World, ledger: Ledger) -> None:
        self._world = world
        self._ledger = ledger
        self._most = world.config.limits.retries
        self._known: OrderedDict[str, tuple[int, int]] = OrderedDict()

    async def allows(self, case: CaseRow, agent: str, round_no: int, before: int) -> bool:
        """Take one retry, if one is left. ``before``: those that the turns of earlier rounds took."""
        at, used = self._known.get(case.id, (round_no, 0))
        used = used if at == round_no else 0
        if before + used >= self._most:
            data = {"limit": "retries", "most": self._most}

            def told(tx: Tx) -> None:
                tell(tx, self._world, case, agent, "limit.reached", agent, data)

            await self._ledger.write(told)
            return False
        self._known[case.id] = (round_no, used + 1)
        self._known.move_to_end(case.id)
        if len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)
        return True
