"""Durations as suites write them: digits and one unit, ``15m``."""

import re
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

_UNIT_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_DURATION = re.compile(r"([0-9]{1,9})(ms|s|m|h|d)")
_SAID = "a duration is digits and one unit of ms s m h d, such as 15m"


def milliseconds(text: object) -> int:
    """The length of a duration; raises ValueError when ``text`` is none."""
    found = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError(_SAID)
    return int(found[1]) * _UNIT_MS[found[2]]


def _wall(text: object) -> float:
    length = milliseconds(text)
    if length == 0:
        raise ValueError("no time at all is no limit; state at least 1ms")
    return length / 1000


def _ledger(text: object) -> int:
    length = milliseconds(text)
    if length % 1000:
        raise ValueError("the ledger clock moves in whole seconds")
    return length // 1000


def _offset(text: object) -> int:
    if isinstance(text, str) and text.startswith("-"):
        return -_ledger(text[1:])
    return _ledger(text)


def _shown(pattern: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern})


WallTime = Annotated[float, BeforeValidator(_wall), _shown("^[0-9]+(ms|s|m|h|d)$")]
"""Seconds of elapsed time, more than none."""
LedgerTime = Annotated[int, BeforeValidator(_ledger), _shown("^[0-9]+(s|m|h|d)$")]
"""Whole seconds on the ledger clock."""
LedgerOffset = Annotated[int, BeforeValidator(_offset), _shown("^-?[0-9]+(s|m|h|d)$")]
"""Whole seconds before (``-5m``) or after the ledger clock."""
