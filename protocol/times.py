"""Instants: UTC, written ``2026-03-02T09:00:00Z`` (a fraction only when there is one)."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_SHOWN = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z")
_KEPT = 4096
"""Instants remembered: a round reads the same few again and again, in its actions and claims."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def is_instant(text: object) -> bool:
    """Whether ``text`` is an instant as Andon writes it."""
    return isinstance(text, str) and _is_instant(text)


@lru_cache(maxsize=_KEPT)
def _is_instant(text: str) -> bool:
    if not _SHOWN.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def parse(text: str) -> datetime:
    """An aware UTC datetime; raises ValueError for text without a zone."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return at.astimezone(UTC)


def show(at: datetime) -> str:
    """The one text of an instant."""
    text = at.astimezone(UTC).isoformat()
    return text.removesuffix("+00:00") + "Z"


@lru_cache(maxsize=_KEPT)
def micros(text: str) -> int:
    """Microseconds since 1970, for columns that are compared."""
    return (parse(text) - _EPOCH) // timedelta(microseconds=1)


def from_micros(value: int) -> str:
    """The text of a column written by :func:`micros`."""
    return show(_EPOCH + timedelta(microseconds=value))


@lru_cache(maxsize=_KEPT)
def plus(text: str, seconds: float = 0, minutes: float = 0) -> str:
    """``text`` moved by a duration."""
    return show(parse(text) + timedelta(seconds=seconds, minutes=minutes))


def minutes_between(start: str, end: str) -> int:
    """Whole minutes from ``start`` to ``end``, rounded down."""
    return (parse(end) - parse(start)) // timedelta(minutes=1)


def whole(text: str) -> str:
    """``text`` cut to the second: the ledger clock's grain, so that deadlines compare as text."""
    return show(parse(text).replace(microsecond=0))


def day_of(wall_s: float, zone: str) -> str:
    """The day at the site, ``2026-03-02``, of a reading of the clock on the wall."""
    return (_EPOCH + timedelta(seconds=wall_s)).astimezone(ZoneInfo(zone)).date().isoformat()


@lru_cache(maxsize=_KEPT)
def local(text: str, zone: str) -> str:
    """An instant as people at the site read it: ``Mon 2026-03-02 10:00 CET``; seconds where there are any."""
    at = parse(text).astimezone(ZoneInfo(zone))
    clock = "%H:%M:%S" if at.second else "%H:%M"
    return at.strftime(f"%a %Y-%m-%d {clock} %Z")
