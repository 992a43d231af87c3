"""Feed mappings: files that say what a kind of table is, and which reader of the floor makes facts of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, ValidationError

from agents.yaml_source import Document, read_yaml
from protocol.errors import InvalidFloorError, NotFoundError, Problem, UsageError
from protocol.manifest import Strict
from protocol.world import World

DEFAULT = "default"
"""The entry of ``ask`` for every code without one of its own."""


class Order(Strict):
    """Rows that carry a number: each aggregate's are recorded in order, from ``first`` on without a gap.

    ``by``: the columns that name the aggregate. ``number``: the column with the number. ``park``: rows of an
    aggregate that may wait for one before them; ``wait_s``: for how many wall seconds. Then people are asked.
    """

    by: list[str] = Field(min_length=1)
    number: str
    first: int = Field(default=1, ge=0)
    park: int = Field(default=100, ge=1, le=10_000)
    wait_s: int = Field(default=3600, ge=1)


class MappingFile(Strict):
    """A mapping as its file states it. ``tables`` belong to the reader; the engine only hands them over."""

    purpose: str
    header: list[str] = Field(min_length=1)
    reader: str
    identity: Literal["row", "line"] | list[str] = "row"
    sort_by: str | None = None
    order: Order | None = None
    zone: str = "UTC"
    zone_assumed: bool = False
    known: list[str] = Field(default_factory=list)
    tables: dict[str, Any] = Field(default_factory=dict)
    flags: dict[str, str] = Field(default_factory=dict)
    ask: dict[str, list[str]] = Field(default_factory=dict)
    gap: str | None = None


@dataclass(frozen=True, slots=True)
class FeedMapping:
    """A mapping that fits its floor. ``name`` is the file's, and names the source of its facts."""

    name: str
    stated: MappingFile
    reader: Callable[..., Any]

    @property
    def source(self) -> str:
        """The source of every fact: the same for every file that the mapping reads."""
        return f"feed:{self.name}"

    @property
    def header(self) -> tuple[str, ...]:
        """The columns it needs, blanks collapsed."""
        return tuple(collapse(column) for column in self.stated.header)

    def roles(self, code: str) -> tuple[str, ...]:
        """Who is asked about rows rejected with a code, rung by rung; empty when nobody is."""
        return tuple(self.stated.ask.get(code) or self.stated.ask.get(DEFAULT) or ())


def collapse(column: str) -> str:
    """A column's name with its blanks made single."""
    return " ".join(column.split())


def read_mapping(path: Path, world: World) -> FeedMapping:
    """One mapping; NotFoundError when there is no such file, InvalidFloorError with what is wrong in it."""
    if not path.is_file():
        raise NotFoundError(
            f"There is no mapping {path}.", hint="Check the path given to --map.", code="no_file"
        )
    document = read_yaml(path, path.parent)
    problems = list(document.problems)
    stated = None
    if not problems:
        try:
            stated = MappingFile.model_validate(document.data)
        except ValidationError as error:
            for found in error.errors():
                where = [part for part in found["loc"] if isinstance(part, str | int)]
                said = f"{'.'.join(map(str, where)) or 'the mapping'}: {found['msg']}"
                problems.append(document.problem("bad_mapping", said, *where))
        else:
            problems += _misfits(document, stated, world)
    if stated is None or problems:
        first = problems[0]
        raise InvalidFloorError(
            f"The mapping {path} cannot be used: line {first.line}: {first.message}.",
            problems=problems,
            hint="docs/how-to/feed.md describes mappings.",
            code="bad_mapping",
        )
    return FeedMapping(path.stem, stated, world.toolbox.readers[stated.reader])


def _misfits(document: Document, stated: MappingFile, world: World) -> list[Problem]:
    """Everything a mapping names that its floor, or its own header, does not have."""
    columns = {collapse(column) for column in stated.header}
    wanted = stated.identity if isinstance(stated.identity, list) else []
    found = [(("identity",), f"there is no column {c!r}") for c in wanted if c not in columns]
    ordered = [] if stated.order is None else [*stated.order.by, stated.order.number]
    found += [(("order",), f"there is no column {c!r}") for c in ordered if c not in columns]
    if stated.sort_by is not None and stated.sort_by not in columns:
        found.append((("sort_by",), f"there is no column {stated.sort_by!r}"))
    if stated.reader not in world.toolbox.readers:
        known = ", ".join(sorted(world.toolbox.readers)) or "none"
        found.append((("reader",), f"the floor has no reader {stated.reader!r}; it has {known}"))
    found += [(("known",), f"there is no resource type {t!r}") for t in stated.known if t not in world.types]
    for roles in stated.ask.values():
        found += [(("ask",), f"there is no role {r!r}") for r in roles if r not in world.config.roles]
    if stated.gap is not None and stated.gap not in world.facts:
        found.append((("gap",), f"{stated.gap!r} is not a fact of this floor"))
    try:
        ZoneInfo(stated.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        found.append((("zone",), f"there is no time zone {stated.zone!r}"))
    return [document.problem("bad_mapping", message, *path) for path, message in found]


def choose(folder: Path, given: Path | None, world: World, header: Sequence[str], file: Path) -> FeedMapping:
    """The mapping whose columns the header has; raises UsageError when it lacks one, or none fits."""
    if given is not None:
        candidates = [read_mapping(given, world)]
    else:
        candidates = [read_mapping(path, world) for path in sorted(folder.glob("*.yaml"))]
    known = ", ".join(m.name for m in candidates) or "none"
    present = set(header)
    ranked = sorted(candidates, key=lambda m: (-len(present.intersection(m.header)), m.name))
    likely = ranked[0] if ranked and present.intersection(ranked[0].header) else None
    if likely is None:
        raise UsageError(
            f"No mapping fits the header of {file}: {', '.join(header)[:200]}.",
            hint=f"Known mappings: {known}. --map FILE names another.",
            code="unknown_header",
        )
    whole = [m for m in ranked if present.issuperset(m.header)]
    if not whole:
        missing = [column for column in likely.header if column not in present]
        named = ", ".join(repr(column) for column in missing)
        raise UsageError(
            f"{file} lacks the column {named}, which the mapping {likely.name} needs; nothing was recorded.",
            hint=f"Known mappings: {known}. --map FILE names another.",
            code="missing_column",
        )
    best = max(len(m.header) for m in whole)
    fitting = [m for m in whole if len(m.header) == best]
    if len(fitting) > 1:
        raise UsageError(
            f"Several mappings fit the header of {file}: {', '.join(m.name for m in fitting)}.",
            hint="Choose one with --map FILE.",
            code="ambiguous_mapping",
        )
    return fitting[0]


def known_keys(names: Sequence[str], find: Callable[[str], Sequence[Any]]) -> Mapping[str, frozenset[str]]:
    """The keys of resource types a reader may know of."""
    return {name: frozenset(record.key for record in find(name)) for name in names}
