"""Production reports to facts: what was set up, made, inspected, packed, and which machine broke down.

The row of a report decides everything but one thing: the first row of an order, by start, also makes
the order known.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from protocol.ids import derive_key
from protocol.times import minutes_between
from protocol.toolbox import Fact

from .cells import instant, key, quantity, table, words
from .outcomes import Accepted, Feed, Option, Outcome, Rejected, Row, RowError

TIMES = "%Y/%m/%d %H:%M:%S.%f"
MISMATCH = "machine_mismatch"
MEANINGS = frozenset({"done", "setup", "breakdown"})
ROUNDING_MIN = 1
"""A length that is a minute off is rounded, not wrong."""
_NUMBER = re.compile(r"\bMachine\s*(\d{1,4})")
_SPAN = re.compile(r"(\d{1,4}):(\d{2})")


@dataclass(frozen=True, slots=True)
class Tables:
    """The mapping's tables, parsed. ``rework`` is None when no word means rework."""

    names: Mapping[str, str]
    statuses: Mapping[str, str]
    inspection: frozenset[str]
    packing: frozenset[str]
    rework: re.Pattern[str] | None
    assumed_min: frozenset[int]
    aliases: Mapping[str, str]

    @classmethod
    def of(cls, feed: Feed) -> "Tables":
        """Raises ValueError when a table cannot be used."""
        given, statuses = feed.tables, table(feed.tables, "statuses")
        if strange := sorted(set(map(str, statuses.values())) - MEANINGS):
            raise ValueError(
                f"tables.statuses: {', '.join(strange)} is none of {', '.join(sorted(MEANINGS))}"
            )
        rework = "|".join(map(re.escape, sorted(words(given, "rework"))))
        return cls(
            names=table(given, "names"),
            statuses=statuses,
            inspection=words(given, "inspection"),
            packing=words(given, "packing"),
            rework=re.compile(rf"\b({rework})\b") if rework else None,
            assumed_min=frozenset(int(text) for text in words(given, "assumed_minutes")),
            aliases={**table(given, "aliases"), **feed.aliases},
        )


@dataclass(frozen=True, slots=True)
class Report:
    """One row, parsed."""

    order: str
    item: str
    ordered: int
    meaning: str
    machine: str
    activity: str
    start: str
    end: str
    worker: str
    good: int
    rejected: int
    mrb: int
    rework: bool
    flags: tuple[str, ...]

    def common(self) -> dict[str, Any]:
        """What every fact of the report says."""
        return {
            "order": self.order,
            "machine": self.machine,
            "rework": self.rework,
            "flags": list(self.flags),
        }

    def worked(self) -> dict[str, Any]:
        """What facts about work say beside that."""
        span = {"start": self.start, "end": self.end}
        return {**self.common(), **span, "operation": self.activity[:200], "worker": self.worker}


def read_production_log(rows: Iterable[Row], feed: Feed) -> Iterator[Outcome]:
    """The outcome of every row, in the order of the rows."""
    return _outcomes(rows, feed, Tables.of(feed))


def _outcomes(rows: Iterable[Row], feed: Feed, tables: Tables) -> Iterator[Outcome]:
    released: set[str] = set()
    zone = ZoneInfo(feed.zone)
    for row in rows:
        try:
            report = _parse(row, feed, tables, zone)
        except RowError as error:
            yield error.rejected(row)
            continue
        if isinstance(report, Rejected):
            yield report
            continue
        facts = tuple(_facts(report, row.identity, feed.source, tables))
        if report.order not in released:
            released.add(report.order)
            facts = (_release(report, feed.source), *facts)
        yield Accepted(row.line, row.identity, facts, report.flags)


def _parse(row: Row, feed: Feed, tables: Tables, zone: ZoneInfo) -> Report | Rejected:
    cells = row.cells
    meaning = tables.statuses.get(cells["Report Type"])
    if meaning is None:
        said = cells["Report Type"][:40]
        raise RowError("unknown_status", f"Report Type is {said!r}, which the mapping does not know")
    machine = _machine(row, feed, tables)
    if isinstance(machine, Rejected):
        return machine
    start, end = (instant(cells[c], c, zone, TIMES) for c in ("Start Timestamp", "Complete Timestamp"))
    minutes = minutes_between(start, end)
    if minutes < 0:
        raise RowError("bad_time", f"Complete Timestamp {cells['Complete Timestamp']} lies before the start")
    good, rejected, mrb = (quantity(cells[c], c) for c in ("Qty Completed", "Qty Rejected", "Qty for MRB"))
    flags = list(_span_flags(cells["Span"], minutes, tables))
    if rejected > good and machine not in tables.inspection:
        flags.append("rejects_exceed_good")
    activity = cells["Activity"]
    return Report(
        order=key(cells["Case ID"], "Case ID"),
        item=key(cells["Part Desc."], "Part Desc.", "unknown_item"),
        ordered=quantity(cells["Work Order Qty"], "Work Order Qty"),
        meaning=meaning,
        machine=machine,
        activity=activity,
        start=start,
        end=end,
        worker=cells["Worker ID"][:64],
        good=good,
        rejected=rejected,
        mrb=mrb,
        rework=cells["Rework"] == "Y" or bool(tables.rework and tables.rework.search(activity)),
        flags=tuple(flags),
    )


def _machine(row: Row, feed: Feed, tables: Tables) -> str | Rejected:
    """The machine of a row: the one its resource names, or the one people said it means."""
    activity, resource = row.cells["Activity"], row.cells["Resource"]
    theirs, named = _NUMBER.search(activity), _NUMBER.search(resource)
    machine = f"M{int(named[1])}" if named else tables.names.get(resource)
    known = feed.known.get("machine", frozenset())
    if theirs and (said := f"M{int(theirs[1])}") != machine:
        pair = f"{activity} / {resource}"
        cause = f"{MISMATCH}: {pair}"
        alias = tables.aliases.get(pair) or tables.aliases.get(cause)
        if alias is None:
            choices = [m for m in (said, machine) if m in known]
            return Rejected(
                row.line,
                MISMATCH,
                f"Activity {activity!r} names {said}, Resource {resource!r} is {machine or 'no machine'}",
                cause,
                f"Rows say {activity!r} was done on {resource!r}: which machine is meant?",
                tuple(Option(f"map to {m}", m) for m in choices if m is not None),
            )
        machine = alias
    if machine not in known:
        raise RowError(
            "unknown_machine",
            f"Resource {resource!r} is no machine of this floor",
            f"unknown_machine: {resource}",
        )
    return machine


def _span_flags(span: str, minutes: int, tables: Tables) -> Iterator[str]:
    """What the reported length says about the times; it is never used."""
    found = _SPAN.fullmatch(span)
    if minutes == 0:
        yield "zero_length"
    if found is None:
        yield "span_unreadable"
        return
    reported = int(found[1]) * 60 + int(found[2])
    if reported == 0 and minutes in tables.assumed_min:
        yield "time_assumed"
    elif abs(reported - minutes) > ROUNDING_MIN:
        yield "span_mismatch"


def _facts(report: Report, identity: str, source: str, tables: Tables) -> Iterator[Fact]:
    def fact(kind: str, at: str, subject: str, data: Mapping[str, Any], suffix: str = "") -> Fact:
        return Fact(kind, source, identity + suffix, at, subject, data)

    order, machine = f"order/{report.order}", f"machine/{report.machine}"
    counts = {"rejected": report.rejected, "mrb": report.mrb}
    if report.meaning == "breakdown":
        state = {
            **report.common(),
            "worker": report.worker,
            "reason": report.activity[:200],
            "by": report.worker,
        }
        yield fact("machine.down", report.start, machine, {**state, "at": report.start})
        yield fact("machine.up", report.end, machine, {**state, "at": report.end}, "/up")
    elif report.meaning == "setup":
        yield fact("setup.reported", report.end, order, {**report.worked(), **counts, "good": report.good})
    elif report.machine in tables.inspection:
        yield fact("inspection.recorded", report.end, order, _inspection(report, source, identity))
    elif report.machine in tables.packing:
        yield fact("order.packed", report.end, order, {**report.worked(), **counts, "quantity": report.good})
    else:
        yield fact("run.reported", report.end, order, {**report.worked(), **counts, "good": report.good})


def _inspection(report: Report, source: str, identity: str) -> dict[str, Any]:
    return {
        **report.common(),
        "inspection": derive_key("I-", source, identity),
        "subject": f"order/{report.order}",
        "characteristic": report.activity[:120],
        "accepted": report.good,
        "rejected": report.rejected,
        "mrb": report.mrb,
        "start": report.start,
        "end": report.end,
        "by": report.worker,
    }


def _release(report: Report, source: str) -> Fact:
    """The order behind the reports; its identity is the order's, so that one of it is made."""
    data = {
        "order": report.order,
        "item": report.item,
        "quantity": report.ordered,
        "due": None,
        "priority": None,
        "flags": ["due_assumed", "priority_assumed"],
    }
    subject = f"order/{report.order}"
    return Fact("order.released", source, f"released/{report.order}", report.start, subject, data)
