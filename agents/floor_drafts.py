"""A contract read into its model: its problems with lines, and a draft that the other checks can go on with.

One mistake in a file must not hide the mistakes of others, so a broken file still gives a model: what is
wrong is left out, what then fails as a whole stands as an inert value, and ``touched`` names the fields
whose absence says nothing.
"""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from agents.floor_catalogue import Code
from agents.floor_text import text_problems
from agents.yaml_source import Document, NodePath, dotted
from protocol.errors import Problem
from protocol.floor import FloorConfig
from protocol.manifest import (
    Authority,
    CapabilityScope,
    EscalationPath,
    InputSchema,
    Manifest,
    OutputSchema,
    TimeoutPolicy,
)

M = TypeVar("M", bound=BaseModel)

_SHOWN_CHARS = 40


@dataclass(frozen=True, slots=True)
class Draft(Generic[M]):
    """A contract as far as it can be read. Without ``problems`` it is the validated model."""

    document: Document
    value: M
    problems: tuple[Problem, ...] = ()
    touched: frozenset[str] = frozenset()
    removed: frozenset[NodePath] = frozenset()

    def problem(self, code: str, message: str, *path: str | int) -> Problem:
        """A problem at the line of one of the contract's nodes."""
        return self.document.problem(code, message, *self._in_file(path))

    def states(self, *path: str) -> bool:
        """Whether the file itself states a field, rather than leave it to its default."""
        return path in self.document.lines

    def _in_file(self, path: NodePath) -> NodePath:
        """Where a node of the value stands in the file: what was left out before it counts there."""
        place: NodePath = ()
        for part in path:
            if isinstance(part, int) and self.removed:
                gone = sorted(p[-1] for p in self.removed if p[:-1] == place and isinstance(p[-1], int))
                for number in gone:
                    part += number <= part  # noqa: PLW2901 - each one before it moves it on
            place = (*place, part)
        return place


def draft_manifest(document: Document, directory: str) -> Draft[Manifest]:
    """The manifest in ``document``; ``directory`` names an agent whose file does not say its name."""
    inert = {
        "agent": directory,
        "version": 1,
        "purpose": "",
        "lane": "",
        "capability_scope": CapabilityScope(can=[], cannot=[], reads=[]),
        "input_schema": InputSchema(),
        "output_schema": OutputSchema(),
        "authority": Authority(level=1, owns=[]),
        "escalation_path": EscalationPath.model_construct(after_retries=0, to=[]),
        "timeout_policy": TimeoutPolicy(call_s=30, event_s=120),
    }
    return _draft(Manifest, document, inert)


def draft_config(document: Document) -> Draft[FloorConfig]:
    """The configuration in ``document``."""
    inert = {"floor": "", "version": 1, "purpose": "", "lanes": [], "roles": [], "people": []}
    return _draft(FloorConfig, document, inert)


def _draft(model: type[M], document: Document, inert: Mapping[str, Any]) -> Draft[M]:
    problems = list(document.problems)
    errors: list[ErrorDetails] = []
    if document.data is not None or not problems:
        whole, found, errors = _validate(model, document)
        problems += found
        if whole is not None and not problems:
            return Draft(document, whole)
    touched = {str(e["loc"][0]) for e in errors if e["loc"] and e["type"] != "extra_forbidden"}
    offending = frozenset(_path(e) for e in errors if e["type"] != "missing")
    fields, failed = _salvage(model, document.mapping, offending)
    if not isinstance(document.data, dict):
        failed = set(model.model_fields)
    value = model.model_construct(**{**inert, **fields})
    return Draft(document, value, tuple(problems), frozenset(touched | failed), offending)


def _validate(model: type[M], document: Document) -> tuple[M | None, list[Problem], list[ErrorDetails]]:
    """The model, unless there are errors; the problems; and the errors behind those of fields."""
    if not isinstance(document.data, dict):
        said = "the file is empty; it" if document.data is None else "the file"
        return None, [document.problem(Code.WRONG_TYPE, f"{said} must be a mapping of fields")], []
    whole: M | None = None
    errors: list[ErrorDetails] = []
    try:
        whole = model.model_validate(document.data)
    except ValidationError as error:
        errors = error.errors(include_url=False)
    problems = [_problem(e, document) for e in errors if not _refused(e, document)]
    told = {_path(e) for e in errors}
    problems += [p for path, p in text_problems(document) if not any(path[: len(t)] == t for t in told)]
    return whole, problems, errors


def _path(error: ErrorDetails) -> NodePath:
    """Where an error stands in the file; pydantic marks errors of a mapping's key with ``[key]``."""
    return tuple(part for part in error["loc"] if part != "[key]")


def _refused(error: ErrorDetails, document: Document) -> bool:
    path = _path(error)
    return any(path[:end] in document.refused for end in range(1, len(path) + 1))


def _problem(error: ErrorDetails, document: Document) -> Problem:
    path = _path(error)
    where, kind = dotted(path), error["type"]
    if kind == "missing":
        return document.problem(Code.MISSING_FIELD, f"{where} is missing", *path)
    if kind == "extra_forbidden":
        return document.problem(Code.UNKNOWN_FIELD, f"{where} is not a known field", *path)
    shown = _shown(error["input"])
    if path == ("authority", "level") and kind in ("greater_than_equal", "less_than_equal"):
        return document.problem(Code.BAD_LEVEL, f"{where} is {shown}; levels go from 1 to 5", *path)
    code = Code.WRONG_TYPE if kind.endswith("_type") else Code.WRONG_VALUE
    said = error["msg"].removeprefix("Input ").replace("should", "must")
    return document.problem(code, f"{where} {said}, not {shown}", *path)


def _shown(value: object) -> str:
    kind = {dict: "a mapping", list: "a list", type(None): "nothing", str: "the text "}.get(type(value), "")
    if kind and not isinstance(value, str):
        return kind
    text = repr(value)
    return kind + (text if len(text) <= _SHOWN_CHARS else text[:_SHOWN_CHARS] + "…")


def _salvage(
    model: type[M], data: Mapping[str, Any], offending: frozenset[NodePath]
) -> tuple[dict[str, Any], set[str]]:
    """The top-level fields that hold once every offending node is left out, and those that do not."""
    pruned = deepcopy(dict(data))
    for path in sorted(offending, key=_sortable, reverse=True):
        _remove(pruned, path)
    fields: dict[str, Any] = {}
    failed: set[str] = set()
    for name, info in model.model_fields.items():
        if name not in pruned:
            if info.is_required():
                failed.add(name)
            continue
        try:
            adapter: TypeAdapter[Any] = TypeAdapter(cast(Any, info.annotation))
            fields[name] = adapter.validate_python(pruned[name])
        except ValidationError:
            failed.add(name)
    return fields, failed


def _sortable(path: NodePath) -> list[tuple[int, str]]:
    return [(part, "") if isinstance(part, int) else (-1, part) for part in path]


def _remove(data: Any, path: NodePath) -> None:
    for part in path[:-1]:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return
    last = path[-1] if path else None
    if isinstance(data, dict):
        data.pop(last, None)
    elif isinstance(data, list) and isinstance(last, int) and last < len(data):
        del data[last]
