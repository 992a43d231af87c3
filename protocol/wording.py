"""What of a request or an answer is wording: prose makes no matter new, and no position (R4)."""

from collections.abc import Mapping
from typing import Any

from protocol.fields import ListOf, Maybe, Shape, Text


def is_text(field: object) -> bool:
    """Whether a declared field holds prose."""
    inner = field.field if isinstance(field, Maybe) else field
    inner = inner.item if isinstance(inner, ListOf) else inner
    return isinstance(inner, Text)


def typed(shape: Shape, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that an action of this shape takes, its prose left out."""
    return {name: value for name, value in values.items() if name in shape and not is_text(shape[name])}


def unworded(values: Any) -> Any:
    """JSON that no tool's shape declares, without its prose.

    Keys, references, names, instants and decimal numbers hold no white space, so text that does is wording.
    """
    if isinstance(values, Mapping):
        return {name: unworded(value) for name, value in values.items() if not _is_prose(value)}
    if isinstance(values, list | tuple):
        return [unworded(value) for value in values if not _is_prose(value)]
    return values


def _is_prose(value: object) -> bool:
    return isinstance(value, str) and len(value.split()) != 1
