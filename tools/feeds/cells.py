"""Cells to values, once, at the edge; what does not fit is a RowError with its code."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from protocol.times import show

from .outcomes import RowError

MOST = 10**9
"""The largest quantity that is taken for one; beyond it a number is a mistake."""
_NOT_KEY = re.compile(r"[^A-Z0-9]+")


def instant(text: str, column: str, zone: ZoneInfo, pattern: str | None = None) -> str:
    """A cell as a UTC instant; a time without a zone is read in ``zone``."""
    try:
        at = datetime.strptime(text, pattern) if pattern else datetime.fromisoformat(text)  # noqa: DTZ007
        return show(at.replace(tzinfo=zone) if at.tzinfo is None else at)
    except (ValueError, OverflowError):
        raise RowError("bad_time", f"{column} is {text[:40]!r}, not a time") from None


def quantity(text: str, column: str) -> int:
    """A cell as pieces: an integer from 0."""
    if not re.fullmatch(r"-?[0-9]{1,12}", text):
        raise RowError("bad_number", f"{column} is {text[:40]!r}, not a whole number")
    number = int(text)
    if number < 0:
        raise RowError("negative_quantity", f"{column} is {number}; pieces are counted from 0")
    if number > MOST:
        raise RowError("bad_number", f"{column} is {number}, more than {MOST}")
    return number


def key(text: str, column: str, code: str = "bad_row") -> str:
    """A cell as a resource key: upper case, everything else a dash."""
    made = _NOT_KEY.sub("-", text.upper()).strip("-")[:64]
    if not made:
        raise RowError(code, f"{column} is {text[:40]!r}, which names nothing")
    return made


def table(tables: Mapping[str, Any], name: str) -> dict[str, Any]:
    """One table of a mapping; ValueError when it is no table."""
    found = tables.get(name, {})
    if not isinstance(found, dict):
        raise ValueError(f"tables.{name} must map names to values")  # noqa: TRY004 - the file is wrong, not the code
    return found


def words(tables: Mapping[str, Any], name: str) -> frozenset[str]:
    """A list of words of a mapping; ValueError when it is none."""
    found = tables.get(name, [])
    if not isinstance(found, list) or not all(isinstance(word, str) for word in found):
        raise ValueError(f"tables.{name} must be a list of words")
    return frozenset(found)
