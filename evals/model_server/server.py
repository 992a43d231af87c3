"""The rehearsed endpoint itself: HTTP on loopback, OpenAI's chat completions, plain and streamed.

HTTP is h11's business; what is ours is to fail in exactly the way that was asked for.
"""

import asyncio
import hmac
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import h11

from evals.model_server.faults import OF_THE_ENDPOINT, Fault
from evals.model_server.profile import Draw, Profile
from evals.model_server.roles import NoRoleError, Roles, Said, spoilt
from telemetry.clock import shared_clock

MAX_BODY = 8 * 1024 * 1024
"""Bytes of a request."""
_READ = 64 * 1024
_PIECE = 24
"""Characters of a call's arguments in one piece of a stream."""
_DAY_S = 86_400
_STATUS: Mapping[Fault, tuple[int, str, str]] = {
    Fault.RATE_LIMITED: (429, "rate_limit_exceeded", "Rate limit reached."),
    Fault.RATE_LIMITED_LONG: (429, "rate_limit_exceeded", "Rate limit reached for today."),
    Fault.RATE_LIMITED_BARE: (429, "rate_limit_exceeded", "Rate limit reached."),
    Fault.SERVER_ERROR: (500, "server_error", "The server had an error."),
    Fault.OVERLOADED: (529, "overloaded", "The server is overloaded."),
    Fault.UNAUTHORISED: (401, "invalid_api_key", "Incorrect API key provided."),
    Fault.BAD_REQUEST: (400, "context_length_exceeded", "The context is too long."),
}
_RETRY_AFTER: Mapping[Fault, int] = {Fault.RATE_LIMITED: 1, Fault.RATE_LIMITED_LONG: _DAY_S}

Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer in one piece. ``promised``: the length it claims to have, when that is not its own."""

    status: int
    body: bytes
    type: str = "application/json"
    headers: Headers = ()
    promised: int | None = None


class ModelServer:
    """Serves connections. ``served``: requests for completions so far. ``met``: the faults they met."""

    def __init__(
        self, roles: Roles, profile: Profile, key: str | None = None, draw: Draw | None = None
    ) -> None:
        self._roles = roles
        self._profile = profile
        self._key = key
        self._draw = draw or Draw(profile)
        self._slots = asyncio.Semaphore(profile.slots)
        self.served = 0
        self.met: dict[str, int] = {}

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, request after request, until somebody closes it."""
        wire = h11.Connection(h11.SERVER, max_incomplete_event_size=_READ)
        try:
            while await self._one(wire, reader, writer):
                wire.start_next_cycle()
        except (ConnectionError, h11.ProtocolError):
            pass  # whoever asked has gone, or does not speak HTTP: there is nobody to be told
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _one(
        self, wire: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Answer one request; whether another can follow on this connection."""
        request, body = None, b""
        while not isinstance(event := await _next_event(wire, reader), h11.EndOfMessage):
            if isinstance(event, h11.ConnectionClosed):
                return False
            if isinstance(event, h11.Request):
                request = event
            if isinstance(event, h11.Data):
                body += event.data
                if len(body) > MAX_BODY:
                    await _send(wire, writer, _error(413, "too_large", "The request is too large."))
                    return False
        assert request is not None
        await self._answer(wire, writer, request, body)
        return wire.our_state is h11.DONE and wire.their_state is h11.DONE

    async def _answer(
        self, wire: h11.Connection, writer: asyncio.StreamWriter, request: h11.Request, body: bytes
    ) -> None:
        target, method = request.target.decode("ascii", "replace").partition("?")[0], request.method.decode()
        if (method, target) == ("GET", "/v1/models"):
            data = [{"id": "offline", "object": "model", "owned_by": "andon"}]
            await _send(wire, writer, _json(200, {"object": "list", "data": data}))
        elif (method, target) != ("POST", "/v1/chat/completions"):
            await _send(wire, writer, _error(404, "not_found", f"There is no {method} {target} here."))
        elif not self._may(request):
            await _send(wire, writer, _error(401, "invalid_api_key", "Incorrect API key provided."))
        else:
            await self._complete(wire, writer, body)

    def _may(self, request: h11.Request) -> bool:
        if self._key is None:
            return True
        given = dict(request.headers).get(b"authorization", b"")
        return hmac.compare_digest(given, f"Bearer {self._key}".encode())

    async def _complete(self, wire: h11.Connection, writer: asyncio.StreamWriter, body: bytes) -> None:
        self.served += 1
        asked = _asked(body)
        if isinstance(asked, Reply):
            await _send(wire, writer, asked)
            return
        fault = self._draw.fault(body)
        if fault is not None:
            self.met[fault] = self.met.get(fault, 0) + 1
        try:
            said = await self._roles.say(asked["messages"])
        except NoRoleError as error:
            await _send(wire, writer, _error(400, "invalid_request_error", f"{error}."))
            return
        async with self._slots:
            if fault in OF_THE_ENDPOINT and fault is not Fault.CUT_STREAM:
                await asyncio.sleep(self._profile.base_ms / 1000)
                await self._fail(wire, writer, fault)
                return
            said = spoilt(said, fault)
            model = str(asked.get("model", ""))
            if asked.get("stream"):
                options = asked.get("stream_options") or {}
                cut = fault is Fault.CUT_STREAM
                await self._stream(
                    wire, writer, said, model, usage=bool(options.get("include_usage")), cut=cut
                )
                return
            await asyncio.sleep(self._profile.latency_s(said.input_tokens, said.output_tokens))
            answer = _json(200, _completion(said, model))
            if fault is Fault.CUT_STREAM:
                answer = Reply(200, answer.body[: len(answer.body) // 2], promised=len(answer.body))
            await _send(wire, writer, answer)

    async def _fail(self, wire: h11.Connection, writer: asyncio.StreamWriter, fault: Fault | None) -> None:
        """Fail as an endpoint does."""
        match fault:
            case Fault.SILENT:
                await asyncio.sleep(_DAY_S)
            case Fault.RESET:
                writer.transport.abort()
                raise ConnectionResetError
            case Fault.CUT_BODY:
                await _send(wire, writer, Reply(200, b'{"id": "chatcmpl-', promised=4096))
            case Fault.ERROR_BODY:
                error = {
                    "error": {"message": "The server had an error.", "type": "server_error", "code": None}
                }
                await _send(wire, writer, _json(200, error))
            case Fault.WRONG_TYPE:
                page = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
                await _send(wire, writer, Reply(200, page, "text/html"))
            case Fault.NO_CHOICES:
                empty = {
                    "id": "chatcmpl-0",
                    "object": "chat.completion",
                    "created": 0,
                    "model": "",
                    "choices": [],
                }
                await _send(wire, writer, _json(200, empty))
            case _:
                assert fault is not None
                status, code, message = _STATUS[fault]
                wait_s = _RETRY_AFTER.get(fault)
                headers = () if wait_s is None else (("Retry-After", str(wait_s)),)
                found = _error(status, code, message)
                await _send(wire, writer, Reply(found.status, found.body, found.type, headers))

    async def _stream(
        self,
        wire: h11.Connection,
        writer: asyncio.StreamWriter,
        said: Said,
        model: str,
        *,
        usage: bool,
        cut: bool,
    ) -> None:
        """The answer in pieces, its time spread over them. ``cut``: it ends in the middle."""
        headers = [("Content-Type", "text/event-stream"), ("Cache-Control", "no-cache")]
        writer.write(wire.send(h11.Response(status_code=200, headers=headers)) or b"")
        pieces = list(_pieces(said, model, usage=usage and said.tells_usage))
        await asyncio.sleep(self._profile.latency_s(said.input_tokens, 0))
        each_s = self._profile.per_output_token_ms * said.output_tokens / 1000 / max(1, len(pieces))
        for piece in pieces[: max(1, len(pieces) // 2)] if cut else pieces:
            await asyncio.sleep(each_s)
            data = f"data: {json.dumps(piece, ensure_ascii=False)}\n\n".encode()
            writer.write(wire.send(h11.Data(data=data)) or b"")
            await writer.drain()
        if cut:
            writer.transport.abort()
            raise ConnectionResetError
        writer.write(wire.send(h11.Data(data=b"data: [DONE]\n\n")) or b"")
        writer.write(wire.send(h11.EndOfMessage()) or b"")
        await writer.drain()


@asynccontextmanager
async def serving(server: ModelServer, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """Serve as long as the block lasts; the base URL for clients. ``port`` 0: any that is free."""
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(server.connected(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    listening = await asyncio.start_server(accept, host, port)
    name, number = listening.sockets[0].getsockname()[:2]
    try:
        yield f"http://{f'[{name}]' if ':' in name else name}:{number}/v1"
    finally:
        listening.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _next_event(wire: h11.Connection, reader: asyncio.StreamReader) -> Any:
    while (event := wire.next_event()) is h11.NEED_DATA:
        wire.receive_data(await reader.read(_READ))
    return event


async def _send(wire: h11.Connection, writer: asyncio.StreamWriter, reply: Reply) -> None:
    length = len(reply.body) if reply.promised is None else reply.promised
    headers = [("Content-Type", reply.type), ("Content-Length", str(length)), *reply.headers]
    writer.write(wire.send(h11.Response(status_code=reply.status, headers=headers)) or b"")
    writer.write(wire.send(h11.Data(data=reply.body)) or b"")
    await writer.drain()
    if reply.promised is not None:
        writer.close()
        raise ConnectionResetError
    writer.write(wire.send(h11.EndOfMessage()) or b"")
    await writer.drain()


def _asked(body: bytes) -> dict[str, Any] | Reply:
    """The request, or what is answered to one that is none."""
    try:
        asked = json.loads(body)
    except ValueError:
        asked = None
    messages = asked.get("messages") if isinstance(asked, dict) else None
    if not isinstance(messages, list) or not all(isinstance(m, dict) for m in messages):
        return _error(400, "invalid_request_error", "The body is not a request with messages.")
    assert isinstance(asked, dict)
    return asked


def _json(status: int, body: Mapping[str, Any]) -> Reply:
    return Reply(status, json.dumps(body, ensure_ascii=False).encode())


def _error(status: int, code: str, message: str) -> Reply:
    return _json(status, {"error": {"message": message, "type": code, "code": code, "param": None}})


def _usage(said: Said) -> dict[str, int]:
    total = said.input_tokens + said.output_tokens
    return {
        "prompt_tokens": said.input_tokens,
        "completion_tokens": said.output_tokens,
        "total_tokens": total,
    }


def _completion(said: Said, model: str) -> dict[str, Any]:
    calls = [
        {"id": f"call_{n}", "type": "function", "function": {"name": name, "arguments": arguments}}
        for n, (name, arguments) in enumerate(said.calls)
    ]
    message: dict[str, Any] = {"role": "assistant", "content": said.content, "refusal": said.refusal}
    if calls:
        message["tool_calls"] = calls
    return {
        "id": "chatcmpl-0",
        "object": "chat.completion",
        "created": int(shared_clock()),
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": said.finish, "logprobs": None}],
        **({"usage": _usage(said)} if said.tells_usage else {}),
    }


def _pieces(said: Said, model: str, *, usage: bool) -> Sequence[dict[str, Any]]:
    """The same in pieces, as a stream has them."""
    frame = {
        "id": "chatcmpl-0",
        "object": "chat.completion.chunk",
        "created": int(shared_clock()),
        "model": model,
    }

    def piece(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        return {**frame, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}

    found = [piece({"role": "assistant", "content": said.content or ""})]
    if said.refusal:
        found.append(piece({"refusal": said.refusal}))
    for n, (name, arguments) in enumerate(said.calls):
        call = {
            "index": n,
            "id": f"call_{n}",
            "type": "function",
            "function": {"name": name, "arguments": ""},
        }
        found.append(piece({"tool_calls": [call]}))
        for at in range(0, len(arguments), _piece_size(arguments)):
            part = arguments[at : at + _piece_size(arguments)]
            found.append(piece({"tool_calls": [{"index": n, "function": {"arguments": part}}]}))
    found.append(piece({}, said.finish))
    if usage:
        found.append({**frame, "choices": [], "usage": _usage(said)})
    return found


def _piece_size(arguments: str) -> int:
    """Short pieces, but no more than a few hundred of them."""
    return max(_PIECE, len(arguments) // 200)
