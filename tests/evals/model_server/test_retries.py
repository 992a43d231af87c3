"""A case has one allowance of retries, whoever's turns they are: the calls an endpoint gets are counted."""

from pathlib import Path

import pytest

from agents.backend import Endpoint
from agents.openai_access import OpenAIAccess
from evals.model_server.faults import Fault
from evals.model_server.profile import Draw, Profile
from tests.agents.floor_copies import CONFIG, Edit, copy_harbour
from tests.evals.model_server.test_endpoint import served
from tests.evals.model_server.test_tiers_and_budgets import told
from tests.graph.harbour_app import SOUND, announced, opened, violations


class AtCalls(Draw):
    """The calls of these numbers fail, from 1."""

    def __init__(self, *numbers: int) -> None:
        super().__init__(Profile())
        self._numbers = numbers
        self._calls = 0

    def fault(self, body: bytes) -> Fault | None:
        """Whatever is asked: calls are counted."""
        self._calls += 1
        return Fault.SERVER_ERROR if self._calls in self._numbers else None


def floor(to: Path, retries: int) -> Path:
    return copy_harbour(to / "floor", Edit(CONFIG, "", f"limits: {{retries: {retries}}}\n"))


@pytest.mark.parametrize("retries", [0, 1, 2])
async def test_turns_side_by_side_share_what_is_left(retries: int, tmp_path: Path) -> None:
    """Two agents hear of a ship; with all their retries they would make five calls."""
    async with served(faults={"server_error": 1}) as (server, url):
        models = OpenAIAccess("offline", Endpoint(url, "a-key"))
        async with opened(tmp_path / "data", floor(tmp_path, retries), models=models) as app:
            await app.accept([announced()])
            await app.drain()
            limits = await told(app, "limit.reached")
            assert await violations(app) == []
    assert server.served == 2 + retries
    assert limits == [{"limit": "retries", "most": retries}] * len(limits)
    assert 1 <= len(limits) <= 2


@pytest.mark.parametrize(
    ("retries", "status", "calls", "attempts"), [(2, "done", 5, [2, 2]), (1, "waiting", 3, [2, 1])]
)
async def test_later_turns_have_what_earlier_ones_left(
    retries: int, status: str, calls: int, attempts: list[int], tmp_path: Path
) -> None:
    """The first call of either turn fails; the second turn has a query, and so two calls if all is well."""
    async with served(draw=AtCalls(1, 3)) as (server, url):
        models = OpenAIAccess("offline", Endpoint(url, "a-key"))
        async with opened(tmp_path / "data", floor(tmp_path, retries), models=models) as app:
            ended = await app.ask(SOUND, person="guest")
            turns = [t for n, t in await app.ledger.read(lambda tx: tx.turns(ended["case"])) if n]
            limits = await told(app, "limit.reached")
    assert (ended["status"], server.served) == (status, calls)
    assert [turn["attempts"] for turn in turns] == attempts
    assert len(limits) == (status == "waiting")
