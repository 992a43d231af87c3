"""What a person says to inventory, intent by intent. A line asks; it never carries authority."""

import re
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from protocol.turns import Move, QueryCall, Reply, View

from ...tools.line import Line, listed
from ...tools.said import Intents, Said, Trying, amounts, chosen, refs_in, slip
from .allocating import supplied, wanted
from .showing import enough_words, need_words, purchase_words, stock_words
from .taking import borrow, give_back_line

UNKNOWN = {
    "order": "unknown_order",
    "lot": "unknown_lot",
    "allocation": "unknown_allocation",
    "purchase": "unknown_purchase",
}
HELP = (
    'Ask me what there is and who gets it: "How much CX is available?", "What does O-201 need?",'
    ' "Allocate 400 CX to O-201".'
)
_CLAUSE = re.compile(r",\s|;|\band\b|\bplus\b")
_IT = re.compile(r"\b(?:it|them|that|those|these)\b")


def said(view: View, trigger: Mapping[str, Any]) -> Trying:
    """The first intent that the line's words fit; a question is answered and changes nothing."""
    told = Said.of(view, trigger)
    if (refusal := told.unknown(UNKNOWN) or slip(told.line)) is not None:
        return [refusal]
    intent = chosen(told.line, REFUSED) or chosen(told.line, QUESTIONS if told.line.asks() else INTENTS)
    if intent is None and refs_in(told.line, "stock", "lot", "allocation", "order", "purchase"):
        intent = _stock
    return (yield from intent(told)) if intent else [Reply(HELP, clarify=True)]


def _items(told: Said) -> list[str] | Reply:
    """The items a line means: named, or those of the lots, allocations and purchases it names."""
    items = []
    for ref in told.refs("stock", "lot", "allocation", "purchase"):
        items.append(ref.partition("/")[2] if ref.startswith("stock/") else str(told.record(ref)["item"]))
    named_here = refs_in(told.line, "stock", "lot", "allocation", "purchase")
    if not named_here and (missing := told.line.stray()) is not None:
        return Reply(f"There is no item {missing} in stock; nothing was changed.", "unknown_item")
    return list(dict.fromkeys(items))


def _stock(told: Said) -> Trying:
    """The figures of each item; whether a quantity is there, where one is said."""
    orders = refs_in(told.line, "order")
    if orders and not refs_in(told.line, "stock", "lot", "allocation", "purchase"):
        return (yield from _needs(told))
    items = _items(told)
    if isinstance(items, Reply):
        return [items]
    if not items:
        return [Reply("Which item? Name it, such as CX.", clarify=True)]
    lines = []
    quantity = next(iter(amounts(told.line)), None)
    for item in items[:3]:
        stock = yield QueryCall("get_stock", {"item": item})
        lines += stock_words(stock, {ref.removeprefix("lot/") for ref in refs_in(told.line, "lot")})
        if quantity is not None:
            lines.append(enough_words(stock, quantity))
    for ref in orders[:3]:
        needs = yield QueryCall("requirement", {"order": ref.removeprefix("order/")})
        lines += need_words(needs)
    if quantity is None and not orders and told.line.says("enough"):
        return [Reply("\n".join([*lines, "Enough for which order, or for how many?"]), clarify=True)]
    return [Reply("\n".join(lines))]


def _needs(told: Said) -> Trying:
    """What orders need, have and lack."""
    orders = told.refs("order")
    if not orders:
        return (yield from _stock(told)) if _named_item(told) else [_which_order("Which order do you mean?")]
    lines = []
    for ref in orders[:3]:
        found = yield QueryCall("requirement", {"order": ref.removeprefix("order/")})
        lines += need_words(found)
    return [Reply("\n".join(lines))]


def _named_item(told: Said) -> bool:
    return bool(refs_in(told.line, "stock", "lot", "allocation", "purchase")) or told.line.stray() is not None


def _which_order(text: str) -> Reply:
    return Reply(f"{text} Say it like: allocate 400 CX to O-201.", clarify=True)


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a line: what it names of items, lots and orders, and its quantities."""

    items: Sequence[str]
    lots: Sequence[str]
    orders: Sequence[str]
    quantities: Sequence[int]


def _parts(told: Said) -> list[Part]:
    """``400 CX to O-201 and 400 CX to O-202``: what is said once holds for every part."""
    clauses = [Line(text, told.view.resources) for text in _CLAUSE.split(told.line.text)]
    orders = [ref.removeprefix("order/") for ref in told.refs("order")]
    items = told.line.known("stock")
    if not items and _IT.search(told.line.text.lower()):
        items = [ref.removeprefix("stock/") for ref in told.refs("stock")]
    parts = []
    for clause in clauses:
        own = Part(clause.known("stock"), clause.known("lot"), clause.known("order"), amounts(clause))
        if own.items or own.orders or own.quantities:
            lots_item = [str(told.record(f"lot/{lot}")["item"]) for lot in own.lots]
            one_item = own.items or lots_item or (items if len(items) == 1 else [])
            parts.append(
                Part(one_item, own.lots, own.orders or (orders if len(orders) == 1 else []), own.quantities)
            )
    return parts


def _allocate(told: Said) -> Trying:
    """One proposal for each pair of item and order; what is not said is asked about, never guessed."""
    moves: list[Move] = []
    parts = _parts(told)
    if any(part.quantities for part in parts) and not all(part.quantities for part in parts):
        return [_which_order("How many of which item for each order?")]
    for part in parts:
        found = yield from _allocate_part(told, part)
        if isinstance(found, Reply):
            return [found]
        moves += found
    if not moves:
        return [_which_order("Which item, how many, and for which order?")]
    return [*moves, *_taking(moves)]


def _allocate_part(told: Said, part: Part) -> Generator[QueryCall, Any, list[Move] | Reply]:
    if not part.items and (missing := told.line.stray()) is not None:
        return Reply(f"There is no item {missing} in stock; nothing was changed.", "unknown_item")
    if len(part.orders) != 1:
        return _which_order("Which item, and for which order?" if not part.items else "For which order?")
    order = part.orders[0]
    if not part.quantities:
        return (yield from _whole_need(order, part.items))
    items = part.items
    if not items:
        needs = yield QueryCall("requirement", {"order": order})
        items = [line["item"] for line in needs["lines"]]
    if len(items) != 1 or len(part.quantities) != 1 or len(part.lots) > 1:
        return _which_order(f"How many of which item for {order}?")
    return (yield from wanted(order, items[0], part.quantities[0], next(iter(part.lots), None)))


def _whole_need(order: str, items: Sequence[str]) -> Generator[QueryCall, Any, list[Move] | Reply]:
    """Without a quantity the order gets what it lacks; a need that nobody knows is asked about."""
    needs = yield QueryCall("requirement", {"order": order})
    asked = [line for line in needs["lines"] if not items or line["item"] in items]
    if not asked:
        return _which_order(f"How many of which item for {order}?")
    if not any(line["missing"] for line in asked):
        return Reply("\n".join(need_words({**needs, "lines": asked})))
    moves: list[Move] = []
    for line in asked:
        moves += yield from supplied(order, line["item"])
    return moves


def _taking(moves: Sequence[Move]) -> list[Move]:
    """A word on proposals that take from somebody: they wait for a signature."""
    takes = [m for m in moves if getattr(m, "kind", None) == "release_allocation"]
    text = "Only another order has it, so the materials planner is asked; nothing is taken before that."
    return [Reply(text)] if takes else []


def _rejected(told: Said) -> Trying:
    """What quality holds is used for nobody, whatever the customer takes."""
    decides = yield QueryCall("who_decides", {"ref": "nonconformance/ANY"})
    text = (
        f"No: what was rejected or is held is not used. {listed(decides['roles'])} decide with the customer's"
        " concession (SUP-04). Instead: I can look for other lots of the item."
    )
    return [Reply(text, "held")]


def _count(told: Said) -> Trying:
    """Correcting the books is none of this role's actions; the record is shown beside the count."""
    items = _items(told)
    keys = items if isinstance(items, list) else []
    decides = yield QueryCall("who_decides", {"ref": f"stock/{keys[0] if keys else 'ANY'}"})
    lines = [
        f"A count that differs from the record is corrected by {decides['role']}; I change no stock on it."
    ]
    for key in keys[:1]:
        stock = yield QueryCall("get_stock", {"item": key})
        lines += ["On record:", *stock_words(stock, set())]
    lines.append("Instead: put the lot on hold until it is counted again.")
    return [Reply("\n".join(lines), "out_of_scope")]


def _vendor(told: Said) -> Trying:
    """A promise of a vendor is the buyer's to record; what is on record is shown."""
    decides = yield QueryCall("who_decides", {"ref": "purchase/ANY"})
    items = _items(told)
    lines = [f"Purchases and what vendors promise are the {decides['role']}'s to record; I changed nothing."]
    for item in items[:1] if isinstance(items, list) else ():
        stock = yield QueryCall("get_stock", {"item": item})
        lines += [f"On record: {purchase_words(p)}." for p in stock["purchases"]]
    lines.append("Once it is recorded I can say which orders lack material.")
    return [Reply("\n".join(lines), "out_of_scope")]


REFUSED: Intents = (
    (("rejected ones", "use the rejected", "use rejected", "use the held", "held ones"), _rejected),
    (("i count", "counted", "adjust", "system says", "correct the stock", "write off", "book off"), _count),
    (("expedite", "order more", "buy"), _vendor),
)
"""What no wording gets from this role."""
QUESTIONS: Intents = (
    (("need", "require", "missing", "lack"), _needs),
    (
        ("stock", "available", "enough", "on hand", "how much", "how many", "have", "reorder", "safety"),
        _stock,
    ),
    (("vendor", "supplier", "receipt", "purchase", "arrive", "deliver"), _stock),
)
INTENTS: Intents = (
    (("vendor", "supplier"), _vendor),
    (("borrow", "take"), borrow),
    (("give back", "return", "release", "free"), give_back_line),
    (("allocat", "reserve", "give", "assign", "book"), _allocate),
    (("need", "require", "missing", "lack"), _needs),
    (("stock", "available", "enough", "on hand", "purchase", "safety", "reorder"), _stock),
)
"""Words of which a line holds one for an intent; the first that fits wins."""
