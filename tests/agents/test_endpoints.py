"""Model endpoints through a real client and a real socket: what fails is theirs, and they get a rest (R6)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_openai import ChatOpenAI

from agents.models import OfflineAccess
from agents.turn_runtime import Job, TurnRuntime
from checkpoints.sqlite_ledger import SqliteLedger
from protocol.breaker import BreakerState
from protocol.records import Ref, Snapshot
from protocol.rows import CaseRow
from protocol.turns import Reply, Turn
from protocol.world import World
from tests.agents.http_endpoint import CUT, ERROR_BODY, GOOD, HANG, NO_JSON, HttpEndpoint, http_endpoint
from tests.floors_loaded import harbour

NOW = 1_795_000_000.125
COOLDOWN_S = 30
TIMEOUT_S = 60.0
"""Of the client: nobody answers so slowly by accident."""
ATTEMPTS = 3
"""Of a turn of berthing."""
GAPS = '{"minutes": 60, "earliest": "2026-05-04T04:00:00Z", "latest": "2026-05-06T04:00:00Z"}'
PERSON = {"type": "person", "person": "guest", "roles": [], "text": "Where is V-1?"}
OPEN, CLOSED, HALF_OPEN = BreakerState.OPEN, BreakerState.CLOSED, BreakerState.HALF_OPEN


@dataclass
class Access:
    """berthing on an endpoint over HTTP; whoever else plays from its policy."""

    url: str
    timeout_s: float = TIMEOUT_S

    def model_of(self, agent: str) -> BaseChatModel:
        if agent != "berthing":
            return OfflineAccess(harbour().policies).model_of(agent)
        return ChatOpenAI(model="m", base_url=self.url, api_key="none", max_retries=0, timeout=self.timeout_s)  # type: ignore[arg-type]

    def endpoint_of(self, agent: str) -> str | None:
        return "small" if agent == "berthing" else None


@dataclass
class Bench:
    """A ledger and a runtime on an endpoint. ``now``: the clock that processes share."""

    ledger: SqliteLedger
    access: Access
    world: World
    now: float = NOW

    async def turn(self, number: int) -> Turn:
        """Turn ``number`` of berthing, each in a case of its own."""
        prompts = harbour().prompts
        loop = asyncio.get_running_loop()
        runtime = TurnRuntime(self.world, self.ledger, self.access, prompts, loop.time, lambda: self.now)
        case = CaseRow(f"case_{number}", number, "text", "line", str(number), "2026-05-04T04:00:00Z")
        return await runtime.take(Job(case, "berthing", 1, (PERSON,)))

    async def state(self) -> BreakerState | None:
        """Of the endpoint's breaker."""
        found = await self.ledger.read(lambda tx: tx.breaker("model:small"))
        return found.state if found else None

    async def told(self) -> list[tuple[str, str | None]]:
        """Events about breakers: type and cause."""
        events = await self.ledger.read(lambda tx: tx.events())
        return [(e.type, e.data["cause"]) for e in events if e.type.startswith("breaker.")]


@asynccontextmanager
async def bench(tmp_path: Path, url: str, *, call_s: int | None = None) -> AsyncIterator[Bench]:
    """The harbour on the endpoint at ``url``. ``call_s``: berthing's timeout, if it is to be another."""
    world = harbour().world
    if call_s is not None:
        berthing = world.manifests["berthing"]
        policy = berthing.timeout_policy.model_copy(update={"call_s": call_s})
        manifests = {**world.manifests, "berthing": berthing.model_copy(update={"timeout_policy": policy})}
        world = replace(world, manifests=manifests)
    ledger = await SqliteLedger.open(
        tmp_path / "ledger.db",
        floor="harbour",
        clock=None,
        clock_start="2026-05-04T04:00:00Z",
        world_types=world.types,
        inline=True,
    )
    try:
        yield Bench(ledger, Access(url), world)
    finally:
        await ledger.close()


async def test_endpoint_that_answers_is_one_call(tmp_path: Path) -> None:
    async with http_endpoint() as endpoint, bench(tmp_path, endpoint.url) as b:
        turn = await b.turn(1)
        assert (turn.moves, turn.endpoint, endpoint.requests) == ((Reply("at B1"),), None, 1)
        assert turn.usage.input_tokens == 5
        assert await b.told() == []


@pytest.mark.parametrize("behaviour", [429, 500, 503, 529, 401, 404, HANG, CUT, NO_JSON, ERROR_BODY])
async def test_failure_of_an_endpoint_is_marked_as_its_own(tmp_path: Path, behaviour: str | int) -> None:
    async with http_endpoint(behaviour) as endpoint, bench(tmp_path, endpoint.url) as b:
        b.access.timeout_s = 0.2 if behaviour == HANG else TIMEOUT_S
        turn = await b.turn(1)
        assert (turn.failure, turn.endpoint, turn.moves) == ("error", "small", ())
        assert turn.detail.startswith("small: ")
        tried = 1 if behaviour in {401, 404} else ATTEMPTS  # a wrong key or name stays wrong
        assert (turn.attempts, endpoint.requests) == (tried, tried), "only the turn retries"


@pytest.mark.parametrize("status", [400, 413, 422])
async def test_request_that_no_endpoint_would_take_is_the_agents_failure(tmp_path: Path, status: int) -> None:
    async with http_endpoint(status) as endpoint, bench(tmp_path, endpoint.url) as b:
        for number in range(4):
            turn = await b.turn(number)
            assert (turn.failure, turn.endpoint) == ("error", None)
        assert await b.state() in (None, CLOSED)


async def test_endpoint_that_nobody_serves_opens_its_breaker_after_three_calls(tmp_path: Path) -> None:
    async with http_endpoint() as gone:
        pass
    async with bench(tmp_path, gone.url) as b:
        for number in range(3):
            assert await b.state() is (CLOSED if number else None)
            turn = await b.turn(number)
            assert (turn.failure, turn.endpoint, turn.attempts) == ("error", "small", ATTEMPTS)
        assert await b.state() is OPEN
        refused = await b.turn(3)
        assert (refused.failure, refused.endpoint, refused.attempts) == ("error", "small", 0)
        assert "model:small is not called: its breaker is open (error)" in refused.detail
        assert await b.told() == [("breaker.opened", "error"), ("breaker.refused", "error")]


async def opened(b: Bench, endpoint: HttpEndpoint) -> None:
    """Let the breaker open."""
    endpoint.behaviour = 500
    for number in range(3):
        await b.turn(number)
    assert await b.state() is OPEN
    endpoint.requests = 0
    endpoint.came.clear()


async def test_open_breaker_spares_the_endpoint_until_one_probe_answers(tmp_path: Path) -> None:
    async with http_endpoint() as endpoint, bench(tmp_path, endpoint.url) as b:
        await opened(b, endpoint)
        b.now += COOLDOWN_S - 1
        await b.turn(10)
        assert endpoint.requests == 0
        endpoint.behaviour, b.now = GOOD, b.now + 1
        assert (await b.turn(11)).moves == (Reply("at B1"),)
        assert await b.state() is CLOSED
        assert [t for t, _ in await b.told()][2:] == ["breaker.half_open", "breaker.closed"]


async def test_one_turn_probes_and_the_others_fail_at_once(tmp_path: Path) -> None:
    async with http_endpoint() as endpoint, bench(tmp_path, endpoint.url) as b:
        await opened(b, endpoint)
        endpoint.behaviour, b.now = GOOD, b.now + COOLDOWN_S
        turns = await asyncio.gather(*(b.turn(n) for n in range(20, 40)))
        assert sorted(t.attempts for t in turns) == [0] * 19 + [1]
        assert endpoint.requests == 1


async def test_probe_that_fails_begins_another_cooldown(tmp_path: Path) -> None:
    async with http_endpoint() as endpoint, bench(tmp_path, endpoint.url) as b:
        await opened(b, endpoint)
        b.now += COOLDOWN_S
        assert (await b.turn(10)).attempts == ATTEMPTS
        assert await b.state() is OPEN
        b.now += COOLDOWN_S - 1
        assert (await b.turn(11)).attempts == 0


async def test_probe_that_never_returns_is_given_up_after_the_turns_time(tmp_path: Path) -> None:
    async with http_endpoint() as endpoint, bench(tmp_path, endpoint.url) as b:
        await opened(b, endpoint)
        endpoint.behaviour, b.now = HANG, b.now + COOLDOWN_S
        probing = asyncio.ensure_future(b.turn(10))
        await endpoint.came.wait()
        probing.cancel()  # as if its process had died
        with pytest.raises(asyncio.CancelledError):
            await probing
        assert await b.state() is HALF_OPEN
        endpoint.behaviour = GOOD
        b.now += 19.9
        assert (await b.turn(11)).attempts == 0
        b.now += 0.1
        assert (await b.turn(12)).attempts == 1
        assert await b.state() is CLOSED


async def test_endpoint_that_hangs_until_the_turns_deadline_is_down_and_not_its_agent(
    tmp_path: Path,
) -> None:
    async with http_endpoint(HANG) as endpoint, bench(tmp_path, endpoint.url, call_s=1) as b:
        turn = await b.turn(1)
        assert (turn.failure, turn.endpoint, turn.attempts) == ("timeout", "small", 1)


async def test_endpoint_that_answered_before_the_time_was_up_is_not_down(tmp_path: Path) -> None:
    async with http_endpoint(HANG) as endpoint, bench(tmp_path, endpoint.url, call_s=1) as b:
        for number in range(3):
            endpoint.first = {"name": "free_gaps", "arguments": GAPS}
            turn = await b.turn(number)
            assert (turn.failure, turn.endpoint, turn.usage.model_calls) == ("timeout", None, 1)
        assert await b.state() is CLOSED


async def test_turn_that_failed_before_it_called_gives_its_probe_back(tmp_path: Path) -> None:
    def broken(text: str, snapshot: Snapshot) -> list[Ref]:
        raise KeyError(text)

    async with http_endpoint() as endpoint, bench(tmp_path, endpoint.url) as b:
        await opened(b, endpoint)
        sound, endpoint.behaviour, b.now = b.world, GOOD, b.now + COOLDOWN_S
        b.world = replace(sound, toolbox=replace(sound.toolbox, mentions=broken))
        turn = await b.turn(10)
        assert (turn.failure, turn.endpoint, endpoint.requests) == ("error", None, 0)
        assert await b.state() is OPEN
        b.world = sound
        assert (await b.turn(11)).moves == (Reply("at B1"),)


async def test_answers_in_between_keep_the_breaker_closed(tmp_path: Path) -> None:
    async with http_endpoint() as endpoint, bench(tmp_path, endpoint.url) as b:
        behaviours: list[str | int] = [500, 500, GOOD, 500, 500]
        for number, endpoint.behaviour in enumerate(behaviours):
            await b.turn(number)
        assert await b.state() is CLOSED


async def test_wrong_answer_is_the_agents_and_shows_that_the_endpoint_is_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with http_endpoint() as endpoint, bench(tmp_path, endpoint.url) as b:
        wrong: dict[str, Any] = {"name": "reply", "arguments": '{"words": "at B1"}'}
        monkeypatch.setattr("tests.agents.http_endpoint.CALL", wrong)
        turns = [await b.turn(n) for n in range(4)]
        assert {(t.failure, t.endpoint) for t in turns} == {("invalid", None)}
        assert await b.state() is CLOSED
