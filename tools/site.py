"""The site's calendar: its zone, its days, its shifts. Instants stay UTC; only days and shifts are local."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from protocol.times import parse, show

ZONE = ZoneInfo("Europe/Berlin")
NIGHT_FROM, NIGHT_TO = time(23, 0), time(7, 0)
"""The night shift; it has no setter."""


def local(instant: str) -> datetime:
    """An instant in site time."""
    return parse(instant).astimezone(ZONE)


def days_of(start: str, end: str) -> tuple[str, ...]:
    """The site days (``2026-03-03``) that [start, end) touches."""
    first = local(start).date()
    last = (local(end) - timedelta(microseconds=1)).date()
    return tuple((first + timedelta(days=n)).isoformat() for n in range((last - first).days + 1))


def is_night(instant: str) -> bool:
    """Whether an instant lies in the night shift."""
    at = local(instant).time()
    return at >= NIGHT_FROM or at < NIGHT_TO


def nights(start: str, end: str) -> Iterator[tuple[str, str]]:
    """Every night shift that touches [start, end), as UTC text."""
    day = local(start).date() - timedelta(days=1)
    while True:
        begins = datetime.combine(day, NIGHT_FROM, ZONE)
        ends = datetime.combine(day + timedelta(days=1), NIGHT_TO, ZONE)
        if begins >= parse(end):
            return
        if ends > parse(start):
            yield show(begins), show(ends)
        day += timedelta(days=1)


def shown(instant: str) -> str:
    """An instant as people of the site read it: ``Tue 3 Mar 15:00``."""
    at = local(instant)
    return f"{at:%a} {at.day} {at:%b %H:%M}"
