"""The owner's deference inside an exchange: what an agent owns it may leave to others once at most (R4).

Its first deference is answered "you decide"; its second ends the exchange. Answers in between change
nothing, and an exchange on a matter that was deferred in an earlier one begins at ``told``.
"""

from collections.abc import Mapping
from enum import StrEnum

from protocol.machine import Machine


class Deference(StrEnum):
    """How often the owner has left the decision to the asker."""

    NONE = "none"
    TOLD = "told"
    ENDED = "ended"


class Owner(StrEnum):
    """What the owner can do about it."""

    DEFER = "defer"
    """The owner leaves to the asker what it owns, or agrees without deciding what was left open."""


TABLE: Mapping[tuple[Deference, Owner], Deference] = {
    (Deference.NONE, Owner.DEFER): Deference.TOLD,
    (Deference.TOLD, Owner.DEFER): Deference.ENDED,
}
"""(state, event) -> next state. A pair that is absent is not a legal event."""

MACHINE = Machine(
    "deference", Deference, Owner, TABLE, initial=Deference.NONE, finals=frozenset({Deference.ENDED})
)


def advance(state: Deference, event: Owner) -> Deference:
    """One step of the table. Raises IllegalStepError when deference has ended the exchange."""
    return MACHINE.advance(state, event)
