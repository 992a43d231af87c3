"""The types of values that floors declare: strict, closed, each able to say what is wrong.

A *shape* is a mapping from field name to field. ``check_shape`` refuses unknown fields, missing
ones and every coercion ("7", true and 1.0 are not integers).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from protocol.canonical import MAX_INTEGER
from protocol.ids import KEY, NAME, PERSON
from protocol.times import is_instant


class Field(Protocol):
    """One type of value."""

    def problem(self, value: object) -> str | None:
        """What is wrong with ``value``, as the end of a sentence, or None."""

    def schema(self) -> dict[str, Any]:
        """The JSON Schema shown to a model."""


Shape: TypeAlias = Mapping[str, Field]


@dataclass(frozen=True, slots=True)
class KeyOf:
    """The key of a resource of the named type."""

    type: str

    def problem(self, value: object) -> str | None:
        return None if isinstance(value, str) and KEY.fullmatch(value) else f"must be a key of {self.type}"

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^{KEY.pattern}$", "description": f"key of a {self.type}"}


@dataclass(frozen=True, slots=True)
class Text:
    """Text that is stored and shown, never parsed."""

    max_chars: int = 500

    def problem(self, value: object) -> str | None:
        if not isinstance(value, str):
            return "must be text"
        return None if len(value) <= self.max_chars else f"is longer than {self.max_chars} characters"

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": self.max_chars}


@dataclass(frozen=True, slots=True)
class Name:
    """A role, kind or other lower-case name."""

    def problem(self, value: object) -> str | None:
        return None if isinstance(value, str) and NAME.fullmatch(value) else "must be a lower-case name"

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^{NAME.pattern}$"}


@dataclass(frozen=True, slots=True)
class Person:
    """The id of a person."""

    def problem(self, value: object) -> str | None:
        return None if isinstance(value, str) and PERSON.fullmatch(value) else "must be a person's id"

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^{PERSON.pattern}$"}


@dataclass(frozen=True, slots=True)
class Integer:
    """A whole number; bounds are inclusive."""

    minimum: int = -MAX_INTEGER
    maximum: int = MAX_INTEGER

    def problem(self, value: object) -> str | None:
        if not isinstance(value, int) or isinstance(value, bool):
            return "must be a whole number"
        if value < self.minimum:
            return f"must be at least {self.minimum}"
        return None if value <= self.maximum else f"must be at most {self.maximum}"

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.minimum, "maximum": self.maximum}


@dataclass(frozen=True, slots=True)
class Instant:
    """A UTC instant, ``2026-03-02T09:00:00Z``."""

    def problem(self, value: object) -> str | None:
        return None if is_instant(value) else "must be a UTC instant like 2026-03-02T09:00:00Z"

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date-time"}


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a closed list of names."""

    options: tuple[str, ...]

    def problem(self, value: object) -> str | None:
        return None if value in self.options else f"must be one of {', '.join(self.options)}"

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.options)}


@dataclass(frozen=True, slots=True)
class Fraction:
    """A decimal string with a fixed number of places, such as ``11.0340``."""

    places: int

    def problem(self, value: object) -> str | None:
        pattern = rf"-?\d{{1,15}}\.\d{{{self.places}}}"
        good = isinstance(value, str) and re.fullmatch(pattern, value, re.ASCII)
        return None if good else f"must be a decimal string with {self.places} places"

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": rf"^-?[0-9]{{1,15}}\.[0-9]{{{self.places}}}$"}


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    def problem(self, value: object) -> str | None:
        return None if isinstance(value, bool) else "must be true or false"

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of at most ``max_items`` of one field."""

    item: Field
    max_items: int = 1000

    def problem(self, value: object) -> str | None:
        if not isinstance(value, list):
            return "must be a list"
        if len(value) > self.max_items:
            return f"holds more than {self.max_items} items"
        found = ((i, self.item.problem(v)) for i, v in enumerate(value))
        return next((f"item {i} {p}" for i, p in found if p), None)

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": self.item.schema(), "maxItems": self.max_items}


@dataclass(frozen=True, slots=True)
class Object:
    """An object of one shape."""

    shape: Shape

    def problem(self, value: object) -> str | None:
        if not isinstance(value, dict):
            return "must be an object"
        return next(iter(check_shape(self.shape, value)), None)

    def schema(self) -> dict[str, Any]:
        return shape_schema(self.shape)


@dataclass(frozen=True, slots=True)
class Maybe:
    """A field that may be null or absent."""

    field: Field

    def problem(self, value: object) -> str | None:
        return None if value is None else self.field.problem(value)

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [self.field.schema(), {"type": "null"}]}


def check_shape(shape: Shape, value: Mapping[str, object]) -> list[str]:
    """Every problem of ``value`` as a sentence; empty when it fits."""
    problems = [f"{name} is not a known field" for name in value if name not in shape]
    for name, field in shape.items():
        if name not in value:
            if not isinstance(field, Maybe):
                problems.append(f"{name} is missing")
        elif found := field.problem(value[name]):
            problems.append(f"{name} {found}")
    return problems


def shape_schema(shape: Shape) -> dict[str, Any]:
    """The JSON Schema of a shape."""
    return {
        "type": "object",
        "properties": {name: field.schema() for name, field in shape.items()},
        "required": [name for name, field in shape.items() if not isinstance(field, Maybe)],
        "additionalProperties": False,
    }
