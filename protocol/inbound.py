"""What the ledger keeps of reports from outside that came too early, or could not be recorded; its port."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ParkedRow:
    """A report that came before another of its aggregate. ``body``: canonical JSON. Wall seconds."""

    source: str
    aggregate: str
    number: int
    source_id: str
    body: str
    parked_s: float


@dataclass(frozen=True, slots=True)
class LetterRow:
    """A report that could not be recorded, and why. ``body``: what of it fits; ``at``: ledger clock."""

    source: str
    source_id: str
    code: str
    message: str
    body: str
    at: str


class InboundReads(Protocol):
    """Reading what waits, and what was refused."""

    def parked(self, source: str | None = None, aggregate: str | None = None) -> Sequence[ParkedRow]:
        """By source, aggregate and number."""

    def letters(self) -> Sequence[LetterRow]:
        """By source and id."""

    def applied(self, source: str, aggregate: str) -> int | None:
        """The number of the last report applied; None before the first."""


class Inbound(InboundReads, Protocol):
    """Keeping reports of one aggregate in order."""

    def set_applied(self, source: str, aggregate: str, number: int) -> None: ...
    def park(self, row: ParkedRow) -> bool:
        """Keep it for later; False when one of that number is kept already."""

    def unpark(self, source: str, aggregate: str, number: int) -> None: ...
    def put_letter(self, row: LetterRow) -> None:
        """Store a letter, or what is said now of one that is there."""

    def drop_letter(self, source: str, source_id: str) -> None: ...
