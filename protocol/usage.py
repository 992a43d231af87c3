"""What calls of models took: tokens and money, and what of it is not known (R14)."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from protocol.spending import plain


@dataclass(frozen=True, slots=True)
class Usage:
    """Model use of one turn, attempts that failed included.

    ``cost_usd`` is a decimal number as text, or None when the price of one call is unknown: never 0 for that.
    ``at_least_usd`` is what the priced calls cost. Tokens of ``estimated_calls`` are our estimate, since the
    provider told none.
    """

    model_calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: str | None = "0"
    at_least_usd: str = "0"
    unpriced_calls: int = 0
    estimated_calls: int = 0

    def plus(self, other: "Usage") -> "Usage":
        """Both."""
        known = Decimal(self.at_least_usd) + Decimal(other.at_least_usd)
        unpriced = self.unpriced_calls + other.unpriced_calls
        return Usage(
            self.model_calls + other.model_calls,
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            None if unpriced else plain(known),
            plain(known),
            unpriced,
            self.estimated_calls + other.estimated_calls,
        )


NO_USE = Usage()
_NO_USE_STORED = asdict(NO_USE)


def one_call(input_tokens: int, output_tokens: int, cost: Decimal | None, *, estimated: bool) -> Usage:
    """The usage of one call. ``cost`` None: its price is unknown."""
    known = plain(cost or Decimal(0))
    unpriced, guessed = int(cost is None), int(estimated)
    return Usage(1, input_tokens, output_tokens, None if unpriced else known, known, unpriced, guessed)


def usage_of(stored: Mapping[str, Any]) -> Usage:
    """From a turn's row. One written before there were prices knows none: offline calls cost nothing."""
    if stored == _NO_USE_STORED:
        return NO_USE
    return Usage(**{"at_least_usd": stored.get("cost_usd", "0") or "0", **stored})


def total(rows: Iterable[Mapping[str, Any]]) -> Usage:
    """The sum over turns' rows; those without usage took nothing."""
    found = NO_USE
    for row in rows:
        if "usage" in row:
            found = found.plus(usage_of(row["usage"]))
    return found


def money(usage: Usage) -> str:
    """As people read it: ``$0.41``, or ``at least $0.41, 3 calls unpriced``."""
    if not usage.unpriced_calls:
        return f"${usage.at_least_usd}"
    if usage.unpriced_calls == usage.model_calls:
        return "unknown"
    calls = "1 call" if usage.unpriced_calls == 1 else f"{usage.unpriced_calls} calls"
    return f"at least ${usage.at_least_usd}, {calls} unpriced"
