"""A client that outlives the processes it talks to: it remembers what it wants, and asks again.

What it knows lies in a file beside the data: what it intends, noted before it acts, and how many of its
steps were acknowledged. Whoever goes on with the file and the ledger does each step at most once more.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from graph.app import App
from graph.feed import feed
from protocol.errors import AndonError
from protocol.failpoints import Point
from protocol.ports import ReadTx
from protocol.rows import EscalationRow, EscalationState
from protocol.times import plus
from protocol.toolbox import Fact
from protocol.world import World


class Notes:
    """The client's file. A step that was acknowledged must be found done, for ever after."""

    def __init__(self, path: Path) -> None:
        self._path = path
        read = json.loads(path.read_text("utf-8")) if path.exists() else {}
        self.acknowledged: int = read.get("acknowledged", 0)
        self.lives: int = read.get("lives", 0)
        """How many processes it has talked to before this one."""
        self.under_way = -1
        """The step being done in this life."""
        self.refused: dict[int, str] = {int(n): code for n, code in read.get("refused", {}).items()}
        """Steps that ended in an error, with its code."""
        self._intended: dict[str, Any] = read.get("intended", {})

    def begin(self) -> None:
        """The client talks to a new process."""
        self.lives += 1
        self._write()

    def intend(self, step: int, value: Any) -> Any:
        """What the client intends in a step: as noted in an earlier life, or ``value`` from now on."""
        if str(step) not in self._intended:
            self._intended[str(step)] = value
            self._write()
        return self._intended[str(step)]

    def intended(self, step: int) -> Any:
        """What was noted, or None."""
        return self._intended.get(str(step))

    def acknowledge(self, step: int) -> None:
        """The system has said that it accepted the step."""
        if step >= self.acknowledged:
            self.acknowledged = step + 1
            self._write()

    def refuse(self, step: int, code: str) -> None:
        """The step ended in an error."""
        self.refused[step] = code
        self._write()

    def _write(self) -> None:
        new = self._path.with_suffix(".new")
        kept = {
            "lives": self.lives,
            "acknowledged": self.acknowledged,
            "refused": self.refused,
            "intended": self._intended,
        }
        new.write_text(json.dumps(kept), "utf-8")
        new.replace(self._path)


class Step(Protocol):
    """One thing a client does. ``acknowledged_at``: the point at which it hears that it is accepted, where
    that is earlier than the end of the step.
    """

    @property
    def acknowledged_at(self) -> Point | None: ...
    def accepted(self, tx: ReadTx, intended: Any) -> bool:
        """Whether the ledger has it."""

    async def do(self, app: App, number: int, notes: Notes) -> None:
        """Do it, once more when it may have been done before."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A person's line. No two steps of a scenario say the same."""

    text: str
    person: str = "guest"
    session: str | None = None
    acknowledged_at: Point | None = Point.INBOX

    def accepted(self, tx: ReadTx, intended: Any) -> bool:
        return any(case.text == self.text for case in tx.cases())

    async def do(self, app: App, number: int, notes: Notes) -> None:
        if not await app.ledger.read(lambda tx: self.accepted(tx, None)):
            await app.ask(self.text, person=self.person, session=self.session)


@dataclass(frozen=True, slots=True)
class Report:
    """Facts, each recorded by itself. One without an hour occurs ``later_s`` after the client first wants to
    report it.
    """

    facts: Sequence[Fact]
    later_s: int = 0
    acknowledged_at: Point | None = None

    def accepted(self, tx: ReadTx, intended: Any) -> bool:
        there = {(event.source, event.source_id) for event in tx.events()}
        return all((fact.source, fact.source_id) in there for fact in self.facts)

    async def do(self, app: App, number: int, notes: Notes) -> None:
        now = notes.intend(number, await app.ledger.read(lambda tx: tx.now))
        for fact in self.facts:
            at = fact.occurred or plus(now, seconds=self.later_s)
            await app.accept([replace(fact, occurred=at)])


@dataclass(frozen=True, slots=True)
class Feed:
    """A file."""

    file: Path
    mapping: Path | None = None
    acknowledged_at: Point | None = None

    def accepted(self, tx: ReadTx, intended: Any) -> bool:
        return bool(tx.events())

    async def do(self, app: App, number: int, notes: Notes) -> None:
        await feed(app, self.file, self.mapping)


@dataclass(frozen=True, slots=True)
class Decide:
    """A person decides the first open item of those that it ``fits``; the last of them when none is open."""

    person: str
    decision: str = "approve"
    option: int | None = None
    reason: str = "seen"
    text: str = ""
    fits: Callable[[EscalationRow, World], bool] = lambda row, world: True
    acknowledged_at: Point | None = Point.DECIDED

    def accepted(self, tx: ReadTx, intended: Any) -> bool:
        row = tx.escalation(intended)
        ended = row is not None and row.state is not EscalationState.PENDING
        return ended or any(d.person == self.person for d in tx.decisions(intended))

    async def do(self, app: App, number: int, notes: Notes) -> None:
        rows = await app.ledger.read(lambda tx: list(tx.escalations()))
        fitting = [row for row in rows if self.fits(row, app.world)]
        still_open = sorted(row.id for row in fitting if row.state is EscalationState.PENDING)
        retried = notes.intended(number) is not None
        chosen = notes.intend(number, still_open[0] if still_open else fitting[-1].id)
        mine = await app.ledger.read(lambda tx: [d for d in tx.decisions(chosen) if d.person == self.person])
        if not (retried and mine):
            await app.decide(
                chosen,
                self.decision,
                person=self.person,
                reason=self.reason,
                option=self.option,
                text=self.text,
            )


@dataclass(frozen=True, slots=True)
class Wait:
    """Time passes on the floor's clock."""

    seconds: int
    acknowledged_at: Point | None = None

    def accepted(self, tx: ReadTx, intended: Any) -> bool:
        return tx.now >= str(intended)

    async def do(self, app: App, number: int, notes: Notes) -> None:
        now = await app.ledger.read(lambda tx: tx.now)
        until = notes.intend(number, plus(now, seconds=self.seconds))
        await app.ledger.write(lambda tx: tx.advance_clock(until))


@dataclass(frozen=True, slots=True)
class Cord:
    """Somebody stops agents on a scope, or lets them go on there."""

    scope: str
    person: str
    release: bool = False
    acknowledged_at: Point | None = None

    def accepted(self, tx: ReadTx, intended: Any) -> bool:
        rows = [row for row in tx.pulls() if row.scope == self.scope]
        return bool(rows) and (not self.release or not rows[-1].stands)

    async def do(self, app: App, number: int, notes: Notes) -> None:
        if await app.ledger.read(lambda tx: self.accepted(tx, None)):
            return
        move = app.release if self.release else app.pull
        await move(self.scope, person=self.person, reason="a rehearsal")


async def play(app: App, steps: Sequence[Step], notes: Notes) -> list[str]:
    """Go on with what is there, then do what is left of the steps, each until nothing can go on.

    What comes back: the steps that were acknowledged and are gone from the ledger, in words.
    """
    lost = [
        f"step {number} was acknowledged, and the ledger has nothing of it: {steps[number]}"
        for number in range(notes.acknowledged)
        if not await _stands(app, steps[number], number, notes)
    ]
    await app.drain()
    for number in range(notes.acknowledged, len(steps)):
        notes.under_way = number
        try:
            await steps[number].do(app, number, notes)
        except AndonError as error:
            notes.refuse(number, error.error_code)
        await app.drain()
        notes.acknowledge(number)
    return lost


async def _stands(app: App, step: Step, number: int, notes: Notes) -> bool:
    if number in notes.refused:
        return True
    intended = notes.intended(number)
    return await app.ledger.read(lambda tx: step.accepted(tx, intended))


def hear(steps: Sequence[Step], notes: Notes, point: Point) -> None:
    """At ``point`` the client may hear that the step under way is accepted, before it has ended."""
    if 0 <= notes.under_way < len(steps) and steps[notes.under_way].acknowledged_at is point:
        notes.acknowledge(notes.under_way)
