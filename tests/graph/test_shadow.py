"""A shadow agent on a real floor: it is asked and proposes, and the business tables stay as they were."""

from pathlib import Path
from typing import Any

from graph.app import App
from graph.opening import open_text, route_text
from protocol.ports import Tx
from protocol.world import World
from tests.agents.floor_copies import BERTHING, Edit, copy_harbour
from tests.graph.harbour_app import LAY, opened, propose, violations

BUSINESS = {
    "resources": "SELECT * FROM resources ORDER BY type, key",
    "balances": "SELECT * FROM balances ORDER BY type, key, field",
    "claims": "SELECT * FROM claims ORDER BY seq",
    "writes": "SELECT * FROM writes ORDER BY seq",
    "commits": "SELECT * FROM commits ORDER BY seq",
}


async def business(app: App) -> dict[str, list[Any]]:
    """Everything an action could have changed, and the events of committed actions."""

    def read(tx: Any) -> dict[str, list[Any]]:
        found = {name: list(tx.rows(sql)) for name, sql in BUSINESS.items()}
        return found | {"acted": [e.id for e in tx.events(type="action.committed")]}

    return await app.ledger.read(read)


def ask_the_shadow(tx: Tx, world: World) -> None:
    """What the router does not do: it sends no one's line to a shadow."""
    case = open_text(tx, world, LAY, "guest", None)
    route_text(tx, world, case, "berthing", [])


async def test_shadow_agent_proposes_and_no_business_table_changes(tmp_path: Path) -> None:
    floor = copy_harbour(tmp_path / "floor", Edit(BERTHING, "", "mode: shadow\n"))
    scripts = {"berthing": [[propose("assign_berth", visit="V-2", berth="B3", start="2026-05-04T12:00:00Z")]]}
    async with opened(tmp_path / "data", floor, scripts=scripts) as app:
        before = await business(app)
        await app.ledger.write(lambda tx: ask_the_shadow(tx, app.world))
        (shape,) = await app.resume()
        assert [v["verdict"] for v in shape["verdicts"]] == ["shadowed"]
        assert await business(app) == before
        assert await violations(app) == []
