"""The days that a line names, as people write them: Wed, 4 Mar, March 4th, on 4.3., 2026-03-04, tomorrow.

A day that is read as another one is worse than one that is not read: what cannot be a day, is two days at
once, or may be either of two, is told apart from no day at all.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

BEFORE = r"(?<![\w.:/-])"
"""Not inside of a key, a number or a time."""
_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEKDAY = r"(mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)"
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?|(?-i:May))"
)
"""In small letters ``may`` is a verb."""
_YEAR = r"(?:,? (?P<year>20\d\d)\b(?!:))?"
_ISO = re.compile(r"\b(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})\b")
_DAY_FIRST = re.compile(
    rf"{BEFORE}(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: of)?[ -]{_MONTH}\b\.?{_YEAR}", re.IGNORECASE
)
_MONTH_FIRST = re.compile(
    rf"\b{_MONTH}\.? (?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?![:.,]\d| ?[ap]m\b){_YEAR}", re.IGNORECASE
)
_WORDS = r"(?:on|by|until|till|to|from|since|before|after)"
_DOTTED = re.compile(
    rf"(?:\b(?:{_WORDS}|{_WEEKDAY}(?:day)?[.,]?,?) |{BEFORE}(?=\d\d?\.\d\d?\.20))"
    r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>(?:20)?\d\d)?(?!\d)",
    re.IGNORECASE,
)
"""As the site writes it: day, then month. Alone, without a year, it may be a figure that ends a sentence."""
_SLASHED = re.compile(
    rf"\b{_WORDS} (\d{{1,2}}/\d{{1,2}})(?![\w/])|{BEFORE}(\d{{1,2}}/\d{{1,2}}/\d{{2,4}})\b", re.IGNORECASE
)
_FULL = re.compile(r"\b(mon|tues|wednes|thurs|fri|satur|sun)day\b", re.IGNORECASE)
_SHORT = re.compile(
    rf"\b(?:(?:{_WORDS}|next|last|this) {_WEEKDAY}\b(?!-)"
    rf"|{_WEEKDAY}[.,]? (?=\d{{1,2}}(?::\d\d| ?[ap]m\b)))",
    re.IGNORECASE,
)
_RELATIVE = re.compile(r"\b(today|tonight|tomorrow)\b", re.IGNORECASE)
DAY_WORD = rf"(?:today|tonight|tomorrow|{_WEEKDAY}(?:day)?)"
_JUSTBEFORE = re.compile(rf"\b{_WEEKDAY}(?:day)?[.,]?,? *(?:the )?$", re.IGNORECASE)
RECENT = timedelta(days=60)
"""A date without a year that lies no further back is not the next year's."""
WRITTEN_OUT = (_ISO, _DAY_FIRST, _MONTH_FIRST, _DOTTED)
"""Days whose numbers are no quantities."""


class NoSuchDayError(ValueError):
    """A line names a day that is none, that is two days, or that may be either of two."""


@dataclass(frozen=True, slots=True)
class Day:
    """A site day that a line names. ``is_weekday``: by its name alone, so that it comes again every week."""

    day: date
    is_weekday: bool = False


def find_day(text: str, today: date, *, is_past: bool = False) -> Day | None:
    """The first date written out, else the first day named; None when there is none.

    A weekday is the next one, today included. So is a date without a year, unless it was not long ago;
    with ``is_past`` it is the last one. Raises NoSuchDayError for ``31 Feb``, ``Wed 5 Mar`` when that is a
    Thursday, and ``on 4/3``.
    """
    written = sorted(_dates(text, today, is_past=is_past))
    if written:
        return Day(written[0][1])
    if slashed := _SLASHED.search(text):
        raise NoSuchDayError(f"{slashed[1] or slashed[2]} may be a day and a month, or a month and a day")
    if word := _RELATIVE.search(text):
        return Day(today + timedelta(days=word[1].lower() == "tomorrow"))
    if word := _FULL.search(text) or _SHORT.search(text):
        name = next(group for group in word.groups() if group)
        return Day(today + timedelta(days=(_weekday(name) - today.weekday()) % 7), is_weekday=True)
    return None


def _dates(text: str, today: date, *, is_past: bool) -> Iterator[tuple[int, date]]:
    """Where each date stands that is written out, and which it is."""
    for pattern in WRITTEN_OUT:
        for found in pattern.finditer(text):
            dates = [
                made
                for year in _years(found["year"], today)
                if (made := _made(year, _month(found["month"]), int(found["day"])))
            ]
            if not dates:
                raise NoSuchDayError(f"{found['day']} {_month_name(found['month'])} is no day")
            meant = _meant(dates, today, is_past=is_past)
            begins = min(at for at in map(found.start, ("year", "month", "day")) if at >= 0)
            named = _JUSTBEFORE.search(text[:begins])
            if named is not None and _weekday(named[1]) != meant.weekday():
                raise NoSuchDayError(f"{meant.day} {meant:%b %Y} is a {meant:%A}")
            yield begins, meant


def _meant(dates: Sequence[date], today: date, *, is_past: bool) -> date:
    """Of the same day in several years, oldest first."""
    if is_past:
        return max((d for d in dates if d <= today), default=dates[0])
    return min((d for d in dates if d >= today - RECENT), default=dates[-1])


def _made(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _weekday(name: str) -> int:
    return _NAMES.index(name[:3].lower())


def _month(written: str) -> int:
    return int(written) if written.isdigit() else _MONTHS.index(written[:3].lower()) + 1


def _month_name(written: str) -> str:
    month = _month(written)
    return _MONTHS[month - 1].capitalize() if 0 < month <= len(_MONTHS) else f"of month {written}"


def _years(written: str | None, today: date) -> Sequence[int]:
    if written is not None:
        return (int(written) % 100 + 2000,)
    return (today.year - 1, today.year, today.year + 1)
