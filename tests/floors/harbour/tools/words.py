"""What the offline policies understand of a line of text."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from protocol.times import show

_WHEN = re.compile(r"(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2})")
_KEY = re.compile(r"\b(V-\d+|B\d+)\b")


def keys(text: str, prefix: str) -> list[str]:
    """The keys with this prefix in the order they are named."""
    return [key for key in _KEY.findall(text.upper()) if key.startswith(prefix)]


def when(text: str, zone: str) -> str | None:
    """The instant a text names in the harbour's own time (``2026-05-04 14:00``), or None."""
    found = _WHEN.search(text)
    if found is None:
        return None
    try:
        local = datetime.fromisoformat(f"{found[1]}T{found[2]}")
    except ValueError:
        return None
    return show(local.replace(tzinfo=ZoneInfo(zone)))


def counts(text: str, *words: str) -> int:
    """How many of the words a text holds."""
    lowered = text.lower()
    return sum(bool(re.search(rf"\b{word}", lowered)) for word in words)
