"""The watch for anomalies on a real ledger: each alert is raised once, told of, and cleared (R10)."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from graph.app import App
from protocol.breaker import Breaker
from protocol.ports import Tx
from protocol.rows import AlertRow, EventRow
from tests.agents.floor_copies import CONFIG, Edit, copy_harbour
from tests.checkpoints.calls import OPENED
from tests.graph.harbour_app import LAY, SHIFT, SOUND, WHERE, Models, opened

STORM = 2000
NOW = "2026-05-04T04:00:00Z"


def floor_with(tmp_path: Path, **limits: int) -> Path:
    """The harbour with these thresholds."""
    said = ", ".join(f"{name}: {limit}" for name, limit in limits.items())
    edit = Edit(CONFIG, "rules: [enough_water]", f"watch: {{{said}}}\nrules: [enough_water]")
    return copy_harbour(tmp_path / "floor", edit)


def recorded(number: int, prefix: str = "evt_s", **fields: Any) -> Callable[[Tx], None]:
    """A job that records so many events of one case, now."""

    def job(tx: Tx) -> None:
        for n in range(number):
            row = EventRow(
                f"{prefix}{n}", "berth.assigned", "supervisor", f"{prefix}{n}", tx.now, tx.now, "berth/B1", {}
            )
            tx.put_event(replace(row, **({"case": "case_storm"} | fields)))

    return job


async def alerts(app: App) -> dict[str, AlertRow]:
    """What stands, by name."""
    return {row.name: row for row in await app.ledger.read(lambda tx: tx.alerts(open_only=True))}


async def told(app: App) -> list[tuple[str, str]]:
    """Alerts raised and cleared, in their order."""
    found = await app.ledger.read(lambda tx: tx.events())
    return [(e.type, e.subject) for e in found if e.type.startswith("alert.")]


async def test_event_storm_is_raised_once_and_cleared_when_a_minute_is_calm(tmp_path: Path) -> None:
    async with opened(tmp_path) as app:
        await app.ledger.write(recorded(STORM))
        for _ in range(5):
            await app.sweep()
        assert await told(app) == [("alert.raised", "event_storm")]
        row = (await alerts(app))["event_storm"]
        assert (row.figure, row.limit) == (f"events in the last minute: {STORM}", "1200")
        await app.wait(61)
        assert await alerts(app) == {}
        assert await told(app) == [("alert.raised", "event_storm"), ("alert.cleared", "event_storm")]
        await app.ledger.write(recorded(STORM, "evt_t"))
        await app.sweep()
        assert [name for _, name in await told(app)] == ["event_storm"] * 3


async def test_alert_says_what_is_so_and_what_to_do(tmp_path: Path) -> None:
    async with opened(tmp_path) as app:
        await app.ledger.write(recorded(STORM))
        await app.sweep()
        (event,) = await app.ledger.read(lambda tx: tx.events(type="alert.raised"))
    assert event.data == {
        "figure": "events in the last minute: 2000",
        "limit": "1200",
        "advice": "andon cases shows what goes round; andon pull floor stops agents meanwhile",
    }
    assert (event.case, event.recorded) == (None, NOW)


async def test_feed_of_what_happened_long_ago_is_no_storm(tmp_path: Path) -> None:
    """History opens no case."""
    async with opened(tmp_path) as app:
        await app.ledger.write(recorded(STORM, case=None))
        await app.sweep()
        assert await told(app) == []


async def test_talk_at_a_clock_that_stands_is_no_storm_but_one_line_may_make_one(tmp_path: Path) -> None:
    async with opened(tmp_path / "data", floor_with(tmp_path, events_per_minute=25)) as app:
        for _ in range(12):
            await app.ask(WHERE, person="guest")
        await app.sweep()
        everything = await app.ledger.read(lambda tx: len([e for e in tx.events() if e.case]))
        assert everything > 25
        assert await told(app) == []
        await app.ledger.write(recorded(30))
        await app.sweep()
        assert await told(app) == [("alert.raised", "event_storm")]
        await app.ask(WHERE, person="guest")  # its sweep, before the line comes in, still sees the storm
        await app.sweep()
        assert [kind for kind, _ in await told(app)] == ["alert.raised", "alert.cleared"]


async def test_request_looks_for_anomalies_as_every_verb_that_writes(tmp_path: Path) -> None:
    async with opened(tmp_path) as app:
        await app.ledger.write(recorded(STORM))
        await app.ask(WHERE, person="guest")
        assert await told(app) == [("alert.raised", "event_storm")]


async def test_deep_chain_is_raised_and_cleared_when_it_is_long_past(tmp_path: Path) -> None:
    async with opened(tmp_path) as app:
        await app.ledger.write(recorded(1, "evt_d", depth=5))
        await app.sweep()
        assert (await alerts(app))["causal_depth"].figure == "deepest chain of events: 5"
        await app.ledger.write(recorded(1000))
        await app.sweep()
        assert await alerts(app) == {}


async def test_retries_between_agents_raise_an_alert_that_better_calls_clear(tmp_path: Path) -> None:
    async def flaky(agent: str) -> None:
        if agent == "berthing" and models.calls.count("berthing") == 1:
            raise RuntimeError("no answer")

    models = Models(flaky)
    floor = floor_with(tmp_path, min_calls=1, window_turns=4)
    async with opened(tmp_path / "data", floor, models) as app:
        await app.ask(SOUND, person="guest")
        await app.sweep()
        row = (await alerts(app))["retry_rate"]
        assert (row.figure, row.limit) == ("retries of 1 calls between agents: 100.0 %", "5 %")
        for hour in (8, 12):
            await app.ask(f"Sound B3 from 2026-05-07 {hour:02}:00", person="guest")
        for _ in range(4):
            await app.ask(WHERE, person="guest")
        await app.sweep()
        assert await alerts(app) == {}


async def test_retry_for_a_person_is_none_between_agents(tmp_path: Path) -> None:
    async def flaky(agent: str) -> None:
        if len(models.calls) == 1:
            raise RuntimeError("no answer")

    models = Models(flaky)
    async with opened(tmp_path / "data", floor_with(tmp_path, min_calls=1), models) as app:
        await app.ask(WHERE, person="guest")
        figures = await app.ledger.read(lambda tx: tx.figures(200))
        assert (len(models.calls), figures.calls, figures.retries) == (2, 0, 0)


async def test_loops_that_were_cut_raise_an_alert(tmp_path: Path) -> None:
    ask = {"move": "ask", "to": "berthing", "request": "find_gap"}
    gap = {
        "berth": "B2",
        "minutes": 120,
        "earliest": "2026-05-04T08:00:00Z",
        "latest": "2026-05-05T08:00:00Z",
    }
    carries = {"kind": "book_sounding", "params": {"berth": "B2"}, "holes": ["start", "end"]}
    defer: list[dict[str, object]] = [
        {"move": "answer", "exchange": "$request", "kind": "defer", "values": {}, "code": None, "text": ""}
    ]
    scripts = {"fairway": [[ask | {"params": gap, "carries": carries}], []], "berthing": [defer]}
    floor = floor_with(tmp_path, loops_cut=0, window_turns=6)
    async with opened(tmp_path / "data", floor, scripts=scripts) as app:
        await app.ask("Sound B2 please", person="guest")
        await app.sweep()
        assert (await alerts(app))["loops_cut"].figure == "loops cut in the last 6 turns: 1"
    async with opened(tmp_path / "data", floor) as app:
        for _ in range(6):
            await app.ask(WHERE, person="guest")
        await app.sweep()
        assert await alerts(app) == {}


async def test_open_breaker_is_raised_and_cleared_with_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as app:
        await app.ledger.write(lambda tx: tx.save_breaker(OPENED, 0))
        await app.sweep()
        assert (await alerts(app))["open_breakers"].figure == "breakers open: 1"
        await app.ledger.write(lambda tx: tx.save_breaker(Breaker(OPENED.name), 1))
        await app.sweep()
        assert await alerts(app) == {}


async def test_old_case_is_raised_and_cleared_when_it_ends(tmp_path: Path) -> None:
    async with opened(tmp_path / "data", floor_with(tmp_path, case_age_s=300)) as app:
        await app.ask(SHIFT, person="guest")
        await app.wait(300)
        assert await alerts(app) == {}
        await app.wait(1)
        assert (await alerts(app))["case_age"].figure == "seconds since the oldest open case began: 301"
        await app.wait(3600)  # nobody decided, and it ends
        await app.sweep()
        assert await alerts(app) == {}


async def test_alert_survives_the_process_that_raised_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as app:
        await app.ledger.write(recorded(STORM))
        await app.sweep()
    async with opened(tmp_path) as app:
        await app.sweep()
        assert [*await alerts(app)] == ["event_storm"]
        assert len(await told(app)) == 1


@pytest.mark.parametrize("text", [LAY, SOUND, WHERE, SHIFT])
async def test_ordinary_work_raises_nothing(tmp_path: Path, text: str) -> None:
    async with opened(tmp_path) as app:
        await app.ask(text, person="guest")
        await app.sweep()
        assert await told(app) == []
