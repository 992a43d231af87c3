"""What the plant's agents may look up. The answer shapes that several queries share:

RUN       {run, order, operation, machine, start, end, setup_min, quantity, state, started: bool,
          approved: bool, approved_by: person | null, at_risk: text | null, lots: [key], held: [HOLD]}
DOWNTIME  {downtime, machine, kind, start, end, state, maintenance_order: key | null}
HOLD      {hold, subject: "lot/L95", kind, reason, release_role, quantity: int | null (all), since}

Instants are UTC text, quantities integers, absent things null. A key that names nothing gives
``known: false`` (or an empty list), never an error.
"""

from protocol.fields import Instant, Integer, KeyOf, Maybe, Text
from protocol.toolbox import Query

from .figures import floor_figures, open_items
from .maintenance_queries import due_list, machine_status
from .order_queries import alternatives_for, order_status, who_decides
from .quality_queries import hold_status, measured_with
from .schedule_queries import find_windows, get_schedule, next_on
from .slots import find_slots
from .stock_queries import get_stock, requirement, shortage
from .values import Operation, Subject

_RUN_READS = ("run", "order", "machine", "lot", "allocation", "hold")
_STOCK_READS = ("stock", "lot", "allocation", "purchase", "hold", "inspection", "order")

QUERIES = (
    Query(
        # {machine: key | null, runs: [RUN], downtimes: [DOWNTIME]}, each by start; over runs and
        # closed ones left out
        name="get_schedule",
        purpose="Runs and downtimes of a machine, an order or everything in a window (default: 7 days).",
        params={
            "machine": Maybe(KeyOf("machine")),
            "order": Maybe(KeyOf("order")),
            "from": Maybe(Instant()),
            "to": Maybe(Instant()),
        },
        reads=(*_RUN_READS, "downtime"),
        answer=get_schedule,
    ),
    Query(
        # {machine, known, state, down_until: instant | null, current: RUN | null, next: [RUN, at
        # most 3]}
        name="next_on",
        purpose="What runs on a machine now and next, and whether it is held, approved or at risk.",
        params={"machine": KeyOf("machine")},
        reads=(*_RUN_READS, "downtime"),
        answer=next_on,
    ),
    Query(
        # at most 5 of {start, end, free: bool, runs: int, approved_runs: int, overlap_min: int,
        # moves: [RUN]}, least disruption first: fewest approved runs, then fewest runs, then
        # minutes laid over, then earliest. ``moves`` are the runs that would have to move; empty
        # when free.
        name="find_windows",
        purpose="Windows on one machine between two instants, in order of least disruption.",
        params={
            "machine": KeyOf("machine"),
            "minutes": Integer(1),
            "earliest": Instant(),
            "latest": Instant(),
        },
        reads=_RUN_READS,
        answer=find_windows,
    ),
    Query(
        # at most 10 of {machine, line, start, end, late_min: int | null (null: no due date)},
        # earliest end first. Name a machine, an order and its operation, or a run to move (its
        # order, operation, minutes and set-up are then taken from it and its own time counts as
        # free). ``minutes`` is set-up and run together.
        name="find_slots",
        purpose="The first free time on each machine able to do an operation, the setter included.",
        params={
            "earliest": Instant(),
            "minutes": Maybe(Integer(1)),
            "setup_min": Maybe(Integer(0)),
            "machine": Maybe(KeyOf("machine")),
            "order": Maybe(KeyOf("order")),
            "operation": Maybe(Operation()),
            "exclude_run": Maybe(KeyOf("run")),
        },
        reads=(*_RUN_READS, "downtime"),
        answer=find_slots,
    ),
    Query(
        # {order, known, item, quantity, due, priority, customer, partial_ok, state, good, scrapped,
        # runs: [RUN], planned_end: instant | null, late_min: int | null (null: no plan or no due),
        # held: [HOLD], allocations: [{allocation, item, lot, quantity, issued}], operations:
        # [{operation, ability, setup_min, run_min}]}
        name="order_status",
        purpose="An order with its runs, allocations, holds and how late it will be.",
        params={"order": KeyOf("order")},
        reads=_RUN_READS,
        answer=order_status,
    ),
    Query(
        # {order, known, blocked_by: [HOLD], lots: [{lot, item, free, lot_of_order: bool}], gauges:
        # [{gauge, valid_until}], orders: [{order, priority, due, item}]}: lots of the items it
        # needs that are not held and free; gauges that are valid and not held; other released
        # orders that nothing holds, best rank first.
        name="alternatives_for",
        purpose="What else could be done while an order is held: other lots, gauges, orders.",
        params={"order": KeyOf("order")},
        reads=(*_RUN_READS, "stock", "inspection", "gauge"),
        answer=alternatives_for,
    ),
    Query(
        # {ref, role: name | null, roles: [names in the order asked], why}. ``ref``: hold/H-12,
        # run/R-702, stock/CX, allocation/A-5, order/O-310, machine/M7, nonconformance/NC-5,
        # purchase/PO-77, or a refusal's code such as run_approved, held, below_safety, short,
        # locked_out.
        name="who_decides",
        purpose="Which role may decide about a thing or a refusal.",
        params={"ref": Text(120)},
        reads=("hold", "run"),
        answer=who_decides,
    ),
    Query(
        # {item, known, unit, on_hand, held, unrestricted, allocated, reserved, available,
        # safety_stock, reorder_point, allocatable (available above safety stock, >= 0),
        # below_safety: bool, below_reorder: bool, next_receipt: instant | null, lots: [{lot,
        # quantity, allocated, free, usable: yes|no|unknown, location, received, held: [HOLD]}],
        # purchases: [{purchase, ordered, received, promised, vendor}]}
        name="get_stock",
        purpose="Stock of an item: lots, what is held, allocated and available, what is on the way.",
        params={"item": KeyOf("stock")},
        reads=_STOCK_READS,
        answer=get_stock,
    ),
    Query(
        # {order, known, materials_known: bool, lines: [{item, required, allocated, missing,
        # available, next_receipt}]}
        name="requirement",
        purpose="The material an order needs, what is allocated to it and what is missing.",
        params={"order": KeyOf("order")},
        reads=_STOCK_READS,
        answer=requirement,
    ),
    Query(
        # {order, item, known, quantity, available, allocatable, missing, code: null | short |
        # below_safety, partial_ok: bool, would_allocate: int (what allocate_stock would commit
        # now), next_receipt, may_take: [{allocation, order, quantity, priority, due}]}: allocations
        # of worse-ranked orders, worst first; release_allocation with to_order takes one, after
        # materials_planner signs.
        name="shortage",
        purpose="Whether a quantity can be allocated to an order now; if not, what is missing, who has it.",
        params={"order": KeyOf("order"), "item": KeyOf("stock"), "quantity": Integer(1)},
        reads=_STOCK_READS,
        answer=shortage,
    ),
    Query(
        # {subject, known, held: bool, usable: yes|no|unknown, holds: [HOLD]}; compliance holds
        # first
        name="hold_status",
        purpose="Which active holds cover a thing, and whether it may be used.",
        params={"subject": Subject()},
        reads=("hold", "lot", "order", "run", "machine", "gauge", "inspection", "allocation"),
        answer=hold_status,
    ),
    Query(
        # {gauge, known, valid_until, valid: bool, inspections: [{inspection, subject, at,
        # verdict}], lots: [key]}; only what was measured at or after ``since`` (default:
        # valid_until)
        name="measured_with",
        purpose="What was measured with a gauge since an instant (default: since it was last valid).",
        params={"gauge": KeyOf("gauge"), "since": Maybe(Instant())},
        reads=("gauge", "inspection", "hold"),
        answer=measured_with,
    ),
    Query(
        # {machine, known, line, abilities, state, since, reason, locks: [{person, at}], down_until:
        # instant | null, reported: text | null (what control says), downtimes: [DOWNTIME planned or
        # open], maintenance_orders: [MAINTENANCE as in due_list, open ones], held: [HOLD]}
        name="machine_status",
        purpose="A machine's own state and what its control reports, with downtimes and maintenance orders.",
        params={"machine": KeyOf("machine")},
        reads=("machine", "signal", "downtime", "maintenance_order", "hold"),
        answer=machine_status,
    ),
    Query(
        # [{maintenance_order, machine, type, priority, symptom, est_min, earliest, due, hard_limit,
        # state, count, overdue: bool, planned: {downtime, start, end} | null}], by due (those
        # without one last), then key
        name="due_list",
        purpose="Open maintenance orders due within so many days, and when they are planned.",
        params={"days": Integer(0, 365)},
        reads=("maintenance_order", "downtime"),
        answer=due_list,
    ),
    Query(
        # {from, to, zone, scope, figures: [{name, numerator, denominator: int | null, unit,
        # missing: [text]}]}
        name="floor_figures",
        purpose="Counts of a window for a machine, a line or the whole plant, each with what is missing.",
        params={"from": Instant(), "to": Instant(), "scope": Maybe(Text(64))},
        reads=("run", "machine", "downtime"),
        answer=floor_figures,
    ),
    Query(
        # {machines_down: [{machine, state, since, reason}], holds: [HOLD], at_risk: [RUN],
        # maintenance_due: [as in due_list, within 2 days], late_orders: [{order, due, planned_end,
        # late_min}]}
        name="open_items",
        purpose="What a shift hands over: machines down, holds, runs at risk, maintenance, late orders.",
        params={},
        reads=(*_RUN_READS, "downtime", "maintenance_order"),
        answer=open_items,
    ),
)
