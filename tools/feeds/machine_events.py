"""Events and conditions of machine controls to facts: cycles, modes, programs, alarms, emergency stops.

What a row means depends on what the control said before, so a reader follows each machine through the
file, in its order.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from protocol.toolbox import Fact

from .cells import instant, key, table, words
from .outcomes import Accepted, Feed, Outcome, Row, RowError

PHASES = frozenset({"active", "paused", "stopped", "ready"})
_CYCLE = {
    ("paused", "active"): "machine.cycle_resumed",
    ("active", "ready"): "machine.cycle_finished",
    ("active", "paused"): "machine.cycle_interrupted",
    ("active", "stopped"): "machine.cycle_interrupted",
    ("paused", "ready"): "machine.cycle_aborted",
    ("paused", "stopped"): "machine.cycle_aborted",
    ("ready", "active"): "machine.cycle_started",
    ("stopped", "active"): "machine.cycle_started",
    (None, "active"): "machine.cycle_started",
}
"""What a change of phase means for the cycle; every other change is one of state only."""
_ALARMS = {"Fault": "machine.fault", "Warning": "machine.warning"}
_CLEARED = "Normal"


@dataclass(frozen=True, slots=True)
class Tables:
    """The mapping's tables, parsed."""

    machines: Mapping[str, Mapping[str, Any]]
    statuses: Mapping[str, str]
    estop: Mapping[str, str]
    may_be_empty: frozenset[str]
    emergency: frozenset[str]
    maintenance: frozenset[str]

    @classmethod
    def of(cls, tables: Mapping[str, Any]) -> "Tables":
        """Raises ValueError when a table cannot be used."""
        statuses = table(tables, "statuses")
        if strange := sorted(set(map(str, statuses.values())) - PHASES):
            raise ValueError(f"tables.statuses: {', '.join(strange)} is none of {', '.join(sorted(PHASES))}")
        machines = table(tables, "machines")
        for name, entry in machines.items():
            if not isinstance(entry, dict) or not {"line", "abilities"} <= entry.keys():
                raise ValueError(f"tables.machines.{name} needs a line and abilities")
        return cls(
            machines=machines,
            statuses=statuses,
            estop=table(tables, "estop"),
            may_be_empty=words(tables, "may_be_empty"),
            emergency=words(tables, "emergency"),
            maintenance=words(tables, "maintenance"),
        )


@dataclass(slots=True)
class Control:
    """What the control of one machine has said so far."""

    last: dict[str, str] = field(default_factory=dict)
    open: dict[str, dict[str, bool]] = field(default_factory=dict)
    """Alarms by item and code; whether each means an emergency stop."""


@dataclass(frozen=True, slots=True)
class Change:
    """One row, parsed."""

    machine: str
    kind: str
    item: str
    value: str
    code: str
    text: str
    at: str


def read_machine_events(rows: Iterable[Row], feed: Feed) -> Iterator[Outcome]:
    """The outcome of every row, in the order of the rows."""
    return _Reading(feed, Tables.of(feed.tables)).outcomes(rows)


class _Reading:
    """One pass through one file."""

    def __init__(self, feed: Feed, tables: Tables) -> None:
        self.feed, self.tables = feed, tables
        self.zone = ZoneInfo(feed.zone)
        self.known = set(feed.known.get("machine", frozenset()))
        self.controls: dict[str, Control] = {}

    def outcomes(self, rows: Iterable[Row]) -> Iterator[Outcome]:
        for row in rows:
            try:
                change = self._parse(row)
            except RowError as error:
                yield error.rejected(row)
                continue
            facts, flags = self._facts(change)
            numbered = [
                Fact(
                    kind,
                    self.feed.source,
                    row.identity + suffix,
                    change.at,
                    f"machine/{change.machine}",
                    data,
                )
                for kind, suffix, data in facts
            ]
            yield Accepted(row.line, row.identity, (*self._added(change), *numbered), flags, change.at)

    def _parse(self, row: Row) -> Change:
        cells = row.cells
        at = instant(cells["ts_utc"], "ts_utc", self.zone)
        machine = key(cells["machine"], "machine", "unknown_machine")
        if machine not in self.known and machine not in self.tables.machines:
            said = cells["machine"][:40]
            message = f"{said!r} is no machine of this floor nor of the mapping's table"
            raise RowError("unknown_machine", message, f"unknown_machine: {said}")
        kind, item, value = cells["kind"], cells["data_item"][:64], cells["value"][:200]
        expected = {"condition": {*_ALARMS, _CLEARED}, "event": None}
        if kind not in expected:
            raise RowError("unknown_status", f"kind is {kind[:40]!r}, neither event nor condition")
        allowed = expected[kind] or {"execution": self.tables.statuses, "estop": self.tables.estop}.get(item)
        if allowed is not None and value not in allowed:
            raise RowError("unknown_status", f"{item} is {value[:40]!r}, which the mapping does not know")
        return Change(machine, kind, item, value, cells["code"][:64], cells["text"][:500], at)

    def _added(self, change: Change) -> Iterator[Fact]:
        """The first row of a machine that the floor does not have makes it known."""
        if change.machine in self.known:
            return
        self.known.add(change.machine)
        entry = self.tables.machines[change.machine]
        told = {"line": entry["line"], "abilities": list(entry["abilities"]), "asset": entry.get("asset")}
        data = {"machine": change.machine, **told}
        subject = f"machine/{change.machine}"
        yield Fact("machine.added", self.feed.source, f"added/{change.machine}", change.at, subject, data)

    def _facts(self, change: Change) -> tuple[list[tuple[str, str, dict[str, Any]]], tuple[str, ...]]:
        """(fact type, suffix, data) of a row, and its flags."""
        control = self.controls.setdefault(change.machine, Control())
        if change.kind == "condition":
            return self._condition(change, control)
        old = control.last.get(change.item)
        control.last[change.item] = change.value
        base = {"machine": change.machine, "old": old, "new": change.value, "at": change.at}
        match change.item:
            case "execution":
                kind = self._cycle(old, change.value)
                if kind is None:
                    return [("machine.state_changed", "", {**base, "item": change.item})], ()
                seen = {"program": control.last.get("program"), "mode": self._mode(control)}
                return [(kind, "", {**base, **seen})], ()
            case "mode" | "program":
                return [(f"machine.{change.item}_changed", "", base)], ()
            case "estop":
                return [self._emergency_stop(change, control, old, base)], ()
            case item if not change.value and item in self.tables.may_be_empty:
                return [], ()
            case _:
                return [("machine.state_changed", "", {**base, "item": change.item})], ()

    def _cycle(self, old: str | None, new: str) -> str | None:
        before = self.tables.statuses[old] if old is not None else None
        return _CYCLE.get((before, self.tables.statuses[new]))

    def _mode(self, control: Control) -> str | None:
        mode = control.last.get("mode")
        return mode[:32] if mode else None

    def _emergency_stop(
        self, change: Change, control: Control, old: str | None, base: dict[str, Any]
    ) -> tuple[str, str, dict[str, Any]]:
        """Pressed or released; a button that was never seen pressed is only seen."""
        pressed = self.tables.estop[change.value] == "pressed"
        if not pressed and (old is None or self.tables.estop[old] != "pressed"):
            return "machine.state_changed", "", {**base, "item": change.item}
        kind = "machine.emergency_stop" if pressed else "machine.emergency_cleared"
        return kind, "", self._alarm(change, control)

    def _alarm(self, change: Change, control: Control) -> dict[str, Any]:
        return {
            "machine": change.machine,
            "item": change.item,
            "code": change.code or None,
            "text": change.text or None,
            "mode": self._mode(control),
            "at": change.at,
        }

    def _condition(
        self, change: Change, control: Control
    ) -> tuple[list[tuple[str, str, dict[str, Any]]], tuple[str, ...]]:
        open_codes = control.open.setdefault(change.item, {})
        data = self._alarm(change, control)
        if change.value == _CLEARED:
            cleared = [change.code] if change.code in open_codes else [] if change.code else list(open_codes)
            if not cleared:
                return [], ()
            emergency = [open_codes.pop(code) for code in cleared]
            return [("machine.fault_cleared", "", {**data, "emergency": any(emergency)})], ()
        if change.code in open_codes:
            return [], ("repeated",)
        emergency_stop = change.value == "Fault" and change.code in self.tables.emergency
        open_codes[change.code] = emergency_stop
        facts = [(_ALARMS[change.value], "", {**data, "emergency": emergency_stop})]
        if change.code in self.tables.maintenance:
            due = {"machine": change.machine, "type": "PM", "symptom": f"{change.code} {change.text}"[:500]}
            facts.append(("maintenance.due", "/due", due))
        return facts, ()
