"""Rows that carry a number: recorded in the order of their aggregate, whatever order they come in (F37-F39).

What comes too early is parked, up to a bound; what it waited for lets it follow. A number that does not come
becomes a question to a person, whose answer lets the aggregate go on without it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graph.feed_file import Row
from graph.feed_mapping import Order
from protocol.canonical import MAX_INTEGER, dumps, loads
from protocol.inbound import ParkedRow
from protocol.ports import ReadTx
from protocol.toolbox import Fact

GO_ON = "go on"
"""What a person means who answers that a number will not come."""
GAP, USED, BAD_NUMBER = "sequence_gap", "sequence_used", "bad_number"


@dataclass(frozen=True, slots=True)
class Tag:
    """Where a row stands in the order of its aggregate."""

    aggregate: str
    number: int
    identity: str


@dataclass(frozen=True, slots=True)
class ParkedOutcome:
    """An accepted row as it was parked: what recording it needs."""

    line: int
    identity: str
    at: str
    flags: tuple[str, ...]
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class GoOn:
    """The answer that lets an aggregate go on."""

    title: str
    alias: str = GO_ON


@dataclass
class Arrivals:
    """The order of a file's rows. ``answers``: what people said of gaps, by cause. ``now_s``: wall clock."""

    order: Order
    answers: Mapping[str, str]
    now_s: float
    tags: dict[int, Tag | str] = field(default_factory=dict)

    def watch(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The same rows; where each stands is remembered by its line, or what is wrong with its number."""
        for row in rows:
            said = row.cells[self.order.number].strip()
            aggregate = "/".join(row.cells[column].strip() for column in self.order.by)
            good = said.isascii() and said.isdigit() and len(said) < 17 and int(said) <= MAX_INTEGER
            self.tags[row.line] = Tag(aggregate, int(said), row.identity) if good else said
            yield row

    def forget(self, lines: Iterable[int]) -> None:
        """Rows that are durable need no place any more; until then their transaction may be run again."""
        for line in lines:
            self.tags.pop(line, None)

    def goes_on(self, cause: str) -> bool:
        """Whether a person said that what is missing will not come."""
        return self.answers.get(cause) == GO_ON

    def expected(self, tx: ReadTx, source: str, aggregate: str) -> int:
        """The number that comes next."""
        applied = tx.inbound.applied(source, aggregate)
        return self.order.first if applied is None else applied + 1

    def is_over(self, waiting: list[ParkedRow]) -> bool:
        """Whether too many wait, or one for too long."""
        oldest_s = min((row.parked_s for row in waiting), default=self.now_s)
        return len(waiting) >= self.order.park or oldest_s + self.order.wait_s <= self.now_s


def cause_of(aggregate: str, missing: int) -> str:
    """A gap as people are asked about it, and as their answer is known again."""
    return f"{aggregate} lacks number {missing}"


def parked(source: str, tag: Tag, outcome: Any, now_s: float) -> ParkedRow:
    """A row, to be kept. One that was rejected is kept without facts: its number is not waited for."""
    given = getattr(outcome, "facts", ())
    facts = [[f.type, f.source, f.source_id, f.occurred, f.subject, dict(f.data)] for f in given]
    at, flags = getattr(outcome, "at", "") or "", list(getattr(outcome, "flags", ()))
    body = [outcome.line, tag.identity, at, flags, facts]
    return ParkedRow(source, tag.aggregate, tag.number, tag.identity, dumps(body), now_s)


def unparked(row: ParkedRow) -> ParkedOutcome:
    """The inverse of :func:`parked`."""
    body: Any = loads(row.body)
    line, identity, at, flags, facts = body
    return ParkedOutcome(line, identity, at, tuple(flags), tuple(Fact(*fact) for fact in facts))
