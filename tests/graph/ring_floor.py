"""The ring of tests/protocol/ring.py as a floor in a directory, for the real graph and a real ledger."""

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from langchain_core.language_models import BaseChatModel

from agents.offline_model import OfflineModel
from graph.app import App, open_app
from graph.settings import Settings
from protocol.turns import Move, Play, View
from tests.protocol.ring import PART, agents_of, config, contract

PLEASE = "Would somebody please fit the parts?"
"""Goes to the first agent."""
_TOOLS = "from tests.protocol.ring import toolbox\n\nTOOLBOX = toolbox({number})\n"
_POLICY = """from protocol.turns import Policy


def play(view):
    raise AssertionError("a test gives every role its model")
    yield


POLICY = Policy(lambda text: {relevance}, play)
"""

Says = Callable[[str, int, Sequence[Mapping[str, Any]]], Sequence[Move]]
"""The moves of an agent, from its name, the round, and why it is asked."""


def write_ring(to: Path, levels: Sequence[int], parts: Sequence[str] = (PART,), **limits: int) -> Path:
    """A floor with an agent for each level, in the directory ``to``. JSON is YAML."""
    agents = agents_of(len(levels))
    records: dict[str, Any] = {f"part_{agent}": {part: {} for part in parts} for agent in agents}
    files = {
        "floor.yaml": json.dumps({**config(**limits), "seed": "seed.yaml"}),
        "seed.yaml": json.dumps({"resources": records}),
        "tools/floor.py": _TOOLS.format(number=len(agents)),
    }
    for place, (agent, level) in enumerate(zip(agents, levels, strict=True)):
        files[f"agents/{agent}/manifest.yaml"] = json.dumps(contract(len(agents), place, level))
        files[f"agents/{agent}/prompt.md"] = "Be polite.\n"
        files[f"agents/{agent}/policy.py"] = _POLICY.format(relevance=int(place == 0))
    for name, text in files.items():
        path = to / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return to


class Saying:
    """A chat model for each role that says what ``says`` gives. ``asked``: the agents, as they were asked."""

    def __init__(self, says: Says) -> None:
        self.asked: list[str] = []
        self._says = says

    def model_of(self, agent: str) -> BaseChatModel:
        """The model of one role."""
        return OfflineModel(role=agent, play=self._play)

    def endpoint_of(self, agent: str) -> str | None:
        """No role has one."""
        return None

    def _play(self, view: View) -> Play:
        yield from ()
        self.asked.append(view.agent)
        return self._says(view.agent, view.round, view.triggers)


@asynccontextmanager
async def ring(floor: Path, data: Path, says: Saying) -> AsyncIterator[App]:
    """The application on such a floor."""
    async with open_app(Settings(floor_dir=floor, data_dir=data), says) as app:
        yield app
