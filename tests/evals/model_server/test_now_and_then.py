"""Many cases of five calls, one call in 25 of which fails: what ends is right, or says that it is not.

The case is the plant's: a maintenance order is due, maintenance asks scheduling for a window and opens the
downtime in it. Right is what comes of it without any failure.
"""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from agents.backend import Endpoint
from agents.floor_loader import load_floor
from agents.models import ModelAccess, OfflineAccess, letting_go
from agents.openai_access import OpenAIAccess
from evals.model_server.profile import make_profile
from evals.model_server.roles import Roles
from evals.model_server.server import ModelServer, serving
from graph.app import open_app
from graph.settings import Settings
from protocol.ports import ReadTx
from protocol.toolbox import Fact
from tests.architecture.sources import ROOT

pytestmark = pytest.mark.long

FAILING = {"server_error": 0.02, "broken_json": 0.02}
SEED = 11
CALLS = 5
DUE = {"machine": "M7", "maintenance_order": "MO-71"}


@dataclass
class Ended:
    """What became of one case. ``effects``: what its agents did. ``calls``: of its model."""

    status: str
    effects: list[tuple[str, str, Any]] = field(default_factory=list)
    calls: int = 0
    told: bool = False


async def one_case(models: ModelAccess | None) -> Ended:
    """The case on a ledger of its own."""
    with tempfile.TemporaryDirectory() as place:
        async with open_app(Settings(ROOT, Path(place)), models) as app:
            now = await app.ledger.read(lambda tx: tx.now)
            [result] = await app.accept([Fact("maintenance.due", "orders", "1", now, "M7", DUE)])
            assert result.case is not None
            await app.drain()
            outcome = await app.outcome(result.case)

            def effects(tx: ReadTx) -> list[tuple[str, str, Any]]:
                return [(c.agent, c.kind, c.params) for c in tx.commits(str(result.case))]

            found = await app.ledger.read(effects)
    told = bool(outcome["escalations"]) or outcome["status"] in ("waiting", "refused", "failed")
    return Ended(outcome["status"], found, outcome["usage"]["model_calls"], told)


async def many(count: int) -> tuple[int, int, int, dict[str, int]]:
    """(ended right, wrong and presented as right, calls that were answered, faults by name)."""
    undisturbed = await one_case(None)
    assert (undisturbed.status, undisturbed.calls) == ("done", CALLS)
    assert undisturbed.effects
    floor = load_floor(ROOT)
    roles = Roles(OfflineAccess(floor.policies), list(floor.world.manifests))
    server = ModelServer(roles, make_profile({"seed": SEED, "faults": FAILING}))
    right, silent = 0, 0
    async with serving(server) as url:
        models = OpenAIAccess("offline", Endpoint(url, "a-key"))
        async with letting_go(models):
            for _ in range(count):
                ended = await one_case(models)
                same = ended.effects == undisturbed.effects
                right += same and ended.status == "done"
                silent += not same and not ended.told
    return right, silent, server.served, server.met


async def test_a_failure_now_and_then_is_made_good_or_told() -> None:
    right, silent, served, met = await many(12)
    assert (right, silent) == (12, 0)
    assert met
    assert served > 12 * CALLS


@pytest.mark.soak
async def test_six_hundred_cases_end_right(capsys: pytest.CaptureFixture[str]) -> None:
    right, silent, served, met = await many(600)
    with capsys.disabled():
        print(f"\n600 cases: {right} right, {silent} wrong and silent, {served} calls, {met}")
    assert silent == 0
    assert right >= 0.995 * 600
