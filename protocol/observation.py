"""What a ledger shows of who called whom: how often, with how many retries, and how long it took.

A call is one turn in which an agent was asked in exchanges of one asker, as breakers count it (R6), or a
turn that a person's line began. It took from the gate pass that asked to the one that heard the turn.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from heapq import merge
from math import ceil

from protocol.ids import PERSON_ASKER
from protocol.ports import ReadTx
from protocol.rows import EventRow
from protocol.turns import AnswerKind

Pair = tuple[str, str]
"""Who called, and who was called."""
_TURNS = ("turn.taken", "turn.failed")
_TOLD = (*_TURNS, "request.asked", "request.answered", "loop.cut")


@dataclass
class Calls:
    """The calls of one pair. ``seconds``: wall seconds of those whose passes kept a clock.

    ``requests``: what was asked for; a person asks in words.
    """

    calls: int = 0
    retries: int = 0
    seconds: list[float] = field(default_factory=list)
    requests: set[str] = field(default_factory=set)

    @property
    def p95_s(self) -> float | None:
        """The 95th percentile (nearest rank); None of nothing."""
        ordered = sorted(self.seconds)
        return ordered[ceil(0.95 * len(ordered)) - 1] if ordered else None


def observe(tx: ReadTx) -> dict[Pair, Calls]:
    """Every pair that the ledger has calls of."""
    found: dict[Pair, Calls] = {}
    cases: dict[str, _Case] = {}
    by_person = {row.id for row in tx.cases() if row.origin == "text"}
    for event in merge(*(tx.events(type=kind) for kind in _TOLD), key=lambda e: e.seq):
        name = str(event.case)
        if name not in cases:
            cases[name] = _Case(found, _durations(tx, name), by_person=name in by_person)
        cases[name].take(event)
    return found


def _durations(tx: ReadTx, case: str) -> dict[int, float]:
    """Wall seconds of each round, from the pass before to the one that heard its turns; the first has none.

    A later pass of the same round applies decisions only.
    """
    durations: dict[int, float] = {}
    before: float | None = None
    rounds: set[int] = set()
    for row in tx.passes(case):
        if row.round not in rounds and row.clock_s is not None and before is not None:
            durations[row.round] = max(0.0, row.clock_s - before)
        rounds.add(row.round)
        before = row.clock_s
    return durations


class _Case:
    """The events of one case, in their order. ``asked``: (asker, owner, request) by exchange."""

    def __init__(self, found: dict[Pair, Calls], durations: Mapping[int, float], *, by_person: bool) -> None:
        self._found = found
        self._durations = durations
        self._by_person = by_person
        self._asked: dict[str, tuple[str, str, str]] = {}
        self._awaited: set[str] = set()
        """Exchanges in which the owner has to speak."""

    def take(self, event: EventRow) -> None:
        """One more event."""
        if event.type in _TURNS:
            self._turn(event)
            return
        exchange = str(event.data["exchange"])
        if event.type == "request.asked":
            data = event.data
            self._asked[exchange] = (str(data["from"]), str(data["to"]), str(data["request"]))
            self._awaited.add(exchange)
        elif event.type == "loop.cut":
            self._awaited.discard(exchange)
        elif exchange in self._asked:
            self._answered(event, exchange)

    def _turn(self, event: EventRow) -> None:
        agent, round_no = str(event.agent), int(event.data["round"])
        askers: dict[str, set[str]] = {}
        for exchange in self._awaited:
            asker, owner, request = self._asked[exchange]
            if owner == agent:
                askers.setdefault(asker, set()).add(request)
        if round_no == 1 and self._by_person:
            askers[PERSON_ASKER] = set()
        for asker, requests in askers.items():
            calls = self._found.setdefault((asker, agent), Calls())
            calls.calls += 1
            calls.retries += max(0, int(event.data["attempts"]) - 1)
            calls.requests |= requests
            if (took_s := self._durations.get(round_no)) is not None:
                calls.seconds.append(took_s)
        if event.type == "turn.failed":  # whatever it was asked has ended undecided
            self._awaited = {x for x in self._awaited if self._asked[x][1] != agent}

    def _answered(self, event: EventRow, exchange: str) -> None:
        """An owner that defers is asked again; so is one whose offer was countered."""
        by_owner = event.agent == self._asked[exchange][1]
        said = AnswerKind.DEFER if by_owner else AnswerKind.COUNTER
        if event.data["kind"] == said:
            self._awaited.add(exchange)
        else:
            self._awaited.discard(exchange)
