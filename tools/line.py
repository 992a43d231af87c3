"""What the offline policies understand of a person's line: things named, times, lengths, quantities.

A line is data: it says what somebody wants, never who they are or what they may do.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any

from protocol.times import parse, show

from .amounts import Slip, find_minutes, find_quantities
from .clocks import CLOCKS, NoSuchTimeError, find_clock
from .days import WRITTEN_OUT, NoSuchDayError, find_day
from .resources import RESOURCES
from .site import ZONE, local
from .words import spoken

_INSTANT = re.compile(r"\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2})\b")
_QUESTION = re.compile(
    r"\s*(what|which|why|who|when|where|how|is|are|was|were|does|do|did|has|have|can|could|may|show|list|tell)\b"
)
_TO = re.compile(r"\bto\b", re.IGNORECASE)
_POLITE = re.compile(r"\s*(can|could|will|would) you\b(?! (tell|show|say|list))|\s*please\b")


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
        return find_minutes(self.text)

    def quantities(self) -> list[int | Slip]:
        """Whole numbers that are no part of a key, a time or a length, in order; slips are told apart."""
        return find_quantities(self.text, (_INSTANT, *CLOCKS, *WRITTEN_OUT))


def listed(things: Sequence[str]) -> str:
    """``R-1``; ``R-1 and R-2``; ``R-1, R-2 and R-3``."""
    return " and ".join(", ".join(things).rsplit(", ", 1)) if things else "nothing"
