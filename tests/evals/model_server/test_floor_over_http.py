"""A floor whose roles are asked over HTTP: the same cases, and every way of failing ends in bounds."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from agents.backend import Endpoint
from agents.openai_access import OpenAIAccess
from evals.model_server.faults import Fault
from graph.app import App
from tests.evals.model_server.test_endpoint import served
from tests.graph.harbour_app import LAY, SOUND, WHERE, opened, violations


@asynccontextmanager
async def over_http(data: Path, *, streams: bool = False, **profile: Any) -> AsyncIterator[App]:
    """The harbour, its models behind a socket."""
    async with served(**profile) as (_, url):
        models = OpenAIAccess("offline", Endpoint(url, "a-key", streams))
        async with opened(data, models=models) as app:
            yield app


async def _kinds(app: App) -> list[tuple[str, str]]:
    def read(tx: Any) -> list[tuple[str, str]]:
        return [(c.kind, c.agent) for case in reversed(tx.cases()) for c in tx.commits(case.id)]

    return await app.ledger.read(read)


async def test_cases_end_as_they_do_offline(tmp_path: Path) -> None:
    found = []
    for name, open_ in (("http", over_http), ("offline", opened)):
        async with open_(tmp_path / name) as app:
            ended = [await app.ask(text, person="guest") for text in (WHERE, SOUND, LAY)]
            found.append(([(e["status"], e["reply"]) for e in ended], await _kinds(app)))
    assert found[0] == found[1]
    assert found[0][1]


SLOW = {Fault.SILENT, Fault.STALLED}
"""Only a deadline ends these: the soak waits for it."""


@pytest.mark.parametrize("streams", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("fault", [f for f in Fault if f not in SLOW and f is not Fault.NO_USAGE], ids=str)
async def test_a_fault_at_every_call_commits_nothing_and_leaves_nothing_open(
    fault: Fault, streams: bool, tmp_path: Path
) -> None:
    async with over_http(tmp_path, streams=streams, faults={str(fault): 1}) as app:
        ended = await app.ask(LAY, person="guest")
        found = await violations(app)
        committed = await _kinds(app)
    assert committed == []
    assert found == []
    assert (ended["status"], bool(ended["waiting"])) in {
        ("waiting", True),
        ("refused", False),
        ("done", False),
    }


@pytest.mark.parametrize(
    ("fault", "calls"),
    [
        (Fault.UNAUTHORISED, 1),  # a wrong key stays wrong
        (Fault.RATE_LIMITED_LONG, 1),  # a day is longer than any turn
        (Fault.SERVER_ERROR, 3),  # the agent's two retries, and nobody else's
        (Fault.BROKEN_JSON, 3),
    ],
)
async def test_only_the_turn_tries_again_and_only_where_it_may_help(
    fault: Fault, calls: int, tmp_path: Path
) -> None:
    async with served(faults={str(fault): 1}) as (server, url):
        models = OpenAIAccess("offline", Endpoint(url, "a-key"))
        async with opened(tmp_path, models=models) as app:
            await app.ask(WHERE, person="guest")
    assert server.served == calls


async def test_a_fault_now_and_then_is_made_good(tmp_path: Path) -> None:
    async with over_http(tmp_path, seed=3, faults={"server_error": 0.2, "broken_json": 0.2}) as app:
        ended = [await app.ask(text, person="guest") for text in (WHERE, SOUND, LAY)]
    assert [e["status"] for e in ended] == ["done", "done", "done"]


async def test_the_key_is_in_nothing_that_is_kept_or_told(tmp_path: Path) -> None:
    async with served(faults={"unauthorised": 1}) as (_, url):
        models = OpenAIAccess("offline", Endpoint(url, "sk-very-secret"))
        async with opened(tmp_path, models=models) as app:
            ended = await app.ask(WHERE, person="guest")
    assert b"sk-very-secret" not in _everything_in(tmp_path)
    assert "sk-very-secret" not in f"{ended} {models.__dict__}"


def _everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
