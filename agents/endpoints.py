"""Model endpoints: which failures are theirs, and the breaker that stands before each (R6).

Whatever a client raises instead of an answer is the endpoint's failure: a refused connection, a timeout,
429 and 5xx, a key or a model name it does not know, a broken stream, an answer that is none. Only what it
says of the request itself is the asking agent's. The endpoint's failures count against its own breaker,
and never against the pairs of agents that were waiting.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from agents.telling import tell
from protocol.breaker import (
    Breaker,
    BreakerPolicy,
    BreakerState,
    CallResult,
    Entry,
    admit,
    change,
    endpoint,
    record,
)
from protocol.ports import Ledger, Tx
from protocol.rows import CaseRow
from protocol.world import World

OF_THE_REQUEST = frozenset({400, 413, 422})
"""Status codes that say the request is wrong or too long: every endpoint would refuse it."""


HOPELESS = frozenset({401, 403, 404})
"""Status codes that stay the same however often one asks: a wrong key, a model that is not there."""


class EndpointDownError(Exception):
    """The model endpoint failed; the cause is what its client raised. Try again later."""

    @property
    def is_hopeless(self) -> bool:
        """Whether asking again is of no use until somebody mends the settings."""
        return getattr(self.__cause__, "status_code", None) in HOPELESS

    @property
    def retry_after_s(self) -> float:
        """How long the endpoint asks to be left alone, in seconds; 0 when it does not say, or a date."""
        response = getattr(self.__cause__, "response", None)
        try:
            wait_s = float(response.headers["retry-after"]) if response is not None else 0.0
        except (KeyError, ValueError):
            return 0.0
        return wait_s if 0.0 <= wait_s < math.inf else 0.0


def is_endpoints(error: Exception) -> bool:
    """Whether what a model's client raised is the failure of its endpoint, not of what it was asked."""
    return getattr(error, "status_code", None) not in OF_THE_REQUEST


@dataclass(frozen=True, slots=True)
class EndpointCall:
    """One turn's call of an endpoint, whatever its attempts. ``lease_s``: the time the turn has."""

    endpoint: str
    case: CaseRow
    agent: str
    round: int
    lease_s: float

    @property
    def name(self) -> str:
        """Of the breaker."""
        return endpoint(self.endpoint)

    @property
    def key(self) -> str:
        """Under which it probes."""
        return f"{self.case.id}/{self.round}/{self.agent}"


class Endpoints:
    """The breakers of model endpoints, in the ledger. ``shared``: the clock that processes share."""

    def __init__(self, world: World, ledger: Ledger, shared: Callable[[], float]) -> None:
        self._world = world
        self._ledger = ledger
        self._shared = shared

    async def refuses(self, call: EndpointCall) -> str | None:
        """Why the endpoint may not be called now; None when it may."""
        known = await self._ledger.read(lambda tx: tx.breaker(call.name))
        if known is None or known.state is BreakerState.CLOSED:
            return None
        return await self._ledger.write(lambda tx: self._ask(tx, call))

    def _ask(self, tx: Tx, call: EndpointCall) -> str | None:
        before = _stored(tx, call)
        admission = admit(before, self._shared(), call.key, self._policy(call))
        self._keep(tx, call, before, admission.after)
        if admission.entry is not Entry.REFUSED:
            return None
        data = {"breaker": call.name, "cause": before.cause, "by": before.tripped_by}
        tell(tx, self._world, call.case, call.agent, "breaker.refused", call.name, data)
        return f"{call.name} is not called: its breaker is open ({before.cause})"

    async def came_to(self, call: EndpointCall, result: CallResult) -> None:
        """Record what a call came to. A good answer after good ones changes nothing, and costs no write."""
        known = await self._ledger.read(lambda tx: tx.breaker(call.name)) or Breaker(call.name)
        if self._after(known, call, result) != known:
            await self._ledger.write(lambda tx: self._record(tx, call, result))

    def _record(self, tx: Tx, call: EndpointCall, result: CallResult) -> None:
        before = _stored(tx, call)
        self._keep(tx, call, before, self._after(before, call, result))

    def _after(self, before: Breaker, call: EndpointCall, result: CallResult) -> Breaker:
        return record(before, result, self._shared(), call.key, self._policy(call))

    def _keep(self, tx: Tx, call: EndpointCall, before: Breaker, after: Breaker) -> None:
        if after == before:
            return
        if not tx.save_breaker(after, before.version):
            raise RuntimeError(f"the breaker {after.name} changed inside its own transaction")
        if (told := change(before, after)) is not None:
            kind = f"breaker.{told.what}"
            tell(tx, self._world, call.case, call.agent, kind, after.name, told.data(after.name))

    def _policy(self, call: EndpointCall) -> BreakerPolicy:
        return self._world.config.engine.breaker.policy(call.lease_s)


def _stored(tx: Tx, call: EndpointCall) -> Breaker:
    return tx.breaker(call.name) or Breaker(call.name)
