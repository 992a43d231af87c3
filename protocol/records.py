"""Shared records as the rules see them, and the port through which pure functions read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol


class Ref(NamedTuple):
    """The name of a resource: ``stock/CX``. A tuple, since a round looks hundreds of them up."""

    type: str
    key: str

    def __str__(self) -> str:
        return f"{self.type}/{self.key}"

    @classmethod
    def parse(cls, text: str) -> "Ref":
        """The inverse of ``str``; raises ValueError when there is no slash."""
        kind, slash, key = text.partition("/")
        if not slash:
            raise ValueError(f"{text!r} is not TYPE/KEY")
        return cls(kind, key)


@dataclass(frozen=True, slots=True)
class Record:
    """A resource at one version. ``body`` holds its fields, balances included; never change it."""

    ref: Ref
    version: int
    body: Mapping[str, Any]

    def __getitem__(self, field: str) -> Any:
        """A field; None when the record does not have it."""
        return self.body.get(field)

    @property
    def key(self) -> str:
        """The key within its type."""
        return self.ref.key


@dataclass(frozen=True, slots=True)
class Claimed:
    """An interval of a resource that somebody holds: ``[start, end)``, UTC instants as text."""

    resource: str
    start: str
    end: str
    holder: Ref
    shared: bool = False


class Snapshot(Protocol):
    """What a pure function may read. Every read is recorded with its version."""

    @property
    def now(self) -> str:
        """The ledger clock."""

    def get(self, type: str, key: str) -> Record | None:  # noqa: A002 - the design's word
        """One record, or None."""

    def find(self, type: str, **equals: str | int | bool | None) -> Sequence[Record]:  # noqa: A002
        """Records whose indexed fields equal the values, in key order; all of a type without any."""

    def claims(self, resource: str, start: str, end: str) -> Sequence[Claimed]:
        """Claims on ``resource`` that overlap ``[start, end)``, by start, then holder."""
