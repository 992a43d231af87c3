"""Rows at the foot of a terminal that say what is being written now. They are taken back: none stay.

Who prints anything else has them taken back first, so that a row of ours is never in between.
"""

import os
import shutil
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import TextIO

from cli.visible import ELLIPSIS, visible

MOST_ROWS = 8
"""Of the words of one agent: the last ones."""
INDENT = "  "
_LEAST_WIDTH = 20


@dataclass(frozen=True, slots=True)
class Row:
    """One row. ``is_aside``: progress, for stderr; else words for the person, for stdout."""

    text: str
    is_aside: bool = False


@dataclass(slots=True)
class LiveRows:
    """What stands at the foot of the terminal. Where it cannot move its cursor, nothing does."""

    _shown: int = field(default=0, init=False)

    @property
    def can_show(self) -> bool:
        """Whether stdout is a terminal that can take rows back."""
        return os.environ.get("TERM", "dumb") != "dumb" and sys.stdout.isatty()

    def show(self, rows: Sequence[Row]) -> None:
        """Show these rows in the place of those before; those that do not fit are left out at the top."""
        if not self.can_show:
            return
        width, height = shutil.get_terminal_size()
        streams = {False: sys.stdout, True: sys.stderr}
        seen = [row for row in rows if streams[row.is_aside].isatty()][-max(1, height - 2) :]
        parts = [(False, self._erased()), *((r.is_aside, f"{clipped(r.text, width - 1)}\n") for r in seen)]
        self._shown = len(seen)
        for is_aside, run in groupby(parts, key=itemgetter(0)):
            _put(streams[is_aside], "".join(text for _, text in run))

    def clear(self) -> None:
        """Take back what is shown."""
        if self._shown:
            _put(sys.stdout, self._erased())
            self._shown = 0

    def _erased(self) -> str:
        """What takes back the rows that are shown."""
        return f"\x1b[{self._shown}F\x1b[J" if self._shown else ""


def words(text: str, width: int, most: int = MOST_ROWS) -> list[str]:
    """The last rows of a text, indented; one that does not begin with the text begins with dots."""
    rows: list[str] = []
    for line in visible(text).expandtabs(len(INDENT)).split("\n"):
        rows += _wrapped(line, max(_LEAST_WIDTH, width - 1 - len(INDENT)))
    if len(rows) > most:
        rows = [ELLIPSIS, *rows[1 - most :]]
    return [f"{INDENT}{row}" for row in rows]


def _wrapped(line: str, width: int) -> Iterator[str]:
    """The rows of one line, broken at blanks where there are any."""
    while (room := _fitting(line, width)) < len(line):
        blank = line.rfind(" ", 1, room + 1)
        at = blank if blank > 0 else max(1, room)
        yield line[:at].rstrip()
        line = line[at:].lstrip()
    yield line


def clipped(text: str, width: int) -> str:
    """As much of one row as has room."""
    return text[: _fitting(text, width)]


def _fitting(text: str, width: int) -> int:
    """How many characters take no more than so many cells. What may take two is counted as two."""
    taken = 0
    for at, character in enumerate(text):
        taken += 1 if character.isascii() else _cells(character)
        if taken > width:
            return at
    return len(text)


def _cells(character: str) -> int:
    return 1 if unicodedata.east_asian_width(character) in ("Na", "H") else 2


def _put(stream: TextIO, text: str) -> None:
    if not text:
        return
    with suppress(OSError):  # the terminal is gone: nobody looks any more
        stream.write(text)
        stream.flush()
