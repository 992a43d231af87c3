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


def has_stopped(values: Mapping[str, Any]) -> bool:
    """Whether a run came to the end of its case or to a question. ``values``: what langgraph returned.

    It also returns, without an error, when what is to run next is no node of the graph.
    """
    return is_over(values) or "__interrupt__" in values


def quiet(_: dict[str, Any]) -> None:
    """A progress sink that drops everything."""


class HandedBackError(Exception):
    """The process is to stop: a case goes on elsewhere, from the end of the round it was in."""


def goes_on() -> bool:
    """Nobody wants the process to stop."""
    return False


@dataclass(frozen=True)
class Context:
    """What a run carries beside its state, never checkpointed: the fencing token, where progress goes, and
    whether the process is to stop: then a round that has begun is finished, and no other begins.
    """

    token: int
    progress: Progress = field(default=quiet)
    stopping: Callable[[], bool] = field(default=goes_on)

    def go_on(self) -> None:
        """Raise HandedBackError when no more work may begin."""
        if self.stopping():
            raise HandedBackError
