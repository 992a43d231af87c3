"""A floor that asks for its answers in streams: the same rows in the ledger, and bounds while they come."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from agents.backend import Endpoint
from agents.capped_response import MAX_BODY
from agents.floor_loader import load_floor
from agents.models import OfflineAccess, letting_go
from agents.openai_access import OpenAIAccess
from agents.streamed_answer import MAX_CALL, NoStreamError
from evals.model_server.faults import Fault
from evals.model_server.profile import FromCall, Profile
from evals.model_server.roles import Roles
from evals.model_server.server import ModelServer, serving
from graph.app import App, open_app
from graph.settings import Settings
from protocol.ports import ReadTx
from tests.agents.floor_copies import CONFIG, HARBOUR, Edit, copy_harbour
from tests.agents.http_endpoint import http_endpoint
from tests.architecture.sources import ROOT
from tests.evals.model_server.test_endpoint import ask, served
from tests.graph.harbour_app import LAY, SHIFT, SOUND, WHERE, opened
from tests.graph.replayed import cases, recording, replay
from tests.graph.test_replaying import Kept

pytestmark = pytest.mark.long

LINES = (WHERE, SOUND, LAY, SHIFT)
STREAMED = Edit(CONFIG, "", "models:\n  stream: true\n")


@asynccontextmanager
async def played(
    data: Path, *, streams: bool = True, floor: Path = HARBOUR, **profile: Any
) -> AsyncIterator[tuple[App, ModelServer]]:
    async with served(**profile) as (server, url):
        models = OpenAIAccess("offline", Endpoint(url, "a-key", streams))
        async with opened(data, floor, models=models) as app:
            yield app, server


def stored(tx: ReadTx) -> list[Any]:
    """What the ledger holds of what was asked, but for how long things took."""
    found: list[Any] = []
    for case in sorted(tx.cases(), key=lambda c: c.id):
        turns = [(n, {**row, "pace": None}) for n, row in tx.turns(case.id)]
        found.append((case.id, case.status, case.reply, case.position, turns))
        found += [(c.kind, c.agent, c.params, c.key) for c in tx.commits(case.id)]
    return [*found, [(e.type, e.subject, e.data) for e in tx.events()]]


async def turn_of(app: App, case: str) -> Any:
    """The one turn of an agent in a case."""
    ((_, turn),) = [(n, t) for n, t in await app.ledger.read(lambda tx: tx.turns(case)) if n]
    return turn


async def test_streamed_or_not_the_ledger_holds_the_same(tmp_path: Path) -> None:
    found = []
    for name, streams in (("streamed", True), ("whole", False)):
        async with played(tmp_path / name, streams=streams) as (app, _):
            for line in LINES:
                await app.ask(line, person="guest")
            found.append(await app.ledger.read(stored))
    assert found[0] == found[1]
    assert any("usage" in row for entry in found[0] for _, row in _turns(entry))


def _turns(entry: Any) -> list[Any]:
    return entry[4] if isinstance(entry, tuple) and len(entry) == 5 else []


async def test_several_calls_come_in_one_streamed_turn(tmp_path: Path) -> None:
    """Scheduling proposes, asks and replies at once; quality proposes and answers."""
    plant, found = load_floor(ROOT), []
    server = ModelServer(Roles(OfflineAccess(plant.policies), sorted(plant.policies)), Profile())
    async with serving(server) as url:
        for streams in (True, False):
            models = OpenAIAccess("offline", Endpoint(url, "a-key", streams))
            async with letting_go(models), open_app(Settings(ROOT, tmp_path / str(streams)), models) as app:
                await app.ask("Run O-500 now, the customer is screaming", person="m.ito")
                found.append(await app.ledger.read(stored))
    assert found[0] == found[1]
    ((_, first), (_, second), _) = [(n, row) for e in found[0] for n, row in _turns(e) if n]
    assert [m["move"] for m in first["moves"]] == ["propose", "ask", "reply"]
    assert [m["move"] for m in second["moves"]] == ["propose", "answer"]
    assert first["usage"]["estimated_calls"] == 0


@pytest.mark.parametrize("fault", [Fault.CUT_STREAM, Fault.STREAM_ERROR, Fault.RESET], ids=str)
async def test_what_breaks_in_the_middle_is_dropped_and_asked_for_again(fault: Fault, tmp_path: Path) -> None:
    async with played(tmp_path, faults={str(fault): 1}) as (app, server):
        ended = await app.ask(LAY, person="guest")
        commits = await app.ledger.read(lambda tx: tx.commits(ended["case"]))
    assert (server.served, commits, ended["status"]) == (3, [], "waiting")


async def test_a_stall_ends_with_the_deadline_of_the_turn(tmp_path: Path) -> None:
    manifest = "agents/berthing/manifest.yaml"
    floor = copy_harbour(tmp_path / "floor", Edit(manifest, "call_s: 20", "call_s: 1"))
    async with played(tmp_path / "data", floor=floor, faults={"stalled": 1}) as (app, server):
        ended = await app.ask(WHERE, person="guest")
        turn = await turn_of(app, ended["case"])
    assert (server.served, turn["failure"], turn["endpoint"]) == (1, "timeout", "openai:offline")
    assert turn["moves"] == []


async def test_an_endless_stream_is_cut_counted_and_paid_for_by_estimate(tmp_path: Path) -> None:
    async with played(tmp_path, faults={"endless": 1}) as (app, server):
        ended = await app.ask(WHERE, person="guest")
        turn = await turn_of(app, ended["case"])
    assert (server.served, turn["failure"], turn["endpoint"]) == (3, "invalid", None)
    assert f"longer than {MAX_CALL} bytes" in turn["detail"]
    assert turn["usage"]["estimated_calls"] == 3
    assert turn["usage"]["output_tokens"] > 3 * MAX_CALL // 5


async def test_a_stream_that_does_not_say_what_it_took_is_estimated(tmp_path: Path) -> None:
    async with played(tmp_path, faults={"no_usage": 1}) as (app, _):
        ended = await app.ask(WHERE, person="guest")
    assert (ended["status"], ended["usage"]["estimated_calls"]) == ("done", 1)
    assert ended["usage"]["output_tokens"] > 10


async def test_the_floor_says_whether_endpoints_are_asked_for_streams(tmp_path: Path) -> None:
    for name, edits, failure in (("plain", (), "error"), ("streamed", (STREAMED,), "invalid")):
        floor = copy_harbour(tmp_path / name, *edits)
        # What is written in a stream is cut by its length; a whole body is only found out to be no answer.
        async with served(faults={"endless": 1}) as (_, url):
            endpoint = Endpoint(url, "a-key")
            async with opened(tmp_path / f"{name}-data", floor, model="openai:m", endpoint=endpoint) as app:
                ended = await app.ask(WHERE, person="guest")
                turn = await turn_of(app, ended["case"])
        assert turn["failure"] == failure


async def test_what_is_no_stream_is_said_to_be_none() -> None:
    async with served(faults={"wrong_type": 1}) as (_, url):
        with pytest.raises((NoStreamError, ConnectionError)) as refused:
            await ask(url, streaming=True)
    assert "answers text/html where a stream belongs" in str(refused.value)


async def test_an_endpoint_that_does_not_stream_is_understood_all_the_same() -> None:
    async with http_endpoint() as endpoint:
        answer = await ask(endpoint.url, streaming=True)
    assert [(c["name"], c["args"]) for c in answer.tool_calls] == [("reply", {"text": "at B1"})]
    assert answer.usage_metadata is not None
    assert answer.usage_metadata["input_tokens"] == 5


@pytest.mark.parametrize("streaming", [False, True])
async def test_no_body_is_read_without_end(streaming: bool) -> None:
    """A server that sends comments, or blanks, for as long as somebody reads."""
    sent = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        kind = b"text/event-stream" if streaming else b"application/json"
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: " + kind + b"\r\nConnection: close\r\n\r\n")
        with suppress(ConnectionError):
            while sent < MAX_BODY + (16 << 20):
                writer.write((b": nothing yet\n" if streaming else b" " * 14) * 4096)
                await writer.drain()
                sent += 14 * 4096
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        with pytest.raises(ValueError, match=f"sends more than {MAX_BODY} bytes"):
            await ask(f"http://127.0.0.1:{port}/v1", streaming=streaming)


@pytest.mark.parametrize("is_cut", [False, True], ids=["whole", "cut"])
async def test_words_are_told_while_they_are_written_and_anew_when_they_are_void(
    is_cut: bool, tmp_path: Path
) -> None:
    told: list[dict[str, Any]] = []
    draw = FromCall(Fault.CUT_STREAM, 1, once=True) if is_cut else None
    async with played(tmp_path, draw=draw) as (app, server):
        ended = await app.ask(WHERE, person="guest", progress=told.append)
        turn = await turn_of(app, ended["case"])
    kinds = [e["type"] for e in told]
    pieces = [e for e in told if e["type"] == "agent.writing"]
    begun = [n for n, e in enumerate(pieces) if e["is_anew"]]
    assert (server.served, len(begun)) == ((2, 3) if is_cut else (1, 1))
    assert "".join(e["text"] for e in pieces[begun[-1] :]) == turn["moves"][0]["text"]
    assert {e["call"] for e in pieces if e["text"]} == {"reply"}
    last = len(kinds) - 1 - kinds[::-1].index("agent.writing")
    assert last < kinds.index("agent.finished") < kinds.index("round.decided") < kinds.index("reply.said")


@pytest.mark.parametrize("streams", [False, None], ids=["whole", "offline"])
async def test_without_streams_nothing_is_told_before_it_is_decided(
    streams: bool | None, tmp_path: Path
) -> None:
    told: list[dict[str, Any]] = []
    if streams is None:
        async with opened(tmp_path) as app:
            await app.ask(WHERE, person="guest", progress=told.append)
    else:
        async with played(tmp_path, streams=streams) as (app, _):
            await app.ask(WHERE, person="guest", progress=told.append)
    assert not [e for e in told if e["type"] == "agent.writing" and not e["is_anew"]]


FAULTS = ("cut_stream", "stream_error", "endless", "broken_json", "no_usage")


@pytest.mark.parametrize("faults", [{}, *({f: 0.5} for f in FAULTS)], ids=["none", *FAULTS])
def test_what_came_in_streams_runs_again_without_a_network(tmp_path: Path, faults: dict[str, float]) -> None:
    async def work() -> Kept:
        async with played(tmp_path, faults=faults, seed=7) as (app, _):
            for line in LINES:
                await app.ask(line, person="guest", progress=lambda _: None)
            return {case: await recording(app, case) for case in await cases(app)}

    for case, parts in asyncio.run(work()).items():
        shape, found = replay(case, parts)
        assert (shape["identical"], shape["difference"], found.unreached) == (True, None, 0)
