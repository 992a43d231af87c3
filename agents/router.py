"""Which agent a person's text concerns. Offline: each policy's ``relevance``; later a small model."""

from collections.abc import Mapping
from typing import Protocol

from protocol.turns import Policy, question_of
from protocol.world import World


class Router(Protocol):
    """Chooses one agent for a text."""

    async def route(self, text: str, recent: str) -> str | None:
        """An agent that accepts requests from a person, or None when the text is nobody's business.

        ``recent``: the agent that had the session's last case, or an empty string; a text that
        refers back ("just do it") concerns that one.
        """


class OfflineRouter:
    """The agent whose policy finds the text most relevant, up to its first question; equal ones by name."""

    def __init__(self, world: World, policies: Mapping[str, Policy]) -> None:
        self._policies = {a: policies[a] for a in world.addressable()}

    async def route(self, text: str, recent: str) -> str | None:
        """The highest relevance above 0; an earlier partner wins a tie."""
        asked = question_of(text)
        scores = {agent: policy.relevance(asked) for agent, policy in self._policies.items()}
        best = max(scores.values(), default=0)
        if best <= 0:
            return None
        found = [agent for agent, score in sorted(scores.items()) if score == best]
        return recent if recent in found else found[0]
