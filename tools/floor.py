"""The plant's toolbox: everything its agents share, do, look up and hear."""

from protocol.toolbox import Toolbox

from .downtime_actions import DOWNTIME_ACTIONS
from .events import EVENTS
from .facts import FACT_EVENTS, FACTS
from .feeds.readers import READERS
from .invariants import INVARIANTS
from .laying import CONSEQUENCES
from .maintenance_actions import MAINTENANCE_ACTIONS
from .plant_facts import PLANT_FACTS
from .quality_actions import QUALITY_ACTIONS
from .queries import QUERIES
from .reflexes import REFLEXES
from .report_actions import REPORT_ACTIONS
from .resources import RESOURCES
from .rules import RULES
from .run_actions import RUN_ACTIONS
from .stock_actions import STOCK_ACTIONS
from .words import mentions, order_of

TOOLBOX = Toolbox(
    resources=RESOURCES,
    actions=(
        *RUN_ACTIONS,
        *QUALITY_ACTIONS,
        *STOCK_ACTIONS,
        *DOWNTIME_ACTIONS,
        *MAINTENANCE_ACTIONS,
        *REPORT_ACTIONS,
    ),
    events={**FACT_EVENTS, **EVENTS},
    queries=QUERIES,
    facts=(*PLANT_FACTS, *FACTS),
    consequences=CONSEQUENCES,
    rules=RULES,
    invariants=INVARIANTS,
    reflexes=REFLEXES,
    order=order_of,
    mentions=mentions,
    readers=READERS,
)
