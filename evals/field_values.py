"""Values a suite states for the fields of a floor: instants may carry an offset there."""

from collections.abc import Mapping
from typing import Any

from agents.floor_seed import instant
from protocol.fields import Field, Instant, ListOf, Maybe, Object, Shape


def in_field(field: Field | None, value: Any) -> Any:
    """``value`` as a record has it: every instant in it as UTC text, everything else as it is."""
    match field:
        case Maybe(inner):
            return in_field(inner, value)
        case ListOf(item) if isinstance(value, list):
            return [in_field(item, each) for each in value]
        case Object(shape) if isinstance(value, Mapping):
            return in_shape(shape, value)
        case Instant() if isinstance(value, str):
            return instant(value)
        case _:
            return value


def in_shape(shape: Shape, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of several fields; one that no field has stays as it is."""
    return {name: in_field(shape.get(name), value) for name, value in values.items()}


def in_any(value: Any) -> Any:
    """``value`` with every text that is an instant as UTC text, where no field says which are."""
    if isinstance(value, Mapping):
        return {name: in_any(each) for name, each in value.items()}
    if isinstance(value, list):
        return [in_any(each) for each in value]
    return instant(value) if isinstance(value, str) else value


def same(found: object, wanted: object) -> bool:
    """Equal as JSON: true is not 1, and 1.0 is not 1."""
    if isinstance(found, Mapping) and isinstance(wanted, Mapping):
        return found.keys() == wanted.keys() and all(same(found[key], wanted[key]) for key in wanted)
    if isinstance(found, list | tuple) and isinstance(wanted, list | tuple):
        return len(found) == len(wanted) and all(map(same, found, wanted))
    return type(found) is type(wanted) and found == wanted
