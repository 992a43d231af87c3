"""What somebody supposes of a record, ``stock/CX.on_hand=0``: read, and checked by the floor's own types."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from agents.floor_seed import instant
from checkpoints.taped_records import Supposed, Taped
from protocol.canonical import no_constant, no_duplicates
from protocol.canonical import problem as canonical_problem
from protocol.errors import NotFoundError, UsageError
from protocol.fields import Field, Instant, Maybe
from protocol.records import Ref
from protocol.toolbox import Bound, ResourceType

_FORM = re.compile(r"(?P<type>[^/.=\s]+)/(?P<key>[^/.=\s]+)\.(?P<field>[^/.=\s]+)=(?P<value>.*)", re.DOTALL)
_WHOLE = re.compile(r"[+-]?[0-9]{1,16}")


def supposed(texts: Sequence[str], types: Mapping[str, ResourceType]) -> Supposed:
    """What the texts say. UsageError for the first that says nothing, or what its type does not allow."""
    found: dict[Ref, dict[str, Any]] = {}
    for text in texts:
        ref, name, value = _read(text, types)
        if name in found.setdefault(ref, {}):
            raise _wrong(text, f"{ref}.{name} is set twice")
        found[ref][name] = value
    return Supposed(types, found)


def require(known: Mapping[Ref, Taped], wanted: Supposed, where: str) -> None:
    """Raise NotFoundError for a record that is not there. ``where``: what was looked at, in words."""
    for ref in wanted.fields:
        if ref not in known:
            raise NotFoundError(
                f"There is no {ref} in {where}.",
                hint="A fork sets fields of records that are there; it makes none.",
                code="unknown_record",
            )


def _read(text: str, types: Mapping[str, ResourceType]) -> tuple[Ref, str, Any]:
    form = _FORM.fullmatch(text)
    if form is None:
        raise _wrong(text, "it is not TYPE/KEY.FIELD=VALUE")
    kind = types.get(form["type"])
    if kind is None:
        raise _wrong(text, f"this floor has no resource type {form['type']}")
    name, ref = form["field"], Ref(kind.name, form["key"])
    if name in kind.balances:
        return ref, name, _balance(text, name, kind.balances[name], form["value"])
    if name not in kind.fields:
        known = ", ".join(sorted({*kind.fields, *kind.balances}))
        raise _wrong(text, f"{kind.name} has no field {name}; it has {known}")
    return ref, name, _field(text, name, kind.fields[name], form["value"])


def _balance(text: str, name: str, bound: Bound, value: str) -> int:
    if not _WHOLE.fullmatch(value) or canonical_problem(number := int(value)):
        raise _wrong(text, f"{name} must be a whole number")
    if number < bound.minimum:
        raise _wrong(text, f"{name} must be at least {bound.minimum}")
    if bound.maximum is not None and number > bound.maximum:
        raise _wrong(text, f"{name} must be at most {bound.maximum}")
    return number


def _field(text: str, name: str, field: Field, value: str) -> Any:
    """The value as the field wants it: as JSON where that fits, else as the text it is."""
    problems = []
    for reading in _readings(field, value):
        found = canonical_problem(reading) or field.problem(reading)
        if found is None:
            return reading
        problems.append(found)
    raise _wrong(text, f"{name} {problems[0]}")


def _readings(field: Field, value: str) -> list[Any]:
    inner = field.field if isinstance(field, Maybe) else field
    if isinstance(inner, Instant) and value != "null":
        return [instant(value)]
    try:
        return [json.loads(value, object_pairs_hook=no_duplicates, parse_constant=no_constant), value]
    except (ValueError, RecursionError):
        return [value]


def _wrong(text: str, why: str) -> UsageError:
    shown = text if len(text) <= 80 else f"{text[:80]}…"
    return UsageError(
        f"--set {shown}: {why}.", hint="For example --set stock/CX.on_hand=0.", code="bad_supposition"
    )
