"""Delivery of one event to one receiver outside: where it stands, and what follows from an answer.

At least once, and in order on each aggregate: what is not acknowledged is sent again, and whoever comes
behind it on its aggregate waits. Nothing here sends; the shell does, and says what came back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from protocol.ids import derive
from protocol.machine import Machine

FIRST_WAIT_S = 2.0
FACTOR = 2.0
MOST_WAIT_S = 3600.0
"""The longest wait between two attempts, and the longest that a receiver's Retry-After is obeyed."""
GONE = 410
WRONG_REQUEST = frozenset({400, 411, 413, 414, 415, 422, 431})
"""Answers that speak of what was sent: the same bytes would be refused again."""
EVERY = "*"
ALERT = "delivery/"
"""Before a receiver's name: the alert that stands while a person has to see to it."""
OWN = "delivery."
"""The family of events about deliveries; their subject is the receiver."""


class DeliveryState(StrEnum):
    """Where a delivery stands. DEAD holds its aggregate until a person decides."""

    PENDING = "pending"
    SENT = "sent"
    DEAD = "dead"
    SKIPPED = "skipped"


class DeliveryEvent(StrEnum):
    """What can happen to a delivery."""

    FAIL = "fail"
    """An attempt came to nothing, and another one follows."""
    ACKNOWLEDGE = "acknowledge"
    """The receiver has it."""
    GIVE_UP = "give_up"
    """No attempt is left, or the receiver refuses what it was sent."""
    RETRY = "retry"
    """A person has it tried again, or the receiver asks for it again."""
    SKIP = "skip"
    """A person lets the aggregate go on without it."""


_S, _E = DeliveryState, DeliveryEvent
TABLE: Mapping[tuple[DeliveryState, DeliveryEvent], DeliveryState] = {
    (_S.PENDING, _E.FAIL): _S.PENDING,
    (_S.PENDING, _E.ACKNOWLEDGE): _S.SENT,
    (_S.PENDING, _E.GIVE_UP): _S.DEAD,
    (_S.PENDING, _E.SKIP): _S.SKIPPED,
    (_S.DEAD, _E.RETRY): _S.PENDING,
    (_S.DEAD, _E.SKIP): _S.SKIPPED,
    (_S.SENT, _E.RETRY): _S.PENDING,
    (_S.SKIPPED, _E.RETRY): _S.PENDING,
}
"""(state, event) -> next state. A pair that is absent is not a legal event."""

MACHINE = Machine(
    "delivery", _S, _E, TABLE, initial=_S.PENDING, rests=frozenset({_S.SENT, _S.DEAD, _S.SKIPPED})
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back of an attempt. ``status`` None: no whole answer, and ``trouble`` says why.

    ``retry_after_s``: for how long the receiver wants to be left alone; None when it does not say.
    """

    status: int | None
    trouble: str = ""
    retry_after_s: float | None = None

    @property
    def said(self) -> str:
        """In a few words that hold nothing secret."""
        return self.trouble if self.status is None else f"answered {self.status}"


@dataclass(frozen=True, slots=True)
class Fate:
    """What an attempt came to. ``wait_s``: until the next one. ``stops``: the receiver wants no more."""

    event: DeliveryEvent
    error: str = ""
    wait_s: float = 0.0
    stops: bool = False


def judge(answer: Answer, attempt: int, most: int, jitter: float) -> Fate:
    """After attempt number ``attempt`` (from 1) of ``most``. ``jitter``: 0 to 1, from the delivery's stream.

    2xx is an acknowledgement and nothing else is: redirects are not followed. 410 stops the receiver. What
    speaks of the request itself is given up at once; all else may be mended by time or by a person.
    """
    status = answer.status
    if status is not None and 200 <= status < 300:
        return Fate(DeliveryEvent.ACKNOWLEDGE)
    if status == GONE:
        return Fate(DeliveryEvent.FAIL, answer.said, stops=True)
    if status in WRONG_REQUEST or attempt >= most:
        return Fate(DeliveryEvent.GIVE_UP, answer.said)
    return Fate(DeliveryEvent.FAIL, answer.said, wait_s(attempt, jitter, answer.retry_after_s))


def wait_s(attempt: int, jitter: float, asked_s: float | None = None) -> float:
    """Seconds until the next attempt: between half the step and the whole of it, or what was asked for."""
    step = min(FIRST_WAIT_S * FACTOR ** min(attempt - 1, 60), MOST_WAIT_S)
    return max(step * (0.5 + 0.5 * jitter), min(asked_s or 0.0, MOST_WAIT_S))


def jitter_of(receiver: str, event: str, attempt: int) -> float:
    """0 to 1: this attempt's place in the delivery's own stream (R15)."""
    return int(derive("j", receiver, event, attempt)[2:10].translate(_DIGITS), 32) / 32**8


_DIGITS = str.maketrans("abcdefghijklmnopqrstuvwxyz234567", "0123456789abcdefghijklmnopqrstuv")


def wants(patterns: Sequence[str], event_type: str) -> bool:
    """Whether a receiver declared that type: by name, by ``lane.*`` for a family, or ``*`` for everything."""
    return any(
        p in (EVERY, event_type) or (p.endswith(".*") and event_type.startswith(p[:-1])) for p in patterns
    )


def is_for(receiver: str, patterns: Sequence[str], event_type: str, subject: str) -> bool:
    """Whether a receiver is to have an event. Nobody is sent the news of what could not be sent to them: it
    would make more of it.
    """
    about_itself = event_type.startswith(OWN) and subject == receiver
    return wants(patterns, event_type) and not about_itself
