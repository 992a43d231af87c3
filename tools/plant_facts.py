"""Facts of the plant that come from people and calendars; those of feeds stand in facts.py.

Recorded, not decided: what a fact says about something unknown is kept as its event and changes nothing.
"""

from typing import Any

from protocol.effects import Delta, Effects, Put, Release
from protocol.fields import Choice, Flag, Instant, Integer, KeyOf, ListOf, Maybe, Person, Shape, Text
from protocol.ids import derive_key
from protocol.records import Record, Ref, Snapshot
from protocol.toolbox import Fact, FactKind, create, put

from .values import MAINTENANCE_DONE, MAINTENANCE_TYPES, OVER

DEFAULT_PRIORITY = 3
"""Within 14 days: what a due date without a priority is given."""

RUN_REPORT: Shape = {
    "run": Maybe(KeyOf("run")),
    "order": Maybe(KeyOf("order")),
    "operation": Maybe(Text(200)),
    "machine": Maybe(KeyOf("machine")),
    "start": Maybe(Instant()),
    "end": Maybe(Instant()),
    "good": Maybe(Integer(0)),
    "rejected": Maybe(Integer(0)),
    "worker": Maybe(Text(64)),
    "rework": Maybe(Flag()),
    "flags": Maybe(ListOf(Text(64))),
}
_DUE: Shape = {
    "maintenance_order": Maybe(KeyOf("maintenance_order")),
    "machine": KeyOf("machine"),
    "type": Maybe(Choice(MAINTENANCE_TYPES)),
    "priority": Maybe(Integer(1, 4)),
    "symptom": Maybe(Text(500)),
    "est_min": Maybe(Integer(1)),
    "earliest": Maybe(Instant()),
    "due": Maybe(Instant()),
    "hard_limit": Maybe(Instant()),
}


def maintenance_due(fact: Fact, snapshot: Snapshot) -> Effects:
    """The order of what is due: an open one is left as it is, a missing one is created."""
    data = fact.data
    if _known_order(fact, snapshot) or snapshot.get("machine", data["machine"]) is None:
        return Effects()
    key = data.get("maintenance_order") or derive_key("MO-", fact.source, fact.source_id)
    optional = {n: data.get(n) for n in ("symptom", "est_min", "earliest", "due", "hard_limit")}
    made: dict[str, Any] = {
        "machine": data["machine"],
        "type": data.get("type") or "PM",
        "priority": data.get("priority") or DEFAULT_PRIORITY,
        "state": "Requested",
        "code": None,
        "findings": None,
        "count": 1,
        **optional,
    }
    return Effects(puts=(Put(Ref("maintenance_order", key), made, create=True),))


def _known_order(fact: Fact, snapshot: Snapshot) -> bool:
    key = fact.data.get("maintenance_order")
    if key is not None:
        return snapshot.get("maintenance_order", key) is not None
    kind = fact.data.get("type") or "PM"
    found = snapshot.find("maintenance_order", machine=fact.data["machine"])
    return any(o["type"] == kind and o["state"] not in MAINTENANCE_DONE for o in found)


def calibration_expired(fact: Fact, snapshot: Snapshot) -> Effects:
    """A gauge is not valid any more, from the instant the fact names."""
    gauge, until = fact.data["gauge"], fact.data["valid_until"]
    if snapshot.get("gauge", gauge) is None:
        return Effects(puts=(create("gauge", gauge, valid_until=until, last_used=None),))
    return Effects(puts=(put("gauge", gauge, valid_until=until),))


def _run(fact: Fact, snapshot: Snapshot) -> Record | None:
    key = fact.data.get("run")
    return snapshot.get("run", key) if key else None


def run_started(fact: Fact, snapshot: Snapshot) -> Effects:
    """A run runs, whatever was planned. One that is over stays over: the report is late."""
    run = _run(fact, snapshot)
    if run is None or run["state"] in OVER:
        return Effects()
    writes = [put("run", run.key, state="Running", began=fact.data.get("start") or fact.occurred)]
    order = snapshot.get("order", run["order"])
    if order is not None and order["state"] in ("Released", "Waiting", "Ready"):
        writes.append(put("order", order.key, state="Running"))
    return Effects(puts=tuple(writes))


def run_finished(fact: Fact, snapshot: Snapshot) -> Effects:
    """A run is done: its pieces count, its machine is free. Said twice it counts once."""
    run = _run(fact, snapshot)
    if run is None or run["state"] in OVER:
        return Effects()
    good, rejected = fact.data.get("good") or 0, fact.data.get("rejected") or 0
    deltas = [Delta(run.ref, "good", good), Delta(run.ref, "rejected", rejected)]
    if snapshot.get("order", run["order"]) is not None and _is_last(snapshot, run):
        order = Ref("order", run["order"])
        deltas += [Delta(order, "good", good), Delta(order, "scrapped", rejected)]
    ended = fact.data.get("end") or fact.occurred
    return Effects(
        puts=(put("run", run.key, state="Completed", ended=ended, at_risk=None),),
        deltas=tuple(d for d in deltas if d.amount),
        releases=(Release(run.ref),),
    )


def _is_last(snapshot: Snapshot, run: Record) -> bool:
    """Pieces of an order are good when its last operation made them, not at every step."""
    numbers = [
        int(r["operation"][2:]) for r in snapshot.find("run", order=run["order"]) if r["state"] != "Cancelled"
    ]
    order = snapshot.get("order", run["order"])
    numbers += [int(step["operation"][2:]) for step in (order["operations"] if order else None) or ()]
    return int(run["operation"][2:]) >= max(numbers)


_ANDON: Shape = {
    "machine": KeyOf("machine"),
    "by": Maybe(Person()),
    "at": Maybe(Instant()),
    "text": Maybe(Text(500)),
}

PLANT_FACTS = (
    FactKind("maintenance.due", "maintenance", _DUE, maintenance_due),
    FactKind(
        "calibration.expired",
        "quality",
        {"gauge": KeyOf("gauge"), "valid_until": Instant()},
        calibration_expired,
    ),
    FactKind("run.started", "scheduling", RUN_REPORT, run_started),
    FactKind("run.finished", "scheduling", RUN_REPORT, run_finished),
    FactKind("andon.raised", "maintenance", _ANDON),
)
