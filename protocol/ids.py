"""Names and identifiers: one ASCII pattern per kind, and ids derived from what they name.

Nothing here is random: a case's id comes from its inbox row, every other id from
(case, round, agent, ordinal), so a recorded case re-executes to the same ids (R15).
"""

import hashlib
import re
from functools import lru_cache
from typing import NewType

from protocol.canonical import canonical

CaseId = NewType("CaseId", str)
EscalationId = NewType("EscalationId", str)
EventId = NewType("EventId", str)
ActionKey = NewType("ActionKey", str)
"""``case/round/agent/ordinal``, made by the runtime, never by a model (R7)."""
ExchangeId = NewType("ExchangeId", str)

NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
"""Agents, action kinds, requests, roles, lanes, resource types."""
KEY = re.compile(r"[A-Z0-9_-]{1,64}(@[0-9]{4}-[0-9]{2}-[0-9]{2})?")
"""Resource keys; a machine-day adds ``@`` and its date."""
PERSON = re.compile(r"[a-z][a-z0-9._-]{0,63}")
EVENT_TYPE = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
CASE = re.compile(r"case_[a-z2-7]{16}")
ESCALATION = re.compile(r"esc_[a-z2-7]{16}")

_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = tuple(first + second for first in _LETTERS for second in _LETTERS)

PERSON_ASKER = "person"
"""The name under which every person stands in a manifest's ``from`` lists."""


def derive(prefix: str, *parts: str | int) -> str:
    """``prefix_`` and 16 base32 characters (80 bits) of the SHA-256 of the parts."""
    return f"{prefix}_{_base32(parts)}"


def derive_key(prefix: str, *parts: str | int) -> str:
    """A resource key such as ``D-7F3K2M9Q``: the prefix and 8 base32 characters (40 bits)."""
    return f"{prefix}{_base32(parts)[:8].upper()}"


@lru_cache(maxsize=4096, typed=True)
def _base32(parts: tuple[str | int, ...]) -> str:
    """The first 16 characters of the SHA-256 of the parts in base32 (RFC 4648), in lower case.

    Two characters at a time, since every event of every pass has such an id.
    """
    n, two = int.from_bytes(hashlib.sha256(canonical(parts)).digest()[:10], "big"), _PAIRS
    return (
        f"{two[n >> 70]}{two[n >> 60 & 1023]}{two[n >> 50 & 1023]}{two[n >> 40 & 1023]}"
        f"{two[n >> 30 & 1023]}{two[n >> 20 & 1023]}{two[n >> 10 & 1023]}{two[n & 1023]}"
    )


def case_id(floor: str, source: str, source_id: str) -> CaseId:
    """The id of the case that an inbox row opens."""
    return CaseId(derive("case", floor, source, source_id))


def action_key(case: str, round_no: int, agent: str, ordinal: int) -> ActionKey:
    """The idempotency key of one proposal."""
    return ActionKey(f"{case}/{round_no}/{agent}/{ordinal}")
