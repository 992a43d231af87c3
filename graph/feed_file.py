"""Files of rows: CSV and JSON lines, read as a stream, checked as bytes before the first row."""

import codecs
import csv
import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, TextIO

from graph.feed_mapping import FeedMapping, collapse
from graph.long_lines import LONGEST_LINE, TOO_LONG, bounded_lines
from protocol.canonical import NotCanonicalError, loads
from protocol.errors import NotFoundError, UsageError
from protocol.ids import derive

CHUNK = 1 << 16
"""Bytes looked at together."""
MOST_LINES = 50
"""Lines that a quoted cell may go on for."""
BAD_ROW = "bad_row"
_LONG = f"is longer than {LONGEST_LINE} characters"


@dataclass(frozen=True, slots=True)
class Row:
    """A row as a reader gets it: its cells by column of the mapping, blanks in names collapsed."""

    line: int
    identity: str
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class Broken:
    """A line that is no row."""

    line: int
    message: str


Line = tuple[int, list[str]] | Broken
"""A line number with its cells."""


@dataclass(frozen=True, slots=True)
class Table:
    """A file's header, blanks collapsed, and its lines in the file's order."""

    header: tuple[str, ...]
    lines: Iterator[Line]


def scan(path: Path) -> str:
    """The digest of a file's content; raises NotFoundError, or UsageError when it is no UTF-8 text."""
    if not path.exists():
        raise NotFoundError(f"There is no file {path}.", hint="Check the path.", code="no_file")
    decoder, hashed, at = codecs.getincrementaldecoder("utf-8")(), sha256(), 0
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(CHUNK):
                if b"\0" in chunk:
                    where = at + chunk.index(0)
                    raise UsageError(
                        f"{path} is not text: byte {where} is zero.",
                        hint="Export it as CSV in UTF-8.",
                        code="binary",
                    )
                hashed.update(chunk)
                decoder.decode(chunk)
                at += len(chunk)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{path} is not UTF-8 near byte {at + error.start}: {error.reason}.",
            hint="Export it as UTF-8.",
            code="not_utf8",
        ) from None
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}.", hint="Check the path.", code="unreadable"
        ) from None
    return hashed.hexdigest()


@contextmanager
def open_table(path: Path) -> Iterator[Table]:
    """The rows of a file that :func:`scan` has passed; blank lines and a byte order mark are skipped."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        start = stream.read(CHUNK).lstrip()[:1]
        stream.seek(0)
        lines = _json_lines(stream) if start == "{" else _csv_lines(stream)
        first = next(lines, None)
        if first is None or isinstance(first, Broken):
            said = "is empty" if first is None else f"has no header: line {first.line} {first.message}"
            raise UsageError(f"{path} {said}.", hint="Its first row names the columns.", code="no_header")
        header = tuple(collapse(column) for column in first[1])
        if twice := next((c for c in header if header.count(c) > 1), None):
            raise UsageError(
                f"{path} names the column {twice!r} twice.", hint="Rename one.", code="column_twice"
            )
        yield Table(header, lines)


def _csv_lines(stream: TextIO) -> Iterator[Line]:
    """Records with the line they begin on. A stray quote costs its own line, never those behind it."""
    numbered = bounded_lines(stream)
    ahead: deque[tuple[int, str]] = deque()
    width = None
    while (first := ahead.popleft() if ahead else next(numbered, None)) is not None:
        number, text = first
        if text is TOO_LONG:
            yield Broken(number, _LONG)
            continue
        if text.count('"') % 2:
            cells = _joined(text, ahead, numbered, width) or _parsed([text], width)
        else:
            cells = _parsed([text], None)
        if cells is None:
            yield Broken(number, "is no CSV: a quote does not end, or a cell is too long")
        elif any(cell.strip() for cell in cells):
            width = width or len(cells)
            yield number, cells


def _joined(
    text: str, ahead: deque[tuple[int, str]], numbered: Iterator[tuple[int, str]], width: int | None
) -> list[str] | None:
    """A record whose quoted cell goes on over further lines, which are used up; None when it is none."""
    lines = [text]
    for place in range(MOST_LINES):
        if place == len(ahead):
            following = next(numbered, None)
            if following is None:
                break
            ahead.append(following)
        if ahead[place][1] is TOO_LONG:
            break
        lines.append(ahead[place][1])
        if lines[-1].count('"') % 2:
            cells = _parsed(lines, width)
            if cells is not None:
                for _ in range(place + 1):
                    ahead.popleft()
            return cells
    return None


def _parsed(lines: list[str], width: int | None) -> list[str] | None:
    """The cells of one record; None when it is not one, or not of the wanted width."""
    try:
        records = list(csv.reader(lines))
    except csv.Error:
        return None
    if not records:
        return []
    fits = len(records) == 1 and (width is None or len(records[0]) == width)
    return records[0] if fits else None


def _json_lines(stream: TextIO) -> Iterator[Line]:
    """The first object's names as a header, then each object's values in that order."""
    columns: list[str] = []
    for number, text in bounded_lines(stream):
        if text is TOO_LONG:
            yield Broken(number, _LONG)
            continue
        if not text.strip():
            continue
        try:
            found = loads(text)
        except NotCanonicalError as error:
            yield Broken(number, str(error))
            continue
        if not isinstance(found, dict):
            yield Broken(number, "is no JSON object")
            continue
        if not columns:
            columns = list(found)
            yield number, columns
        if found.keys() != set(columns):
            yield Broken(number, f"has other names than {', '.join(columns)[:120]}")
            continue
        yield number, [_text(found[column]) for column in columns]


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


def rows_of(
    table: Table, mapping: FeedMapping, digest: str, broken: Callable[[Broken], None]
) -> Iterator[Row]:
    """Rows with their identity; what is no row goes to ``broken``."""
    places = [table.header.index(column) for column in mapping.header]
    wanted = mapping.stated.identity
    for line in table.lines:
        if isinstance(line, Broken):
            broken(line)
            continue
        number, cells = line
        if problem := _problem(cells, table.header):
            broken(Broken(number, problem))
            continue
        named = {column: cells[place] for column, place in zip(mapping.header, places, strict=True)}
        if wanted == "line":
            identity = derive("line", digest, number)
        else:
            chosen: Iterable[str] = named.values() if wanted == "row" else (named[c] for c in wanted)
            identity = derive("row", *chosen)
        yield Row(number, identity, named)


def _problem(cells: Sequence[str], header: Sequence[str]) -> str | None:
    if len(cells) != len(header):
        return f"has {len(cells)} cells where the header has {len(header)}"
    if all(collapse(cell) == column for cell, column in zip(cells, header, strict=True)):
        return "repeats the header"
    return None
