"""A decision as somebody gave it, before anything has looked at it."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Wanted:
    """``seen``: the hash of the action that they say they saw; None when they did not say."""

    escalation: str
    decision: Literal["approve", "reject", "answer"]
    reason: str = ""
    option: int | None = None
    text: str = ""
    seen: str | None = None
