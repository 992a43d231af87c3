"""What calls of models take: amounts, reservations, what a budget allows, and the port that keeps them (R14).

A call is reserved before it begins and settled with what it really took. Sums hold both, so that calls that
run side by side cannot each take what is left.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # readers of a ledger start without pydantic
    from protocol.manifest import Budget


@dataclass(frozen=True, slots=True)
class Spend:
    """An amount: tokens in and out, US dollars, and milliseconds that calls took, each on its own."""

    tokens: int = 0
    usd: Decimal = Decimal(0)
    wall_ms: int = 0

    def plus(self, other: "Spend") -> "Spend":
        """Both."""
        return Spend(self.tokens + other.tokens, self.usd + other.usd, self.wall_ms + other.wall_ms)

    def instead_of(self, other: "Spend", total: "Spend") -> "Spend":
        """``total`` with this in the place of ``other``; never below nothing."""
        return Spend(
            max(0, total.tokens - other.tokens + self.tokens),
            max(Decimal(0), total.usd - other.usd + self.usd),
            max(0, total.wall_ms - other.wall_ms + self.wall_ms),
        )


NOTHING = Spend()


@dataclass(frozen=True, slots=True)
class Spent:
    """What a scope has taken. ``exhausted``: why it makes no more calls; None while it may."""

    total: Spend = NOTHING
    exhausted: str | None = None


@dataclass(frozen=True, slots=True)
class Reservation:
    """What a call that is under way may take. ``made_s``: wall seconds; ``day``: of the scopes it is in."""

    id: str
    case: str
    agent: str
    day: str
    amount: Spend
    made_s: float


def case_scope(case: str) -> str:
    """The scope of one case."""
    return f"case/{case}"


def agent_scope(agent: str, day: str) -> str:
    """The scope of one agent on one day."""
    return f"agent/{agent}/{day}"


def day_scope(day: str) -> str:
    """The scope of everybody on one day."""
    return f"day/{day}"


_OF: Mapping[str, str] = {"case": "the case", "agent": "the agent's day", "day": "the day"}


def beyond(scope: str, budget: "Budget", spent: Spend, wanted: Spend) -> str | None:
    """Why a call that may take ``wanted`` does not fit into what is left; None when it does."""
    whose = _OF[scope.partition("/")[0]]
    if budget.tokens is not None and spent.tokens + wanted.tokens > budget.tokens:
        return f"the tokens of {whose} are used up: {spent.tokens} of {budget.tokens}, and a call needs more"
    if budget.usd is not None and spent.usd + wanted.usd > Decimal(budget.usd):
        return f"the money of {whose} is used up: ${plain(spent.usd)} of ${budget.usd}, and a call needs more"
    if budget.wall_s is not None and spent.wall_ms >= budget.wall_s * 1000:
        return f"the time of {whose} is used up: {spent.wall_ms / 1000:.0f} s of {budget.wall_s} s"
    return None


def plain(amount: Decimal) -> str:
    """A decimal number as people write it: no exponent, no zeros at its end."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


class SpendingReads(Protocol):
    """Reading what calls took."""

    def spent(self, scope: str) -> Spent:
        """Of a scope; nothing for one that never made a call."""

    def reservations(self, case: str) -> Sequence[Reservation]:
        """Of a case, by id: calls under way, and those whose process died."""


class Spending(SpendingReads, Protocol):
    """Keeping what calls take."""

    def put(self, scope: str, spent: Spent) -> None: ...
    def reserve(self, row: Reservation) -> bool:
        """Keep it; False when one of that id is kept already."""

    def take(self, reservation: str) -> Reservation | None:
        """The reservation, which is gone now; None when it was not there."""
