"""What every state machine of the protocol is: states, events, one table, and one step."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

S = TypeVar("S", bound=StrEnum)
E = TypeVar("E", bound=StrEnum)


class IllegalStepError(Exception):
    """That cannot happen now; names the event, the machine and the state it is in."""


@dataclass(frozen=True, slots=True)
class Machine(Generic[S, E]):
    """A state machine as data, so that documents, tests and a search can walk it.

    ``table``: (state, event) -> next state; a pair that is absent is not a legal event. ``finals``:
    states that nothing leaves; empty for what goes on for good. ``rests``: further states in which it
    may stay for good, although something may still happen.
    """

    name: str
    states: type[S]
    events: type[E]
    table: Mapping[tuple[S, E], S]
    initial: S
    finals: frozenset[S] = frozenset()
    rests: frozenset[S] = frozenset()

    def advance(self, state: S, event: E) -> S:
        """One step of the table. Raises IllegalStepError for a pair that is absent."""
        try:
            return self.table[(state, event)]
        except KeyError:
            raise IllegalStepError(f"{event} is not possible while the {self.name} is {state}") from None

    def allows(self, state: S, event: E) -> bool:
        """Whether the event is legal in that state."""
        return (state, event) in self.table
