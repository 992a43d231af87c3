"""What the ledger keeps of deliveries to receivers outside, and the port to it. Times are wall seconds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from protocol.delivery import DeliveryState, Fate
from protocol.rows import EventRow


@dataclass(frozen=True, slots=True)
class ReceiverRow:
    """A receiver that has been met. Events after ``since_seq`` are for it, up to ``spread_seq`` looked at.

    ``wanted``: the event types it asks for as canonical JSON, since the event ``wanted_seq``.
    ``acknowledged``: how often it said so, repetitions included. ``stopped``: why nothing is sent until a
    person says otherwise.
    """

    name: str
    since_seq: int
    spread_seq: int
    wanted: str = "[]"
    wanted_seq: int = 0
    acknowledged: int = 0
    stopped: str | None = None


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One event on its way to one receiver.

    ``subject_seq``: its number among the receiver's events of that subject, from 1, without a gap.
    ``claims``: how often it was taken up; who reports an attempt names the number it was taken up under.
    ``next_s``: when it is due; None when it is not pending, or waits behind another of its subject.
    """

    receiver: str
    event_seq: int
    subject: str
    subject_seq: int
    state: DeliveryState
    attempts: int
    claims: int
    next_s: float | None
    sent_s: float | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery taken up, with its event."""

    row: DeliveryRow
    event: EventRow


@dataclass(frozen=True, slots=True)
class Backlog:
    """What a receiver does not have. ``oldest_s``: when the oldest pending one is, or was, due."""

    pending: int
    dead: int
    oldest_s: float | None


class OutboxReads(Protocol):
    """Reading what is, or is not, delivered."""

    def last_event(self) -> int:
        """The sequence of the newest event; 0 without any."""

    def receivers(self) -> Sequence[ReceiverRow]:
        """All that were ever met, by name."""

    def is_due(self, receiver: str, now_s: float) -> bool:
        """Whether something can be sent to it now."""

    def next_due(self, receiver: str) -> float | None:
        """When something can be sent to it; None when nothing waits for an hour."""

    def backlog(self, receiver: str) -> Backlog: ...
    def dead(self, receiver: str | None = None) -> Sequence[Claimed]:
        """What was given up, by receiver and sequence."""

    def deliveries(self, event: str) -> Sequence[DeliveryRow]:
        """Of one event, by receiver."""


class Outbox(OutboxReads, Protocol):
    """Moving deliveries on."""

    def meet(self, receiver: str, since_seq: int) -> bool:
        """Store a receiver; False when it was met before."""

    def spread(self, receiver: str, patterns: Sequence[str], now_s: float, most: int) -> int:
        """Look at up to ``most`` new events, and make deliveries of those it is to have; how many were
        looked at.
        """

    def claim(self, receiver: str, now_s: float, until_s: float, most: int) -> Sequence[Claimed]:
        """Take up to ``most`` that are due, the longest due first: nobody else is given them until then."""

    def conclude(self, row: DeliveryRow, fate: Fate, now_s: float) -> bool:
        """Write what an attempt came to; False when it was taken up by another since, who writes it."""

    def stop(self, receiver: str, reason: str) -> None:
        """Send it nothing."""

    def start(self, receiver: str) -> bool:
        """Send again; False when it was not stopped."""

    def retry(self, receiver: str, event_seq: int | None, now_s: float) -> int:
        """Try again what was given up: one, or all of a receiver; how many."""

    def skip(self, receiver: str, event_seq: int, now_s: float) -> bool:
        """Let its aggregate go on without it; False when it is sent, skipped or unknown."""

    def resend(self, receiver: str, from_seq: int, now_s: float) -> int:
        """Send again everything from a sequence on, in order; how many of those were not pending."""
