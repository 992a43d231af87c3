"""What the offline policies understand of a person's line: things named, times, lengths, quantities.

A line is data: it says what somebody wants, never who they are or what they may do.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

from protocol.times import parse, show

from .clocks import CLOCKS, NoSuchTimeError, find_clock
from .days import WRITTEN_OUT, NoSuchDayError, find_day
from .resources import RESOURCES
from .site import ZONE, local
from .words import spoken

_INSTANT = re.compile(r"\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2})\b")
_LENGTH = re.compile(r"\b(\d{1,4}(?:\.\d)?) ?-?(hours?|h|minutes?|mins?|min|m|days?)\b", re.IGNORECASE)
_PER = {"h": 60, "m": 1, "d": 24 * 60}
_NUMBER = re.compile(
    r"(?<![\w.:/-])[-+\u2212]?\d+(?:[.,]\d+)*(?:e[-+]?\d+)?\b(?![:/]\d|-\d)|\b(?:nan|infinity|inf)\b",
    re.IGNORECASE,
)
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
_QUESTION = re.compile(
    r"\s*(what|which|why|who|when|where|how|is|are|was|were|does|do|did|has|have|can|could|may|show|list|tell)\b"
)
_TO = re.compile(r"\bto\b", re.IGNORECASE)
_POLITE = re.compile(r"\s*(can|could|will|would) you\b(?! (tell|show|say|list))|\s*please\b")
MAX_QUANTITY = 10_000_000
"""Beyond this a number in a line is taken for a slip."""


@dataclass(frozen=True, slots=True)
class When:
    """An instant a line names: ``day`` is its site day, ``at`` the instant, None when no hour is said."""

    day: date
    at: str | None

    @property
    def opens(self) -> str:
        """The instant itself, or the beginning of its site day."""
        return self.at or show(datetime.combine(self.day, time(), ZONE))

    @property
    def closes(self) -> str:
        """The end of its site day."""
        return show(datetime.combine(self.day + timedelta(days=1), time(), ZONE))


@dataclass(frozen=True, slots=True)
class Slip:
    """A number that cannot be a quantity, and why."""

    written: str
    why: str


@cache
def _begins(word: str) -> re.Pattern[str]:
    return re.compile(rf"\b{re.escape(word)}")


class Line:
    """One line, read against the records that the view shows."""

    def __init__(self, text: str, resources: Mapping[str, Mapping[str, Any]]) -> None:
        self.text = text
        self._lower = text.lower()
        self._resources = resources

    def says(self, *words: str) -> bool:
        """Whether a word begins with one of these."""
        return any(_begins(word).search(self._lower) for word in words)

    def count(self, *words: str) -> int:
        """How many of these words it holds."""
        return sum(self.says(word) for word in words)

    def asks(self) -> bool:
        """Whether it reads as a question; a request in the form of one (``could you hold L95?``) does not."""
        if _POLITE.match(self._lower):
            return False
        return self.text.rstrip().endswith("?") or _QUESTION.match(self._lower) is not None

    def known(self, kind: str) -> list[str]:
        """Keys of existing records of a type, in the order first named."""
        named = [key for keys in spoken(self.text, kind) for key in keys]
        return list(dict.fromkeys(key for key in named if f"{kind}/{key}" in self._resources))

    def unknown(self, kind: str) -> str | None:
        """The first thing that has the form of this type and does not exist, as it was written."""
        for keys in spoken(self.text, kind, only_form=True):
            if not any(f"{kind}/{key}" in self._resources for key in keys):
                return keys[0]
        return None

    def stray(self) -> str | None:
        """The first word written like a key that names nothing and has no form: an item that is not there."""
        keys = {ref.partition("/")[2] for ref in self._resources}
        places = (p for kind in RESOURCES for p in spoken(self.text, kind.name, only_form=True))
        formed = {key for place in places for key in place}
        bare = (key for (key, *_) in spoken(self.text, "stock") if key[0].isalpha())
        return next((key for key in bare if key not in keys and key not in formed), None)

    def when(self, now: str) -> When | None:
        """The first instant it names, in site time; a weekday is the next one, today included.

        None as well when it names a day or an hour that is none: see ``unreadable`` in said.py.
        """
        if found := _INSTANT.search(self.text):
            try:
                at = parse(found[0])
            except ValueError:
                return None
            return When(at.astimezone(ZONE).date(), show(at))
        today = local(now).date()
        try:
            day = find_day(self.text, today)
            return self._at(day.day if day else None, today)
        except (NoSuchDayError, NoSuchTimeError):
            return None

    def target(self, now: str) -> When | None:
        """The instant that something is to be moved ``to``: behind that word if one is there, else the first.

        Its day may stand before: ``from Tuesday 07:00 to 09:00``.
        """
        first, today = self.when(now), local(now).date()
        if first is None:
            return None
        for word in reversed(list(_TO.finditer(self.text))):
            behind = Line(self.text[word.end() :], {})
            if (there := behind.when(now)) is None:
                continue
            if find_day(behind.text, today) is not None or _INSTANT.search(behind.text):
                return there
            return behind._at(first.day, today)
        return first

    def _at(self, day: date | None, today: date) -> When | None:
        """The hour that it names, on a day."""
        clock = find_clock(self.text)
        if day is None and clock is None:
            return None
        on = day or today
        return When(on, show(datetime.combine(on, clock, ZONE)) if clock is not None else None)

    def minutes(self) -> int | None:
        """A length of time: ``4 hours``, ``90 min``."""
        if (found := _LENGTH.search(self.text)) is None:
            return None
        return int(Decimal(found[1]) * _PER[found[2][0].lower()]) or None

    def quantities(self) -> list[int | Slip]:
        """Whole numbers that are no part of a key, a time or a length, in order; slips are told apart."""
        rest = self.text
        for pattern in (_INSTANT, *CLOCKS, *WRITTEN_OUT, _LENGTH):
            rest = pattern.sub(" ", rest)
        found: list[int | Slip] = []
        for number in _NUMBER.finditer(rest):
            noun = _NOUN.search(rest[: number.start()])
            if noun and noun[1].lower().removesuffix("s") in _NOUNS:
                continue  # "Machine 7", "line 2": a name, not an amount
            found.append(_quantity(number[0]))
        return found


def _quantity(written: str) -> int | Slip:
    text = written.replace("\u2212", "-").replace(",", "")
    if "e" in text.lower() and text[-1].isdigit():
        return Slip(written, "is not written out as a number of pieces")
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


def listed(things: Sequence[str]) -> str:
    """``R-1``; ``R-1 and R-2``; ``R-1, R-2 and R-3``."""
    return " and ".join(", ".join(things).rsplit(", ", 1)) if things else "nothing"
