"""What the declared fields of a toolbox say: which records they name, what fits them, and what cannot."""

from collections.abc import Iterator
from typing import Any

from protocol.fields import (
    Choice,
    Field,
    Flag,
    Fraction,
    Instant,
    Integer,
    KeyOf,
    ListOf,
    Maybe,
    Name,
    Object,
    Person,
    Shape,
    Text,
)

_INSTANT = "2026-01-01T00:00:00Z"


def keys_in(field: Field) -> Iterator[str]:
    """The resource types whose keys a field holds."""
    match field:
        case KeyOf(name):
            yield name
        case Maybe(inner) | ListOf(inner):
            yield from keys_in(inner)
        case Object(shape):
            for part in shape.values():
                yield from keys_in(part)


def references(field: Field, value: Any) -> Iterator[tuple[str, str]]:
    """(type, key) of every record that a value of a field names."""
    match field:
        case KeyOf(name) if isinstance(value, str):
            yield name, value
        case Maybe(inner):
            yield from references(inner, value) if value is not None else ()
        case ListOf(inner) if isinstance(value, list):
            for item in value:
                yield from references(inner, item)
        case Object(shape) if isinstance(value, dict):
            for name, part in shape.items():
                yield from references(part, value.get(name))


def smallest(shape: Shape) -> dict[str, Any]:
    """Values of a shape that take the fewest characters; fields of other kinds count as empty text."""
    return {name: _smallest(field) for name, field in shape.items() if not isinstance(field, Maybe)}


def _smallest(field: Field) -> Any:
    match field:
        case KeyOf() | Name() | Person():
            return "a"
        case Integer(low, high):
            return 0 if low <= 0 <= high else min(low, high, key=lambda n: len(str(n)))
        case Instant():
            return _INSTANT
        case Choice(options):
            return min(options, key=len, default="")
        case Fraction(places):
            return f"0.{'0' * places}"
        case Flag():
            return True
        case ListOf():
            return []
        case Object(shape):
            return smallest(shape)
        case _:
            return ""


def impossible(field: Field) -> str | None:
    """Why nothing fits a field, as the end of a sentence, or None."""
    match field:
        case Integer(low, high) if low > high:
            return f"takes whole numbers from {low} to {high}, of which there are none"
        case Choice(()):
            return "is a choice of nothing"
        case Text(most) | ListOf(_, most) if most < 0:
            return f"may hold at most {most}, which nothing does"
        case Maybe(inner) | ListOf(inner):
            return impossible(inner)
        case Object(shape):
            return next((found for part in shape.values() if (found := impossible(part))), None)
    return None
