"""Quantities and lengths of time that a line names. A number that may be read in two ways is no quantity."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from .days import BEFORE

MAX_QUANTITY = 10_000_000
"""Beyond this a number in a line is taken for a slip."""
_PIECES = r"(?:pcs?|pieces?|parts?|x)"
_NUMBER = re.compile(
    rf"{BEFORE}[-+\u2212]?\d+(?:[.,']\d+)*(?:e[-+]?\d+)?(?:\b(?![:/]\d|-\d)|(?={_PIECES}\b|k\b))"
    r"|\b(?:nan|infinity|inf)\b",
    re.IGNORECASE,
)
_MULTIPLE = re.compile(r" ?(?:k|dozens?|hundreds?|thousands?|millions?)\b", re.IGNORECASE)
_PARTED = re.compile(r"\d{1,3}(?:,\d{3})+|\d{1,3}(?:'\d{3})+")
_DOTTED = re.compile(r"\d{1,3}(?:\.\d{3})+")
_NOUN = re.compile(r"([A-Za-z]+)[ #]+$")
_NOUNS = frozenset(
    [
        "machine",
        "run",
        "order",
        "lot",
        "hold",
        "gauge",
        "purchase",
        "downtime",
        "case",
        "line",
        "item",
        "level",
        "priority",
        "op",
    ]
)
_UNIT = r"(?P<unit>hours?|h|minutes?|mins?|min|m|days?)"
LENGTH = re.compile(
    rf"(?<![\w.,:/-])(?P<number>\d{{1,4}}(?:[.,]\d{{1,2}})?) ?-?{_UNIT}(?![a-z])"
    r"(?: ?(?:and )?(?P<more>\d{1,2}) ?(?:minutes?|mins?|min|m)\b|(?<=\dh)(?P<minutes>[0-5]\d)\b)?",
    re.IGNORECASE,
)
_PER = {"h": 60, "m": 1, "d": 24 * 60}


@dataclass(frozen=True, slots=True)
class Slip:
    """A number that cannot be a quantity, and why."""

    written: str
    why: str


def find_minutes(text: str) -> int | None:
    """The first length of time: ``4 hours``, ``1.5 h``, ``2 h 30 min``, ``4h30``, ``90 min``."""
    if (found := LENGTH.search(text)) is None:
        return None
    whole = Decimal(found["number"].replace(",", ".")) * _PER[found["unit"][0].lower()]
    return int(whole) + int(found["more"] or found["minutes"] or 0) or None


def find_quantities(text: str, apart: Iterable[re.Pattern[str]] = ()) -> list[int | Slip]:
    """Whole numbers that are no part of a key, in order; slips are told apart. ``apart``: not looked at."""
    for pattern in (*apart, LENGTH):
        text = pattern.sub(" ", text)
    found: list[int | Slip] = []
    for number in _NUMBER.finditer(text):
        noun = _NOUN.search(text[: number.start()])
        if noun and noun[1].lower().removesuffix("s") in _NOUNS:
            continue  # "Machine 7", "line 2": a name, not an amount
        if multiple := _MULTIPLE.match(text, number.end()):
            found.append(Slip(number[0] + multiple[0], "is not written out as a number of pieces"))
        else:
            found.append(_quantity(number[0]))
    return found


def _quantity(written: str) -> int | Slip:
    text = written.replace("\u2212", "-")
    if "e" in text.lower() and text[-1].isdigit():
        return Slip(written, "is not written out as a number of pieces")
    if _DOTTED.fullmatch(text):
        return Slip(written, "may be thousands or a fraction; write it without points")
    if _PARTED.fullmatch(text.lstrip("+-")):
        text = text.replace(",", "").replace("'", "")
    elif "," in text:
        return Slip(written, "is not a whole number; pieces are counted")
    try:
        value = Decimal(text)
    except InvalidOperation:
        return Slip(written, "is not a number of pieces")
    if not value.is_finite():
        return Slip(written, "is not a number of pieces")
    if value < 0:
        return Slip(written, "is negative; pieces are counted from 1")
    if value != value.to_integral_value():
        return Slip(written, "is not a whole number; pieces are counted")
    if not 0 < value <= MAX_QUANTITY:
        return Slip(written, f"is outside 1 to {MAX_QUANTITY}")
    return int(value)
