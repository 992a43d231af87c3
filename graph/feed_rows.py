"""Recording what a floor's reader made of rows: each row's facts together, once, in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from graph.arriving import BAD_NUMBER, GAP, USED, Arrivals, GoOn, Tag, cause_of, parked, unparked
from graph.facts import record_fact
from protocol.canonical import dumps
from protocol.errors import UsageError
from protocol.inbound import LetterRow
from protocol.ports import ReadTx, Tx
from protocol.times import micros, plus
from protocol.world import World

ACCEPTED, DUPLICATE, HISTORY, REJECTED = "accepted", "duplicate", "history", "rejected"
PARKED = "parked"
"""The flag of an accepted row that waits for one before it."""
MOST_KEPT = 2000
"""Characters kept of a report that could not be recorded, and of why."""


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


def record_batch(
    tx: Tx, world: World, source: str, outcomes: Sequence[Any], arrivals: Arrivals | None = None
) -> list[Recorded]:
    """Record a batch of outcomes; all of it is durable, or none. ``arrivals``: the order they are to have."""
    desk = _Desk(tx, world, source, {row.source_id for row in tx.inbound.letters() if row.source == source})
    if arrivals is None:
        return [desk.record(outcome) for outcome in outcomes]
    return [_InOrder(desk, arrivals).record(outcome) for outcome in outcomes]


def release(tx: Tx, world: World, source: str, arrivals: Arrivals) -> list[Recorded]:
    """Let aggregates go on whose gaps people have answered; what became of the rows that waited."""
    desk = _Desk(tx, world, source, {row.source_id for row in tx.inbound.letters() if row.source == source})
    ordered, done = _InOrder(desk, arrivals), list[Recorded]()
    for aggregate in dict.fromkeys(row.aggregate for row in tx.inbound.parked(source)):
        missing = arrivals.expected(tx, source, aggregate)
        if arrivals.goes_on(cause_of(aggregate, missing)):
            ordered.pass_over(aggregate)
            done += ordered.follow(aggregate)
    return done


def overdue(tx: ReadTx, source: str, arrivals: Arrivals) -> list[tuple[Rejection, int]]:
    """Gaps that have lasted too long, each as people are asked about it, and how many rows wait behind it."""
    found = []
    for aggregate in dict.fromkeys(row.aggregate for row in tx.inbound.parked(source)):
        waiting = list(tx.inbound.parked(source, aggregate))
        if arrivals.is_over(waiting):
            missing = arrivals.expected(tx, source, aggregate)
            found.append((_gap(unparked(waiting[0]).line, aggregate, missing, len(waiting)), len(waiting)))
    return found


@dataclass(frozen=True)
class _Desk:
    """Where rows of one source are recorded. ``letters``: identities that were refused before."""

    tx: Tx
    world: World
    source: str
    letters: set[str]

    def record(self, outcome: Any) -> Recorded:
        if hasattr(outcome, "code"):
            return Recorded(REJECTED, rejection=_rejection(outcome))
        try:
            with self.tx.mark():
                done = _facts(self.tx, self.world, self.source, outcome)
        except UsageError as error:  # the floor refuses a fact: none of the row's facts is kept
            said = error.message
            self.refuse(outcome.identity, error.error_code, said, [f.type for f in outcome.facts])
            cause = f"{error.error_code}: {said}"
            return Recorded(REJECTED, rejection=Rejection(outcome.line, error.error_code, said, cause))
        if outcome.identity in self.letters:
            self.tx.inbound.drop_letter(self.source, outcome.identity)
        return done

    def refuse(self, identity: str, code: str, message: str, what: Any) -> None:
        """Keep word of a report that could not be recorded; those behind it go on."""
        body = dumps(what)[:MOST_KEPT]
        row = LetterRow(self.source, identity, code, message[:MOST_KEPT], body, self.tx.now)
        self.tx.inbound.put_letter(row)


@dataclass(frozen=True)
class _InOrder:
    """A desk at which rows of one aggregate are recorded by their number."""

    desk: _Desk
    arrivals: Arrivals

    def record(self, outcome: Any) -> Recorded:
        tag = self.arrivals.tags.get(outcome.line, "")
        if isinstance(tag, str):
            return self.desk.record(outcome) if hasattr(outcome, "code") else _without_number(outcome, tag)
        expected = self.arrivals.expected(self.desk.tx, self.desk.source, tag.aggregate)
        if tag.number < expected:
            return self._late(outcome, tag)
        if tag.number > expected:
            return self._early(outcome, tag, expected)
        return self._now(outcome, tag)

    def _now(self, outcome: Any, tag: Tag) -> Recorded:
        done = self.desk.record(outcome)
        if hasattr(outcome, "code"):
            self.desk.refuse(tag.identity, outcome.code, outcome.message, [])
        self.desk.tx.inbound.set_applied(self.desk.source, tag.aggregate, tag.number)
        after = self.follow(tag.aggregate)
        return replace(done, cases=(*done.cases, *(case for row in after for case in row.cases)))

    def _late(self, outcome: Any, tag: Tag) -> Recorded:
        """A number that was recorded: the same row again, one that was refused then, or another row."""
        refused_before = tag.identity in self.desk.letters
        with self.desk.tx.mark() as undo:
            done = self.desk.record(outcome)
            if done.status in (ACCEPTED, HISTORY) and not refused_before:
                undo()
                return _used(outcome, tag)
        return done

    def _early(self, outcome: Any, tag: Tag, expected: int) -> Recorded:
        tx, source = self.desk.tx, self.desk.source
        waiting = list(tx.inbound.parked(source, tag.aggregate))
        if (same := next((row for row in waiting if row.number == tag.number), None)) is not None:
            return Recorded(DUPLICATE) if same.source_id == tag.identity else _used(outcome, tag)
        if self.arrivals.is_over(waiting):
            if not self.arrivals.goes_on(cause_of(tag.aggregate, expected)):
                gap = _gap(outcome.line, tag.aggregate, expected, len(waiting))
                self.desk.refuse(tag.identity, gap.code, gap.message, [])
                return Recorded(REJECTED, rejection=gap)
            self.pass_over(tag.aggregate)
            after = self.follow(tag.aggregate)
            done = self.record(outcome)
            return replace(done, cases=(*done.cases, *(case for row in after for case in row.cases)))
        tx.inbound.park(parked(source, tag, outcome, self.arrivals.now_s))
        if hasattr(outcome, "code"):
            self.desk.refuse(tag.identity, outcome.code, outcome.message, [])
            return self.desk.record(outcome)
        if tag.identity in self.desk.letters:
            tx.inbound.drop_letter(source, tag.identity)
        return Recorded(ACCEPTED, (*outcome.flags, PARKED))

    def pass_over(self, aggregate: str) -> None:
        """Go on with the first that waits."""
        first = self.desk.tx.inbound.parked(self.desk.source, aggregate)[0]
        self.desk.tx.inbound.set_applied(self.desk.source, aggregate, first.number - 1)

    def follow(self, aggregate: str) -> list[Recorded]:
        """Record what waited and has its turn now."""
        tx, source, done = self.desk.tx, self.desk.source, list[Recorded]()
        for row in tx.inbound.parked(source, aggregate):
            if row.number != self.arrivals.expected(tx, source, aggregate):
                break
            tx.inbound.unpark(source, aggregate, row.number)
            tx.inbound.set_applied(source, aggregate, row.number)
            if (outcome := unparked(row)).facts:
                done.append(self.desk.record(outcome))
        return done


def _without_number(outcome: Any, said: str) -> Recorded:
    message = f"{said!r} is no number to order it by"
    return Recorded(REJECTED, rejection=Rejection(outcome.line, BAD_NUMBER, message, BAD_NUMBER))


def _used(outcome: Any, tag: Tag) -> Recorded:
    message = f"number {tag.number} of {tag.aggregate} is another row's"
    return Recorded(REJECTED, rejection=Rejection(outcome.line, USED, message, USED))


def _gap(line: int, aggregate: str, missing: int, waiting: int) -> Rejection:
    cause = cause_of(aggregate, missing)
    message = f"{cause}, and {waiting} wait behind it"
    options = (GoOn(f"go on without number {missing}"),)
    return Rejection(line, GAP, message, cause, f"{cause}: will it come?", options)


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
