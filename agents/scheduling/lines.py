"""What a person says to scheduling, intent by intent. A line asks; it never carries authority."""

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any

from protocol.times import micros, plus
from protocol.turns import Ask, Move, Proposal, QueryCall, Reply, View

from ...tools.line import Line, Slip, When, listed
from ...tools.phrasing import alternatives_words, downtime_words, hold_words, run_words, span
from ...tools.site import shown
from .runs import Trying, material_at, slot_for

Intent = Callable[[View, Line, str], Trying]
REMARK = 300
"""How much of a line is kept as a remark on what it asks for."""
HELP = (
    'Ask me what is next on a machine, where an order stands, or for a change: "What\'s next on Machine 7?",'
    ' "When is O-310 ready?", "Move R-701 to Wednesday 07:00", "Plan O-310", "Cancel R-701".'
)


def said(view: View, trigger: Mapping[str, Any]) -> Trying:
    """The first intent that the line's words fit."""
    text = trigger["text"]
    line = Line(text, view.resources)
    for kind, code in (("run", "unknown_run"), ("order", "unknown_order"), ("machine", "unknown_machine")):
        if (missing := line.unknown(kind)) is not None:
            return [Reply(f"There is no {kind} {missing} on this floor; nothing was changed.", code)]
    slips = [n for n in line.quantities() if isinstance(n, Slip)]
    if slips:
        return [Reply(f"{slips[0].written} {slips[0].why}; nothing was changed.", "bad_quantity")]
    for words, intent in INTENTS:
        if line.says(*words):
            return (yield from intent(view, line, _earlier(trigger)))
    if line.known("run") or line.known("order"):
        return (yield from _status(view, line, _earlier(trigger)))
    if line.known("machine"):
        return (yield from _next_on(view, line, _earlier(trigger)))
    return [Reply(HELP, clarify=True)]


def _earlier(trigger: Mapping[str, Any]) -> str:
    """The lines of the person before this one, newest first: what "it" may mean."""
    return " ".join(entry["text"] for entry in reversed(trigger["recent"]) if entry["who"] != "andon")


def _subject(view: View, line: Line, earlier: str, kind: str) -> str | None:
    """The one thing of a type that the line names, or the last one named before when it names none."""
    named = line.known(kind)
    if not named and not line.known("run") and not line.known("order"):
        named = Line(earlier, view.resources).known(kind)[:1]
    return named[0] if len(named) == 1 else None


def _run(view: View, line: Line, earlier: str) -> Generator[QueryCall, Any, Mapping[str, Any] | Reply]:
    """The run a line is about: named, or the first live one of the order it names."""
    key, order = _subject(view, line, earlier, "run"), _subject(view, line, earlier, "order")
    if key is not None:
        order = view.resources[f"run/{key}"]["order"]
    if order is None:
        return Reply("Which run, or which order? Name it, such as R-701 or O-310.", clarify=True)
    status = yield QueryCall("order_status", {"order": order})
    runs: Sequence[Mapping[str, Any]] = status["runs"] if status["known"] else []
    live = [
        r for r in runs if r["run"] == key or (key is None and r["state"] not in ("Completed", "Cancelled"))
    ]
    if not live:
        return Reply(f'{order} has no run to change; say "plan {order}" to have it planned.', "unknown_run")
    return live[0]


def _move(view: View, line: Line, earlier: str) -> Trying:
    """To a time, a machine, or both; what is not said is looked for."""
    run = yield from _run(view, line, earlier)
    if isinstance(run, Reply):
        return [run]
    machines, when = [m for m in line.known("machine") if m != run["machine"]], line.when(view.now)
    if not machines and when is None:
        return [Reply(f"Where to, or when? Say it like: move {run['run']} to Wednesday 07:00.", clarify=True)]
    to, start = machines[0] if machines else run["machine"], when.at if when else None
    if start is None:
        place = yield from slot_for(run, when.opens if when else view.now, to)
        if place is None or (when and micros(place["start"]) >= micros(when.closes)):
            day = f" on {when.day:%A}" if when else ""
            return [Reply(f"{to} has no free place for {run['run']}{day}.", "no_capacity")]
        start = place["start"]
    return (yield from _wanted(run, to, start, line.text))


def _start(view: View, line: Line, earlier: str) -> Trying:
    """Somebody wants it made now: that is a move to now, and holds beat urgency (P2)."""
    run = yield from _run(view, line, earlier)
    if isinstance(run, Reply):
        return [run]
    if not run["held"]:
        material = yield from material_at(run["order"])
        if material != "":
            when = f"expected to be usable {shown(material)}" if material else "and no receipt is promised"
            return [
                Reply(f"{run['order']} lacks its material, {when}; {run['run']} stays where it is.", "short")
            ]
    return (yield from _wanted(run, run["machine"], view.now, line.text))


def _wanted(run: Mapping[str, Any], to: str, start: str, text: str) -> Trying:
    """Propose the move; what holds the run is put before those who may release it."""
    moves: list[Move] = [Proposal("move_run", {"run": run["run"], "to": to, "start": start})]
    if not run["held"]:
        return moves
    for hold in run["held"]:
        moves.append(Ask("quality", "review_hold", {"hold": hold["hold"], "reason": text[:REMARK]}))
    found = yield QueryCall("alternatives_for", {"order": run["order"]})
    roles = listed(sorted({hold["release_role"] for hold in run["held"]}))
    why = "; ".join(hold_words(hold) for hold in run["held"])
    said = f"{run['run']} is under {why}. It was put to {roles}; your words are kept as a remark."
    return [*moves, Reply(f"{said} {alternatives_words(found)}")]


def _plan(view: View, line: Line, earlier: str) -> Trying:
    """The operations of an order that have no run yet, at a stated time or at the first free one."""
    order = _subject(view, line, earlier, "order")
    if order is None:
        return [Reply("Which order shall be planned? Name it, such as O-310.", clarify=True)]
    status = yield QueryCall("order_status", {"order": order})
    planned = {run["operation"] for run in status["runs"] if run["state"] != "Cancelled"}
    open_steps = [s for s in status["operations"] if s["operation"] not in planned]
    if not open_steps:
        has = "; ".join(run_words(run) for run in status["runs"]) or "no operation to plan"
        return [Reply(f"{order} is planned: {has}.")]
    step, when = open_steps[0], line.when(view.now)
    machine = next(iter(line.known("machine")), None)
    place = yield from _where(view, order, step, machine, when)
    if place is None:
        return [Reply(f"No machine has a free place for {step['operation']} of {order}.", "no_capacity")]
    amount = next((n for n in line.quantities() if isinstance(n, int)), status["quantity"])
    sizes = {name: step[name] for name in ("operation", "setup_min", "run_min")}
    return [Proposal("plan_run", {"order": order, "quantity": amount, **sizes, **place})]


def _where(
    view: View, order: str, step: Mapping[str, Any], machine: str | None, when: When | None
) -> Generator[QueryCall, Any, dict[str, Any] | None]:
    if machine is not None and when is not None and when.at is not None:
        return {"machine": machine, "start": when.at}
    want = {"order": order, "operation": step["operation"], "earliest": when.opens if when else view.now}
    slots = yield QueryCall("find_slots", want | ({"machine": machine} if machine else {}))
    return {"machine": slots[0]["machine"], "start": slots[0]["start"]} if slots else None


def _cancel(view: View, line: Line, earlier: str) -> Trying:
    run = yield from _run(view, line, earlier)
    if isinstance(run, Reply):
        return [run]
    return [Proposal("cancel_run", {"run": run["run"], "reason": line.text[:REMARK]})]


def _planners(view: View, line: Line, earlier: str) -> Trying:
    """Priority, due date and quantity of an order are not an agent's."""
    order = _subject(view, line, earlier, "order")
    decides = yield QueryCall("who_decides", {"ref": f"order/{order or 'ANY'}"})
    text = f"That is decided by {decides['role']}: {decides['why']}. Nothing was moved."
    return [Reply(f"{text} I can say where an order stands and where it could go.", "out_of_scope")]


def _next_on(view: View, line: Line, earlier: str) -> Trying:
    machine = _subject(view, line, earlier, "machine")
    if machine is None:
        return [Reply("On which machine? Say it like: what's next on Machine 7?", clarify=True)]
    if (when := line.when(view.now)) is not None:
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


def _status(view: View, line: Line, earlier: str) -> Trying:
    """Where an order stands, against a time the line names or its due date."""
    run, order = _subject(view, line, earlier, "run"), _subject(view, line, earlier, "order")
    if run is not None:
        order = view.resources[f"run/{run}"]["order"]
    if order is None:
        return [Reply("Which order? Name it, such as O-310.", clarify=True)]
    found = yield QueryCall("order_status", {"order": order})
    lines = [f"{order}: {found['quantity']} {found['item']}, {found['state']}, due {_shown(found['due'])}."]
    lines += [f"  {run_words(r)}" for r in found["runs"]]
    lines += [f"  held: {hold_words(h)}" for h in found["held"] if not found["runs"]]
    return [Reply("\n".join([*lines, _verdict(found, line.when(view.now))]))]


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


def _why(view: View, line: Line, earlier: str) -> Trying:
    """Who did what is the ledger's to tell; the record says how it stands."""
    run = yield from _run(view, line, earlier)
    if isinstance(run, Reply):
        return [run]
    approved = f"{run['approved_by']} approved it as it stands" if run["approved"] else "nobody approved it"
    text = f"{run['run']} is on {run['machine']} {span(run['start'], run['end'])}; {approved}."
    return [Reply(f"{text} `andon cases` and `andon trace CASE` show every step that led there.")]


INTENTS: Sequence[tuple[tuple[str, ...], Intent]] = (
    (("why",), _why),
    (("next", "schedule of", "what's on", "what is on", "what runs"), _next_on),
    (("cancel",), _cancel),
    (("priorit", "first", "due date", "customer first"), _planners),
    (("move", "shift", "reschedul", "put", "bring forward", "postpone", "delay"), _move),
    (("when", "late", "on time", "ready", "make it", "can we", "status", "where"), _status),
    (("plan",), _plan),
    (("run", "start", "go", "make", "produce"), _start),
)
"""Words a line begins an intent with, the first that fits wins."""
