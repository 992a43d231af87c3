"""Posting to a receiver over HTTP: one signed request, one answer, nothing followed, nothing kept of it.

What is signed is the timestamp and the body, so that neither can be changed and a copy sent later is too old
(docs/how-to/deliver.md has a receiver that checks both).
"""

import asyncio
import hashlib
import hmac
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Protocol

from protocol.delivery import Answer

if TYPE_CHECKING:
    import httpx

MOST_READ = 16_384
"""Bytes read of an answer: only its status counts, and a receiver must not fill the memory."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What is posted."""

    url: str
    body: bytes
    headers: Mapping[str, str]
    timeout_s: float


class Post(Protocol):
    """Sends letters; never raises for what the receiver or the network does."""

    async def send(self, letter: Letter) -> Answer: ...
    async def aclose(self) -> None:
        """Let go of its connections."""


MakePost = Callable[[], Post]


def headers(key: str, event: str, at_s: int, body: bytes) -> dict[str, str]:
    """Of one attempt. ``at_s``: wall seconds, signed with the body."""
    return {
        "Content-Type": "application/json",
        "User-Agent": "andon",
        "Idempotency-Key": event,
        "Andon-Timestamp": str(at_s),
        "Andon-Signature": f"v1={signature(key, at_s, body)}",
    }


def signature(key: str, at_s: int, body: bytes) -> str:
    """Hexadecimal HMAC-SHA256 over ``TIMESTAMP.BODY``."""
    return hmac.new(key.encode(), f"{at_s}.".encode() + body, hashlib.sha256).hexdigest()


class Webhook:
    """Post, with connections of its own, which are made when the first letter is sent.

    Proxies and password files of the environment are not used: a receiver is where floor.yaml says.
    """

    def __init__(self) -> None:
        self._client: httpx.AsyncClient | None = None

    async def aclose(self) -> None:
        if self._client is not None:
            await self._client.aclose()

    async def send(self, letter: Letter) -> Answer:
        """One attempt. An answer that is cut off is none: it is sent again rather than lost."""
        import httpx

        if self._client is None:
            self._client = httpx.AsyncClient(verify=True, follow_redirects=False, trust_env=False)
        request = self._client.build_request(
            "POST", letter.url, content=letter.body, headers=letter.headers, timeout=letter.timeout_s
        )
        try:
            async with asyncio.timeout(letter.timeout_s):  # the client's own begins anew with every byte
                response = await self._client.send(request, stream=True)
                try:
                    return await _answer(response)
                finally:
                    await response.aclose()
        except (TimeoutError, httpx.TimeoutException):
            return Answer(None, f"no answer within {letter.timeout_s:g} s")
        except httpx.ConnectError as error:
            return Answer(None, _of_connecting(error))
        except httpx.HTTPError as error:
            return Answer(None, f"the answer was cut off ({type(error).__name__})")


async def _answer(response: "httpx.Response") -> Answer:
    """The status, once the answer is whole or longer than anybody needs."""
    read = 0
    async for part in response.aiter_raw():
        read += len(part)
        if read > MOST_READ:
            break
    return Answer(response.status_code, retry_after_s=_retry_after(response.headers))


def _retry_after(given: Mapping[str, str]) -> float | None:
    """Seconds, or an instant, which counts from the receiver's own; None for anything else."""
    said = given.get("Retry-After", "").strip()
    if said.isascii() and said.isdigit():
        return float(said[:9])
    with suppress(ValueError, TypeError):
        return (parsedate_to_datetime(said) - parsedate_to_datetime(given.get("Date", ""))).total_seconds()
    return None


def _of_connecting(error: BaseException) -> str:
    """Why there is no connection, in words of ours: a library's may hold the whole address."""
    import ssl

    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return "its certificate is not trusted"
        if isinstance(cause, ssl.SSLError):
            return "it does not speak TLS as we do"
        cause = cause.__cause__ or cause.__context__
    return "cannot be reached"
