"""Every state machine of the protocol, for what walks all of them: documents, tests, the search."""

from typing import Any

from protocol import (
    anomalies,
    arbitration,
    breaker,
    decision,
    deference,
    delivery,
    exchange,
    ladder,
    lease,
    lifecycle,
)
from protocol.machine import Machine

MACHINES: tuple[Machine[Any, Any], ...] = (
    lifecycle.MACHINE,
    exchange.MACHINE,
    deference.MACHINE,
    arbitration.MACHINE,
    ladder.MACHINE,
    decision.MACHINE,
    lease.MACHINE,
    breaker.MACHINE,
    anomalies.MACHINE,
    delivery.MACHINE,
)
