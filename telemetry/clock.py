"""The clocks (design, section 3): the system's hour as text, elapsed process time, and what processes share.

Nothing else in the engine reads a clock, except checkpoints/: its leases compare wall seconds between
processes, and a ledger on a server goes by that server's. Everything gets the time it needs as an argument.
"""

import time
from datetime import UTC, datetime

from protocol.times import show


def system_now() -> str:
    """The system's hour in UTC, as Andon writes instants. What a ledger with ``clock: system`` runs on."""
    return show(datetime.now(UTC))


def process_clock() -> float:
    """Seconds since an unknown start, never going back: for timeouts, backoff and durations."""
    return time.monotonic()


def boot_clock() -> float:
    """Seconds since an unknown start, going on while the host sleeps where it tells that, and never set."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def shared_clock() -> float:
    """Wall seconds, the one clock that processes share: for breakers and rates."""
    return time.time()
