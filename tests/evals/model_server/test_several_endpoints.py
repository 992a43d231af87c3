"""A floor whose models are served in more than one place: who answers, and who gets to see which key."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from agents.backend import Endpoint
from checkpoints.recordings import Part
from graph.app import App
from protocol.breaker import BreakerState, endpoint
from protocol.errors import InvalidFloorError
from tests.agents.floor_copies import CONFIG, Edit, copy_harbour
from tests.agents.http_endpoint import http_endpoint
from tests.evals.model_server.test_endpoint import served
from tests.evals.model_server.test_tiers_and_budgets import rows, told
from tests.graph.harbour_app import LAY, WHERE, opened
from tests.graph.replayed import recording, replay

OWN_KEY, SPARE_KEY = "own-key-abc", "spare-key-def"
KEYS = {"SPARE_API_KEY": SPARE_KEY}
FALLBACK = """\
  tiers: {small: offline, large: 'openai:m', other: 'spare:m'}
  fallback: {large: other, other: small}
"""
SPARE_ONLY = "  tiers: {small: offline, large: 'spare:m'}\n"


def floor(to: Path, url: str, tiers: str, more: str = "") -> Path:
    """The harbour with an endpoint of its own."""
    declared = f"models:\n  endpoints:\n    spare: {{url: '{url}', key_env: SPARE_API_KEY{more}}}\n"
    return copy_harbour(to / "floor", Edit(CONFIG, "", declared + tiers))


def own(url: str) -> dict[str, Any]:
    """Settings: the environment's endpoint, and keys by variable."""
    return {"model": None, "endpoint": Endpoint(url, OWN_KEY), "secret": KEYS.get}


async def state(app: App, backend: str) -> BreakerState | None:
    found = await app.ledger.read(lambda tx: tx.breaker(endpoint(backend)))
    return None if found is None else found.state


async def test_another_endpoint_answers_while_the_first_is_down(tmp_path: Path) -> None:
    async with (
        served(OWN_KEY, faults={"server_error": 1}) as (first, first_url),
        served(SPARE_KEY) as (second, url),
        opened(tmp_path / "data", floor(tmp_path, url, FALLBACK), **own(first_url)) as app,
    ):
        ended = [await app.ask(WHERE, person="guest") for _ in range(3)]
        (turn, *_) = await rows(app, ended[0]["case"])
        fell = await told(app, "model.fell_back")
        states = [await state(app, name) for name in ("openai:m", "spare:m")]
    assert [e["status"] for e in ended] == ["done"] * 3
    assert turn["model"] == "spare:m"
    assert {(f["from"], f["to"]) for f in fell} == {("openai:m", "spare:m")}
    assert first.served > 0
    assert second.served >= 3
    assert (states[0], states[1] in (None, BreakerState.CLOSED)) == (BreakerState.OPEN, True)


async def test_when_both_are_down_the_last_tier_plays(tmp_path: Path) -> None:
    async with http_endpoint() as gone:
        dead = gone.url
    async with opened(tmp_path / "data", floor(tmp_path, dead, FALLBACK), **own(dead)) as app:
        ended = await app.ask(LAY, person="guest")
        (turn,) = await rows(app, ended["case"])
    assert (ended["status"], turn["model"]) == ("done", "offline")


async def test_each_endpoint_sees_its_own_key_and_no_other(tmp_path: Path) -> None:
    async with http_endpoint(401) as first, http_endpoint() as second:
        place = floor(tmp_path, second.url, FALLBACK)
        async with opened(tmp_path / "data", place, **own(first.url)) as app:
            await app.ask(WHERE, person="guest")
    for asked, key, other in ((first, OWN_KEY, SPARE_KEY), (second, SPARE_KEY, OWN_KEY)):
        assert asked.heads
        assert all(f"Bearer {key}".encode() in head and other.encode() not in head for head in asked.heads)


@pytest.mark.parametrize(("more", "streams"), [("", False), (", stream: true", True)])
async def test_an_endpoint_says_for_itself_whether_it_streams(
    more: str, streams: bool, tmp_path: Path
) -> None:
    async with http_endpoint() as second:
        place = floor(tmp_path, second.url, SPARE_ONLY, more)
        async with opened(tmp_path / "data", place, **own("http://127.0.0.1:9/v1")) as app:
            await app.ask(WHERE, person="guest")
    assert second.bodies
    assert {b'"stream":true' in body.replace(b" ", b"") for body in second.bodies} == {streams}


async def test_floor_does_not_start_without_the_key_of_a_model_it_uses(tmp_path: Path) -> None:
    place = floor(tmp_path, "http://127.0.0.1:9/v1", SPARE_ONLY)
    with pytest.raises(InvalidFloorError) as refused:
        async with opened(tmp_path / "data", place, **(own("http://127.0.0.1:9/v1") | {"secret": {}.get})):
            pass
    assert refused.value.error_code == "no_key"
    assert "SPARE_API_KEY" in (refused.value.hint or "")


def test_recording_holds_no_key_and_runs_again_without_the_endpoint(tmp_path: Path) -> None:
    async def work() -> tuple[str, list[Part]]:
        async with (
            served(SPARE_KEY) as (_, url),
            opened(tmp_path / "data", floor(tmp_path, url, SPARE_ONLY), **own(url)) as app,
        ):
            ended = await app.ask(f"{WHERE} My key is {SPARE_KEY}, or {OWN_KEY}.", person="guest")
            return ended["case"], await recording(app, ended["case"])

    case, parts = asyncio.run(work())
    assert SPARE_KEY not in str(parts)
    assert OWN_KEY not in str(parts)
    shape, found = replay(case, parts)
    assert (shape["identical"], shape["difference"], found.unreached) == (True, None, 0)
