"""A deterministic chat model that plays a role from its ``policy.py``: no key, no network (DESIGN 6).

It reads the same messages and makes the same tool calls as a real model. It keeps no state: at each
call the policy runs from its beginning and is sent the query answers that stand in the messages.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.callbacks import (
    AsyncCallbackManagerForLLMRun,
    BaseCallbackManager,
    CallbackManagerForLLMRun,
)
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.runnables.config import var_child_runnable_config

from agents.parsing import to_calls
from agents.provenance import unmarked
from protocol.turns import Play, QueryCall, View, question_of

CHARS_PER_TOKEN = 4
"""The usual estimate for English and JSON; the offline model counts by it."""


def view_of(messages: Sequence[BaseMessage]) -> View:
    """The view in the first human message, as policies read it: without marks, a person's question alone."""
    text = next(str(m.content) for m in messages if isinstance(m, HumanMessage))
    view = unmarked(json.loads(text))
    for trigger in view["triggers"]:
        if trigger["type"] == "person":
            trigger["text"] = question_of(trigger["text"])
    return View(**view)


def _nobody_listens() -> bool:
    """Whether we run in a graph whose callbacks are known to be none: no tracer, no stream of messages."""
    around = var_child_runnable_config.get()
    callbacks = around.get("callbacks") if around else None
    return isinstance(callbacks, BaseCallbackManager) and not callbacks.handlers


class OfflineModel(BaseChatModel):
    """Plays one role."""

    role: str
    play: Callable[[View], Play]

    @property
    def _llm_type(self) -> str:
        return "andon-offline"

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Runnable[Any, AIMessage]:
        """The policy knows its tools."""
        return self

    async def ainvoke(
        self,
        input: LanguageModelInput,  # noqa: A002 - LangChain's name
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> AIMessage:
        """The answer; the ways of telling callbacks are gone only when there are some to be told."""
        if config is None and isinstance(input, list) and _nobody_listens():
            return self._answer(input)
        return await super().ainvoke(input, config, stop=stop, **kwargs)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self._answer(messages))])

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self._answer(messages))])

    def _answer(self, messages: list[BaseMessage]) -> AIMessage:
        answers = [unmarked(json.loads(str(m.content))) for m in messages if isinstance(m, ToolMessage)]
        calls = self._next_calls(view_of(messages), answers)
        tool_calls = [
            {"name": name, "args": args, "id": f"call_{len(answers)}_{n}", "type": "tool_call"}
            for n, (name, args) in enumerate(calls)
        ]
        size = sum(len(str(m.content)) for m in messages)
        out = sum(len(json.dumps(c["args"])) + len(str(c["name"])) for c in tool_calls)
        given, made = size // CHARS_PER_TOKEN, max(1, out // CHARS_PER_TOKEN)
        usage = {"input_tokens": given, "output_tokens": made, "total_tokens": given + made}
        return AIMessage(content="", tool_calls=tool_calls, usage_metadata=usage)

    def _next_calls(self, view: View, answers: list[Any]) -> list[tuple[str, dict[str, Any]]]:
        policy = self.play(view)
        given = iter(answers)
        try:
            wanted: QueryCall = next(policy)
            for answer in given:
                wanted = policy.send(answer)
        except StopIteration as done:
            return to_calls(done.value or [])
        return [(wanted.name, dict(wanted.params))]
