"""Whole data with one value bent, and where a strict model finds it wrong."""

import copy
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError


def with_value(whole: Mapping[str, Any], path: str, value: object) -> dict[str, Any]:
    """A copy with one value put in its place (``people.0.id``); ``...`` takes it away."""
    made = dict(copy.deepcopy(whole))
    *way, last = path.split(".")
    place: Any = made
    for step in way:
        place = place[int(step)] if step.isdigit() else place.setdefault(step, {})
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return made


def problems_of(model: type[BaseModel], data: Mapping[str, Any]) -> list[str]:
    """The places where ``data`` is wrong."""
    try:
        model.model_validate(data)
    except ValidationError as error:
        return [".".join(map(str, e["loc"])) for e in error.errors()]
    return []
