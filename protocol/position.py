"""The state of a case between two gate passes: plain data, stored in the ledger, parsed at each pass."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from protocol.exchange import Exchange, exchange_from, exchange_json

Trigger = Mapping[str, Any]
"""Why an agent is asked; the shapes are those of protocol.turns.View. ``level`` caps its authority."""


class Route(StrEnum):
    """Where a case goes after the gate: the named outcomes of the one conditional edge."""

    AGENTS = "agents"
    ESCALATE = "escalate"
    REPLY = "reply"


@dataclass(frozen=True, slots=True)
class Item:
    """An action on its way to a commit.

    ``level`` is the effective authority (R3); ``reads`` the versions its turn saw; ``age`` orders
    requests (older first); ``exchange`` the one that settled it, if any; ``ordinal`` its place in
    the turn that made it.
    """

    key: str
    agent: str
    kind: str
    params: Mapping[str, Any]
    level: int
    round: int
    ordinal: int
    reads: Mapping[str, int] = field(default_factory=dict)
    exchange: str | None = None
    age: int = 0

    def to_json(self) -> dict[str, Any]:
        """The stored form."""
        return {
            "key": self.key,
            "agent": self.agent,
            "kind": self.kind,
            "params": dict(self.params),
            "level": self.level,
            "round": self.round,
            "ordinal": self.ordinal,
            "reads": dict(self.reads),
            "exchange": self.exchange,
            "age": self.age,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Item":
        """The inverse of :meth:`to_json`."""
        return cls(**data)


@dataclass(frozen=True, slots=True)
class Position:
    """Where a case stands.

    ``active``: the agents of the current round and why each is asked. ``waiting``: actions behind
    open escalations, by escalation id (None for a question). ``outcomes``: the last verdict of each
    action key, for the status. ``said``: the last reply of each agent.
    """

    round: int = 0
    active: Mapping[str, tuple[Trigger, ...]] = field(default_factory=dict)
    exchanges: Mapping[str, Exchange] = field(default_factory=dict)
    waiting: Mapping[str, Item | None] = field(default_factory=dict)
    rereads: Mapping[str, int] = field(default_factory=dict)
    proposals: int = 0
    cuts: int = 0
    exhausted: str | None = None
    """The limit that ended the model calls of this case, if one did."""
    outcomes: Mapping[str, tuple[str, str | None]] = field(default_factory=dict)
    said: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    errors: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The stored form: canonical JSON, with what rules go through in the order in which it is read."""
        return {
            "round": self.round,
            "active": {a: [dict(t) for t in ts] for a, ts in sorted(self.active.items())},
            "exchanges": {i: exchange_json(x) for i, x in sorted(self.exchanges.items())},
            "waiting": {e: i.to_json() if i else None for e, i in sorted(self.waiting.items())},
            "rereads": dict(sorted(self.rereads.items())),
            "proposals": self.proposals,
            "cuts": self.cuts,
            "exhausted": self.exhausted,
            "outcomes": {k: list(v) for k, v in sorted(self.outcomes.items())},
            "said": {a: dict(s) for a, s in sorted(self.said.items())},
            "errors": list(self.errors),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Position":
        """The inverse of :meth:`to_json`; ``{}`` is a case at its beginning."""
        if not data:
            return cls()
        return cls(
            round=data["round"],
            active={a: tuple(ts) for a, ts in data["active"].items()},
            exchanges={i: exchange_from(x) for i, x in data["exchanges"].items()},
            waiting={e: Item.from_json(i) if i else None for e, i in data["waiting"].items()},
            rereads=data["rereads"],
            proposals=data["proposals"],
            cuts=data["cuts"],
            exhausted=data["exhausted"],
            outcomes={k: (v[0], v[1]) for k, v in data["outcomes"].items()},
            said=data["said"],
            errors=tuple(data["errors"]),
        )


def first(active: Mapping[str, tuple[Trigger, ...]]) -> Position:
    """The position of a case whose first round holds these agents."""
    return Position(round=1, active=active)
