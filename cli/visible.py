"""What a model or a person wrote, made fit for a terminal: nothing in it acts, nothing in it hides."""

import re

from protocol.hidden import hides

_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor, clearing
    r"|\x1b[ -/]*[0-~]"  # every other escape, also the start and the end of OSC, DCS, SOS, PM and APC
)
"""Control sequences of a terminal (ECMA-48). What an OSC or DCS carries stays: it must not hide."""

ELLIPSIS = "..."


def visible(text: str) -> str:
    """``text`` without control sequences, every character that shows nothing written as its escape.

    Line breaks and tabs stay. Printable text comes back unchanged; doing it twice changes nothing.
    """
    if text.isascii() and text.isprintable():
        return text
    stripped = _SEQUENCE.sub("", text).replace("\r\n", "\n")
    return "".join(c if c in "\n\t" or not hides(c) else _escape(c) for c in stripped)


def one_line(text: str, limit: int = 200) -> str:
    """:func:`visible` in one line of at most ``limit`` characters."""
    line = " ".join(visible(text).split())
    return line if len(line) <= limit else line[: limit - len(ELLIPSIS)] + ELLIPSIS


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
