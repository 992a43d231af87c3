"""The messages of one attempt at a turn, kept within the agent's budget of tokens (R16).

The budget is of everything in the messages of a call: the role's prompt, the view, the answers to queries.
Definitions of tools are not in it. What a provider counts is kept beside what we estimate.
"""

from collections.abc import Mapping
from typing import Any

from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.messages.utils import count_tokens_approximately

from agents.fitting import fit, fit_answer
from agents.parsing import InvalidTurnError
from agents.provenance import mark, quoted
from protocol.turns import Context

NOT_YET = "not taken: make all your moves together, after the queries"
FOR_QUERIES = 8
"""The part of the budget that the view leaves free, one in so many, when the agent may query."""
OF_WHAT_IS_LEFT = 4
"""The part of what is left that one answer leaves to those that follow."""
FRAME_TOKENS = 16
"""Of a message around its content: its role, its id."""


class Prompt:
    """What a model is asked with. ``dropped``: what there was no room for."""

    def __init__(
        self, system: str, view: dict[str, Any], complaint: str, budget: int, *, queries: bool
    ) -> None:
        self._budget = budget
        self.messages: list[BaseMessage] = [SystemMessage(system)]
        notes = [HumanMessage(_complaint(complaint))] if complaint else []
        room = budget - count_tokens_approximately([*self.messages, *notes]) - FRAME_TOKENS
        self.dropped = fit(view, room - budget // FOR_QUERIES if queries else room)
        self.messages += [HumanMessage(quoted(view)), *notes]
        self.context = Context(0, budget)

    def called(self, answer: BaseMessage, *, is_told: bool, tools_tokens: int = 0) -> None:
        """Count a call that was answered. ``is_told``: its usage is what a provider counted.

        ``tools_tokens``: our estimate of the definitions of tools, which a provider counts with the messages.
        """
        usage: Mapping[str, Any] = getattr(answer, "usage_metadata", None) or {}
        told = max(0, int(usage.get("input_tokens", 0)) - tools_tokens) if is_told else 0
        tokens = told or count_tokens_approximately(self.messages)
        if tokens >= self.context.tokens:
            self.context = Context(tokens, self._budget, "provider" if told else "estimated")

    def add(self, answer: BaseMessage, calls: int) -> None:
        """What the model said that has to be answered. InvalidTurnError when no room is left for that."""
        self.messages.append(answer)
        if self._left() < calls * FRAME_TOKENS * 2:
            raise InvalidTurnError("no room is left for the answers to more queries; make your moves")

    def answer(self, call: str, query: str, answer: Any) -> None:
        """What a query found, cut to what is left when it has to be."""
        left = self._left() - FRAME_TOKENS
        text, cut = fit_answer(query, answer, left - left // OF_WHAT_IS_LEFT)
        self.messages.append(ToolMessage(text, tool_call_id=str(call)))
        self.dropped += (cut,) if cut else ()

    def not_yet(self, call: str) -> None:
        """A move that came together with a query."""
        self.messages.append(ToolMessage(quoted(NOT_YET), tool_call_id=str(call)))

    def _left(self) -> int:
        return self._budget - count_tokens_approximately(self.messages)


def _complaint(complaint: str) -> str:
    """What was wrong with the last answer. It may quote what the model said: that is marked as such."""
    return quoted({"repair": mark(complaint, "your last answer"), "now": "Give your turn again, mended."})


NOTHING_SHOWN = Prompt("", {"triggers": [], "resources": {}, "versions": {}}, "", 0, queries=False)
"""Of a turn whose model has not been asked."""
