"""Answers of the queries in words, as people of the site read them."""

from collections.abc import Mapping, Sequence
from typing import Any

from .line import listed
from .site import local, shown

Fact = Mapping[str, Any]


def span(start: str, end: str) -> str:
    """``Tue 3 Mar 11:00-15:00``; the day is said again when it changes."""
    same = local(start).date() == local(end).date()
    return f"{shown(start)}-{local(end):%H:%M}" if same else f"{shown(start)} to {shown(end)}"


def run_words(run: Fact) -> str:
    """A run: what, where, when, and what stands in its way."""
    said = f"{run['run']} ({run['order']} {run['operation']}, {run['quantity']} pcs) on {run['machine']}"
    said += f" {span(run['start'], run['end'])}"
    marks = [f"approved by {run['approved_by'] or 'a person'}"] if run["approved"] else []
    if run["state"] in ("Running", "Suspended"):
        marks.append(run["state"].lower())
    if run["at_risk"]:
        marks.append(f"at risk: {run['at_risk']}")
    marks += [f"held: {hold_words(h)}" for h in run["held"]]
    return said + (f", {'; '.join(marks)}" if marks else "")


def downtime_words(downtime: Fact) -> str:
    """A downtime: kind, when, and its order."""
    order = f" for {downtime['maintenance_order']}" if downtime["maintenance_order"] else ""
    when = span(downtime["start"], downtime["end"])
    return f"{downtime['kind']} {downtime['downtime']}{order} {when} ({downtime['state']})"


def hold_words(hold: Fact) -> str:
    """A hold: its kind, what it covers, why, and who releases it."""
    what = f"{hold['kind']} hold {hold['hold']} on {hold['subject']}"
    return f"{what} ({hold['reason']}; released by {hold['release_role']} only)"


def alternatives_words(found: Fact) -> str:
    """What could be used or done while something is held; nothing is also an answer."""
    lots = [f"{lot['lot']} ({lot['free']} {lot['item']} free)" for lot in found["lots"]]
    gauges = [f"{g['gauge']}" for g in found["gauges"]]
    orders = [f"{o['order']} (priority {o['priority']})" for o in found["orders"][:3]]
    parts = [f"{name} {listed(keys)}" for name, keys in _named(lots, gauges, orders) if keys]
    return f"Meanwhile: {'; '.join(parts)}." if parts else "There is nothing to use or do instead."


def _named(
    lots: Sequence[str], gauges: Sequence[str], orders: Sequence[str]
) -> list[tuple[str, Sequence[str]]]:
    return [("other lots", lots), ("valid gauges", gauges), ("other orders", orders)]
