"""What a feed reader is given and gives back, row by row.

A reader is a plain function: it checks its mapping's tables at once (ValueError says what is wrong
with them) and returns an iterator over the rows. It reads nothing else, so the same file makes the
same facts again; what the ledger has already is not its business.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from protocol.toolbox import Fact


class Row(Protocol):
    """One row of a file: its line, its identity, and its cells by column."""

    @property
    def line(self) -> int: ...
    @property
    def identity(self) -> str: ...
    @property
    def cells(self) -> Mapping[str, str]: ...


@dataclass(frozen=True, slots=True)
class Feed:
    """What a reader may know beside the rows.

    ``source``: of every fact. ``tables``: as the mapping states them. ``zone``: of times without one.
    ``known``: keys the ledger had at the start, by resource type. ``aliases``: what people answered, by
    cause.
    """

    source: str
    tables: Mapping[str, Any]
    zone: str = "UTC"
    known: Mapping[str, frozenset[str]] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Option:
    """One answer to the question about a cause: from then on ``alias`` is meant."""

    title: str
    alias: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """The facts of a row, to be recorded together or not at all.

    The fact whose source_id is the row's identity decides whether the row is new; a row without facts
    says nothing that is worth an event.
    """

    line: int
    identity: str
    facts: tuple[Fact, ...] = ()
    flags: tuple[str, ...] = ()
    at: str = ""
    """When a row without facts was written, so that it can be told from news."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that makes no fact. Rows of one ``cause`` are reported, and asked about, together."""

    line: int
    code: str
    message: str
    cause: str
    question: str = ""
    options: tuple[Option, ...] = ()


Outcome = Accepted | Rejected
Reader = Callable[[Iterable[Row], Feed], Iterator[Outcome]]


class RowError(Exception):
    """A cell that cannot be used."""

    def __init__(self, code: str, message: str, cause: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.cause = cause or code

    def rejected(self, row: Row) -> Rejected:
        """The outcome of the row it was found in."""
        return Rejected(row.line, self.code, self.message, self.cause)
