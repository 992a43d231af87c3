"""The router on a small model, over HTTP: its choice, its failures, and what it costs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from evals.model_server.faults import Fault
from graph.app import App
from tests.agents.floor_copies import CONFIG, Edit, copy_harbour
from tests.evals.model_server.test_endpoint import served
from tests.evals.model_server.test_tiers_and_budgets import at, told, traced
from tests.graph.harbour_app import LAY, SOUND, WHERE, opened, violations

TIERS = "models:\n  tiers: {small: 'openai:little', large: offline}\n"
"""Only the router asks an endpoint."""


def floor(to: Path, *lines: str) -> Path:
    return copy_harbour(to / "floor", Edit(CONFIG, "", "".join((TIERS, *lines))))


async def routed(app: App, case: str) -> Mapping[str, Any]:
    row = await app.ledger.read(lambda tx: tx.turn(case, 0, "router"))
    assert row is not None
    return row


async def test_the_small_model_chooses_as_relevance_does(tmp_path: Path) -> None:
    async with served() as (server, url), opened(tmp_path / "data", floor(tmp_path), **at(url)) as app:
        ended = [await app.ask(text, person="guest") for text in (WHERE, SOUND, LAY, "Sing me a song")]
        rows = [await routed(app, e["case"]) for e in ended]
        events = await told(app, "router.chose")
        lines = await traced(app, ended[1]["case"], "routed")
        assert await violations(app) == []
    assert lines == ["openai:little chose fairway"]
    assert [r["chosen"] for r in rows] == ["berthing", "fairway", "berthing", None]
    assert server.served == 4
    assert {r["model"] for r in rows} == {"openai:little"}
    assert all(r["usage"]["input_tokens"] > 50 and r["usage"]["cost_usd"] is None for r in rows)
    assert [(e["chosen"], e["model_calls"], e["repaired"]) for e in events] == [
        ("berthing", 1, False),
        ("fairway", 1, False),
        ("berthing", 1, False),
        (None, 1, False),
    ]
    assert ended[0]["usage"]["unpriced_calls"] == 1  # the router's call counts for the case


OF_THE_MODEL = (Fault.UNKNOWN_TOOL, Fault.WRONG_ARGUMENTS, Fault.PROSE, Fault.BROKEN_JSON, Fault.TWO_OBJECTS)
OF_ITS_ENDPOINT = (Fault.SERVER_ERROR, Fault.UNAUTHORISED, Fault.NO_CHOICES, Fault.BAD_REQUEST, Fault.RESET)


@pytest.mark.parametrize("fault", [*OF_THE_MODEL, *OF_ITS_ENDPOINT], ids=str)
async def test_relevance_chooses_when_the_model_does_not(fault: Fault, tmp_path: Path) -> None:
    async with (
        served(faults={str(fault): 1}) as (server, url),
        opened(tmp_path / "data", floor(tmp_path), **at(url)) as app,
    ):
        ended = await app.ask(SOUND, person="guest")
        row = await routed(app, ended["case"])
        (event,) = await told(app, "router.fell_back")
        (line,) = await traced(app, ended["case"], "routed")
    assert line.startswith("relevance chose fairway, since openai:little did not: ")
    assert (ended["status"], row["chosen"]) == ("done", "fairway")
    assert server.served == (2 if fault in OF_THE_MODEL else 1)
    assert event["why"]


async def test_a_choice_that_was_none_is_mended_and_told(tmp_path: Path) -> None:
    async with (
        served(seed=1, faults={"unknown_tool": 0.5}) as (server, url),
        opened(tmp_path / "data", floor(tmp_path), **at(url)) as app,
    ):
        for number in range(1, 7):
            await app.ask(f"Sound B{number} please", person="guest")
        events = await told(app, "router.chose") + await told(app, "router.fell_back")
    repaired = [e for e in events if e["repaired"]]
    assert repaired
    assert all(e["model_calls"] == 2 and e["chosen"] == "fairway" for e in repaired)
    assert server.served == sum(e["model_calls"] for e in events)


async def test_behind_an_open_breaker_relevance_chooses_at_once(tmp_path: Path) -> None:
    async with (
        served(faults={"server_error": 1}) as (server, url),
        opened(tmp_path / "data", floor(tmp_path), **at(url)) as app,
    ):
        ended = [await app.ask(WHERE, person="guest") for _ in range(5)]
    assert [e["status"] for e in ended] == ["done"] * 5
    assert server.served == 3


async def test_without_budget_relevance_chooses_and_no_agent_calls_a_model(tmp_path: Path) -> None:
    place = floor(tmp_path, "limits: {per_case: {tokens: 200}}\n")
    async with served() as (server, url), opened(tmp_path / "data", place, **at(url)) as app:
        ended = await app.ask(SOUND, person="guest")
        row = await routed(app, ended["case"])
    assert (server.served, row["chosen"], ended["status"]) == (0, "fairway", "waiting")
    assert "used up" in row["why"]
