"""The events that the plant's actions and consequences publish, and their data; facts bring their own."""

from protocol.fields import (
    Choice,
    Flag,
    Fraction,
    Instant,
    Integer,
    KeyOf,
    ListOf,
    Maybe,
    Name,
    Object,
    Person,
    Shape,
    Text,
)

from . import values as v

_PLACE: Shape = {"machine": KeyOf("machine"), "start": Instant(), "end": Instant()}
_RUN: Shape = {"run": KeyOf("run"), "order": KeyOf("order"), "operation": v.Operation()}
_DOWNTIME: Shape = {
    "downtime": KeyOf("downtime"),
    "kind": Choice(v.DOWNTIME_KINDS),
    "maintenance_order": Maybe(KeyOf("maintenance_order")),
    **_PLACE,
}
_ALLOCATION: Shape = {
    "allocation": KeyOf("allocation"),
    "order": KeyOf("order"),
    "item": KeyOf("stock"),
    "lot": Maybe(KeyOf("lot")),
    "quantity": Integer(1),
}
_HOLD: Shape = {
    "hold": KeyOf("hold"),
    "subject": v.Subject(),
    "kind": Choice(v.HOLD_KINDS),
    "quantity": Maybe(Integer(1)),
    "reason": Text(500),
    "release_role": Name(),
    "by": Text(64),
}
_LOT: Shape = {"hold": KeyOf("hold"), "lot": KeyOf("lot"), "quantity": Maybe(Integer(1))}
INSPECTED: Shape = {
    "inspection": KeyOf("inspection"),
    "subject": Text(80),
    "characteristic": Maybe(Text(120)),
    "measured": Maybe(Fraction(4)),
    "accepted": Integer(0),
    "rejected": Integer(0),
    "mrb": Integer(0),
    "verdict": Choice(v.VERDICTS),
    "flags": Maybe(ListOf(Text(64))),
}
MACHINE_STATE: Shape = {
    "machine": KeyOf("machine"),
    "at": Instant(),
    "reason": Maybe(Text(200)),
    "by": Maybe(Text(64)),
}

EVENTS: dict[str, Shape] = {
    "run.planned": {**_RUN, **_PLACE, "quantity": Integer(0)},
    "run.moved": {**_RUN, "from": Object(_PLACE), "to": Object(_PLACE), "rule": Maybe(Text(64))},
    "run.cancelled": {**_RUN, **_PLACE, "reason": Text(500)},
    "run.at_risk": {**_RUN, **_PLACE, "reason": Text(200), "approved_by": Maybe(Person())},
    # forced: laid over runs, because nothing is free before a hard limit, a fact stands behind it, or a
    # person signed
    "downtime.opened": {**_DOWNTIME, "forced": Flag()},
    "downtime.changed": {**_DOWNTIME, "from": Object(_PLACE), "forced": Flag()},
    "downtime.closed": {**_DOWNTIME, "from": Object(_PLACE)},
    "maintenance.requested": {
        "maintenance_order": KeyOf("maintenance_order"),
        "machine": KeyOf("machine"),
        "type": Choice(v.MAINTENANCE_TYPES),
        "priority": Integer(1, 4),
        "due": Maybe(Instant()),
        "hard_limit": Maybe(Instant()),
    },
    "maintenance.done": {"maintenance_order": KeyOf("maintenance_order"), "machine": KeyOf("machine")},
    "machine.down": MACHINE_STATE,
    "machine.up": MACHINE_STATE,
    "inspection.recorded": INSPECTED,
    "inspection.failed": INSPECTED,
    "hold.placed": _HOLD,
    "hold.released": _HOLD,
    "lot.held": _LOT,
    "lot.released": _LOT,
    "allocation.committed": _ALLOCATION,
    "allocation.released": _ALLOCATION,
    "shortage.detected": {
        "order": KeyOf("order"),
        "item": KeyOf("stock"),
        "missing": Integer(1),
        "next_receipt": Maybe(Instant()),
    },
    "report.published": {"report": KeyOf("report"), "kind": Text(32), "scope": Text(64)},
}
