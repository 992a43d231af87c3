"""Recording what a floor's reader made of rows: each row's facts together, once, in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from graph.facts import record_fact
from protocol.errors import UsageError
from protocol.ports import Tx
from protocol.times import micros, plus
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
    try:
        with tx.mark():
            return _facts(tx, world, source, outcome)
    except UsageError as error:  # the floor refuses a fact: none of the row's facts is kept
        said = error.message
        cause = f"{error.error_code}: {said}"
        return Recorded(REJECTED, rejection=Rejection(outcome.line, error.error_code, said, cause))


def _facts(tx: Tx, world: World, source: str, outcome: Any) -> Recorded:
    """Record a row. Its own fact says whether it is new; what others have in common may be known already."""
    status, cases = None, []
    for fact in outcome.facts:
        result = record_fact(tx, world, fact)
        if fact.source_id == outcome.identity:
            status = result.status
            if status == DUPLICATE:
                return Recorded(DUPLICATE)
        if result.case is not None:
            cases.append(result.case)
    if status is None:  # nothing worth an event, yet seen
        new = tx.accept(source, outcome.identity, "row", {"line": outcome.line}) is not None
        old = bool(outcome.at) and is_history(tx.now, outcome.at, world.config.fact_window_s)
        status = DUPLICATE if not new else HISTORY if old else ACCEPTED
    return Recorded(status, tuple(outcome.flags) if status != DUPLICATE else (), tuple(cases))


def is_history(now: str, occurred: str, window_s: int) -> bool:
    """Whether something occurred too long ago to open a case."""
    return micros(plus(occurred, seconds=window_s)) < micros(now)


def _rejection(outcome: Any) -> Rejection:
    return Rejection(
        line=outcome.line,
        code=outcome.code,
        message=outcome.message,
        cause=outcome.cause,
        question=outcome.question,
        options=tuple(outcome.options),
    )
