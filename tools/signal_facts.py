"""Facts from machine controls: what a control reports is telemetry, and never ends a downtime.

Each changes the machine's one signal record. A report older than the last one changes nothing: control
states do not wait for one another.
"""

from collections.abc import Mapping
from typing import Any

from protocol.effects import Effects, Emit
from protocol.fields import Field, Flag, Instant, Integer, KeyOf, Maybe, Shape, Text
from protocol.records import Record, Ref, Snapshot
from protocol.toolbox import Fact, FactKind, create, put

from .machine_time import earlier

_CHANGE: Shape = {
    "machine": KeyOf("machine"),
    "item": Maybe(Text(64)),  # of the control; absent: its execution state
    "old": Maybe(Text(200)),
    "new": Maybe(Text(200)),
    "at": Maybe(Instant()),
}
_CYCLE: Shape = {
    "machine": KeyOf("machine"),
    "program": Maybe(Text(200)),
    "mode": Maybe(Text(32)),
    "old": Maybe(Text(64)),
    "new": Maybe(Text(64)),
    "at": Maybe(Instant()),
}
_ALARM: Shape = {
    "machine": KeyOf("machine"),
    "item": Maybe(Text(64)),
    "code": Maybe(Text(64)),
    "text": Maybe(Text(500)),
    "mode": Maybe(Text(32)),
    "at": Maybe(Instant()),
    "emergency": Maybe(Flag()),  # the alarm says that an emergency stop was pressed, or pulled out again
    "count": Maybe(Integer(1)),
}
_CYCLES = ("started", "resumed", "interrupted", "finished", "aborted")
_EXECUTION = (None, "execution")


def _signal(fact: Fact, snapshot: Snapshot, fields: Mapping[str, Any]) -> Effects:
    """A change of the machine's signal; nothing for a machine that the floor does not know."""
    machine, at = fact.data["machine"], fact.data.get("at") or fact.occurred
    known = snapshot.get("signal", machine)
    if known is None:
        if snapshot.get("machine", machine) is None:
            return Effects()
        return Effects(puts=(create("signal", machine, at=at, **fields),))
    if known["at"] is not None and earlier(at, known["at"]):
        return Effects()
    return Effects(puts=(put("signal", machine, at=at, **fields),))


def state_changed(fact: Fact, snapshot: Snapshot) -> Effects:
    """The control reports another state; of its other items only the event is kept."""
    if fact.data.get("item") not in _EXECUTION:
        return Effects()
    return _signal(fact, snapshot, {"reported": _short(fact.data.get("new"))})


def mode_changed(fact: Fact, snapshot: Snapshot) -> Effects:
    """Automatic, manual and so on: what an alarm means depends on it."""
    return _signal(fact, snapshot, {"mode": (fact.data.get("new") or "")[:32] or None})


def program_changed(fact: Fact, snapshot: Snapshot) -> Effects:
    """Another program is loaded; its name is opaque text."""
    return _signal(fact, snapshot, {"program": fact.data.get("new")})


def cycle(fact: Fact, snapshot: Snapshot) -> Effects:
    """A cycle began, went on, paused or ended. A cycle is not a run."""
    return _signal(fact, snapshot, {"reported": _short(fact.data.get("new"))})


def alarm(fact: Fact, snapshot: Snapshot) -> Effects:
    """A fault or a warning stands from now on, until it is cleared."""
    data = fact.data
    before = _open(snapshot.get("signal", data["machine"]))
    after = [*before, name] if (name := _name(data)) not in before else before
    told = " ".join(str(data[n]) for n in ("code", "text") if data.get(n))[:200]
    effects = _signal(fact, snapshot, {"open_faults": after, "last_alarm": told or None})
    return _with_emergency(fact, effects, "machine.emergency_stop")


def fault_cleared(fact: Fact, snapshot: Snapshot) -> Effects:
    """One code of an item is cleared; without a code, all of the item; without an item, all there are."""
    data = fact.data
    known = snapshot.get("signal", data["machine"])
    before = _open(known)
    if data.get("code"):
        after = [name for name in before if name != _name(data)]
    else:
        after = [n for n in before if data.get("item") and not n.startswith(f"{data['item']}:")]
    effects = _signal(fact, snapshot, {"open_faults": after}) if after != before else Effects()
    return _with_emergency(fact, effects, "machine.emergency_cleared")


def _with_emergency(fact: Fact, effects: Effects, event: str) -> Effects:
    data = fact.data
    if not data.get("emergency"):
        return effects
    said = {name: data.get(name) for name in ("machine", "item", "code", "text", "mode", "at")}
    return Effects(puts=effects.puts, events=(Emit(event, str(Ref("machine", data["machine"])), said),))


def _open(signal: Record | None) -> list[str]:
    return list(signal["open_faults"] or ()) if signal else []


def _name(data: Mapping[str, Any]) -> str:
    """An open alarm is known by item and code: texts arrive cut."""
    return f"{data.get('item') or ''}:{data.get('code') or ''}"[:64]


def _short(text: str | None) -> str | None:
    return text[:64] if text else None


_OTHERS: tuple[tuple[str, Mapping[str, Field], Any], ...] = (
    ("machine.state_changed", _CHANGE, state_changed),
    ("machine.mode_changed", _CHANGE, mode_changed),
    ("machine.program_changed", _CHANGE, program_changed),
    ("machine.fault", _ALARM, alarm),
    ("machine.warning", _ALARM, alarm),
    ("machine.fault_cleared", _ALARM, fault_cleared),
    ("machine.emergency_stop", _ALARM, alarm),
    ("machine.emergency_cleared", _ALARM, fault_cleared),
)
SIGNAL_FACTS = (
    *(FactKind(kind, "maintenance", shape, apply) for kind, shape, apply in _OTHERS),
    *(FactKind(f"machine.cycle_{name}", "maintenance", _CYCLE, cycle) for name in _CYCLES),
)
