"""What a person asks of reporting, intent by intent. A figure comes with its window and what is missing."""

import re
from collections.abc import Generator, Mapping, Sequence
from typing import Any

from protocol.times import plus
from protocol.turns import Proposal, QueryCall, Reply, View

from ...tools.phrasing import hold_words, run_words, span
from ...tools.said import Intents, Said, Trying, chosen, unreadable
from ...tools.site import shown
from ...tools.spans import Span, current_shift, named_span

UNKNOWN = {"machine": "unknown_machine", "order": "unknown_order"}
HELP = (
    'Ask me for the handover, for figures, or where orders stand: "Give me the handover", "How many'
    ' breakdowns on M8 yesterday?", "Which orders are late?".'
)
DEFAULT_H = 7 * 24
"""The window of figures when none is named; the answer says so."""
_LINE = re.compile(r"\b(?:line ?|L)(\d{1,2})\b", re.IGNORECASE)
_ON = re.compile(r"\bon #?(\d{1,3})\b")
_UNKNOWN_KPIS: Mapping[str, str] = {
    "oee": "planned busy time and the standard time per piece are not on record",
    "availability": "planned busy time is not on record",
    "effectiveness": "the standard time per piece is not on record",
    "first pass": "which pieces passed without rework is not on record",
    "fpy": "which pieces passed without rework is not on record",
    "mtbf": "operating time is not on record",
    "adherence": "the plan as it stood before is not on record",
}
"""A figure that this floor has no data for -> what is missing."""
_ABOUT: Mapping[str, Sequence[str]] = {
    "breakdown": ("breakdowns", "down_time"),
    "downtime": ("breakdowns", "down_time"),
    "down": ("breakdowns", "down_time"),
    "mttr": ("breakdowns", "down_time"),
    "quality": ("quality_ratio",),
    "reject": ("quality_ratio",),
    "finished": ("runs_finished",),
    "pieces": ("runs_finished", "quality_ratio"),
    "adherence": ("runs_finished",),
}
"""A word -> the figures it asks for; a line without one gets them all."""


def said(view: View, trigger: Mapping[str, Any]) -> Trying:
    """The first intent that the line's words fit."""
    told = Said.of(view, trigger)
    if (refusal := told.unknown(UNKNOWN)) is not None:
        return [refusal]
    intent = chosen(told.line, INTENTS)
    if intent is None and named_span(told.line.text, view.now) is not None:
        intent = _figures
    if intent is None and told.line.known("order"):
        intent = _orders
    return (yield from intent(told)) if intent else [Reply(HELP, clarify=True)]


def _scope(told: Said) -> str | None:
    """The machine or line that figures are wanted of, or None for the plant."""
    machines = told.line.known("machine")
    if machines:
        return machines[0]
    text = told.line.text
    if found := _LINE.search(text):
        return f"L{found[1]}"
    found = _ON.search(text)
    return f"M{found[1]}" if found else None


def _asked_for(told: Said) -> Generator[QueryCall, Any, tuple[Mapping[str, Any], list[str]] | Reply]:
    """The figures of the window and scope that a line names, and the words that head them."""
    if asked := unreadable(told):
        return asked
    named = named_span(told.line.text, told.view.now)
    if named is None and told.line.says("tomorrow", "tonight", "next"):
        return Reply(
            "What lies ahead has no figures yet; scheduling can say what is planned.", "no_denominator"
        )
    window = named or Span(plus(told.view.now, minutes=-60 * DEFAULT_H), told.view.now)
    scope = _scope(told)
    found = yield QueryCall("floor_figures", {"from": window.start, "to": window.end, "scope": scope})
    if not found["figures"]:
        return Reply(f"{scope} is neither a line nor a machine of this floor.", "unknown_machine")
    assumed = "" if named else ", the last 7 days as no window was named"
    going = ", still going on" if named and window.end >= told.view.now else ""
    head = f"{_place(scope)}, {span(window.start, window.end)} ({found['zone']}{assumed}{going}):"
    return found, [head]


def _place(scope: str | None) -> str:
    if scope is None:
        return "Whole plant"
    return f"Line {scope}" if scope.startswith("L") else scope


def _figures(told: Said) -> Trying:
    """Counts of a window; what has no denominator is unknown, never 0."""
    found = yield from _asked_for(told)
    if isinstance(found, Reply):
        return [found]
    figures, lines = found
    lines += [
        f"{name.upper() if len(name) < 6 else name.capitalize()}: unknown, because {why}."
        for name, why in _UNKNOWN_KPIS.items()
        if told.line.says(name)
    ]
    about = {name for word, names in _ABOUT.items() if told.line.says(word) for name in names}
    wanted = [f for f in figures["figures"] if not about or f["name"] in about]
    return [Reply("\n".join([*lines, *(f"  {_figure_words(f)}" for f in wanted)]))]


def _figure_words(figure: Mapping[str, Any]) -> str:
    name, unit = figure["name"].replace("_", " "), figure["unit"]
    if figure["missing"]:
        return f"{name}: unknown, because {'; '.join(figure['missing'])}"
    if figure["denominator"] is None:
        return f"{name}: {figure['numerator']}"
    share = 100 * figure["numerator"] / figure["denominator"]
    hours = f" ({figure['numerator'] / 60:.1f} h)" if unit == "min" else ""
    return f"{name}: {figure['numerator']} of {figure['denominator']} {unit}{hours}, {share:.1f} %"


def _too_good(told: Said) -> Trying:
    """Above 100 % it is the standard that is wrong, not the plant that is better."""
    found = yield from _figures(told)
    why = "OEE above 100 % means that effectiveness is: a standard time per piece is too long."
    head = found[0]
    return [Reply(f"{why}\n{head.text}", head.code) if isinstance(head, Reply) else head]


def _handover(told: Said) -> Trying:
    """Everything open, what endangers people and orders first."""
    found = yield QueryCall("open_items", {})
    lines = [f"Open items, {shown(told.view.now)}:"]
    lines += _section("Machines not up", [_machine_words(m) for m in found["machines_down"]])
    lines += _section("Holds", [hold_words(h) for h in found["holds"]])
    lines += _section("Runs at risk", [run_words(r) for r in found["at_risk"]])
    lines += _section("Late orders", [_late_words(o) for o in found["late_orders"]])
    lines += _section("Maintenance due in 2 days", [_due_words(o) for o in found["maintenance_due"]])
    return [Reply("\n".join([*lines, "What waits for a person stands in the inbox."]))]


def _section(title: str, items: Sequence[str]) -> list[str]:
    return [f"{title}: none"] if not items else [f"{title}:", *(f"  {item}" for item in items)]


def _machine_words(machine: Mapping[str, Any]) -> str:
    since = f" since {shown(machine['since'])}" if machine["since"] else ""
    reason = f" ({machine['reason']})" if machine["reason"] else ""
    return f"{machine['machine']} {machine['state']}{since}{reason}"


def _late_words(order: Mapping[str, Any]) -> str:
    end = f"planned end {shown(order['planned_end'])}, {order['late_min'] / 60:.1f} h late"
    return f"{order['order']} due {shown(order['due'])}, {end}"


def _due_words(order: Mapping[str, Any]) -> str:
    planned = f"planned {shown(order['planned']['start'])}" if order["planned"] else "not planned"
    due = f"due {shown(order['due'])}" if order["due"] else "no due date"
    late = ", overdue" if order["overdue"] else ""
    return f"{order['maintenance_order']} {order['type']} of {order['machine']}, {due}{late}, {planned}"


def _orders(told: Said) -> Trying:
    """Where the named orders stand; without names those that will be late."""
    lines = []
    for ref in told.refs("order")[:5]:
        found = yield QueryCall("order_status", {"order": ref.removeprefix("order/")})
        lines.append(_order_words(found))
    if not lines or told.line.says("late"):
        items = yield QueryCall("open_items", {})
        late = [_late_words(order) for order in items["late_orders"]]
        lines += late or ["No order that is planned will be late; what is not planned I cannot say."]
    return [Reply("\n".join(lines))]


def _order_words(found: Mapping[str, Any]) -> str:
    due = shown(found["due"]) if found["due"] else "no date"
    end = f"planned end {shown(found['planned_end'])}" if found["planned_end"] else "not planned"
    late = f", {found['late_min'] / 60:.1f} h late" if found["late_min"] else ""
    held = f", held by {'; '.join(hold_words(h) for h in found['held'])}" if found["held"] else ""
    made = f"{found['good']} of {found['quantity']} {found['item']} made"
    return f"{found['order']}: {found['state']}, {made}, due {due}, {end}{late}{held}."


def _machines(told: Said) -> Trying:
    found = yield QueryCall("open_items", {})
    down = [f"{_machine_words(m)}." for m in found["machines_down"]]
    return [Reply("\n".join(down) or "Every machine is up.")]


def _publish(told: Said) -> Trying:
    """A report of the named window; without one of the shift that is going on."""
    yield from ()
    if asked := unreadable(told):
        return [asked]
    kind = next((k for k in ("handover", "downtime") if told.line.says(k)), "shift")
    window = named_span(told.line.text, told.view.now)
    moves = window or current_shift(told.view.now)
    text = "No window was named, so it is the shift that is going on, and provisional until it has settled."
    report = {"kind": kind, "scope": _scope(told), "from": moves.start, "to": moves.end}
    return [Proposal("publish_report", report), *([] if window else [Reply(text)])]


def _dressed(told: Said) -> Trying:
    """A figure is what was recorded; what can be added is context."""
    yield from ()
    text = (
        "No: figures stay what was recorded, and I leave nothing out. Instead: I can put context beside"
        " them, such as breakdowns and holds of the window, or compare it with another one."
    )
    return [Reply(text, "out_of_scope")]


INTENTS: Intents = (
    (("look less", "look better", "look good", "leave out", "dress up", "hide", "prettier"), _dressed),
    (("publish", "issue the", "issue a", "file the"), _publish),
    (("handover", "hand over", "open items", "what's open", "what is open", "promise", "summary", "overview",
      "status of the plant", "state of the plant", "going on", "how is the plant"), _handover),
    (("why was oee", "why is oee"), _too_good),
    (("orders", "late", "order status"), _orders),
    (("which machines", "what machines"), _machines),
    (("oee", "figure", "how many", "how often", "how much", "how long", "breakdown", "downtime", "kpi",
      "ratio", "mttr", "report", "availability", "effectiveness", "first pass", "fpy", "mtbf", "adherence",
      "quality"), _figures),
)  # fmt: skip
"""Words of which a line holds one for an intent; the first that fits wins."""
