"""YAML 1.2 text as plain data that remembers its lines, and refuses what a contract never needs.

Refused: duplicate keys, anchors and aliases (they can grow without bound), tags, keys that are not
text, several documents, files over 256 KiB and bytes that are not UTF-8. Plain words follow the
YAML 1.2 core schema: ``no`` and ``10:30`` are text. A parser's events are read directly: no nodes
are built, and nesting cannot exhaust the stack.

Two parsers give these events. libyaml is thirty times as fast, and its word counts where there is
nothing to complain of; ruamel.yaml, which knows YAML 1.2 to the letter, judges everything else. They
agree on every text that libyaml is asked about; a test looks for one on which they do not.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

import yaml  # type: ignore[import-untyped]

from agents.floor_catalogue import Code
from agents.yaml_words import plain
from protocol.errors import Problem

NodePath: TypeAlias = tuple[str | int, ...]

MAX_BYTES = 256 * 1024
MAX_DEPTH = 32
"""Deeper than protocol.canonical allows is refused here already, with a line."""

HIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff]")
"""Characters that print as nothing, act on a terminal, or turn the direction of what stands beside them."""
_DOUBTFUL = re.compile(r"[\t\x85\u2028\u2029\ufeff]|^%", re.MULTILINE)
"""What YAML 1.1, which libyaml was made for, reads otherwise: tabs, three line breaks, directives."""
_UNPRINTABLE = re.compile(rf"{HIDDEN.pattern}|[\t\n\r\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Document:
    """One file as data: read-only, shared by everybody who reads the same bytes.

    ``data``: dict, list or scalar; None when the file could not be read at all. ``refused``: paths whose
    value was refused and stands as None, so that nobody reports them a second time.
    """

    file: str
    data: Any = None
    lines: Mapping[NodePath, int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    refused: frozenset[NodePath] = frozenset()

    @property
    def mapping(self) -> dict[str, Any]:
        """The data when it is a mapping, else an empty one."""
        return self.data if isinstance(self.data, dict) else {}

    def line(self, *path: str | int) -> int:
        """The line of a node, or of its nearest ancestor that the file has; 1 for the whole file."""
        for end in range(len(path), 0, -1):
            if found := self.lines.get(path[:end]):
                return found
        return 1

    def problem(self, code: str, message: str, *path: str | int) -> Problem:
        """A problem at the line of a node."""
        return Problem(code, self.file, self.line(*path), one_line(message))


def one_line(message: str) -> str:
    """A message in one line that can be printed: what it quotes may hold anything."""
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", message)


def dotted(path: NodePath) -> str:
    """A path as people write it: ``capability_scope.can[2]``."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".") or "the file"


def read_yaml(path: Path, root: Path | None = None) -> Document:
    """Read one file; its problems name it relative to ``root``. Never raises for bad content."""
    file = path.relative_to(root).as_posix() if root else path.name
    try:
        if path.exists() and not path.is_file():
            message = f"{file} is no file; a folder or a pipe is not read"
            return Document(file, problems=(Problem(Code.MISSING_FILE, file, 1, message),))
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        reason = "is missing" if isinstance(error, FileNotFoundError) else f"cannot be read: {error.strerror}"
        return Document(file, problems=(Problem(Code.MISSING_FILE, file, 1, f"{file} {reason}"),))
    return parse_yaml(raw, file)


@lru_cache(maxsize=64)
def parse_yaml(raw: bytes, file: str) -> Document:
    """The document in ``raw``."""
    if len(raw) > MAX_BYTES:
        message = f"{file} is larger than {MAX_BYTES // 1024} KiB; split it or shorten it"
        return Document(file, problems=(Problem(Code.FILE_TOO_LARGE, file, 1, message),))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        message = f"byte {error.start} is not UTF-8; save the file as UTF-8"
        return Document(file, problems=(Problem(Code.BAD_ENCODING, file, line, message),))
    return _fast(text, file) or _thorough(text, file)


def _fast(text: str, file: str) -> Document | None:
    """The document as libyaml reads it; None when there is none, or anything is wrong with it."""
    if _LIBYAML is None or _DOUBTFUL.search(text):
        return None
    reader = _Reader(file)
    try:
        for event in yaml.parse(text, Loader=_LIBYAML):
            reader.take(event)
    except (yaml.YAMLError, _StopReadingError):
        return None
    return None if reader.problems else reader.document()


_LIBYAML: Any = getattr(yaml, "CSafeLoader", None)
"""Not every build of PyYAML has it."""


def _thorough(text: str, file: str) -> Document:
    # Most files are in order, and the fast commands need none of this.
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    reader = _Reader(file)
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            reader.take(event)
    except (YAMLError, _StopReadingError) as error:
        reader.stop(error, text)
    return reader.document()


class _StopReadingError(Exception):
    """The rest of the file is not worth reading; the problem is recorded already."""


@dataclass(slots=True)
class _Open:
    """A collection being filled. ``key`` is the mapping key that waits for its value."""

    path: NodePath
    into: dict[str, Any] | list[Any]
    key: str | None = None
    drop: bool = False
    """The value that comes belongs to a key named before: read it and forget it."""


class _Reader:
    """Builds data from events with a stack of its own."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.data: Any = None
        self.lines: dict[NodePath, int] = {}
        self.problems: list[Problem] = []
        self.refused: set[NodePath] = set()
        self.stack: list[_Open] = []
        self.documents = 0

    def document(self) -> Document:
        return Document(self.file, self.data, self.lines, tuple(self.problems), frozenset(self.refused))

    def take(self, event: Any) -> None:
        """One event; both parsers have classes of the same names."""
        match type(event).__name__:
            case "ScalarEvent":
                self._scalar(event)
            case "MappingStartEvent":
                self._open(event, {})
            case "SequenceStartEvent":
                self._open(event, [])
            case "MappingEndEvent" | "SequenceEndEvent":
                self.stack.pop()
            case "AliasEvent":
                self._refuse(event, Code.ALIAS_REFUSED, f"*{event.anchor} repeats another node; write it out")
            case "DocumentStartEvent":
                self.documents += 1
                if self.documents > 1:
                    self._note(event, Code.BAD_YAML, "a second document starts here; keep one per file")
                    raise _StopReadingError

    def stop(self, error: Exception, text: str) -> None:
        """Record why reading ended early; what was read so far is not trusted."""
        self.data = None
        if isinstance(error, _StopReadingError):
            return
        from ruamel.yaml.error import MarkedYAMLError
        from ruamel.yaml.reader import ReaderError

        line, said = 1, str(error)
        if isinstance(error, MarkedYAMLError):
            mark = error.problem_mark or error.context_mark
            line, said = (mark.line + 1 if mark else 1), str(error.problem or error.context)
        elif isinstance(error, ReaderError):
            line, said = (
                text.count("\n", 0, error.position) + 1,
                f"{_character(error)} is not allowed",
            )
        self.problems.append(Problem(Code.BAD_YAML, self.file, line, f"this is not YAML: {said}"))

    def _note(self, event: Any, code: str, message: str) -> None:
        line = event.start_mark.line + 1
        self.problems.append(Problem(code, self.file, line, message))

    def _refuse(self, event: Any, code: str, message: str) -> None:
        self._note(event, code, message)
        top = self.stack[-1] if self.stack else None
        if top and isinstance(top.into, dict) and top.key is None:
            top.key, top.drop = "", True
            return
        path = self._place(event)
        self._put(path, None)
        self.refused.add(path)

    def _scalar(self, event: Any) -> None:
        if event.anchor or event.tag is not None:
            self._decorated(event)
            return
        value = event.value if event.style else plain(event.value)
        top = self.stack[-1] if self.stack else None
        if top and isinstance(top.into, dict) and top.key is None:
            self._key(event, top, value)
            return
        self._put(self._place(event), value)

    def _decorated(self, event: Any) -> None:
        if event.anchor:
            self._refuse(
                event, Code.ALIAS_REFUSED, f"&{event.anchor} names a node; write the value where it is used"
            )
        else:
            self._refuse(event, Code.TAG_REFUSED, f"the tag {event.tag} is not read; write a plain value")

    def _key(self, event: Any, top: _Open, value: Any) -> None:
        if not isinstance(value, str):
            self._note(event, Code.BAD_YAML, f"the key {event.value!r} is not text; put it in quotes")
            value = event.value
        top.key, top.drop = value, value in top.into
        if top.drop:
            first = self.lines[(*top.path, value)]
            self._note(event, Code.DUPLICATE_KEY, f"{value!r} stands here and on line {first}; keep one")
        else:
            self.lines[(*top.path, value)] = event.start_mark.line + 1

    def _open(self, event: Any, into: dict[str, Any] | list[Any]) -> None:
        top = self.stack[-1] if self.stack else None
        if top and isinstance(top.into, dict) and top.key is None:
            self._note(event, Code.BAD_YAML, "a key must be text, not a list or a mapping")
            raise _StopReadingError
        if len(self.stack) >= MAX_DEPTH:
            self._note(event, Code.BAD_YAML, f"nested deeper than {MAX_DEPTH} levels")
            raise _StopReadingError
        drop = bool(top and top.drop)
        if event.anchor or event.tag is not None:
            self._decorated(event)
            path: NodePath = ()
            drop = True
        else:
            path = self._place(event)
            self._put(path, into)
        self.stack.append(_Open((*path, _FORGOTTEN) if drop else path, into))

    def _place(self, event: Any) -> NodePath:
        """The path of the value that starts here; notes its line unless a key gave it one."""
        if not self.stack:
            return ()
        top = self.stack[-1]
        if isinstance(top.into, dict):
            return (*top.path, top.key or "")
        path = (*top.path, len(top.into))
        self.lines[path] = event.start_mark.line + 1
        return path

    def _put(self, path: NodePath, value: Any) -> None:
        if not self.stack:
            self.data = value
            return
        top = self.stack[-1]
        if isinstance(top.into, list):
            top.into.append(value)
            return
        if not top.drop:
            top.into[str(path[-1])] = value
        top.key, top.drop = None, False


def _character(error: Any) -> str:
    found = error.character
    return f"the character U+{ord(found) if isinstance(found, str) else int(found):04X}"


_FORGOTTEN = "\0forgotten"
"""A path element no file can have: the lines under a dropped value collide with nothing."""
