"""What a call costs: nothing offline, else by the floor's own prices, else by the published ones.

Whatever none of them knows has an unknown price, which is never 0.
"""

from collections.abc import Mapping
from decimal import Decimal

from agents.backend import OFFLINE, OPENAI, split_backend
from protocol.floor import Price
from telemetry.prices import Tokens, published, table

_MILLION = Decimal(1_000_000)
FLOOR = "floor.yaml"
"""The name of the floor's own table."""


class PriceBook:
    """Prices of backends. ``own``: the floor's, by backend; ``urls``: of endpoints; None: OpenAI's own."""

    def __init__(self, own: Mapping[str, Price], urls: Mapping[str, str | None] | None = None) -> None:
        self._own = own
        self._urls = {OPENAI: None} if urls is None else urls

    def cost(self, backend: str, tokens: Tokens) -> Decimal | None:
        """US dollars of a call; None when its price is unknown."""
        if backend == OFFLINE:
            return Decimal(0)
        if (price := self._own.get(backend)) is not None:
            return _by(price, tokens)
        if (named := split_backend(backend)) is None or named[0] not in self._urls:
            return None
        endpoint, model = named
        return published(model, self._urls[endpoint], tokens)

    def table_of(self, backend: str) -> str | None:
        """Which table its price is from; None when none has it."""
        if backend == OFFLINE:
            return OFFLINE
        if backend in self._own:
            return FLOOR
        return None if self.cost(backend, Tokens(1, 1)) is None else table()


def _by(price: Price, tokens: Tokens) -> Decimal:
    cached = min(tokens.cached, tokens.input)
    of_cache = price.input_usd if price.cached_input_usd is None else price.cached_input_usd
    return (
        Decimal(price.input_usd) * (tokens.input - cached)
        + Decimal(of_cache) * cached
        + Decimal(price.output_usd) * tokens.output
    ) / _MILLION
