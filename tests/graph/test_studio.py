"""The graph that LangGraph's own server is given: there to be looked at, and no way around a lease."""

from pathlib import Path

import pytest

from graph import studio
from protocol.errors import UsageError
from tests.agents.floor_copies import copy_harbour


@pytest.fixture
def harbour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A harbour in place of the repository's own floor, whose ledger a test leaves alone."""
    floor = copy_harbour(tmp_path / "floor")
    monkeypatch.setattr(studio, "ROOT", floor)
    return floor


async def test_graph_can_be_drawn(harbour: Path) -> None:
    drawn = (await studio.graph()).get_graph().draw_mermaid()
    assert all(
        node in drawn for node in ("intake", "agent.berthing", "agent.fairway", "gate", "escalate", "reply")
    )


async def test_run_without_a_lease_is_refused_in_one_sentence(harbour: Path) -> None:
    graph = await studio.graph()
    with pytest.raises(UsageError, match="under its lease"):
        await graph.ainvoke({"case": "case_aaaaaaaaaaaaaaaa"})
