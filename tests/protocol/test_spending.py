"""What a budget allows, and what calls sum up to."""

from decimal import Decimal

import pytest

from protocol.manifest import Budget
from protocol.spending import NOTHING, Spend, agent_scope, beyond, case_scope, day_scope, plain
from protocol.times import day_of
from protocol.usage import Usage, money, one_call, total, usage_of

SOME = Spend(100, Decimal("0.10"), 5000)


@pytest.mark.parametrize(
    ("budget", "wanted", "why"),
    [
        (Budget(), Spend(10**9, Decimal(10**6)), None),
        (Budget(tokens=150), Spend(50), None),
        (Budget(tokens=150), Spend(51), "the tokens of the case are used up: 100 of 150"),
        (Budget(usd="0.15"), Spend(usd=Decimal("0.05")), None),
        (
            Budget(usd="0.15"),
            Spend(usd=Decimal("0.050000000001")),
            "the money of the case is used up: $0.1 of",
        ),
        (Budget(wall_s=6), Spend(), None),
        (Budget(wall_s=5), Spend(), "the time of the case is used up: 5 s of 5 s"),
    ],
)
def test_a_call_fits_or_is_told_why_not(budget: Budget, wanted: Spend, why: str | None) -> None:
    found = beyond(case_scope("case_1"), budget, SOME, wanted)
    assert found is None if why is None else found is not None and found.startswith(why)


def test_scopes_are_told_apart_and_named() -> None:
    scopes = [case_scope("case_1"), agent_scope("a", "2026-03-02"), day_scope("2026-03-02")]
    assert len(set(scopes)) == 3
    told = [str(beyond(scope, Budget(tokens=1), SOME, NOTHING)) for scope in scopes]
    assert [t.partition(" are ")[0] for t in told] == [
        "the tokens of the case",
        "the tokens of the agent's day",
        "the tokens of the day",
    ]


def test_what_was_reserved_gives_way_to_what_was_taken() -> None:
    reserved = Spend(1000, Decimal("0.02"))
    sums = SOME.plus(reserved)
    assert Spend(30, Decimal("0.001"), 70).instead_of(reserved, sums) == Spend(130, Decimal("0.101"), 5070)
    assert NOTHING.instead_of(reserved, Spend(1)) == NOTHING


@pytest.mark.parametrize(
    ("amount", "text"),
    [("0", "0"), ("1E-12", "0.000000000001"), ("10", "10"), ("2.50", "2.5"), ("0E-7", "0")],
)
def test_amounts_are_written_plainly(amount: str, text: str) -> None:
    assert plain(Decimal(amount)) == text


def test_a_day_is_the_sites() -> None:
    assert [day_of(1_772_492_400.0, zone) for zone in ("UTC", "Europe/Berlin")] == [
        "2026-03-02",
        "2026-03-03",
    ]


def test_an_unknown_price_is_never_nothing() -> None:
    priced = one_call(10, 2, Decimal("0.41"), estimated=False)
    unknown = one_call(10, 2, None, estimated=True)
    free = one_call(10, 2, Decimal(0), estimated=False)
    assert (priced.plus(free).cost_usd, priced.plus(free).at_least_usd) == ("0.41", "0.41")
    both = priced.plus(unknown).plus(unknown)
    assert (both.cost_usd, both.at_least_usd, both.unpriced_calls, both.estimated_calls) == (
        None,
        "0.41",
        2,
        2,
    )
    assert [money(u) for u in (Usage(), free, priced, both, unknown)] == [
        "$0",
        "$0",
        "$0.41",
        "at least $0.41, 2 calls unpriced",
        "unknown",
    ]


def test_turns_of_earlier_versions_are_summed_with_those_of_today() -> None:
    old = {"usage": {"model_calls": 2, "input_tokens": 5, "output_tokens": 1, "cost_usd": "0"}}
    new = {"usage": {"model_calls": 1, "input_tokens": 1, "output_tokens": 1, "cost_usd": None,
                     "at_least_usd": "0", "unpriced_calls": 1, "estimated_calls": 0}}  # fmt: skip
    assert usage_of(old["usage"]) == Usage(2, 5, 1)
    assert total([old, new, {"agent": "router"}]) == Usage(3, 6, 2, None, "0", 1)
