"""Who may play a role in a turn, in order, with the tools that the role can use in it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.runnables import Runnable

from agents.backend import OFFLINE
from agents.model_tools import ANSWER, REPLY, tools_of
from agents.models import ModelAccess, chain_of
from agents.view import CHARS_PER_TOKEN
from protocol.position import Trigger
from protocol.rows import CaseRow
from protocol.world import World


@dataclass(frozen=True, slots=True)
class Player:
    """A model that may play a role, with the role's tools. ``endpoint`` None: it runs in this process."""

    model: Runnable[Any, Any]
    endpoint: str | None = None
    tools_tokens: int = 0
    """Our estimate of what the definitions of the tools take in each call."""

    @property
    def name(self) -> str:
        """Of its backend, as prices have it."""
        return self.endpoint or OFFLINE


def players_of(models: ModelAccess, agent: str, tools: Sequence[Any]) -> tuple[Player, ...]:
    """Those that may play a role, in order: the first while it can."""
    size = len(json.dumps(tools)) // CHARS_PER_TOKEN
    return tuple(
        Player(access.model_of(agent).bind_tools(tools), endpoint, 0 if endpoint is None else size)
        for access in chain_of(models, agent)
        for endpoint in (access.endpoint_of(agent),)
    )


class Players:
    """Of all roles. Models are given their tools once for each way in which a role can speak."""

    def __init__(self, world: World, models: ModelAccess) -> None:
        self._world = world
        self._models = models
        self._known: dict[tuple[str, frozenset[str]], tuple[Player, ...]] = {}

    def of(self, agent: str, case: CaseRow, triggers: Sequence[Trigger]) -> tuple[Player, ...]:
        """Those of a turn: it may answer where it is asked, and reply where the case has a person's line."""
        speaks = {ANSWER} if any(t.get("exchange") for t in triggers) else set[str]()
        speaks |= {REPLY} if case.text is not None else set()
        key = agent, frozenset(speaks)
        if key not in self._known:
            self._known[key] = players_of(self._models, agent, tools_of(self._world, agent, speaks))
        return self._known[key]
