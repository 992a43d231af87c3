"""Cases that a model played over HTTP, well and badly, run again without it, and compared with policies."""

import asyncio
import socket
from pathlib import Path
from typing import Any

import pytest

from agents.backend import Endpoint
from checkpoints.recordings import Part
from evals.model_server.faults import Fault
from graph.app import App
from tests.agents.floor_copies import Edit, copy_harbour
from tests.evals.model_server.test_endpoint import served
from tests.graph.harbour_app import SHIFT, SOUND, WHERE, opened
from tests.graph.replayed import cases, recording, replay
from tests.graph.test_replaying import Kept

KEY = "a-key-that-nobody-may-read"


async def _all(app: App) -> Kept:
    for line in (WHERE, SOUND, SHIFT):
        await app.ask(line, person="guest")
    return {case: await recording(app, case) for case in await cases(app)}


def played(data: Path, **profile: Any) -> Kept:
    """Cases whose roles a served model played."""

    async def work() -> Kept:
        async with served(KEY, **profile) as (_, url):
            endpoint = Endpoint(url, KEY)
            async with opened(data, model="openai:m", endpoint=endpoint) as app:
                return await _all(app)

    return asyncio.run(work())


FAULTS = {
    fault: {str(fault): 0.5}
    for fault in (
        Fault.SERVER_ERROR,
        Fault.UNAUTHORISED,
        Fault.RESET,
        Fault.NO_CHOICES,
        Fault.PROSE,
        Fault.BROKEN_JSON,
        Fault.WRONG_ARGUMENTS,
        Fault.RATE_LIMITED,
    )
}


@pytest.mark.parametrize("faults", [{}, *FAULTS.values()], ids=["none", *map(str, FAULTS)])
def test_what_a_model_did_over_http_runs_again_without_it(tmp_path: Path, faults: dict[str, float]) -> None:
    kept = played(tmp_path, faults=faults, seed=7)
    assert KEY not in str(kept)
    for case, parts in kept.items():
        shape, found = replay(case, parts)
        assert (shape["identical"], shape["difference"], found.unreached) == (True, None, 0)
        assert (shape["recorded_model"], shape["model"]) == ("openai:m", "recorded")


def test_policies_are_compared_with_what_a_model_said(tmp_path: Path) -> None:
    for case, parts in played(tmp_path).items():
        shape, _ = replay(case, parts, model="offline")
        assert shape["answers"]["compared"] == shape["answers"]["same"] > 0


def test_endpoint_that_is_silent_is_given_up_after_the_longest_turn(tmp_path: Path) -> None:
    """No deadline ends a call there: a replay's time is not the one in which the model answers."""
    quick = [Edit(f"agents/{a}/manifest.yaml", "call_s: 20", "call_s: 1") for a in ("berthing", "fairway")]
    floor = copy_harbour(tmp_path / "floor", *quick)

    async def asked() -> tuple[str, list[Part]]:
        async with opened(tmp_path / "data", floor) as app:
            case = (await app.ask(WHERE, person="guest"))["case"]
            return case, await recording(app, case)

    case, parts = asyncio.run(asked())
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it takes connections, and reads none
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
        shape, _ = replay(case, parts, floor, model="openai:m", endpoint=Endpoint(url, KEY))
    assert shape["answers"]["same"] == 0
    assert "Request timed out" in shape["difference"]["now"]
