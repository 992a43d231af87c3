"""Breakers in the flow of cases, on the harbour: who is called, who is not, and what stands in (R6)."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import BaseMessage

from agents.floor_loader import load_floor
from agents.models import OfflineAccess
from agents.provenance import unmarked
from graph.app import App
from graph.breaking import WantedChange, check_reason, record_change
from protocol.breaker import Breaker, BreakerState
from protocol.errors import AndonError, UsageError
from tests.agents.floor_copies import BERTHING, Edit, copy_harbour
from tests.graph.harbour_app import SOUND, Models, events, opened, until, violations

NOW = 1_795_000_000.125
COOLDOWN_S = 30
ATTEMPTS = 3
"""Of a turn of berthing."""
ITS_CALLS = 2
"""Of its model in a turn that answers: a query, then the answer."""
PAIR = "fairway/berthing"
OPEN = Breaker(PAIR, BreakerState.OPEN, 3, "111", NOW, NOW, cause="timeout")


class Shared:
    """The clock that processes share, set by a test."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


class Berthing(Models):
    """The harbour's models, but berthing's fails or waits, and has an endpoint of its own, if any."""

    def __init__(self, what: Exception | asyncio.Event | None, endpoint: str | None = None) -> None:
        async def before(agent: str) -> None:
            if agent != "berthing" or what is None:
                return
            if isinstance(what, Exception):
                raise what
            await what.wait()

        super().__init__(before, endpoint=endpoint)

    def endpoint_of(self, agent: str) -> str | None:
        return self.endpoint if agent == "berthing" else None


GAP = {"berth": "B3", "minutes": 120, "earliest": "2026-05-04T04:00:00Z", "latest": "2026-05-11T04:00:00Z"}
CARRIED = {"kind": "book_sounding", "params": {"berth": "B3"}, "holes": ["start", "end"]}
ASK = {"move": "ask", "to": "berthing", "request": "find_gap", "params": GAP, "carries": CARRIED}
"""What fairway asks when it hears SOUND first; here it asks the same at any hour."""


class Listening(Models):
    """fairway asks by a script, and what it is told is kept."""

    def __init__(self, floor: Path) -> None:
        super().__init__(floor=floor)
        self._offline = OfflineAccess(load_floor(floor).policies, {"fairway": [[ASK], []]})
        self.triggers: list[dict[str, Any]] = []

    async def seen(self, agent: str, messages: Sequence[BaseMessage]) -> None:
        if agent == "fairway":
            self.triggers += unmarked(json.loads(str(messages[1].content)))["triggers"]


async def breaker(app: App) -> Breaker:
    """The breaker between fairway and berthing."""
    return await app.ledger.read(lambda tx: tx.breaker(PAIR)) or Breaker(PAIR)


async def test_every_pass_keeps_its_reading_of_the_shared_clock(tmp_path: Path) -> None:
    async with opened(tmp_path, shared=Shared()) as app:
        shape = await app.ask(SOUND, person="guest")
        passes = await app.ledger.read(lambda tx: tx.passes(shape["case"]))
    assert [p.clock_s for p in passes] == [NOW] * 2


async def test_agent_that_fails_three_cases_is_not_called_in_the_fourth(tmp_path: Path) -> None:
    shared, down = Shared(), Berthing(RuntimeError("down"))
    async with opened(tmp_path, models=down, shared=shared) as app:
        for _ in range(3):
            shape = await app.ask(SOUND, person="guest")
            assert shape["status"] == "waiting"
        assert down.calls.count("berthing") == 3 * ATTEMPTS
        fourth = await app.ask(SOUND, person="guest")
        assert down.calls.count("berthing") == 3 * ATTEMPTS, "nobody was called"
        assert fourth["verdicts"][-1]["verdict"] == "escalated"
        assert (await breaker(app)).cause == "error"
        told = [t for t in await events(app) if t.startswith("breaker.")]
        assert told == ["breaker.opened", "breaker.refused"]
        assert await violations(app) == []


async def test_open_breaker_outlives_a_restart_and_then_one_case_probes(tmp_path: Path) -> None:
    shared = Shared()
    async with opened(tmp_path, shared=shared) as app:
        await app.ledger.write(lambda tx: tx.save_breaker(OPEN, 0))
    shared.now += COOLDOWN_S - 1
    up = Berthing(None)
    async with opened(tmp_path, models=up, shared=shared) as app:
        assert (await app.ask(SOUND, person="guest"))["status"] == "waiting"
        assert "berthing" not in up.calls
    shared.now += 1
    async with opened(tmp_path, models=up, shared=shared) as app:
        shape = await app.ask(SOUND, person="guest")
        assert (shape["status"], up.calls.count("berthing")) == ("done", ITS_CALLS)
        assert (await breaker(app)).state is BreakerState.CLOSED


async def test_of_a_hundred_cases_at_half_open_one_calls(tmp_path: Path) -> None:
    shared, answer = Shared(), asyncio.Event()
    slow = Berthing(answer)
    async with opened(tmp_path, models=slow, shared=shared) as app:
        await app.ledger.write(lambda tx: tx.save_breaker(OPEN, 0))
        shared.now += COOLDOWN_S
        asked = [asyncio.ensure_future(app.ask(SOUND, person="guest")) for _ in range(100)]
        await until(app, lambda tx: len(tx.events(type="breaker.refused")) == 99)
        assert slow.calls.count("berthing") == 1
        answer.set()
        statuses = sorted(shape["status"] for shape in await asyncio.gather(*asked))
        assert statuses == ["done"] + ["waiting"] * 99
        assert slow.calls.count("berthing") == ITS_CALLS
        assert (await breaker(app)).state is BreakerState.CLOSED
        assert await violations(app) == []


async def test_dead_endpoint_opens_its_own_breaker_and_no_pairs(tmp_path: Path) -> None:
    shared, dead = Shared(), Berthing(ConnectionRefusedError("nobody listens"), endpoint="small")
    async with opened(tmp_path, models=dead, shared=shared) as app:
        for _ in range(4):
            shape = await app.ask(SOUND, person="guest")
            assert shape["status"] == "waiting"
        stored = {b.name: b.state for b in await app.ledger.read(lambda tx: tx.breakers())}
        assert stored == {"model:small": BreakerState.OPEN}
        assert dead.calls.count("berthing") == 3 * ATTEMPTS, "the fourth failed without a call"
        assert (await events(app)).count("request.asked") == 4, "its pair was called each time"
        last = (await app.ledger.read(lambda tx: tx.turns(shape["case"])))[-1][1]
        assert (last["failure"], last["endpoint"], last["attempts"]) == ("error", "small", 0)


# The three degraded modes


def degraded(tmp_path: Path, mode: str) -> Path:
    """The harbour, its berthing with a degraded mode."""
    text = f"degraded_mode: {{when_open: {mode}, then: escalate}}\n" if mode else ""
    return copy_harbour(tmp_path / "floor", Edit(BERTHING, new=text))


@pytest.mark.parametrize(
    ("mode", "waited_s", "told"),
    [
        ("cached, max_age_s: 600", 599, ("cached", 599, {"start", "end"})),
        ("cached, max_age_s: 600", 600, None),
        ('default, default: {start: "", end: ""}', 0, ("default", None, {"start", "end"})),
        ("escalate", 0, None),
        ("", 0, None),
    ],
)
async def test_degraded_mode_informs_the_asker_and_commits_nothing(
    tmp_path: Path, mode: str, waited_s: int, told: tuple[str, int | None, set[str]] | None
) -> None:
    floor, shared = degraded(tmp_path, mode), Shared()
    listening = Listening(floor)
    async with opened(tmp_path / "data", floor, listening, shared=shared) as app:
        assert (await app.ask(SOUND, person="guest"))["status"] == "done"
        await app.wait(waited_s)
        read = await breaker(app)
        await app.ledger.write(lambda tx: tx.save_breaker(OPEN, read.version))
        shape = await app.ask(SOUND, person="guest")
        heard = [t for t in listening.triggers if t["type"] == "answer"]
        verdicts = [(v["verdict"], v["reason"].partition(";")[0]) for v in shape["verdicts"]]
        not_asked = "berthing is not asked: its breaker is open (timeout)"
        if told is None:
            assert (shape["status"], heard) == ("waiting", [])
            assert verdicts == [("escalated", not_asked)]
            (row,) = await app.ledger.read(lambda tx: tx.escalations(shape["case"]))
            assert (row.role, row.reason) == ("berth_master", "breaker_open")
            decided = await app.decide(row.id, "answer", person="k.maes", option=0)
            assert decided["status"] == "refused"
        else:
            assert (shape["status"], shape["code"]) == ("refused", "breaker_open")
            assert [(t["degraded"], t["age_s"], set(t["values"])) for t in heard] == [told]
            assert (heard[0]["kind"], heard[0]["code"]) == ("refuse", "breaker_open")
            assert verdicts == [("refused", not_asked)]
        assert await app.ledger.read(lambda tx: tx.commits(shape["case"])) == []
        assert await violations(app) == []


@pytest.mark.parametrize(
    ("name", "person", "code"),
    [
        (PAIR, "guest", "not_authorised"),
        (PAIR, "berthing", "not_authorised"),
        ("fairway/nobody", "a.vos", "unknown_breaker"),
        ("model:none", "a.vos", "unknown_breaker"),
    ],
)
async def test_only_people_with_a_role_change_only_breakers_that_there_are(
    tmp_path: Path, name: str, person: str, code: str
) -> None:
    async with opened(tmp_path, shared=Shared()) as app:
        for change in ("trip", "reset"):
            wanted = WantedChange(name, change, "so")
            done = await app.ledger.write(lambda tx, w=wanted: record_change(tx, app.world, w, person, NOW))  # type: ignore[misc]
            assert isinstance(done, AndonError), done
            assert done.error_code == code
        assert await app.ledger.read(lambda tx: tx.breakers()) == []


def test_breaker_is_changed_for_a_reason() -> None:
    assert check_reason(" works on it ") == "works on it"
    with pytest.raises(UsageError, match="A reason is missing"):
        check_reason(" ")
