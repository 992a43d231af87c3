"""What a person says to scheduling, intent by intent. A line asks; it never carries authority."""

from collections.abc import Generator, Mapping, Sequence
from typing import Any

from protocol.times import micros, plus
from protocol.turns import Ask, Move, Proposal, QueryCall, Reply, View

from ...tools.line import When, listed
from ...tools.phrasing import alternatives_words, downtime_words, hold_words, run_words, span
from ...tools.said import Intents, Said, Trying, amounts, chosen, slip, unreadable
from ...tools.site import shown
from ...tools.values import OVER
from .runs import material_at, slot_for

HELP = (
    'Ask me what is next on a machine, where an order stands, or for a change: "What\'s next on Machine 7?",'
    ' "When is O-310 ready?", "Move R-701 to Wednesday 07:00", "Plan O-310", "Cancel R-701".'
)
CODES = {"run": "unknown_run", "order": "unknown_order", "machine": "unknown_machine"}


def answer(view: View, trigger: Mapping[str, Any]) -> Trying:
    """The first intent that the line's words fit."""
    said = Said.of(view, trigger)
    if refused := said.unknown(CODES) or slip(said.line):
        return [refused]
    intent = chosen(said.line, INTENTS)
    if intent is None and (said.line.known("run") or said.line.known("order")):
        intent = _status
    if intent is None and said.line.known("machine"):
        intent = _next_on
    return (yield from intent(said)) if intent else [Reply(HELP, clarify=True)]


def _order(said: Said) -> str | None:
    """The one order that the line is about: named, or that of the run it names, or named before."""
    orders = [_order_of(said, ref) for ref in said.refs("run", "order")]
    return orders[0] if len(set(orders)) == 1 else None


def _order_of(said: Said, ref: str) -> str:
    kind, _, key = ref.partition("/")
    return str(said.record(ref)["order"]) if kind == "run" else key


def _run(said: Said) -> Generator[QueryCall, Any, Mapping[str, Any] | Reply]:
    """The run a line is about: the one it names, or the first live one of its order."""
    named, order = said.line.known("run"), _order(said)
    if len(named) > 1 or order is None:
        return Reply("Which run, or which order? Name one, such as R-701 or O-310.", clarify=True)
    status = yield QueryCall("order_status", {"order": order})
    runs: Sequence[Mapping[str, Any]] = status["runs"] if status["known"] else []
    live = [r for r in runs if (r["run"] in named if named else r["state"] not in OVER)]
    if not live:
        return Reply(f'{order} has no run to change; say "plan {order}" to have it planned.', "unknown_run")
    return live[0]


def _move(said: Said) -> Trying:
    """To a time, a machine, or both; what is not said is looked for."""
    if asked := unreadable(said):
        return [asked]
    run = yield from _run(said)
    if isinstance(run, Reply):
        return [run]
    machines, when = (
        [m for m in said.line.known("machine") if m != run["machine"]],
        said.line.target(said.view.now),
    )
    if not machines and when is None:
        return [Reply(f"Where to, or when? Say it like: move {run['run']} to Wednesday 07:00.", clarify=True)]
    to, start = machines[0] if machines else run["machine"], when.at if when else None
    if start is None:
        place = yield from slot_for(run, when.opens if when else said.view.now, to)
        if place is None and machines and when is None:
            return (yield from _wanted(run, to, run["start"], said.remark))  # the gate says why not there
        if place is None or (when and micros(place["start"]) >= micros(when.closes)):
            day = f" on {when.day:%A}" if when else ""
            return [Reply(f"{to} has no free place for {run['run']}{day}.", "no_capacity")]
        start = place["start"]
    return (yield from _wanted(run, to, start, said.remark))


def _start(said: Said) -> Trying:
    """Somebody wants it made now: that is a move to now, and holds beat urgency (P2)."""
    run = yield from _run(said)
    if isinstance(run, Reply):
        return [run]
    if not run["held"]:
        material = yield from material_at(run["order"])
        if material != "":
            when = f"expected to be usable {shown(material)}" if material else "and no receipt is promised"
            return [
                Reply(
                    f"{run['order']} lacks its material, {when}; {run['run']} stays where it is.",
                    "no_material",
                )
            ]
    return (yield from _wanted(run, run["machine"], said.view.now, said.remark))


def _wanted(run: Mapping[str, Any], to: str, start: str, remark: str) -> Trying:
    """Propose the move; what holds the run is put before those who may release it."""
    moves: list[Move] = [Proposal("move_run", {"run": run["run"], "to": to, "start": start})]
    if not run["held"]:
        return moves
    for hold in run["held"]:
        moves.append(Ask("quality", "review_hold", {"hold": hold["hold"], "reason": remark}))
    found = yield QueryCall("alternatives_for", {"order": run["order"]})
    roles = listed(sorted({hold["release_role"] for hold in run["held"]}))
    why = "; ".join(hold_words(hold) for hold in run["held"])
    text = f"{run['run']} is under {why}. It was put to {roles}; your words are kept as a remark."
    return [*moves, Reply(f"{text} {alternatives_words(found)}")]


def _plan(said: Said) -> Trying:
    """The operations of an order that have no run yet, at a stated time or at the first free one."""
    if asked := unreadable(said):
        return [asked]
    order = _order(said)
    if order is None:
        return [Reply("Which order shall be planned? Name it, such as O-310.", clarify=True)]
    status = yield QueryCall("order_status", {"order": order})
    planned = {run["operation"] for run in status["runs"] if run["state"] != "Cancelled"}
    open_steps = [s for s in status["operations"] if s["operation"] not in planned]
    if not open_steps:
        has = "; ".join(run_words(run) for run in status["runs"]) or "no operation to plan"
        return [Reply(f"{order} is planned: {has}.")]
    step = open_steps[0]
    place = yield from _where(said, order, step)
    if place is None:
        return [Reply(f"No machine has a free place for {step['operation']} of {order}.", "no_capacity")]
    amount = next(iter(amounts(said.line)), status["quantity"])
    sizes = {name: step[name] for name in ("operation", "setup_min", "run_min")}
    return [Proposal("plan_run", {"order": order, "quantity": amount, **sizes, **place})]


def _where(
    said: Said, order: str, step: Mapping[str, Any]
) -> Generator[QueryCall, Any, dict[str, Any] | None]:
    machine, when = next(iter(said.line.known("machine")), None), said.line.when(said.view.now)
    if machine is not None and when is not None and when.at is not None:
        return {"machine": machine, "start": when.at}
    want = {"order": order, "operation": step["operation"], "earliest": when.opens if when else said.view.now}
    slots = yield QueryCall("find_slots", want | ({"machine": machine} if machine else {}))
    return {"machine": slots[0]["machine"], "start": slots[0]["start"]} if slots else None


def _cancel(said: Said) -> Trying:
    run = yield from _run(said)
    if isinstance(run, Reply):
        return [run]
    return [Proposal("cancel_run", {"run": run["run"], "reason": said.remark})]


def _planners(said: Said) -> Trying:
    """Priority, due date and quantity of an order are not an agent's."""
    order = _order(said)
    decides = yield QueryCall("who_decides", {"ref": f"order/{order or 'ANY'}"})
    text = f"That is decided by {decides['role']}: {decides['why']}. Nothing was moved."
    return [Reply(f"{text} I can say where an order stands and where it could go.", "out_of_scope")]


def _next_on(said: Said) -> Trying:
    if asked := unreadable(said):
        return [asked]
    machines = said.refs("machine")
    if len(machines) != 1:
        return [Reply("On which machine? Say it like: what's next on Machine 7?", clarify=True)]
    machine = machines[0].partition("/")[2]
    if (when := said.line.when(said.view.now)) is not None:
        return (yield from _day(machine, when))
    found = yield QueryCall("next_on", {"machine": machine})
    now = found["current"]
    running = f"Now: {run_words(now)}." if now else f"{machine} is {found['state']} and runs nothing now."
    down = f" Down until about {shown(found['down_until'])}." if found["down_until"] else ""
    coming = [f"Next: {run_words(run)}." for run in found["next"]] or ["Nothing is planned after it."]
    return [Reply("\n".join([running + down, *coming]))]


def _day(machine: str, when: When) -> Trying:
    span_ = {"from": when.opens, "to": when.closes}
    found = yield QueryCall("get_schedule", {"machine": machine, **span_})
    lines = [(r["start"], run_words(r)) for r in found["runs"]]
    lines += [(d["start"], downtime_words(d)) for d in found["downtimes"]]
    head = f"{machine}, {when.day:%a} {when.day.day} {when.day:%b}:"
    return [Reply("\n".join([head, *(text for _, text in sorted(lines))]) if lines else f"{head} nothing.")]


def _status(said: Said) -> Trying:
    """Where an order stands, against a time the line names or its due date."""
    if asked := unreadable(said):
        return [asked]
    order = _order(said)
    if order is None:
        return [Reply("Which order? Name it, such as O-310.", clarify=True)]
    found = yield QueryCall("order_status", {"order": order})
    lines = [f"{order}: {found['quantity']} {found['item']}, {found['state']}, due {_shown(found['due'])}."]
    lines += [f"  {run_words(r)}" for r in found["runs"]]
    lines += [f"  held: {hold_words(h)}" for h in found["held"] if not found["runs"]]
    return [Reply("\n".join([*lines, _verdict(found, said.line.when(said.view.now))]))]


def _verdict(found: Mapping[str, Any], when: When | None) -> str:
    end = found["planned_end"]
    if end is None:
        return "It is not planned yet, so when it ends is unknown."
    wanted = (when.at or plus(when.closes, seconds=-1)) if when else found["due"]
    if wanted is None:
        return f"Planned end {shown(end)}."
    in_time = "in time" if micros(end) <= micros(wanted) else "too late"
    return f"Planned end {shown(end)}: {in_time} for {shown(wanted)}."


def _shown(instant: str | None) -> str:
    return shown(instant) if instant else "not stated"


def _why(said: Said) -> Trying:
    """Who did what is the ledger's to tell; the record says how it stands."""
    run = yield from _run(said)
    if isinstance(run, Reply):
        return [run]
    approved = f"{run['approved_by']} approved it as it stands" if run["approved"] else "nobody approved it"
    text = f"{run['run']} is on {run['machine']} {span(run['start'], run['end'])}; {approved}."
    return [Reply(f"{text} `andon cases` and `andon trace CASE` show every step that led there.")]


INTENTS: Intents = (
    (("why",), _why),
    (("next", "schedule of", "what's on", "what is on", "what runs"), _next_on),
    (("cancel",), _cancel),
    (("priorit", "first", "due date", "customer first"), _planners),
    (("move", "shift", "reschedul", "put", "bring forward", "postpone", "delay"), _move),
    (("when", "late", "on time", "ready", "make it", "can we", "status", "where"), _status),
    (("plan ", "planned", "planning"), _plan),
    (("run", "start", "go", "make", "produce"), _start),
)
