"""What is wrong with the JSON Schema (2020-12) of a request or an answer, keyword by keyword.

The same mistakes as the specification's own schema of schemas, told at the keyword and in a few
microseconds; beyond it, what that one lets pass and nobody means: unknown keywords, expressions that do not
compile, references that lead nowhere or in circles, and schemas that no object can fit.
"""

import re
import warnings
from collections.abc import Iterator, Mapping
from enum import Enum, auto
from typing import Any, TypeAlias
from urllib.parse import unquote

from agents.floor_catalogue import Code
from agents.yaml_source import NodePath

Found: TypeAlias = tuple[Code, NodePath, str]
"""A code, where in the schema, and a sentence."""


class _Kind(Enum):
    """What a keyword takes."""

    SCHEMA = auto()
    SCHEMAS = auto()
    NAMED_SCHEMAS = auto()
    PATTERNED_SCHEMAS = auto()
    ANYTHING = auto()
    TEXT = auto()
    FLAG = auto()
    LIST = auto()
    NAMES = auto()
    NAMED_NAMES = auto()
    COUNT = auto()
    NUMBER = auto()
    TYPES = auto()
    PATTERN = auto()
    REFERENCE = auto()
    NOT_READ = auto()


_K = _Kind
_KEYWORDS: Mapping[str, _Kind] = {
    **dict.fromkeys(("$ref",), _K.REFERENCE),
    **dict.fromkeys(
        ("$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor"), _K.NOT_READ
    ),
    **dict.fromkeys(("$vocabulary", "dependencies"), _K.NOT_READ),
    **dict.fromkeys(("$schema", "$comment", "title", "description", "format"), _K.TEXT),
    **dict.fromkeys(("contentEncoding", "contentMediaType"), _K.TEXT),
    **dict.fromkeys(("items", "contains", "additionalProperties", "propertyNames"), _K.SCHEMA),
    **dict.fromkeys(("if", "then", "else", "not", "unevaluatedItems", "unevaluatedProperties"), _K.SCHEMA),
    "contentSchema": _K.SCHEMA,
    **dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), _K.SCHEMAS),
    **dict.fromkeys(("$defs", "definitions", "properties", "dependentSchemas"), _K.NAMED_SCHEMAS),
    "patternProperties": _K.PATTERNED_SCHEMAS,
    **dict.fromkeys(("const", "default"), _K.ANYTHING),
    **dict.fromkeys(("enum", "examples"), _K.LIST),
    **dict.fromkeys(("deprecated", "readOnly", "writeOnly", "uniqueItems"), _K.FLAG),
    "required": _K.NAMES,
    "dependentRequired": _K.NAMED_NAMES,
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems"), _K.COUNT),
    **dict.fromkeys(("minContains", "maxContains", "minProperties", "maxProperties"), _K.COUNT),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"), _K.NUMBER),
    "type": _K.TYPES,
    "pattern": _K.PATTERN,
}
_TYPES = ("object", "array", "string", "integer", "number", "boolean", "null")
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_PAIRS = (
    ("minimum", "maximum"),
    ("minLength", "maxLength"),
    ("minItems", "maxItems"),
    ("minProperties", "maxProperties"),
    ("minContains", "maxContains"),
)
_IN_PLACE = ("allOf", "anyOf", "oneOf", "not", "if", "then", "else")
"""Keywords whose schemas look at the same value: a circle through them never ends."""


def schema_problems(schema: Mapping[str, Any]) -> list[Found]:
    """Every problem of a schema that objects are checked against; empty when it can be used."""
    found = [(Code.SCHEMA_INVALID, path, said) for path, said in _node(schema, schema, ())]
    return found or [*_circles(schema), *_unusable(schema)]


def _node(root: Mapping[str, Any], node: object, path: NodePath) -> Iterator[tuple[NodePath, str]]:
    if isinstance(node, bool):
        return
    if not isinstance(node, dict):
        yield path, "a schema must be a mapping of keywords"
        return
    for keyword, value in node.items():
        kind = _KEYWORDS.get(keyword)
        if kind is None:
            if not keyword.startswith("x-"):
                yield (*path, keyword), f"{keyword!r} is no keyword of JSON Schema"
        else:
            yield from _value(root, kind, value, (*path, keyword))


def _value(
    root: Mapping[str, Any], kind: _Kind, value: object, path: NodePath
) -> Iterator[tuple[NodePath, str]]:
    keyword = path[-1]
    if found := _flat_problem(kind, str(keyword), value):
        yield path, f"{keyword} {found}"
    elif kind is _K.SCHEMA:
        yield from _node(root, value, path)
    elif kind is _K.SCHEMAS and isinstance(value, list):
        for number, item in enumerate(value):
            yield from _node(root, item, (*path, number))
    elif kind in (_K.NAMED_SCHEMAS, _K.PATTERNED_SCHEMAS) and isinstance(value, dict):
        for name, item in value.items():
            if kind is _K.PATTERNED_SCHEMAS and (found := _pattern_problem(name)):
                yield (*path, name), f"{keyword}: {name!r} {found}"
            yield from _node(root, item, (*path, name))
    elif kind is _K.REFERENCE and (found := _reference_problem(root, str(value))):
        yield path, f"{value!r} {found}"


def _flat_problem(kind: _Kind, keyword: str, value: object) -> str | None:  # noqa: PLR0912 - one case per kind
    """What is wrong with the value of a keyword itself, as the end of a sentence."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    match kind:
        case _K.NOT_READ:
            return "is not read here; only $defs and references like #/$defs/NAME are"
        case _K.SCHEMAS:
            return None if isinstance(value, list) and value else "must be a list of schemas, not empty"
        case _K.NAMED_SCHEMAS | _K.PATTERNED_SCHEMAS:
            return None if isinstance(value, dict) else "must map names to schemas"
        case _K.TEXT if keyword == "$schema":
            return None if value in (_DIALECT, f"{_DIALECT}#") else f"must be {_DIALECT}"
        case _K.TEXT | _K.REFERENCE:
            return None if isinstance(value, str) else "must be text"
        case _K.FLAG:
            return None if isinstance(value, bool) else "must be true or false"
        case _K.LIST:
            return None if isinstance(value, list) else "must be a list"
        case _K.NAMES:
            return _names_problem(value)
        case _K.NAMED_NAMES:
            good = isinstance(value, dict) and not any(map(_names_problem, value.values()))
            return None if good else "must map names to lists of names"
        case _K.COUNT:
            return (
                None
                if number and isinstance(value, int) and value >= 0
                else "must be a whole number, 0 or more"
            )
        case _K.NUMBER:
            if keyword == "multipleOf":
                return None if number and value > 0 else "must be a number above 0"  # type: ignore[operator]
            return None if number else "must be a number"
        case _K.TYPES:
            return _types_problem(value)
        case _K.PATTERN:
            return _pattern_problem(value)
        case _:
            return None


def _names_problem(value: object) -> str | None:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        return "must be a list of names"
    return None if len(set(value)) == len(value) else "names one twice"


def _types_problem(value: object) -> str | None:
    named = value if isinstance(value, list) else [value]
    if not named or any(name not in _TYPES for name in named):
        return f"must be one or more of {', '.join(_TYPES)}"
    return None if len(set(named)) == len(named) else "names one twice"


def _pattern_problem(value: object) -> str | None:
    if not isinstance(value, str):
        return "must be text"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(value)
    except (re.error, Warning, OverflowError, RecursionError) as error:
        return f"is no regular expression: {error}"
    return None


def _reference_problem(root: Mapping[str, Any], reference: str) -> str | None:
    if reference != "#" and not reference.startswith("#/"):
        return "lies outside the schema; only references like #/$defs/NAME are read"
    return None if isinstance(_target(root, reference), dict | bool) else "leads to no schema"


def _target(root: Any, reference: str) -> Any:
    """What a reference into the same schema leads to; None when nothing is there."""
    node = root
    for part in unquote(reference[1:]).split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(node, dict):
            node = node.get(name)
        elif isinstance(node, list) and name.isdecimal() and int(name) < len(node):
            node = node[int(name)]
        else:
            return None
    return node


def _circles(root: Mapping[str, Any]) -> Iterator[Found]:
    """References that come back to themselves on the same value; without recursion, as chains are long."""
    done: set[int] = set()
    for path, start in ((p, s) for p, s in _all(root) if "$ref" in s):
        open_ids: set[int] = set()
        stack: list[tuple[Any, bool]] = [(start, False)]
        while stack:
            node, left = stack.pop()
            if left:
                open_ids.discard(id(node))
                done.add(id(node))
            elif id(node) in open_ids:
                said = "references lead back to where they start, so checking would never end"
                yield Code.SCHEMA_INVALID, (*path, "$ref"), said
                return
            elif isinstance(node, dict) and id(node) not in done:
                open_ids.add(id(node))
                stack.append((node, True))
                stack += [(after, False) for after in _in_place(root, node)]


def _in_place(root: Mapping[str, Any], node: Mapping[str, Any]) -> Iterator[Any]:
    if isinstance(node.get("$ref"), str):
        yield _target(root, node["$ref"])
    for keyword in _IN_PLACE:
        value = node.get(keyword)
        yield from value if isinstance(value, list) else [value]
    dependent = node.get("dependentSchemas")
    yield from dependent.values() if isinstance(dependent, dict) else ()


def _inner(node: Mapping[str, Any], path: NodePath) -> Iterator[tuple[NodePath, Any]]:
    """The schemas that stand directly in a schema."""
    for keyword, value in node.items():
        match _KEYWORDS.get(keyword):
            case _K.SCHEMA:
                yield (*path, keyword), value
            case _K.SCHEMAS:
                yield from (((*path, keyword, number), item) for number, item in enumerate(value))
            case _K.NAMED_SCHEMAS | _K.PATTERNED_SCHEMAS:
                yield from (((*path, keyword, name), item) for name, item in value.items())


def _all(node: Any, path: NodePath = ()) -> Iterator[tuple[NodePath, Mapping[str, Any]]]:
    """A schema and all within it, those that are mere true or false left out."""
    if isinstance(node, dict):
        yield path, node
        for place, inner in _inner(node, path):
            yield from _all(inner, place)


def _unusable(schema: Mapping[str, Any]) -> Iterator[Found]:
    """Well-formed, and still nothing that a request or an answer, which are objects, could be held to."""
    if not schema:
        yield Code.SCHEMA_UNUSABLE, (), "it accepts anything; say at least type: object"
    named = schema.get("type", "object")
    if "object" not in (named if isinstance(named, list) else [named]):
        yield Code.SCHEMA_UNUSABLE, ("type",), "params and answers are objects, and it accepts none"
    values = schema["enum"] if "enum" in schema else [schema.get("const", {})]
    if not any(isinstance(value, dict) for value in values):
        where = "enum" if "enum" in schema else "const"
        yield Code.SCHEMA_UNUSABLE, (where,), "params and answers are objects, and it accepts none"
    for path, node in _all(schema):
        for low, high in _PAIRS:
            if low in node and high in node and node[low] > node[high]:
                yield Code.SCHEMA_UNUSABLE, (*path, high), f"{high} lies below {low}, so nothing fits"
