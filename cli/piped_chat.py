"""The chat without a terminal: lines from ``-p`` or from a pipe, one by one, until there are no more."""

import asyncio
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from queue import SimpleQueue

from cli.conversation import Conversation
from cli.exits import DONE, of_several, tell
from cli.typed_text import decoded, read_line
from protocol.errors import UsageError


async def chat_lines(talk: Conversation, lines: Sequence[str]) -> int:
    """Each line of ``-p``."""
    codes = []
    for line in lines:
        codes.append(await talk.take(line))
        if talk.left:
            break
    return of_several(codes)


async def chat_piped(talk: Conversation) -> int:
    """Each line of stdin. Blank lines between others are passed over; nothing but blanks is an empty text."""
    reader, codes, blank = LineReader(), [], 0
    watch = asyncio.create_task(talk.keep_watch())
    try:
        while not talk.left and (raw := await reader.next()) is not None:
            if not raw.strip():
                blank += 1
                continue
            codes.append(await _take(talk, raw))
    finally:
        watch.cancel()
        with suppress(asyncio.CancelledError):
            await watch
    if not codes and blank:
        return await talk.take("")
    return of_several(codes) if codes else DONE


async def _take(talk: Conversation, raw: bytes) -> int:
    try:
        line = decoded(raw)
    except UsageError as error:
        return tell(error, as_json=talk.out.common.as_json)
    return await talk.take(line)


class LineReader:
    """Reads stdin in a thread that nobody waits for, so that Ctrl-C ends a chat whose pipe stays silent."""

    def __init__(self) -> None:
        self._asked: SimpleQueue[asyncio.Future[bytes | None]] = SimpleQueue()
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._read, daemon=True).start()

    async def next(self) -> bytes | None:
        """The next line without its end, or None."""
        answer: asyncio.Future[bytes | None] = self._loop.create_future()
        self._asked.put(answer)
        return await answer

    def _read(self) -> None:
        # A stream of its own on the descriptor: Python's exit does not wait for this one's lock.
        with open(sys.stdin.fileno(), "rb", closefd=False) as stream:
            while True:
                answer = self._asked.get()
                line = read_line(stream)
                with suppress(RuntimeError):  # the loop has ended: nobody wants the line any more
                    self._loop.call_soon_threadsafe(_give, answer, line)


def _give(answer: "asyncio.Future[bytes | None]", line: bytes | None) -> None:
    if not answer.done():
        answer.set_result(line)
