"""The rehearsed endpoint itself: HTTP on loopback, OpenAI's chat completions, plain and streamed.

HTTP is h11's business; what is ours is to fail in exactly the way that was asked for.
"""

import asyncio
import hmac
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import h11

from evals.model_server.bodies import Reply, completion, error_reply, json_reply, pieces
from evals.model_server.faults import IN_THE_MIDDLE, OF_THE_ENDPOINT, Fault
from evals.model_server.profile import Draw, Profile
from evals.model_server.roles import NoRoleError, Roles, Said, spoilt

MAX_BODY = 8 * 1024 * 1024
"""Bytes of a request."""
_READ = 64 * 1024
_MORE = 4096
"""Characters of a piece of an endless stream."""
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
                    await _send(wire, writer, error_reply(413, "too_large", "The request is too large."))
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
            await _send(wire, writer, json_reply(200, {"object": "list", "data": data}))
        elif (method, target) != ("POST", "/v1/chat/completions"):
            await _send(wire, writer, error_reply(404, "not_found", f"There is no {method} {target} here."))
        elif not self._may(request):
            await _send(wire, writer, error_reply(401, "invalid_api_key", "Incorrect API key provided."))
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
            said = await self._roles.say(asked["messages"], asked.get("tools") or ())
        except NoRoleError as error:
            await _send(wire, writer, error_reply(400, "invalid_request_error", f"{error}."))
            return
        async with self._slots:
            if fault in OF_THE_ENDPOINT - IN_THE_MIDDLE:
                await asyncio.sleep(self._profile.base_ms / 1000)
                await self._fail(wire, writer, fault)
                return
            said = spoilt(said, fault)
            model = str(asked.get("model", ""))
            if asked.get("stream"):
                options = asked.get("stream_options") or {}
                usage = bool(options.get("include_usage")) and said.tells_usage
                await self._stream(wire, writer, said, pieces(said, model, usage=usage), fault)
                return
            await asyncio.sleep(self._profile.latency_s(said.input_tokens, said.output_tokens))
            await self._whole(wire, writer, json_reply(200, completion(said, model)), fault)

    async def _whole(
        self, wire: h11.Connection, writer: asyncio.StreamWriter, answer: Reply, fault: Fault | None
    ) -> None:
        """The answer in one piece, or what becomes of it in the middle."""
        half = answer.body[: len(answer.body) // 2]
        match fault:
            case Fault.CUT_STREAM:
                await _send(wire, writer, Reply(200, half, promised=len(answer.body)))
            case Fault.STALLED:
                headers = [("Content-Type", answer.type), ("Content-Length", str(len(answer.body)))]
                writer.write(wire.send(h11.Response(status_code=200, headers=headers)) or b"")
                await _put(wire, writer, half)
                await asyncio.sleep(_DAY_S)
            case Fault.ENDLESS:
                writer.write(
                    wire.send(h11.Response(status_code=200, headers=[("Content-Type", answer.type)])) or b""
                )
                await _put(wire, writer, b'{"id": "')
                while True:
                    await _put(wire, writer, b"x" * _READ)
            case Fault.STREAM_ERROR:
                await self._fail(wire, writer, Fault.ERROR_BODY)
            case _:
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
                await _send(wire, writer, json_reply(200, error))
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
                await _send(wire, writer, json_reply(200, empty))
            case _:
                assert fault is not None
                status, code, message = _STATUS[fault]
                wait_s = _RETRY_AFTER.get(fault)
                headers = () if wait_s is None else (("Retry-After", str(wait_s)),)
                found = error_reply(status, code, message)
                await _send(wire, writer, Reply(found.status, found.body, found.type, headers))

    async def _stream(
        self,
        wire: h11.Connection,
        writer: asyncio.StreamWriter,
        said: Said,
        pieces: Sequence[Mapping[str, Any]],
        fault: Fault | None,
    ) -> None:
        """The answer in pieces, its time spread over them, or half of them and the fault."""
        headers = [("Content-Type", "text/event-stream"), ("Cache-Control", "no-cache")]
        writer.write(wire.send(h11.Response(status_code=200, headers=headers)) or b"")
        await asyncio.sleep(self._profile.latency_s(said.input_tokens, 0))
        each_s = self._profile.per_output_token_ms * said.output_tokens / 1000 / max(1, len(pieces))
        for piece in pieces[: max(1, len(pieces) // 2)] if fault in IN_THE_MIDDLE else pieces:
            await asyncio.sleep(each_s)
            await _put(wire, writer, _event(piece))
        match fault:
            case Fault.CUT_STREAM:
                writer.transport.abort()
                raise ConnectionResetError
            case Fault.STALLED:
                await asyncio.sleep(_DAY_S)
            case Fault.ENDLESS:
                call = {"index": 0, "function": {"arguments": "x" * _MORE}}
                more = _event({**pieces[0], "choices": [{"index": 0, "delta": {"tool_calls": [call]}}]})
                while True:
                    await _put(wire, writer, more)
            case Fault.STREAM_ERROR:
                error = {"message": "The server had an error.", "type": "server_error", "code": None}
                await _put(wire, writer, _event({"error": error}))
            case _:
                await _put(wire, writer, b"data: [DONE]\n\n")
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


async def _put(wire: h11.Connection, writer: asyncio.StreamWriter, data: bytes) -> None:
    """More of a body."""
    writer.write(wire.send(h11.Data(data=data)) or b"")
    await writer.drain()


def _event(piece: Mapping[str, Any]) -> bytes:
    return f"data: {json.dumps(piece, ensure_ascii=False)}\n\n".encode()


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
        return error_reply(400, "invalid_request_error", "The body is not a request with messages.")
    assert isinstance(asked, dict)
    return asked
