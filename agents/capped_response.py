"""No response of a model endpoint is read without end, in one piece or as a stream."""

from collections.abc import AsyncIterator, Mapping

import httpx2

MAX_BODY = 32 * 1024 * 1024
"""Bytes of one response: the longest answer, in pieces of a few characters, takes less than that."""
MAX_PACKED = MAX_BODY // 512
"""Bytes of one that is compressed though nobody asked for it: deflate makes at most 1032 of one."""
ASKED: Mapping[str, str] = {"Accept-Encoding": "identity"}
"""The headers of a request whose response can be counted."""


def cap(response: httpx2.Response) -> None:
    """Have a response that has not been read end in a ValueError where it is longer than it may be."""
    is_plain = response.headers.get("content-encoding", "identity") == "identity"
    assert isinstance(response.stream, httpx2.AsyncByteStream)
    response.stream = _Capped(response.stream, MAX_BODY if is_plain else MAX_PACKED)


class _Capped(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream, most: int) -> None:
        self._stream = stream
        self._most = most

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = self._most
        async for part in self._stream:
            left -= len(part)
            if left < 0:
                raise ValueError(f"the endpoint sends more than {self._most} bytes")
            yield part

    async def aclose(self) -> None:
        await self._stream.aclose()
