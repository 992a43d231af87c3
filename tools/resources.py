"""The shared records of the plant. ``facts_only`` is the reference's dagger: facts and people set it."""

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
from protocol.toolbox import Bound, ResourceType

from . import values as v

_STEP: Shape = {
    "operation": v.Operation(),
    "ability": Text(64),
    "setup_min": Integer(0),
    "run_min": Integer(1),
}
_MATERIAL: Shape = {"item": KeyOf("stock"), "quantity": Integer(1)}
_LOCK: Shape = {"person": Person(), "at": Instant()}
_BOOKING: Shape = {"holder": Text(80), "start": Instant(), "end": Instant()}
FIGURE: Shape = {
    "name": Text(64),
    "numerator": Integer(0),
    "denominator": Maybe(Integer(0)),
    "unit": Text(32),
    "missing": ListOf(Text(120)),
}

ORDER = ResourceType(
    name="order",
    fields={
        "item": Text(64),
        "quantity": Integer(0),
        "due": Maybe(Instant()),
        "priority": Integer(1, 5),
        "customer": Maybe(Text(120)),
        "partial_ok": Maybe(Flag()),
        "mixing_ok": Maybe(Flag()),  # may be filled from several lots of an item
        "state": Choice(v.ORDER_STATES),
        "operations": Maybe(ListOf(Object(_STEP))),  # copied from the routing at release; null: not known
        "materials": Maybe(ListOf(Object(_MATERIAL))),  # the parts list exploded at release; null: not known
        "flags": Maybe(ListOf(Text(32))),
    },
    balances={"good": Bound(), "scrapped": Bound(), "rework_open": Bound()},
    indexed=("state", "item"),
    facts_only=frozenset({"quantity", "due", "priority", "customer", "partial_ok"}),
)
RUN = ResourceType(
    name="run",
    fields={
        "order": KeyOf("order"),
        "operation": v.Operation(),
        "machine": KeyOf("machine"),
        "start": Instant(),  # of the set-up
        "end": Instant(),
        "setup_min": Integer(0),
        "quantity": Integer(0),
        "state": Choice(v.RUN_STATES),
        "lots": Maybe(ListOf(KeyOf("lot"))),
        "approval": Maybe(Text(64)),
        "approved_by": Maybe(Person()),
        "at_risk": Maybe(Text(200)),
        "began": Maybe(Instant()),
        "ended": Maybe(Instant()),
    },
    balances={"good": Bound(), "rejected": Bound()},
    indexed=("order", "machine", "state"),
)
MACHINE = ResourceType(
    name="machine",
    fields={
        "line": Text(16),
        "abilities": ListOf(Text(64)),
        "asset": Maybe(Text(64)),
        "state": Choice(v.MACHINE_STATES),
        "since": Maybe(Instant()),
        "reason": Maybe(Text(200)),
        "locks": Maybe(ListOf(Object(_LOCK))),
    },
    indexed=("line", "state"),
    facts_only=frozenset({"locks"}),
)
SIGNAL = ResourceType(
    name="signal",
    fields={
        "reported": Maybe(Text(64)),
        "at": Maybe(Instant()),
        "run_min": Maybe(Integer(0)),
        "last_alarm": Maybe(Text(200)),
        "mode": Maybe(Text(32)),
        "program": Maybe(Text(200)),
        "open_faults": Maybe(ListOf(Text(64))),
    },
    versioned=False,
)
CALENDAR = ResourceType(
    name="calendar",
    fields={"machine": KeyOf("machine"), "bookings": ListOf(Object(_BOOKING))},
    indexed=("machine",),
)
DOWNTIME = ResourceType(
    name="downtime",
    fields={
        "machine": KeyOf("machine"),
        "kind": Choice((*v.DOWNTIME_KINDS, v.UNTOLD)),
        "start": Instant(),
        "end": Instant(),
        "maintenance_order": Maybe(KeyOf("maintenance_order")),
        "state": Choice(("planned", "open", "closed")),
    },
    indexed=("machine", "state", "maintenance_order"),
)
MAINTENANCE_ORDER = ResourceType(
    name="maintenance_order",
    fields={
        "machine": KeyOf("machine"),
        "type": Choice(v.MAINTENANCE_TYPES),
        "code": Maybe(Text(64)),  # of the fault it answers; repeats of it are counted here
        "priority": Integer(1, 4),
        "symptom": Maybe(Text(500)),
        "est_min": Maybe(Integer(1)),
        "earliest": Maybe(Instant()),
        "due": Maybe(Instant()),
        "hard_limit": Maybe(Instant()),
        "state": Choice(v.MAINTENANCE_STATES),
        "findings": Maybe(Text(500)),
    },
    balances={"count": Bound(minimum=1)},
    indexed=("machine", "state"),
)
INSPECTION = ResourceType(
    name="inspection",
    fields={
        "subject": Text(80),  # TYPE/KEY where the thing has a record, else its name
        "characteristic": Maybe(Text(120)),
        "nominal": Maybe(Fraction(4)),
        "tol_min": Maybe(Fraction(4)),
        "tol_max": Maybe(Fraction(4)),
        "measured": Maybe(Fraction(4)),
        "gauge": Maybe(KeyOf("gauge")),
        "accepted": Integer(0),
        "rejected": Integer(0),
        "mrb": Integer(0),
        "verdict": Choice(v.VERDICTS),
        "by": Maybe(Text(64)),
        "at": Instant(),
    },
    indexed=("subject", "gauge", "verdict"),
)
NONCONFORMANCE = ResourceType(
    name="nonconformance",
    fields={
        "subject": Text(80),
        "quantity": Integer(1),
        "defect": Text(200),
        "severity": Choice(v.SEVERITIES),
        "evidence": Maybe(Text(500)),
        "disposition": Maybe(Choice(v.DISPOSITIONS)),
        "state": Choice(("open", "closed")),
    },
    indexed=("subject", "state"),
    facts_only=frozenset({"disposition"}),
)
HOLD = ResourceType(
    name="hold",
    fields={
        "subject": v.Subject(),
        "quantity": Maybe(Integer(1)),  # null: all of it
        "kind": Choice(v.HOLD_KINDS),
        "reason": Text(500),
        "release_role": Name(),
        "state": Choice(("active", "released")),
        "placed": Maybe(Instant()),
        "released": Maybe(Instant()),
        "released_by": Maybe(Person()),
        "evidence": Maybe(Text(500)),
    },
    indexed=("subject", "state", "kind"),
    restricts=True,
)
GAUGE = ResourceType(
    name="gauge",
    fields={"valid_until": Maybe(Instant()), "last_used": Maybe(Instant())},
    facts_only=frozenset({"valid_until"}),
)
STOCK = ResourceType(
    name="stock",
    fields={
        "unit": Text(16),
        "name": Maybe(Text(120)),
        "safety_stock": Integer(0),
        "reorder_point": Integer(0),
    },
    balances={"on_hand": Bound(), "allocated": Bound(), "reserved": Bound()},
    facts_only=frozenset({"safety_stock", "reorder_point"}),
)
LOT = ResourceType(
    name="lot",
    fields={
        "item": KeyOf("stock"),
        "location": Maybe(Text(64)),
        "parent": Maybe(KeyOf("lot")),
        "received": Maybe(Instant()),
        "expires": Maybe(Instant()),
        "purchase": Maybe(KeyOf("purchase")),  # bought lots need an accepted receiving inspection
    },
    balances={"quantity": Bound()},
    indexed=("item", "parent"),
)
ALLOCATION = ResourceType(
    name="allocation",
    fields={
        "kind": Choice(("soft", "hard")),
        "order": KeyOf("order"),
        "item": KeyOf("stock"),
        "lot": Maybe(KeyOf("lot")),
        "until": Maybe(Instant()),
    },
    balances={"quantity": Bound(), "issued": Bound()},
    indexed=("order", "item", "lot"),
)
PURCHASE = ResourceType(
    name="purchase",
    fields={
        "item": KeyOf("stock"),
        "ordered": Integer(0),
        "promised": Maybe(Instant()),
        "vendor": Maybe(Text(120)),
        "state": Choice(("open", "received", "cancelled")),
    },
    balances={"received": Bound(), "rejected": Bound()},
    indexed=("item", "state"),
    facts_only=frozenset({"ordered", "promised"}),
)
REPORT = ResourceType(
    name="report",
    fields={
        "kind": Choice(("shift", "handover", "downtime")),
        "scope": Text(64),
        "from": Instant(),
        "to": Instant(),
        "provisional": Flag(),
        "figures": ListOf(Object(FIGURE)),
        "corrects": Maybe(KeyOf("report")),
    },
    indexed=("kind", "scope"),
)

RESOURCES = (
    ORDER, RUN, MACHINE, SIGNAL, CALENDAR, DOWNTIME, MAINTENANCE_ORDER, INSPECTION, NONCONFORMANCE,
    HOLD, GAUGE, STOCK, LOT, ALLOCATION, PURCHASE, REPORT,
)  # fmt: skip
