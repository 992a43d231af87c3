"""Spans of the past that a line names: a shift, last night, since an hour. Site time, half-open."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from protocol.times import micros, plus, show

from .days import NoSuchDayError, find_day
from .line import Line
from .site import ZONE, local

_SHIFTS = {"day": (7, 8), "evening": (15, 8), "night": (23, 8)}
"""Name -> (hour it begins, hours it takes). A night belongs to the date it started on."""
_SHIFT = re.compile(r"\b(day|evening|night|this|current|last|previous) shift\b")
_LAST = re.compile(r"\b(?:last|past) (\d{1,3}) ?(hours?|days?|weeks?)\b")
_WEEK = re.compile(r"\b(this|last) week\b")
_SINCE = re.compile(r"\bsince\b(.*)", re.DOTALL)
_HOUR = re.compile(r"\s*(\d{1,2})(?: o'clock)?\b(?![:/\-.]\d)")
_AHEAD = re.compile(r"\b(?:tomorrow|tonight|next)\b")
_PER_H = {"h": 1, "d": 24, "w": 7 * 24}


@dataclass(frozen=True, slots=True)
class Span:
    """[start, end) as UTC text."""

    start: str
    end: str


def named_span(text: str, now: str) -> Span | None:
    """The span a line names, or None. What is still going on ends now; a shift ends when it ends."""
    lower, today = text.lower(), local(now).date()
    if (start := since(text, now)) is not None:
        return Span(start, now)
    if "last night" in lower:
        return _shift("night", today - timedelta(days=1))
    if found := _SHIFT.search(lower):
        return _named_shift(found[1], text, now)
    if found := _LAST.search(lower):
        return Span(plus(now, minutes=-60 * int(found[1]) * _PER_H[found[2][0]]), now)
    if found := _WEEK.search(lower):
        monday = today - timedelta(days=today.weekday())
        if found[1] == "this":
            return Span(_at(monday, 0), now)
        return Span(_at(monday - timedelta(days=7), 0), _at(monday, 0))
    day = _past_day(text, now)
    return None if day is None else Span(_at(day, 0), min(_at(day + timedelta(days=1), 0), now, key=micros))


def since(text: str, now: str) -> str | None:
    """The instant that ``since`` names: the last such one before now."""
    found = _SINCE.search(text.lower())
    if found is None:
        return None
    rest = Line(found[1], {})
    hour = _HOUR.match(found[1])
    if (day := _past_day(found[1], now)) is not None:
        when = rest.when(now)
        clock = local(when.at).time() if when and when.at else time()
        return show(datetime.combine(day, clock, ZONE))
    if (when := rest.when(now)) is not None and when.at is not None:
        return when.at if micros(when.at) <= micros(now) else plus(when.at, minutes=-24 * 60)
    if hour and int(hour[1]) < 24:
        at = _at(local(now).date(), int(hour[1]))
        return at if micros(at) <= micros(now) else plus(at, minutes=-24 * 60)
    return None


def current_shift(now: str) -> Span:
    """The shift that an instant lies in."""
    today = local(now).date()
    days = (today - timedelta(days=1), today)
    spans = [_shift(name, day) for day in days for name in _SHIFTS]
    return next(s for s in spans if micros(s.start) <= micros(now) < micros(s.end))


def _named_shift(name: str, text: str, now: str) -> Span:
    if name in ("this", "current"):
        return current_shift(now)
    if name in ("last", "previous"):
        return current_shift(plus(current_shift(now).start, minutes=-1))
    day = _past_day(text, now)
    if day is not None:
        return _shift(name, day)
    today = _shift(name, local(now).date())
    begun = micros(today.start) <= micros(now)
    return today if begun else _shift(name, local(now).date() - timedelta(days=1))


def _past_day(text: str, now: str) -> date | None:
    """The site day a line names; a weekday is the last one, today included. What lies ahead is none."""
    today, lower = local(now).date(), text.lower()
    if "yesterday" in lower:
        return today - timedelta(days=1)
    if _AHEAD.search(lower):
        return None
    try:
        found = find_day(text, today, is_past=True)
    except NoSuchDayError:
        return None
    if found is None or found.day <= today:
        return found.day if found else None
    return found.day - timedelta(days=7) if found.is_weekday else None


def _shift(name: str, day: date) -> Span:
    begins, hours = _SHIFTS[name]
    return Span(_at(day, begins), _at(day + timedelta(days=(begins + hours) // 24), (begins + hours) % 24))


def _at(day: date, hour: int) -> str:
    return show(datetime.combine(day, time(hour), ZONE))
