"""The state of the graph: small plain data, a mirror of the ledger, never the record."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypedDict

SCHEMA_VERSION = 1
Progress = Callable[[dict[str, Any]], None]


class CaseState(TypedDict, total=False):
    """``next``: the named outcomes the gate chose, read by the one conditional edge."""

    schema_version: int
    case: str
    round: int
    next: list[str]
    waiting: list[str]


def is_over(values: Mapping[str, Any]) -> bool:
    """Whether the reply was told, the last thing that a case does. ``values``: the state's."""
    return values.get("next") == []


def quiet(_: dict[str, Any]) -> None:
    """A progress sink that drops everything."""


@dataclass(frozen=True)
class Context:
    """What a run carries beside its state, never checkpointed: the fencing token and where progress goes."""

    token: int
    progress: Progress = field(default=quiet)
