"""Published prices of models, out of a table that is installed. Nothing is fetched, now or later."""

from dataclasses import dataclass
from decimal import Decimal
from importlib.metadata import version

_PACKAGE = "genai-prices"
PUBLIC_URL = "https://api.openai.com/v1"
"""Where a model is served that no base URL is given for."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Of one call. ``cached``: those of the input that the provider had in a cache."""

    input: int
    output: int
    cached: int = 0


def published(model: str, url: str | None, tokens: Tokens) -> Decimal | None:
    """US dollars for a call of a model at an address; None when the table knows neither or not both."""
    # It takes half a second to import, and most floors ask no endpoint.
    from genai_prices import Usage, calc_price

    usage = Usage(
        input_tokens=tokens.input,
        output_tokens=tokens.output,
        cache_read_tokens=min(tokens.cached, tokens.input) or None,
    )
    try:
        found = calc_price(usage, model_ref=model, provider_api_url=url or PUBLIC_URL)
    except LookupError:
        return None
    return found.total_price


def table() -> str:
    """Which table it is, with its version."""
    return f"{_PACKAGE} {version(_PACKAGE)}"
