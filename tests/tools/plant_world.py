"""The plant's contracts without its feeds: what its actions, rules and manifests need, and nothing else."""

from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from protocol.floor import FloorConfig
from protocol.manifest import Manifest
from protocol.toolbox import Toolbox
from protocol.world import World
from tools.downtime_actions import DOWNTIME_ACTIONS
from tools.events import EVENTS
from tools.invariants import INVARIANTS
from tools.laying import CONSEQUENCES
from tools.maintenance_actions import MAINTENANCE_ACTIONS
from tools.plant_facts import PLANT_FACTS
from tools.quality_actions import QUALITY_ACTIONS
from tools.queries import QUERIES
from tools.reflexes import REFLEXES
from tools.report_actions import REPORT_ACTIONS
from tools.resources import RESOURCES
from tools.rules import RULES
from tools.run_actions import RUN_ACTIONS
from tools.stock_actions import STOCK_ACTIONS
from tools.words import mentions, order_of

ROOT = Path(__file__).resolve().parents[2]

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
    events=EVENTS,
    queries=QUERIES,
    facts=PLANT_FACTS,
    consequences=CONSEQUENCES,
    rules=RULES,
    invariants=INVARIANTS,
    reflexes=REFLEXES,
    order=order_of,
    mentions=mentions,
)


def read(path: str) -> Any:
    """A YAML file of the floor as plain data."""
    return YAML(typ="safe", pure=True).load(ROOT / path)


@cache
def plant() -> World:
    """The plant as floor.yaml and the manifests describe it."""
    files = sorted((ROOT / "agents").glob("*/manifest.yaml"))
    manifests = {path.parent.name: Manifest.model_validate(read(str(path))) for path in files}
    return World(FloorConfig.model_validate(read("floor.yaml")), manifests, TOOLBOX)
