"""Text that comes through a pipe: bounded, decoded once, checked before anything is written."""

import sys
from typing import BinaryIO

from graph.texts import MAX_BYTES, check_text
from protocol.errors import UsageError

STDIN = "-"


def given_text(text: str) -> str:
    """The checked text of an argument, or of stdin for ``-``."""
    return check_text(decoded(sys.stdin.buffer.read(MAX_BYTES + 1)) if text == STDIN else text)


def decoded(raw: bytes) -> str:
    """``raw`` as text; raises UsageError when it is not UTF-8."""
    try:
        return raw[:MAX_BYTES].decode("utf-8") + " " * (len(raw) - MAX_BYTES)
    except UnicodeDecodeError as error:
        raise UsageError(
            f"The text is not valid UTF-8: byte {error.start}.",
            hint="Send plain UTF-8 text.",
            code="not_utf8",
        ) from None


def read_line(stream: BinaryIO) -> bytes | None:
    """The next line without its end; None at the end. Of an endless line only the beginning is kept."""
    line = stream.readline(MAX_BYTES + 2)
    if not line:
        return None
    rest = line
    while rest and not rest.endswith(b"\n"):
        rest = stream.readline(MAX_BYTES)
    return line.rstrip(b"\r\n")
