"""The hours that a line names, as people write them: 9:30, 9:30 pm, 9 am, at 9, 9 o'clock, Wed 9.30, noon."""

import re
from datetime import time

from .days import BEFORE, DAY_WORD

_HALF = r"(?P<half>[ap])\.?m\b"
_UNIT = r"(?:pcs|pieces?|parts?|percent|bar|mm|h|hours?|m|min|mins|minutes?|days?|weeks?)"
_NO_AMOUNT = rf"(?![\w:/%-]|\.\d| ?%| ?{_UNIT}\b)"
_PATTERNS = (
    rf"{BEFORE}(?P<hour>\d{{1,2}}):(?P<minute>\d{{2}})(?::\d{{2}})?(?![\w:])(?: ?{_HALF})?",
    rf"{BEFORE}(?P<hour>\d{{1,2}})(?:\.(?P<minute>\d{{2}}))? ?{_HALF}",
    rf"{BEFORE}(?P<hour>\d{{1,2}}) ?o'?clock\b",
    rf"\bat (?P<hour>[01]?\d|2[0-3])(?:\.(?P<minute>[0-5]\d))?{_NO_AMOUNT}",
    rf"\b{DAY_WORD}[.,]? (?:at )?(?P<hour>[01]?\d|2[0-3])\.(?P<minute>[0-5]\d){_NO_AMOUNT}",
    rf"\b(?:at|{DAY_WORD}[.,]?) (?P<hour>[01]\d|2[0-3])(?P<minute>[0-5]\d){_NO_AMOUNT}",
    r"\b(?P<named>noon|midnight)\b",
)
CLOCKS = tuple(re.compile(pattern, re.IGNORECASE) for pattern in _PATTERNS)
"""Hours whose numbers are no quantities."""


class NoSuchTimeError(ValueError):
    """A line names an hour that no day has."""


def find_clock(text: str) -> time | None:
    """The first hour named; None when there is none. Raises NoSuchTimeError for 25:00, 9:75 and 0 pm."""
    found = [match for pattern in CLOCKS if (match := pattern.search(text))]
    return _read(min(found, key=re.Match.start)) if found else None


def _read(match: re.Match[str]) -> time:
    told = match.groupdict()
    if named := told.get("named"):
        return time(12 if named.lower() == "noon" else 0)
    hour, minute, half = int(told["hour"]), int(told.get("minute") or 0), (told.get("half") or "").lower()
    if minute >= 60 or hour >= (13 if half else 24) or (half and hour == 0):
        raise NoSuchTimeError(f"{match[0].strip()} is no time of day")
    return time(hour % 12 + (12 if half == "p" else 0) if half else hour, minute)
