"""Recording what a floor's reader made of rows: each row's facts together, once, in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from graph.facts import FactResult, record_fact
from protocol.errors import UsageError
from protocol.ports import Tx
from protocol.toolbox import Fact
from protocol.world import World

ACCEPTED, DUPLICATE, HISTORY, REJECTED = "accepted", "duplicate", "history", "rejected"


class Choice(Protocol):
    """One answer to the question about a cause."""

    @property
    def title(self) -> str: ...
    @property
    def alias(self) -> str: ...


class Outcome(Protocol):
    """What a reader gives back for a row. With ``facts`` it is accepted, with ``code`` rejected.

    An accepted one has line, identity, facts and flags; a rejected one line, code, message, cause,
    question and options. Floors bring their own classes, so this is looked at and never made.
    """

    @property
    def line(self) -> int: ...


@dataclass(frozen=True, slots=True)
class FeedContext:
    """What a reader may know beside the rows; see docs/how-to/feed.md."""

    source: str
    tables: Mapping[str, Any]
    zone: str
    known: Mapping[str, frozenset[str]] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rejection:
    """A row that made no fact, with what may be asked about its cause."""

    line: int
    code: str
    message: str
    cause: str
    question: str = ""
    options: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of one row."""

    status: str
    flags: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    rejection: Rejection | None = None


def record_batch(tx: Tx, world: World, source: str, outcomes: Sequence[Any]) -> list[Recorded]:
    """Record a batch of outcomes; all of it is durable, or none."""
    return [_record(tx, world, source, outcome) for outcome in outcomes]


def _record(tx: Tx, world: World, source: str, outcome: Any) -> Recorded:
    if hasattr(outcome, "code"):
        return Recorded(REJECTED, rejection=_rejection(outcome))
    flags = tuple(outcome.flags)
    if not outcome.facts:
        new = tx.accept(source, outcome.identity, "row", {"line": outcome.line}) is not None
        return Recorded(ACCEPTED, flags) if new else Recorded(DUPLICATE)
    try:
        with tx.mark():
            results = _facts(tx, world, outcome.identity, outcome.facts)
    except UsageError as error:  # the floor refuses a fact: none of the row's facts is kept
        said = error.message
        return Recorded(
            REJECTED, rejection=Rejection(outcome.line, error.error_code, said, f"{error.error_code}: {said}")
        )
    status = results[outcome.identity].status
    if status == DUPLICATE:
        return Recorded(DUPLICATE)
    return Recorded(status, flags, tuple(r.case for r in results.values() if r.case is not None))


def _facts(tx: Tx, world: World, identity: str, facts: Sequence[Fact]) -> dict[str, FactResult]:
    """Results by source_id. Facts of another identity come before the row's own and may be known already."""
    results: dict[str, FactResult] = {}
    for fact in facts:
        results[fact.source_id] = record_fact(tx, world, fact)
        if fact.source_id == identity and results[identity].status == DUPLICATE:
            break
    return results


def _rejection(outcome: Any) -> Rejection:
    return Rejection(
        line=outcome.line,
        code=outcome.code,
        message=outcome.message,
        cause=outcome.cause,
        question=outcome.question,
        options=tuple(outcome.options),
    )
