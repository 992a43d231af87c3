"""What one agent sees: its triggers and the records they name, as far as it may read them (R16)."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agents.fitting import fit
from agents.provenance import quoted, unmarked
from agents.view import RECENT_LINES, build_view
from graph.app import App
from protocol.canonical import dumps
from protocol.position import Trigger
from protocol.rows import CaseRow
from tests.graph.harbour_app import WHERE, announced, opened

CASE = CaseRow("case_aaaaaaaaaaaaaaaa", 1, "text", "line", "1", "2026-05-04T04:00:00Z", person="guest")
REQUEST: dict[str, Any] = {
    "type": "request",
    "exchange": "x1",
    "from": "fairway",
    "request": "find_gap",
    "level": 3,
}


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[App]:
    async with opened(tmp_path) as made:
        yield made


async def see(app: App, agent: str, *triggers: Trigger, case: CaseRow = CASE) -> dict[str, Any]:
    """As a policy reads it, without marks."""
    view: dict[str, Any] = unmarked(await see_marked(app, agent, *triggers, case=case))
    return view


async def see_marked(app: App, agent: str, *triggers: Trigger, case: CaseRow = CASE) -> dict[str, Any]:
    """As it is shown to a model."""
    view, *_ = await app.ledger.read(lambda tx: build_view(tx, app.world, case, agent, triggers))
    return view


def said(text: str) -> dict[str, Any]:
    return {"type": "person", "person": "guest", "roles": [], "text": text}


@pytest.mark.parametrize(
    ("agent", "trigger", "seen"),
    [
        ("berthing", said("Move V-1 to B2"), ["visit/V-1", "berth/B2"]),
        ("berthing", said("Is there a B9, a V-77 or a P1?"), []),
        ("berthing", REQUEST | {"params": {"berth": "B1"}}, ["berth/B1"]),
        ("berthing", REQUEST | {"carries": {"params": {"berth": "B1", "pilot": "P1"}}}, ["berth/B1"]),
        (
            "fairway",
            REQUEST | {"carries": {"params": {"berth": "B1", "pilot": "P1"}}},
            ["berth/B1", "pilot/P1"],
        ),
        ("berthing", {"type": "event", "subject": "pilot/P1", "data": {"visit": "V-2"}}, ["visit/V-2"]),
        ("fairway", {"type": "event", "subject": "pilot/P1", "data": {}}, ["pilot/P1"]),
        (
            "fairway",
            {"type": "overruled", "params": {"other": ["P1", {"deep": "B3"}]}},
            ["pilot/P1", "berth/B3"],
        ),
    ],
)
async def test_agent_sees_the_records_its_triggers_name_and_it_may_read(
    app: App, agent: str, trigger: Trigger, seen: list[str]
) -> None:
    view = await see(app, agent, trigger)
    assert list(view["resources"]) == list(view["versions"]) == seen


async def test_nobody_sees_a_level(app: App) -> None:
    view = await see(app, "berthing", REQUEST, said("Where is V-1?") | {"level": 3})
    assert "level" not in dumps(view)


async def test_versions_are_those_that_were_read(app: App) -> None:
    await app.accept([announced()])
    await app.drain()
    view, reads, retried = await app.ledger.read(
        lambda tx: build_view(tx, app.world, CASE, "berthing", [said("Where is V-3?")])
    )
    assert view["resources"]["visit/V-3"]["berth"] == "B2"
    assert reads == view["versions"] == {"visit/V-3": 1}
    assert retried == 0


async def test_line_comes_with_the_recent_exchange_of_its_own_session_only(app: App) -> None:
    for n in range(RECENT_LINES + 2):
        await app.ask(f"Where is V-1? {n}", person="guest", session="s1")
    await app.ask("Where is V-2?", person="guest", session="other")
    (last,) = await app.ledger.read(lambda tx: tx.session_cases("s1", 1))
    view = await see(app, "berthing", said("and now?"), case=last)
    recent = view["triggers"][0]["recent"]
    assert [line["text"] for line in recent if line["who"] == "guest"] == [
        f"Where is V-1? {n}" for n in range(1, RECENT_LINES + 1)
    ]
    assert {line["who"] for line in recent} == {"guest", "andon"}
    alone = await see(app, "berthing", said(WHERE), case=replace(last, session=None))
    assert alone["triggers"][0]["recent"] == []


async def test_view_is_cut_to_its_budget_oldest_lines_first_and_says_what_went(app: App) -> None:
    for n in range(3):
        await app.ask(f"Where is V-{n}?", person="guest", session="s1")
    (last,) = await app.ledger.read(lambda tx: tx.session_cases("s1", 1))
    view = await see_marked(app, "berthing", said("Move V-1 and V-2 to B2"), case=last)
    whole, size = quoted(view), len(quoted(view))
    assert fit(view, size // 4 + 1) == ()
    assert quoted(view) == whole
    assert fit(view, size // 4 - 10)[:1] == ("line: Where is V-0?",)
    named = ["visit/V-1", "visit/V-2", "berth/B2", "berth/B1"]
    assert list(view["resources"]) == named, "what the line itself names stands before what its session named"
    dropped = fit(view, 1)
    assert list(dropped[-4:]) == named[::-1]
    assert view["versions"] == {}
    assert unmarked(view)["triggers"][0]["text"] == "Move V-1 and V-2 to B2"
