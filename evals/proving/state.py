"""A state of the search, and the exact key under which states that behave alike are one.

Left out of the key is what no rule reads again: names of passes and events, words, versions as
numbers (a version never comes back, so only whether it is still the current one matters), the names of
exchanges and how they ended, a word that a later one of its speaker replaced, and whether something
repeats an earlier word where it cannot be said any more. Everything else is interned and packed, nothing
is hashed: no two states collide.
"""

from array import array
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from evals.proving.abstract_floor import PLACES
from evals.proving.model_ledger import ModelLedger
from protocol.breaker import Breaker, BreakerState
from protocol.canonical import digest
from protocol.exchange import OPEN, ExchangeState
from protocol.floor import Limits
from protocol.rows import CaseRow, EscalationRow, EscalationState
from protocol.times import parse

SECOND = timedelta(seconds=1)


@dataclass(slots=True)
class State:
    """The ledger's rows, and what the search lets happen at most so many times more.

    ``starts``: initiatives left, by agent in name order. ``changes``: changes from outside left.
    """

    ledger: ModelLedger
    starts: tuple[int, ...]
    changes: int


class Packer:
    """Turns states into keys. One packer for one search: its numbers mean nothing elsewhere."""

    def __init__(self, limits: Limits, agents: Sequence[str]) -> None:
        self._numbers: dict[Hashable, int] = {}
        self._limits = limits
        self._agents = tuple(agents)

    def _number(self, part: Hashable) -> int:
        return self._numbers.setdefault(part, len(self._numbers))

    def key(self, state: State) -> bytes:
        """The exact key of a state."""
        ledger = state.ledger
        going = [c for c in ledger.cases.values() if not c.status.ended]
        waiting = {e for c in going for e in c.position["waiting"]}
        rows = [r for i, r in ledger.escalation_rows.items() if i in waiting]
        numbers = sorted(self._number(_row_part(ledger, row)) for row in rows)
        if any(c.position["active"] for c in going) or any(map(has_positions, rows)):
            numbers += map(self._number, self._standing(state, going, waiting))
        return array("I", numbers).tobytes()

    def _standing(self, state: State, going: Sequence[CaseRow], waiting: Collection[str]) -> list[Hashable]:
        """What only matters while something can still be done."""
        ledger = state.ledger
        parts: list[Hashable] = [
            (state.starts, state.changes),
            tuple((r["at"], r["human"], r["blocked"]) for r in ledger.records.values()),  # all in one order
            tuple(sorted((c.start, c.holder.type) for c in ledger.claimed)),
            tuple((b.name, b.state, b.probe is None) for b in ledger.breaker_rows.values() if _matters(b)),
        ]
        for case in going:
            parts.append((case.depth, self._round(state, case.position)))
            parts += self._position(state, case.position)
        past = (_past_part(ledger, r) for i, r in ledger.escalation_rows.items() if i not in waiting)
        parts.append(tuple(sorted(p for p in past if p is not None)))
        return parts

    def _round(self, state: State, position: Mapping[str, Any]) -> int:
        """The number of the round where it still matters: where the limit of rounds may yet be reached.

        A round in which nobody starts anything has a word of an open exchange in it, or follows from
        an action of the one before; so what is left bounds the rounds that can still come. An exchange
        may end before a person, whose decision makes one more, or go on with another owner. A question
        without a position makes none.
        """
        answers = self._limits.answers_per_exchange
        elsewhere = (len(self._agents) - 2) * (answers + 2)
        words = sum(
            answers - x["answers"] + 2 + elsewhere
            for x in position["exchanges"].values()
            if x["state"] in OPEN
        )
        rows = state.ledger.escalation_rows
        decisions = sum(has_positions(rows[e]) for e in position["waiting"])
        most = 1 + words + sum(state.starts) * (answers + 3 + elsewhere) + decisions
        number: int = position["round"]
        return 0 if number + most <= self._limits.rounds else number

    def _position(self, state: State, position: Mapping[str, Any]) -> Iterator[Hashable]:
        ledger = state.ledger
        yield position["exhausted"], tuple(sorted(position["rereads"].items()))
        going = (i for i, x in position["exchanges"].items() if x["state"] in OPEN)
        names = {identifier: number for number, identifier in enumerate(going)}
        yield tuple(
            (a, tuple(sorted({_trigger_part(t, names) for t in ts}))) for a, ts in position["active"].items()
        )
        latest: dict[str, tuple[str, Mapping[str, Any]]] = {}
        exchanges = position["exchanges"].values()
        asking = {x["asker"] for x in exchanges if x["state"] in OPEN}
        for identifier, exchange in position["exchanges"].items():
            if exchange["asker"] in asking or self._can_start(state, exchange["asker"]):
                latest[exchange["matter"]] = (identifier, exchange)
        most = self._limits.answers_per_exchange
        yield from (_exchange_part(ledger, names.get(i), x, most) for i, x in latest.values())
        opened = [x["opened"] for _, x in latest.values() if x["state"] in OPEN]
        order = sorted(set(opened))
        yield tuple(map(order.index, opened))

    def _can_start(self, state: State, agent: str) -> bool:
        """Whether the agent may yet ask again about a matter that has ended.

        So may one that is asking: what one owner agrees to may go to another, and back.
        """
        return agent not in self._agents or state.starts[self._agents.index(agent)] > 0


def _matters(breaker: Breaker) -> bool:
    """A closed breaker opens after more failures than one search can bring about."""
    return breaker.state is not BreakerState.CLOSED


def _trigger_part(trigger: Mapping[str, Any], names: Mapping[str, int]) -> tuple[str, int, int]:
    """Exchanges by their place among the open ones; one that has ended only tells, and is -1 as none is."""
    return str(trigger["type"]), names.get(str(trigger.get("exchange")), -1), trigger.get("level") or 0


def _exchange_part(ledger: ModelLedger, name: int | None, x: Mapping[str, Any], most: int) -> Hashable:
    """``name``: its place among the open ones. ``most``: answers of a matter, after which it is cut."""
    standing: tuple[Hashable, ...] = ()
    if x["state"] in OPEN:
        standing = (
            name,
            x["state"],
            _stated_part(x),
            x["level"],
            x["key"] in ledger.commit_rows,
        )
    return (x["matter"], x["answers"], x["defers"], _seen_part(ledger, x, most), standing)


def _stated_part(x: Mapping[str, Any]) -> tuple[str, str] | None:
    """What the asker wants, its latest word before its first, and what the owner offers.

    Of a question that carries no action nobody reads either.
    """
    if x["carries"] is None:
        return None
    wanted = {**x["carries"]["params"], **(x["position"] or {})}
    return wanted.get("at", "-"), (x["offer"] or {}).get("at", "-")


def _seen_part(ledger: ModelLedger, x: Mapping[str, Any], most: int) -> tuple[Hashable, ...]:
    """Which of the offers that can be made next would repeat an earlier one, on the reads as they are.

    The last answer cuts whatever it says. The owner may be next in any state, as the asker may fail and ask
    again; the asker only where it is offered something, else after one more answer.
    """
    left = most - x["answers"] - 1
    if left <= 0 or not x["seen"]:
        return ()
    parties = [x["owner"]]
    if x["state"] == ExchangeState.OFFERED or left > 1:
        parties.append(x["asker"])
    versions = tuple(sorted((str(r.ref), r.version) for r in ledger.records.values()))
    seen = x["seen"]
    return tuple(what for party in parties for said, what in _offers(party, versions) if said in seen)


@cache
def _offers(party: str, versions: tuple[tuple[str, int], ...]) -> tuple[tuple[str, tuple[str, str]], ...]:
    """All that a party may offer, as an exchange remembers it, on these reads."""
    reads = dict(versions)
    return tuple((digest([party, "counter", {"at": at}, reads]), (party, at)) for at in PLACES)


def _item_part(ledger: ModelLedger, exchanges: Mapping[str, Any], item: Mapping[str, Any] | None) -> Hashable:
    """Of the exchange an action was settled in only the parties are read again."""
    if item is None:
        return None
    settled = exchanges.get(item["exchange"]) if item["exchange"] else None
    return (
        item["agent"],
        item["kind"],
        item["params"].get("at"),
        item["level"],
        None if settled is None else (settled["asker"], settled["owner"]),
        item["key"] in ledger.commit_rows,
    )


def _row_part(ledger: ModelLedger, row: EscalationRow) -> Hashable:
    """Of a question no rule reads its reason or the action that led to it: its options are what can come."""
    signs = row.type == "approval"
    position = ledger.cases[row.case].position
    exchanges = position["exchanges"]
    return (
        tuple(ledger.cases).index(row.case),
        row.type,
        row.agent,
        row.policy if signs else None,
        row.role,
        row.rung,
        str(row.state),
        _left(ledger, row.due_at),
        _left(ledger, row.expires_at),
        row.quorum,
        _bound_part(ledger, row),
        _action_part(row.action),
        row.key in ledger.commit_rows,
        _item_part(ledger, exchanges, position["waiting"][row.id]) if signs else None,
        tuple(_item_part(ledger, exchanges, o["item"]) for o in row.options),
        tuple((d.person, d.decision, d.option, d.spent) for d in ledger.decisions(row.id)),
    )


def _past_part(ledger: ModelLedger, row: EscalationRow) -> tuple[str | int, ...] | None:
    """An escalation that nobody waits for any more, when a rule may look at it again."""
    if row.action is None or row.state not in (
        EscalationState.APPROVED,
        EscalationState.REJECTED,
        EscalationState.PENDING,
    ):
        return None
    if row.state is EscalationState.APPROVED and row.key in ledger.commit_rows:
        return None
    bound = _bound_part(ledger, row)
    if row.state is EscalationState.REJECTED and not bound:
        return None
    key = row.key if row.state is EscalationState.APPROVED else ""
    return (
        str(row.state),
        str(row.action["kind"]),
        str(row.action["params"].get("at")),
        _left(ledger, row.requested_at),
        key,
        bound,
    )


@cache
def _between(start: str, end: str) -> int:
    return (parse(end) - parse(start)) // SECOND


def _left(ledger: ModelLedger, at: str) -> int:
    """Seconds from now to an instant: the hour itself decides nothing, people are always there."""
    return _between(ledger.now, at)


def _action_part(action: Mapping[str, Any] | None) -> Hashable:
    return None if action is None else (action["kind"], action["params"].get("at"))


def _bound_part(ledger: ModelLedger, row: EscalationRow) -> str:
    """The records that were shown, while all of them stand at the version they had; else nothing."""
    if not row.bound:
        return "-"
    by_text = reads_of(ledger)
    if any(by_text.get(text) != version for text, version in row.bound.items()):
        return ""
    return " ".join(sorted(row.bound))


def reads_of(ledger: ModelLedger) -> dict[str, int]:
    """What a turn taken now has read: every record, at its version."""
    return {str(ref): record.version for ref, record in ledger.records.items()}


def open_rows(ledger: ModelLedger) -> list[EscalationRow]:
    """What people are asked now."""
    waiting = {e for c in ledger.cases.values() if not c.status.ended for e in c.position["waiting"]}
    return [
        r for r in ledger.escalation_rows.values() if r.id in waiting and r.state is EscalationState.PENDING
    ]


def has_positions(row: EscalationRow) -> bool:
    """Whether a decision on it can lead to an action."""
    return row.type == "approval" or any(o["item"] is not None for o in row.options)
