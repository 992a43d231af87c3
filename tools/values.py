"""Enumerations and constants of the plant, and the two field types of its own.

Both are structured names rather than text, so they belong to what a person signs.
"""

import re
from dataclasses import dataclass
from typing import Any

from protocol.ids import KEY

ORDER_STATES = (
    "Forecast", "Released", "Waiting", "Ready", "Running", "Suspended",
    "Completed", "Cancelled", "Aborted", "Closed",
)  # fmt: skip
RUN_STATES = (
    "Waiting", "Pending", "Dispatched", "Ready", "Running", "Suspended",
    "Completed", "Cancelled", "Aborted", "Closed",
)  # fmt: skip
BEFORE_RUNNING = frozenset({"Waiting", "Pending", "Dispatched", "Ready"})
LIVE = BEFORE_RUNNING | {"Running", "Suspended"}
"""States of a run, or an order, that is not over."""
OVER = frozenset({"Completed", "Cancelled", "Aborted", "Closed"})

MACHINE_STATES = ("Up", "Down", "Maintenance", "LockedOut")
DOWNTIME_KINDS = ("breakdown", "corrective", "preventive", "calibration", "lockout")
UNTOLD = "untold"
"""The kind of a downtime of which only the end is known: in no figure, and nothing an agent may open."""
PLANNED_KINDS = frozenset({"preventive", "calibration"})
MAINTENANCE_TYPES = ("PM", "CM", "PdM", "calibration")
MAINTENANCE_STATES = ("Requested", "Approved", "Planned", "InProgress", "WorkDone", "Returned", "Closed")
MAINTENANCE_DONE = frozenset({"Returned", "Closed"})
HOLD_KINDS = ("in_process", "quality", "compliance", "engineering", "quarantine")
SEVERITIES = ("minor", "major", "critical")
DISPOSITIONS = ("use_as_is", "rework", "repair", "scrap", "return_to_supplier", "regrade")
VERDICTS = ("accepted", "rejected", "mrb", "unusable")
HELD_TYPES = ("lot", "order", "run", "machine", "gauge")
"""What a hold may cover."""

RELEASE_ROLES = {
    "in_process": "quality_engineer",
    "quality": "quality_engineer",
    "compliance": "qa_manager",
    "engineering": "engineering",
    "quarantine": "quality_engineer",
}
"""Who releases a hold of a kind unless the hold names somebody; compliance is always qa_manager."""

PLANNER = "production_planner"
SUPERVISOR = "shift_supervisor"
MATERIALS_PLANNER = "materials_planner"
TECHNICIAN = "maintenance_tech"
SETTER = "setter/SITE"
"""The one setter of a shift: a claim for the first setup_min of a run."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a hold is about: ``lot/L88``."""

    types: tuple[str, ...] = HELD_TYPES

    def problem(self, value: object) -> str | None:
        """What is wrong with ``value``, or None."""
        kind, slash, key = value.partition("/") if isinstance(value, str) else ("", "", "")
        good = slash and kind in self.types and KEY.fullmatch(key)
        return None if good else f"must be TYPE/KEY with a type of {', '.join(self.types)}"

    def schema(self) -> dict[str, Any]:
        """The JSON Schema shown to a model."""
        return {"type": "string", "pattern": f"^({'|'.join(self.types)})/{KEY.pattern}$"}


@dataclass(frozen=True, slots=True)
class Operation:
    """``OP10``: OP and a number; operations of one order follow each other by it."""

    def problem(self, value: object) -> str | None:
        """What is wrong with ``value``, or None."""
        good = isinstance(value, str) and re.fullmatch(r"OP\d{1,4}", value, re.ASCII)
        return None if good else "must be OP and a number, such as OP10"

    def schema(self) -> dict[str, Any]:
        """The JSON Schema shown to a model."""
        return {"type": "string", "pattern": "^OP[0-9]{1,4}$"}
