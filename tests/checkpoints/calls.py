"""Breakers for the ledger's tests: one that is open, and what callers and the gate do with it."""

from collections.abc import Callable

from protocol.breaker import Breaker, BreakerPolicy, BreakerState, CallResult, Entry, admit, record
from protocol.ports import Tx

NOW = 1_795_000_000.125
POLICY = BreakerPolicy(failures=3, cooldown_s=30.0, window=20, min_calls=10, bad_percent=50, lease_s=20.0)
NAME = "crew/crane"
OPENED = Breaker(NAME, BreakerState.OPEN, 3, "0111", NOW, NOW, cause="timeout")


def ask(call: str, now_s: float) -> Callable[[Tx], Entry]:
    """Ask the stored breaker for a call, as the gate does."""

    def job(tx: Tx) -> Entry:
        breaker = tx.breaker(NAME) or Breaker(NAME)
        admission = admit(breaker, now_s, call, POLICY)
        if admission.after != breaker:
            assert tx.save_breaker(admission.after, breaker.version)
        return admission.entry

    return job


def tell(call: str, result: CallResult, now_s: float) -> Callable[[Tx], BreakerState]:
    """Record what a call came to."""

    def job(tx: Tx) -> BreakerState:
        breaker = tx.breaker(NAME) or Breaker(NAME)
        after = record(breaker, result, now_s, call, POLICY)
        if after != breaker:
            assert tx.save_breaker(after, breaker.version)
        return after.state

    return job
