"""Lines of a file, none of them longer than a bound: a line of a gigabyte must not fill the memory."""

from collections.abc import Iterator
from typing import TextIO

LONGEST_LINE = 1 << 20
"""Characters. A row of any feed has some hundred."""
TOO_LONG = "\0\n"
"""Stands for a line beyond the bound; no line is like it, since a file with a zero byte is no text."""


def bounded_lines(stream: TextIO, longest: int = LONGEST_LINE) -> Iterator[tuple[int, str]]:
    """Each line with its number from 1; TOO_LONG for one beyond the bound, of which no more is kept."""
    number = 0
    while text := stream.readline(longest + 1):
        number += 1
        if len(text) <= longest or text.endswith("\n"):
            yield number, text
            continue
        while (rest := stream.readline(longest)) and not rest.endswith("\n"):
            pass
        yield number, TOO_LONG
