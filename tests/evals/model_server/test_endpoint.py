"""The rehearsed endpoint, asked by the real client over a real socket."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import httpx2
import openai
import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from pydantic import SecretStr

from agents.backend import Endpoint
from agents.floor_loader import load_floor
from agents.model_tools import tools_of
from agents.models import OfflineAccess, letting_go
from agents.openai_access import OpenAIAccess
from agents.router import OfflineRouter
from agents.strict_chat import StrictChat
from evals.model_server.faults import Fault
from evals.model_server.profile import Draw, make_profile
from evals.model_server.roles import CHARS_PER_TOKEN, Roles
from evals.model_server.server import ModelServer, serving
from protocol.errors import InvalidFloorError
from tests.agents.floor_copies import HARBOUR

VIEW = {
    "agent": "berthing",
    "case": "case_1",
    "round": 1,
    "now": "2026-05-04T04:30:00Z",
    "zone": "Europe/Brussels",
    "turn": 0,
    "triggers": [{"type": "person", "text": "Where?", "recent": []}],
    "resources": {},
    "versions": {},
    "may_ask": {},
}
ASKED = [SystemMessage("You are berthing."), HumanMessage(json.dumps(VIEW))]
TOOLS = tools_of(load_floor(HARBOUR).world, "berthing")
SLOW = {Fault.SILENT, Fault.STALLED}
"""Nobody ends these but who waits for them."""
RAW = {"model": "m", "messages": [{"role": "user", "content": json.dumps(VIEW)}]}


@asynccontextmanager
async def served(
    key: str | None = None, draw: Draw | None = None, *, port: int = 0, **profile: Any
) -> AsyncIterator[tuple[ModelServer, str]]:
    """A server on the harbour's roles, and its base URL."""
    floor = load_floor(HARBOUR)
    router = OfflineRouter(floor.world, floor.policies)
    server = ModelServer(
        Roles(OfflineAccess(floor.policies), sorted(floor.policies), router), make_profile(profile), key, draw
    )
    async with serving(server, port=port) as url:
        yield server, url


async def ask(url: str, *, key: str = "none", streaming: bool = False, limit_s: float = 20) -> AIMessage:
    """One call by the client that the floor uses."""
    model = StrictChat(
        model="m", base_url=url, api_key=SecretStr(key), timeout=httpx2.Timeout(limit_s), max_retries=0,
        use_responses_api=False, disable_streaming=True, streams=streaming,
    )  # fmt: skip
    try:
        answer = await model.bind_tools(TOOLS).ainvoke(ASKED)
    finally:
        await model.root_async_client.close()
    assert isinstance(answer, AIMessage)
    return answer


@pytest.mark.parametrize("streaming", [False, True])
async def test_a_role_answers_as_it_does_offline(streaming: bool) -> None:
    offline = await OfflineAccess(load_floor(HARBOUR).policies).model_of("berthing").ainvoke(ASKED)
    async with served() as (server, url):
        answer = await ask(url, streaming=streaming)
    assert isinstance(offline, AIMessage)
    assert [(c["name"], c["args"]) for c in answer.tool_calls] == [
        (c["name"], c["args"]) for c in offline.tool_calls
    ]
    told, known = answer.usage_metadata, offline.usage_metadata
    assert told is not None
    assert known is not None
    size = len(json.dumps(TOOLS)) // CHARS_PER_TOKEN
    assert told["input_tokens"] == known["input_tokens"] + size
    assert told["output_tokens"] == known["output_tokens"]
    assert (server.served, server.met) == (1, {})


def test_nothing_is_left_of_connections_that_another_event_loop_had() -> None:
    async def call(port: int) -> int:
        async with served(port=port) as (server, url):
            models = OpenAIAccess("m", Endpoint(url, "none"))
            async with letting_go(models):
                await models.model_of("berthing").ainvoke(ASKED)
        assert server.served == 1
        return int(url.rpartition(":")[2].partition("/")[0])

    assert asyncio.run(call(port := asyncio.run(call(0)))) == port


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.RATE_LIMITED, openai.RateLimitError),
        (Fault.RATE_LIMITED_LONG, openai.RateLimitError),
        (Fault.RATE_LIMITED_BARE, openai.RateLimitError),
        (Fault.SERVER_ERROR, openai.InternalServerError),
        (Fault.OVERLOADED, openai.InternalServerError),
        (Fault.UNAUTHORISED, openai.AuthenticationError),
        (Fault.BAD_REQUEST, openai.BadRequestError),
        (Fault.RESET, openai.APIConnectionError),
        (Fault.CUT_BODY, openai.APIConnectionError),
        (Fault.CUT_STREAM, openai.APIConnectionError),
        (Fault.ENDLESS, ValueError),
        (Fault.STREAM_ERROR, ValueError),
        (Fault.ERROR_BODY, ValueError),
        (Fault.WRONG_TYPE, ValueError),
        (Fault.NO_CHOICES, IndexError),
        (Fault.SILENT, openai.APITimeoutError),
        (Fault.STALLED, openai.APITimeoutError),
    ],
)
@pytest.mark.parametrize("streaming", [False, True])
async def test_an_endpoint_fails_as_asked(fault: Fault, error: type[Exception], streaming: bool) -> None:
    async with served(faults={str(fault): 1}) as (server, url):
        if streaming and fault is Fault.ENDLESS:  # then it is the model that does not stop: see test_streams
            return
        expected = openai.APIError if streaming and fault is Fault.STREAM_ERROR else error
        with pytest.raises(expected):
            await ask(url, streaming=streaming, limit_s=0.3 if fault in SLOW else 20)
    assert server.met == {fault: 1}


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (Fault.LENGTH, "not JSON"),
        (Fault.HUGE, "longer than"),
        (Fault.TWO_OBJECTS, "not JSON"),
        (Fault.DUPLICATE_KEYS, "the same key twice"),
        (Fault.NOT_A_NUMBER, "NaN is not a number"),
        (Fault.BROKEN_JSON, "not JSON"),
    ],
)
@pytest.mark.parametrize("streaming", [False, True])
async def test_arguments_that_are_no_object_are_no_call(fault: Fault, why: str, streaming: bool) -> None:
    async with served(faults={str(fault): 1}) as (_, url):
        answer = await ask(url, streaming=streaming)
    assert answer.tool_calls == []
    (wrong,) = answer.invalid_tool_calls
    assert why in str(wrong["error"])


@pytest.mark.parametrize("streaming", [False, True])
async def test_a_model_may_say_nothing_or_something_else(streaming: bool) -> None:
    found = {}
    for fault in (Fault.EMPTY, Fault.PROSE, Fault.REFUSAL, Fault.UNKNOWN_TOOL, Fault.WRONG_ARGUMENTS):
        async with served(faults={str(fault): 1}) as (_, url):
            found[fault] = await ask(url, streaming=streaming)
    assert [len(found[f].tool_calls) for f in found] == [0, 0, 0, 1, 1]
    assert found[Fault.PROSE].content
    assert found[Fault.REFUSAL].additional_kwargs["refusal"]
    assert found[Fault.UNKNOWN_TOOL].tool_calls[0]["name"] == "make_it_so"
    assert found[Fault.WRONG_ARGUMENTS].tool_calls[0]["args"]["urgency"] == "very"


@pytest.mark.parametrize("streaming", [False, True])
async def test_an_answer_may_not_say_what_it_cost(streaming: bool) -> None:
    async with served(faults={"no_usage": 1}) as (_, url):
        assert (await ask(url, streaming=streaming)).usage_metadata is None


async def test_the_key_is_compared() -> None:
    async with served(key="right") as (_, url):
        await ask(url, key="right")
        with pytest.raises(openai.AuthenticationError):
            await ask(url, key="wrong")


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/v1/models", None, 200),
        ("GET", "/v1/responses", None, 404),
        ("POST", "/v1/chat/completions", b"{", 400),
        ("POST", "/v1/chat/completions", b'{"messages": 1}', 400),
        ("POST", "/v1/chat/completions", b'{"messages": [{"role": "user", "content": "hello"}]}', 400),
        ("POST", "/v1/chat/completions", b'{"messages": [{"role": "oracle"}]}', 400),
        ("POST", "/v1/chat/completions", b"x" * (8 * 1024 * 1024 + 1), 413),
    ],
)
async def test_whatever_is_asked_gets_an_answer(
    method: str, path: str, body: bytes | None, status: int
) -> None:
    async with served() as (_, url), httpx.AsyncClient() as client:
        answer = await client.request(method, url.removesuffix("/v1") + path, content=body)
        again = await client.post(f"{url}/chat/completions", json=RAW)
    assert answer.status_code == status
    assert ("error" in answer.json()) is (status != 200)
    assert again.status_code == 200


def test_faults_are_drawn_by_seed_and_request_and_repetition() -> None:
    profile = make_profile({"seed": 7, "faults": {"server_error": 0.3, "empty": 0.3}})
    bodies = [str(n % 50).encode() for n in range(400)]

    def drawn(order: list[bytes]) -> dict[bytes, list[Fault | None]]:
        draw = Draw(profile)
        found: dict[bytes, list[Fault | None]] = {}
        for body in order:
            found.setdefault(body, []).append(draw.fault(body))
        return found

    assert drawn(bodies) == drawn(sorted(bodies))
    flat = [f for faults in drawn(bodies).values() for f in faults]
    assert 80 < flat.count(Fault.SERVER_ERROR) < 160
    assert 120 < flat.count(None) < 200
    other = make_profile({"seed": 8, "faults": {"server_error": 0.3, "empty": 0.3}})
    assert [Draw(other).fault(b) for b in bodies[:50]] != [Draw(profile).fault(b) for b in bodies[:50]]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"pace": 1}, "'pace' is no setting"),
        ({"base_ms": -1}, "base_ms must lie"),
        ({"base_ms": "soon"}, "base_ms must be a number"),
        ({"slots": 0}, "slots must be"),
        ({"seed": True}, "seed must be"),
        ({"faults": ["empty"]}, "rates by name"),
        ({"faults": {"gremlins": 0.1}}, "'gremlins' is no fault"),
        ({"faults": {"empty": 0.6, "huge": 0.6}}, "more than 1"),
        ({"faults": {"empty": 1.5}}, "empty must lie"),
    ],
)
def test_a_profile_that_cannot_be_is_refused(given: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidFloorError, match=why) as refused:
        make_profile(given)
    assert refused.value.error_code == "bad_profile"


def test_time_grows_with_tokens() -> None:
    profile = make_profile({"base_ms": 100, "per_input_token_ms": 0.05, "per_output_token_ms": 5})
    assert profile.latency_s(1000, 40) == pytest.approx(0.35)
