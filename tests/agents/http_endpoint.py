"""A model endpoint on loopback that behaves as a test says: it answers, fails, hangs or breaks off."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

GOOD = "good"
HANG = "hang"
CUT = "cut"
NO_JSON = "no_json"
ERROR_BODY = "error_body"
CALL = {"name": "reply", "arguments": json.dumps({"text": "at B1"})}


@dataclass
class HttpEndpoint:
    """``behaviour``: a name above, or a status code. ``requests``: how many came in; ``came``: any did.

    ``heads`` and ``bodies``: what they said.
    """

    behaviour: str | int = GOOD
    first: dict[str, Any] | None = None
    """What the first request is answered with instead: a tool call."""
    requests: int = 0
    heads: list[bytes] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    port: int = 0
    came: asyncio.Event = field(default_factory=asyncio.Event)
    hanging: set[asyncio.Task[Any]] = field(default_factory=set)

    @property
    def url(self) -> str:
        """What a client is given as ``base_url``."""
        return f"http://127.0.0.1:{self.port}/v1"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one request."""
        task = asyncio.current_task()
        assert task is not None
        self.hanging.add(task)
        with suppress(ConnectionError, asyncio.CancelledError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                (
                    int(h.split(b":")[1])
                    for h in head.split(b"\r\n")
                    if h.lower().startswith(b"content-length")
                ),
                0,
            )
            self.heads.append(head)
            self.bodies.append(await reader.readexactly(length))
            self.requests += 1
            self.came.set()
            given, self.first = self.first, None
            if given is None and self.behaviour == HANG:
                await asyncio.Event().wait()
            writer.write(_sent(json.dumps(_completion(given))) if given else self._response())
            await writer.drain()
        self.hanging.discard(task)
        writer.close()

    def _response(self) -> bytes:
        status, body, kind = 200, json.dumps(_completion(CALL)), "application/json"
        if isinstance(self.behaviour, int):
            status, body = self.behaviour, json.dumps({"error": {"message": "no", "type": "server_error"}})
        elif self.behaviour == NO_JSON:
            body, kind = "<html>It works!</html>", "text/html"
        elif self.behaviour == ERROR_BODY:
            body = json.dumps({"error": {"message": "overloaded", "code": 529}})
        return _sent(body, status, kind, is_cut=self.behaviour == CUT)


def _sent(body: str, status: int = 200, kind: str = "application/json", *, is_cut: bool = False) -> bytes:
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close"
    return f"{head}\r\n\r\n{body[: len(body) // 2] if is_cut else body}".encode()


def _completion(call: dict[str, Any]) -> dict[str, Any]:
    message = {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "c1", "type": "function", "function": call}],
    }
    return {
        "id": "x",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "finish_reason": "tool_calls", "message": message}],
        "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7},
    }


@asynccontextmanager
async def http_endpoint(behaviour: str | int = GOOD) -> AsyncIterator[HttpEndpoint]:
    """A server that runs as long as the block."""
    endpoint = HttpEndpoint(behaviour)
    server = await asyncio.start_server(endpoint.serve, "127.0.0.1", 0)
    endpoint.port = server.sockets[0].getsockname()[1]
    try:
        yield endpoint
    finally:
        server.close()
        for task in list(endpoint.hanging):
            task.cancel()
        await asyncio.gather(*endpoint.hanging, return_exceptions=True)
        await server.wait_closed()
