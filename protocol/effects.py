"""What an action or a fact would do, as data: writes, balance changes, claims, events, or a refusal."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from protocol.records import Claimed, Ref


@dataclass(frozen=True, slots=True)
class Put:
    """Create a record, or change the named fields of one (the others stay)."""

    ref: Ref
    fields: Mapping[str, Any]
    create: bool = False


@dataclass(frozen=True, slots=True)
class Delta:
    """Add ``amount`` to an integer balance."""

    ref: Ref
    field: str
    amount: int


@dataclass(frozen=True, slots=True)
class Release:
    """Give back every claim of ``holder``, or only those on one resource."""

    holder: Ref
    resource: str | None = None


@dataclass(frozen=True, slots=True)
class Emit:
    """An event to publish in the same transaction."""

    type: str
    subject: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Effects:
    """Everything one action, fact or consequence changes.

    Claims are taken after releases. ``result`` is what the stored answer of the action says
    (returned again for the same key).
    """

    puts: tuple[Put, ...] = ()
    deltas: tuple[Delta, ...] = ()
    releases: tuple[Release, ...] = ()
    claims: tuple[Claimed, ...] = ()
    events: tuple[Emit, ...] = ()
    result: Mapping[str, Any] = field(default_factory=dict)

    def written(self) -> tuple[Ref, ...]:
        """The records it writes, each once, in the order first named."""
        changes: tuple[Put | Delta, ...] = (*self.puts, *self.deltas)
        return tuple({change.ref: None for change in changes})


@dataclass(frozen=True, slots=True)
class Refusal:
    """A no with its reason.

    ``code`` is stable; ``message`` one sentence; ``role`` who may decide otherwise; ``alternative``
    one thing to do instead. ``events`` are published although nothing is committed.
    """

    code: str
    message: str
    role: str | None = None
    alternative: str | None = None
    events: tuple[Emit, ...] = ()
