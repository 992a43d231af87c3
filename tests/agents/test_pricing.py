"""What a call costs, and that nobody is asked over a network what it does."""

from decimal import Decimal

import pytest

from agents.pricing import FLOOR, PriceBook
from protocol.floor import Price
from telemetry.prices import PUBLIC_URL, Tokens

OWN = {
    "openai:own": Price(input_usd="2", output_usd="10", cached_input_usd="0.5"),
    "openai:given": Price(input_usd="0", output_usd="0"),
}
CALL = Tokens(1000, 100, 400)


@pytest.mark.parametrize(
    ("backend", "cost", "table"),
    [
        ("offline", "0", "offline"),
        ("openai:own", "0.0024", FLOOR),
        ("openai:given", "0", FLOOR),
        ("openai:nobody-knows", None, None),
        ("pool", None, None),
    ],
)
def test_the_floor_knows_its_own_prices(backend: str, cost: str | None, table: str | None) -> None:
    book = PriceBook(OWN)
    found = book.cost(backend, CALL)
    assert found == (None if cost is None else Decimal(cost))
    assert book.table_of(backend) == table


def test_published_prices_belong_to_where_a_model_is_served() -> None:
    known, elsewhere = PriceBook({}), PriceBook({}, {"openai": "http://127.0.0.1:8911/v1"})
    found = known.cost("openai:gpt-4o-mini", CALL)
    assert found is not None
    assert 0 < found < Decimal("0.01")
    assert found < (known.cost("openai:gpt-4o-mini", Tokens(1000, 100)) or 0)
    assert (known.table_of("openai:gpt-4o-mini") or "").startswith("genai-prices ")
    assert elsewhere.cost("openai:gpt-4o-mini", CALL) is None
    assert elsewhere.table_of("openai:gpt-4o-mini") is None
    by_name = PriceBook({}, {"openai": None, "own": "http://127.0.0.1:8911/v1", "eu": PUBLIC_URL})
    assert by_name.cost("eu:gpt-4o-mini", CALL) == found
    assert [by_name.cost(f"{at}:gpt-4o-mini", CALL) for at in ("own", "undeclared")] == [None, None]
