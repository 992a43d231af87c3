"""Recordings as they are stored: compressed JSON, part by part, in which no secret stands."""

import json
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from checkpoints.named_sql import named_queries

LEVEL = 1
"""Of compression: the quickest. A higher one saves a tenth and takes twice the time, in a transaction."""
MOST = 64 * 1024 * 1024
"""Bytes of one part, unpacked: far more than a case can bring about, and far less than a bomb."""
_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=True, check_circular=False)
REDACTED = "[redacted]"
LEAST_SECRET = 6
"""Characters; a shorter key is a word that stands in many texts, and protects nothing."""
_VALUE = r"[A-Za-z0-9._~+/=-]"
_SCHEME = r"(?i:bearer|basic) "
_NAME = r"(?i:authorization|api[-_]?key)\\*[\"']?\s*[:=]\s*\\*[\"']?"
_KEYS = re.compile(rf"({_SCHEME}|{_NAME}(?:{_SCHEME})?){_VALUE}{{8,}}|\b(?:sk|rk|pk)-[A-Za-z0-9_-]{{16,}}")
"""What looks like a key of a model endpoint, or like a header that carries one. What is replaced holds no
quote and no backslash, so that JSON stays JSON, however deep it is nested in text.
"""
_HINTS = ("sk-", "rk-", "pk-", "bearer ", "basic ", "authorization", "api-key", "api_key", "apikey")
"""Without one of these nothing looks like a key: a look for them takes a fiftieth of the time."""


class DamagedRecordingError(ValueError):
    """A part of a recording cannot be read."""


@dataclass(frozen=True, slots=True)
class Part:
    """``items``: jobs, readings and answers of one strand, in order. ``first``: the place of the first of
    them on the strand; parts may overlap, and say the same then.
    """

    drive: int
    strand: str
    first: int
    items: list[Any]


class RecordsTx(Protocol):
    """What keeping a recording needs of a transaction."""

    def keep_part(self, case: str, drive: int, strand: str, body: bytes) -> None: ...
    def drop_parts(self, before: str) -> int: ...


class LooksTx(Protocol):
    """What reading one needs."""

    def rows(self, sql: str, *values: Any) -> Any: ...


def is_due(tx: LooksTx, before: str) -> bool:
    """Whether anything was recorded before that hour."""
    ((oldest,),) = tx.rows(named_queries("recordings")["oldest"])
    return oldest is not None and str(oldest) < before


def redact(text: str, secrets: Sequence[str] = ()) -> str:
    """``text`` without ``secrets`` and without what looks like a key."""
    for secret in secrets:
        if len(secret) >= LEAST_SECRET and secret in text:
            text = text.replace(secret, REDACTED)
    lower = text.lower()
    if not any(hint in lower for hint in _HINTS):
        return text
    return _KEYS.sub(lambda found: f"{found[1] or ''}{REDACTED}", text)


def packed(first: int, items: Sequence[Any], secrets: Sequence[str] = ()) -> bytes:
    """Items as they are stored; ``first``: see Part."""
    text = _ENCODER.encode([first, items])
    return zlib.compress(redact(text, secrets).encode(), LEVEL)


def unpacked(drive: int, strand: str, body: bytes) -> Part:
    """A stored part; DamagedRecordingError for what was not stored so."""
    try:
        decompressor = zlib.decompressobj()
        text = decompressor.decompress(body, MOST)
        if not decompressor.eof or decompressor.unused_data:
            raise DamagedRecordingError("a part is cut short, or too long")
        found = json.loads(text)
    except (zlib.error, ValueError, RecursionError) as error:
        raise DamagedRecordingError(f"a part cannot be read: {error}") from error
    match found:
        case [int(first), list(items)]:
            return Part(drive, strand, first, items)
    raise DamagedRecordingError("a part is no list of items")


def parts(tx: LooksTx, case: str) -> list[Part]:
    """The recording of a case, oldest part first; empty when there is none."""
    found = tx.rows(named_queries("recordings")["parts"], case)
    return [unpacked(int(drive), str(strand), bytes(body)) for drive, strand, body in found]
