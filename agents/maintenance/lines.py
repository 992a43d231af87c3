"""What a person says to maintenance, intent by intent. A line asks; it never carries authority."""

from collections.abc import Mapping
from typing import Any

from protocol.times import minutes_between, plus
from protocol.turns import Proposal, QueryCall, Reply, View

from ...tools.phrasing import downtime_words, span
from ...tools.said import Intents, Said, Trying, chosen, slip, unreadable
from ...tools.site import shown
from .windows import order_for, window

DUE_DAYS = 14
HELP = (
    'Ask me for machine time, tell me what a machine does, or ask what is due: "Need 4 hours on Machine 7'
    ' Tuesday", "M7 is making that noise again", "Is Machine 8 back?", "What maintenance is due?".'
)


CODES = {"machine": "unknown_machine", "maintenance_order": "unknown_order", "downtime": "unknown_downtime"}


def answer(view: View, trigger: Mapping[str, Any]) -> Trying:
    """The first intent that the line's words fit."""
    said = Said.of(view, trigger)
    if refused := said.unknown(CODES) or slip(said.line):
        return [refused]
    intent = chosen(said.line, INTENTS)
    if intent is None and said.line.known("machine"):
        intent = _need if said.line.minutes() is not None else _status
    return (yield from intent(said)) if intent else [Reply(HELP, clarify=True)]


def _machine(said: Said) -> str | Reply:
    """The machine a line means: named, or that of the order or downtime it names, or named before."""
    refs = said.refs("machine", "maintenance_order", "downtime")
    named = list(dict.fromkeys(_machine_of(said, ref) for ref in refs))
    if len(named) == 1:
        return named[0]
    if named:
        return Reply(f"Which one do you mean: {' or '.join(named)}?", clarify=True)
    return Reply("Which machine? Name it, such as Machine 7.", clarify=True)


def _machine_of(said: Said, ref: str) -> str:
    kind, _, key = ref.partition("/")
    return key if kind == "machine" else str(said.record(ref)["machine"])


def _need(said: Said) -> Trying:
    """Machine time for the order that is due there; what has no order gets one first."""
    if asked := unreadable(said):
        return [asked]
    machine = _machine(said)
    if isinstance(machine, Reply):
        return [machine]
    when, minutes = said.line.when(said.view.now), said.line.minutes()
    order = yield from order_for(machine, next(iter(said.line.known("maintenance_order")), None))
    if order is None:
        made = {
            "machine": machine,
            "type": "PM",
            "priority": 3,
            "symptom": said.remark,
            "est_min": minutes,
        }
        limits = {"earliest": when.opens, "due": when.closes} if when else {}
        text = f"{machine} has no maintenance order that is due; ask again once this one is on record."
        return [Proposal("create_maintenance_order", made | limits), Reply(text)]
    if (planned := order["planned"]) is not None:
        text = f"{order['maintenance_order']} is planned {span(planned['start'], planned['end'])}"
        return [
            Reply(f"{text} as {planned['downtime']}. To move it: move {planned['downtime']} to Friday 10:00.")
        ]
    opens, closes = (when.opens, when.closes) if when else (None, None)
    if when is not None and when.at is not None:
        closes = plus(when.at, minutes=max(minutes or 0, order["est_min"] or 0))
    return [window(said.view, order, opens, closes, minutes)]


def _status(said: Said) -> Trying:
    """Both states: the plant's own, and what control says. Control never ends a downtime."""
    machine = _machine(said)
    if isinstance(machine, Reply):
        return [machine]
    found = yield QueryCall("machine_status", {"machine": machine})
    since = f" since {shown(found['since'])}" if found["since"] else ""
    reason = f" ({found['reason']})" if found["reason"] else ""
    lines = [f"{machine} is {found['state']}{since}{reason}; control says {found['reported'] or 'nothing'}."]
    if found["down_until"]:
        lines.append(f"Expected until {shown(found['down_until'])}.")
    lines += [f"  {downtime_words(d)}" for d in found["downtimes"]]
    lines += [f"  {order_words(o)}" for o in found["maintenance_orders"]]
    if found["state"] == "Down" and found["reported"] in ("READY", "ACTIVE"):
        lines.append("It stays down until a maintenance technician returns it to production.")
    return [Reply("\n".join(lines))]


def order_words(order: Mapping[str, Any]) -> str:
    """A maintenance order: what, how urgent, by when."""
    text = f"{order['maintenance_order']} {order['type']} of {order['machine']}, priority {order['priority']}"
    symptom = f', "{order["symptom"]}"' if order["symptom"] else ""
    due = f", due {shown(order['due'])}" if order["due"] else ""
    planned = order["planned"]
    when = f", planned {span(planned['start'], planned['end'])}" if planned else ", not planned"
    late = ", overdue" if order["overdue"] else ""
    return f"{text}{symptom}{due}{late}{when}"


def _due_list(said: Said) -> Trying:
    found = yield QueryCall("due_list", {"days": DUE_DAYS})
    machines = said.line.known("machine")
    shown_ones = [o for o in found if not machines or o["machine"] in machines]
    lines = [order_words(o) for o in shown_ones] or [f"Nothing is due within {DUE_DAYS} days."]
    return [Reply("\n".join(lines))]


def _noise(said: Said) -> Trying:
    """Words about a machine are a symptom of a corrective order, never a breakdown."""
    yield from ()
    machine = _machine(said)
    if isinstance(machine, Reply):
        return [machine]
    made = {"machine": machine, "type": "CM", "priority": 3, "code": None, "symptom": said.remark}
    text = f"If {machine} cannot go on, say so: {machine} is down."
    return [Proposal("create_maintenance_order", made), Reply(text)]


def _down(said: Said) -> Trying:
    """A person who says that a machine stands is a report; a question is not."""
    if said.line.text.rstrip().endswith("?"):
        return (yield from _status(said))
    machine = _machine(said)
    if isinstance(machine, Reply):
        return [machine]
    when = said.line.when(said.view.now)
    at = when.at if when and when.at else said.view.now
    return [Proposal("report_down", {"machine": machine, "at": at, "reason": said.remark})]


def _done(said: Said) -> Trying:
    yield from ()
    orders = said.line.known("maintenance_order")
    if len(orders) != 1:
        return [
            Reply(
                "Which maintenance order is done? Name it, such as MO-71, and what was found.", clarify=True
            )
        ]
    return [Proposal("complete_maintenance", {"maintenance_order": orders[0], "findings": said.remark})]


def _return(said: Said) -> Trying:
    """The way back is a technician's signature, whoever asks."""
    machine = _machine(said)
    if isinstance(machine, Reply):
        return [machine]
    if said.line.text.rstrip().endswith("?"):
        return (yield from _status(said))
    found = yield QueryCall("machine_status", {"machine": machine})
    orders = said.line.known("maintenance_order") or [
        o["maintenance_order"]
        for o in found["maintenance_orders"]
        if o["state"] in ("InProgress", "WorkDone")
    ]
    if len(orders) != 1:
        return [
            Reply(
                f"After which maintenance order does {machine} return? Name it, such as MO-71.", clarify=True
            )
        ]
    back = {"machine": machine, "maintenance_order": orders[0], "reason": said.remark}
    return [Proposal("return_to_production", back)]


def _locks(said: Said) -> Trying:
    """A lock is taken off by the person who set it: no agent, no manager."""
    decides = yield QueryCall("who_decides", {"ref": "locked_out"})
    text = f"No: {decides['why']}. If they are gone, {decides['role']} has a procedure for it."
    return [Reply(text, "locked_out")]


def _move(said: Said) -> Trying:
    """A planned downtime to a stated time; its length stays."""
    if asked := unreadable(said):
        return [asked]
    downtimes, when = said.line.known("downtime"), said.line.target(said.view.now)
    if len(downtimes) != 1:
        return (yield from _skip(said))
    if when is None or when.at is None:
        return [
            Reply(
                f"When shall {downtimes[0]} start? Say it like: move {downtimes[0]} to Friday 10:00.",
                clarify=True,
            )
        ]
    record = said.record(f"downtime/{downtimes[0]}")
    end = plus(when.at, minutes=minutes_between(record["start"], record["end"]))
    return [Proposal("move_downtime", {"downtime": downtimes[0], "start": when.at, "end": end})]


def _skip(said: Said) -> Trying:
    """Maintenance moves inside its limits and is not skipped."""
    machine = _machine(said)
    if isinstance(machine, Reply):
        return [machine]
    order = yield from order_for(machine, next(iter(said.line.known("maintenance_order")), None))
    if order is None:
        return [Reply(f"{machine} has no maintenance order that is due.", "unknown_order")]
    limit = order["hard_limit"]
    until = f"It may move, but ends by {shown(limit)}" if limit else "It has no hard limit"
    decides = yield QueryCall("who_decides", {"ref": "past_hard_limit"})
    text = f"{order_words(order)}. {until}; past that {decides['role']} decides. Nothing was changed."
    return [Reply(text, "past_hard_limit")]


def _block(said: Said) -> Trying:
    """Taking a machine out of the plan needs a machine, an end, and somebody who owns it."""
    yield from ()
    return [
        Reply(
            "Which machine, until when, and why? Say it like: need 4 hours on Machine 7 Tuesday.",
            clarify=True,
        )
    ]


INTENTS: Intents = (
    (("lock",), _locks),
    (("is due", "maintenance due", "what maintenance", "what's due", "overdue"), _due_list),
    (("skip", "postpone", "move", "shift"), _move),
    (("out of the plan",), _block),
    (("need", "hours", "book"), _need),
    (("back", "status", "how is"), _status),
    (("return",), _return),
    (("done", "finished", "completed"), _done),
    (("down", "broke", "stopped", "stands still"), _down),
    (("noise", "vibrat", "leak", "smell", "again", "sounds"), _noise),
)
