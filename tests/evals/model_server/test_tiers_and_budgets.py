"""Tiers, prices and budgets of a floor whose models are asked over HTTP."""

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from agents.backend import Endpoint
from cli.steps import trace_shape
from graph.app import App
from protocol.breaker import BreakerState, endpoint
from protocol.errors import InvalidFloorError
from protocol.ports import ReadTx
from protocol.spending import case_scope, day_scope
from protocol.times import day_of
from tests.agents.floor_copies import CONFIG, Edit, copy_harbour
from tests.evals.model_server.test_endpoint import served
from tests.graph.harbour_app import LAY, SOUND, WHERE, opened, violations

TIERS = "models:\n  tiers: {small: offline, large: 'openai:big'}\n"
FALLBACK = f"{TIERS}  fallback: {{large: small}}\n"
PRICE = "  prices: {'openai:big': {input_usd: '2', output_usd: '10'}}\n"
ZONE = "Europe/Amsterdam"


def floor(to: Path, *lines: str) -> Path:
    return copy_harbour(to / "floor", Edit(CONFIG, "", "".join(lines)))


def at(url: str) -> dict[str, Any]:
    """Settings of a floor whose own tiers count."""
    return {"model": None, "endpoint": Endpoint(url, "a-key")}


async def rows(app: App, case: str) -> list[Mapping[str, Any]]:
    return [turn for n, turn in await app.ledger.read(lambda tx: tx.turns(case)) if n]


async def told(app: App, kind: str) -> list[Mapping[str, Any]]:
    return [event.data for event in await app.ledger.read(lambda tx: tx.events(type=kind))]


async def traced(app: App, case: str, kind: str) -> list[str]:
    """What `andon trace` tells of steps of a kind."""

    def read(tx: ReadTx) -> list[str]:
        row = tx.case(case)
        assert row is not None
        return [step["text"] for step in trace_shape(tx, row, ZONE)["steps"] if step["type"] == kind]

    return await app.ledger.read(read)


async def test_the_tier_of_a_role_says_who_plays_it(tmp_path: Path) -> None:
    place = floor(tmp_path, TIERS)
    manifest = place / "agents/fairway/manifest.yaml"
    manifest.write_text(manifest.read_text("utf-8") + "model: {tier: small}\n", "utf-8")
    async with served() as (server, url), opened(tmp_path / "data", place, **at(url)) as app:
        ended = await app.ask(SOUND, person="guest")
        turns = await rows(app, ended["case"])
    assert ended["status"] == "done"
    assert {t["agent"]: t["model"] for t in turns} == {"berthing": "openai:big", "fairway": "offline"}
    assert server.served == sum(t["usage"]["model_calls"] for t in turns if t["agent"] == "berthing")


async def test_one_option_overrides_every_tier(tmp_path: Path) -> None:
    place = floor(tmp_path, TIERS)
    async with (
        served() as (server, url),
        opened(tmp_path / "data", place, **(at(url) | {"model": "offline"})) as app,
    ):
        assert (await app.ask(WHERE, person="guest"))["status"] == "done"
    assert server.served == 0


async def test_a_tier_falls_back_when_its_endpoint_fails_for_good(tmp_path: Path) -> None:
    place = floor(tmp_path, FALLBACK)
    async with (
        served(faults={"unauthorised": 1}) as (server, url),
        opened(tmp_path / "data", place, **at(url)) as app,
    ):
        ended = await app.ask(LAY, person="guest")
        (turn,) = await rows(app, ended["case"])
        (fell,) = await told(app, "model.fell_back")
        (line,) = await traced(app, ended["case"], "model")
    assert line.startswith("berthing is played by offline instead of openai:big: ")
    assert ended["status"] == "done"
    assert (turn["model"], turn["attempts"], server.served) == ("offline", 2, 1)
    assert (fell["from"], fell["to"]) == ("openai:big", "offline")


async def test_behind_an_open_breaker_nobody_is_asked_before_the_fallback(tmp_path: Path) -> None:
    place = floor(tmp_path, FALLBACK)
    async with (
        served(faults={"unauthorised": 1}) as (server, url),
        opened(tmp_path / "data", place, **at(url)) as app,
    ):
        ended = [await app.ask(WHERE, person="guest") for _ in range(5)]
        breaker = await app.ledger.read(lambda tx: tx.breaker(endpoint("openai:big")))
    assert breaker is not None
    assert breaker.state is BreakerState.OPEN
    assert server.served == 3  # the failures that open it
    assert [e["status"] for e in ended] == ["done"] * 5


async def test_without_a_fallback_a_person_is_asked(tmp_path: Path) -> None:
    place = floor(tmp_path, TIERS)
    async with (
        served(faults={"unauthorised": 1}) as (_, url),
        opened(tmp_path / "data", place, **at(url)) as app,
    ):
        ended = await app.ask(LAY, person="guest")
    assert (ended["status"], ended["usage"]["model_calls"]) == ("waiting", 0)


@pytest.mark.parametrize("priced", [True, False])
async def test_a_call_costs_what_is_known_of_it(priced: bool, tmp_path: Path) -> None:
    place = floor(tmp_path, TIERS, PRICE if priced else "")
    async with served() as (_, url), opened(tmp_path / "data", place, **at(url)) as app:
        usage = (await app.ask(WHERE, person="guest"))["usage"]
    cost = (2 * usage["input_tokens"] + 10 * usage["output_tokens"]) / Decimal(1_000_000)
    assert cost > 0
    if priced:
        assert (Decimal(usage["at_least_usd"]), usage["unpriced_calls"]) == (cost, 0)
        assert usage["cost_usd"] == float(cost)
    else:
        assert (usage["cost_usd"], usage["at_least_usd"]) == (None, "0")
        assert usage["unpriced_calls"] == usage["model_calls"] > 0


async def test_what_nobody_tells_is_estimated_and_says_so(tmp_path: Path) -> None:
    place = floor(tmp_path, TIERS, PRICE)
    async with (
        served(faults={"no_usage": 1}) as (_, url),
        opened(tmp_path / "data", place, **at(url)) as app,
    ):
        usage = (await app.ask(WHERE, person="guest"))["usage"]
    assert usage["estimated_calls"] == usage["model_calls"] > 0
    assert usage["input_tokens"] > 100
    assert usage["cost_usd"] > 0


async def test_an_exhausted_case_calls_no_model_and_asks_a_person(tmp_path: Path) -> None:
    place = floor(tmp_path, TIERS, "limits: {per_case: {tokens: 300}}\n")
    async with served() as (server, url), opened(tmp_path / "data", place, **at(url)) as app:
        ended = await app.ask(LAY, person="guest")
        spent = await app.ledger.read(lambda tx: tx.spending.spent(case_scope(ended["case"])))
        (event,) = await told(app, "budget.exhausted")
        assert "calls no model any more" in "".join(await traced(app, ended["case"], "limit"))
        assert (ended["status"], server.served, spent.total.tokens) == ("waiting", 0, 0)
        assert event["scope"] == case_scope(ended["case"])
        for _ in range(3):
            for item in await app.ledger.read(lambda tx: tx.escalations(open_only=True)):
                await app.decide(item.id, "answer", person="k.maes", option=0)
        found = await app.outcome(ended["case"])
        assert await violations(app) == []
    assert server.served == 0
    assert found["status"] in ("done", "refused")


@pytest.mark.parametrize("bound", ["tokens: 6000", "usd: '0.03'"])
async def test_cases_side_by_side_never_take_more_than_the_day_has(bound: str, tmp_path: Path) -> None:
    place = floor(tmp_path, TIERS, PRICE, f"limits: {{per_day: {{{bound}}}}}\n")
    async with served(base_ms=30) as (server, url), opened(tmp_path / "data", place, **at(url)) as app:
        ended = await asyncio.gather(*(app.ask(WHERE, person="guest") for _ in range(12)))
        wall_s = app.shared()

        def spent(tx: ReadTx) -> tuple[int, Decimal, int]:
            total = tx.spending.spent(day_scope(day_of(wall_s, ZONE))).total
            left = sum(len(tx.spending.reservations(c.id)) for c in tx.cases())
            return total.tokens, total.usd, left

        tokens, usd, left = await app.ledger.read(spent)
        exhausted = await told(app, "budget.exhausted")
    assert tokens <= 6000 if "tokens" in bound else usd <= Decimal("0.03")
    assert left == 0
    done = [e for e in ended if e["status"] == "done"]
    assert 0 < len(done) == server.served < 12
    assert len(exhausted) == 12 - len(done)
    assert tokens == sum(e["usage"]["input_tokens"] + e["usage"]["output_tokens"] for e in done)


async def test_a_call_that_fails_gives_back_what_was_reserved(tmp_path: Path) -> None:
    place = floor(tmp_path, TIERS, "limits: {per_case: {tokens: 50000, wall_s: 600}}\n")
    async with (
        served(faults={"server_error": 1}) as (server, url),
        opened(tmp_path / "data", place, **at(url)) as app,
    ):
        ended = await app.ask(WHERE, person="guest")
        spent = await app.ledger.read(lambda tx: tx.spending.spent(case_scope(ended["case"])))
    assert server.served == 3
    assert (spent.total.tokens, spent.exhausted) == (0, None)
    assert spent.total.wall_ms > 0


async def test_money_is_not_bounded_where_a_price_is_unknown(tmp_path: Path) -> None:
    place = floor(tmp_path, TIERS, "limits: {per_day: {usd: '1'}}\n")
    with pytest.raises(InvalidFloorError) as refused:
        async with opened(tmp_path / "data", place, **at("http://127.0.0.1:9/v1")):
            pass
    assert {p.code for p in refused.value.problems} == {"money_unpriced"}
    assert not (tmp_path / "data").exists()


async def test_nor_is_it_for_a_model_that_an_option_names(tmp_path: Path) -> None:
    place = floor(tmp_path, "limits: {per_day: {usd: '1'}}\n")
    wanted = at("http://127.0.0.1:9/v1") | {"model": "openai:nobodys"}
    with pytest.raises(InvalidFloorError, match="the price of openai:nobodys is unknown") as refused:
        async with opened(tmp_path / "data", place, **wanted):
            pass
    assert refused.value.error_code == "money_unpriced"
    assert not (tmp_path / "data").exists()
