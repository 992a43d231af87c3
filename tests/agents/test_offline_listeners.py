"""The offline model answers alike with and without callbacks that listen to it, and they do hear of it."""

from typing import Any

from langchain_core.callbacks import AsyncCallbackHandler, BaseCallbackHandler
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from langchain_core.runnables import RunnableConfig
from langgraph.graph import END, START, MessagesState, StateGraph

from agents.offline_model import OfflineModel
from protocol.canonical import dumps
from protocol.turns import Play, Reply, View

VIEW = {
    "agent": "clerk",
    "case": "case_1",
    "round": 1,
    "now": "2026-03-02T09:00:00Z",
    "zone": "UTC",
    "turn": 0,
    "triggers": [],
    "resources": {},
    "versions": {},
    "may_ask": {},
}
MESSAGES: list[BaseMessage] = [SystemMessage("You are a clerk."), HumanMessage(dumps(VIEW))]


class Listener(AsyncCallbackHandler):
    """Counts the calls it hears of."""

    def __init__(self) -> None:
        self.heard = 0

    async def on_chat_model_start(self, *args: Any, **kwargs: Any) -> None:
        self.heard += 1


def play(view: View) -> Play:
    yield from ()
    return [Reply(f"{view.agent} has nothing to do.")]


async def answer_in_graph(model: BaseChatModel, *listeners: BaseCallbackHandler) -> AIMessage:
    """What the model says inside a node, which is where it is asked."""

    async def ask(state: MessagesState) -> dict[str, Any]:
        return {"messages": [await model.ainvoke(list(MESSAGES))]}

    graph = StateGraph(MessagesState)
    graph.add_node("ask", ask)
    graph.add_edge(START, "ask")
    graph.add_edge("ask", END)
    config: RunnableConfig = {"callbacks": list(listeners)}
    found = await graph.compile().ainvoke({"messages": []}, config if listeners else None)
    message = found["messages"][-1]
    assert isinstance(message, AIMessage)
    return message


async def test_answer_is_the_same_whether_somebody_listens_or_not() -> None:
    model, listener = OfflineModel(role="clerk", play=play), Listener()
    alone = await answer_in_graph(model)
    heard = await answer_in_graph(model, listener)
    outside = await model.ainvoke(MESSAGES)
    assert listener.heard == 1
    assert alone.tool_calls == heard.tool_calls == outside.tool_calls
    assert alone.tool_calls[0]["args"]["text"] == "clerk has nothing to do."
    assert alone.usage_metadata == heard.usage_metadata == outside.usage_metadata
