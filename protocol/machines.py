"""Every state machine of the protocol, for what walks all of them: documents, tests, the search."""

from typing import Any

from protocol import anomalies, arbitration, deference, exchange, ladder
from protocol.machine import Machine

MACHINES: tuple[Machine[Any, Any], ...] = (
    exchange.MACHINE,
    deference.MACHINE,
    arbitration.MACHINE,
    ladder.MACHINE,
    anomalies.MACHINE,
)
