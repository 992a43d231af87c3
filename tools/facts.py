"""Facts that feeds and people report from the floor: recorded, never decided.

What a fact says about something unknown is kept as its event and changes nothing. Those of calendars
and of running runs stand in plant_facts.py.
"""

from collections.abc import Mapping

from protocol.fields import Integer, Maybe, Name, Shape, Text
from protocol.toolbox import FactKind

from .breakdown_facts import BREAKDOWN_FACTS
from .order_facts import ORDER_FACTS
from .signal_facts import SIGNAL_FACTS

GAP: Shape = {
    "owner": Name(),  # the role that is asked about it
    "what": Text(500),
    "count": Integer(1),
    "example": Maybe(Text(500)),
}

FACTS: tuple[FactKind, ...] = (
    *ORDER_FACTS,
    *BREAKDOWN_FACTS,
    *SIGNAL_FACTS,
    FactKind("data.gap_detected", "reporting", GAP),
)
FACT_EVENTS: Mapping[str, Shape] = {kind.type: kind.data for kind in FACTS}
"""The data of each fact's event."""
