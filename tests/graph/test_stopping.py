"""What the rules cannot decide stops its case before a person: never silently, and no other case with it."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from graph.app import App
from graph.opening import open_text, route_text
from protocol.errors import DecisionRefusedError
from protocol.exchange import Exchange
from protocol.position import first
from tests.agents.floor_copies import ACTIONS, BERTHING, BERTHING_POLICY, FAIRWAY, TOOLBOX, Edit, copy_harbour
from tests.agents.test_turn_runtime import REFLEX
from tests.graph.harbour_app import (
    LAY,
    SHIFT,
    SOUND,
    WHERE,
    Models,
    announced,
    dump,
    events,
    opened,
    propose,
    violations,
    waiting,
)

RAISES = '        raise KeyError("the floor is broken \\ud800")\n'
_RULE = "    if visit is None or berth is None or visit"
_SHIFT = '    if visit is None or visit["berth"] is None:\n'
BROKEN_RULE = Edit(TOOLBOX, _RULE, f"    if True:\n{RAISES}{_RULE}")
BROKEN_SHIFT = Edit(ACTIONS, _SHIFT, f"    if context.approval:\n{RAISES}{_SHIFT}")
BROKEN_RELEVANCE = Edit(BERTHING_POLICY, "    return counts(text, ", "    [][1]\n    return counts(text, ")


async def stopped(app: App, case: str, code: str) -> None:
    """The case waits for a person, who can only leave it; then it has failed, and all is in order."""
    shape = await app.outcome(case)
    assert shape["status"] == "waiting"
    (row,) = await app.ledger.read(lambda tx: tx.escalations(case, open_only=True))
    assert (row.type, row.reason) == ("question", code)
    assert [o["title"] for o in row.options] == ["leave as it is"]
    assert "case.stopped" in await events(app, case)
    assert await app.ledger.read(lambda tx: tx.runnable()) == []
    person = app.world.config.holders(row.role, row.requested_at)[0]
    await app.decide(row.id, "answer", person=person, option=0)
    shape = await app.outcome(case)
    assert (shape["status"], shape["code"]) == ("failed", code)
    assert await violations(app) == [], "owners who have left owned what they wrote"


async def test_rule_that_raises_stops_the_case_and_nothing_of_its_round_is_kept(tmp_path: Path) -> None:
    floor = copy_harbour(tmp_path / "floor", BROKEN_RULE)
    async with opened(tmp_path / "data", floor) as app:
        shape = await app.ask(LAY, person="guest")
        assert shape["verdicts"] == []
        assert (await app.ask(WHERE, person="guest"))["status"] == "done"
        await stopped(app, shape["case"], "gate_error")
        row = (await app.ledger.read(lambda tx: tx.escalations(shape["case"])))[0]
        assert "KeyError" in row.summary


async def test_what_was_done_before_a_rule_raises_is_undone_with_its_pass(tmp_path: Path) -> None:
    laid = '    if snapshot.get("visit", "V-2")["berth"] == "B3":\n'
    floor = copy_harbour(tmp_path / "floor", Edit(ACTIONS, _SHIFT, f"{laid}{RAISES}{_SHIFT}"))
    moves = [
        propose("assign_berth", visit="V-2", berth="B3", start="2026-05-04T12:00:00Z"),
        propose("shift_visit", visit="V-1", berth="B2", start="2026-05-06T08:00:00Z"),
    ]
    async with opened(tmp_path / "data", floor, scripts={"berthing": [moves]}) as app:
        before = await dump(app)
        shape = await app.ask(LAY, person="guest")
        after = await dump(app)
        assert [after[n] for n in ("resources", "balances", "claims", "commits")] == [
            before[n] for n in ("resources", "balances", "claims", "commits")
        ]
        await stopped(app, shape["case"], "gate_error")


async def test_signed_action_that_raises_is_spent_and_refused(tmp_path: Path) -> None:
    """Otherwise the decision would bring about the same pass for ever."""
    floor = copy_harbour(tmp_path / "floor", BROKEN_SHIFT)
    async with opened(tmp_path / "data", floor) as app:
        case, escalation = await waiting(app)
        shape = await app.decide(escalation, "approve", person="k.maes")
        assert shape["status"] == "waiting"
        assert [v["verdict"] for v in shape["verdicts"]] == ["escalated", "refused"]
        assert await app.ledger.read(lambda tx: tx.unspent(case)) == []
        await stopped(app, case, "gate_error")


async def test_router_that_raises_stops_the_case(tmp_path: Path) -> None:
    floor = copy_harbour(tmp_path / "floor", BROKEN_RELEVANCE)
    async with opened(tmp_path / "data", floor) as app:
        shape = await app.ask(SOUND, person="guest")
        await stopped(app, shape["case"], "router_error")


def renamed(to: Path) -> Path:
    """The harbour whose fairway office is called channel."""
    floor = copy_harbour(to)
    shutil.move(floor / "agents" / "fairway", floor / "agents" / "channel")
    for file in (f for f in floor.rglob("*.*") if f.suffix in (".py", ".yaml")):
        file.write_text(file.read_text(encoding="utf-8").replace("fairway", "channel"), encoding="utf-8")
    return floor


async def routed(app: App, text: str, agent: str) -> str:
    """A case whose first round is due."""
    case = await app.ledger.write(lambda tx: open_text(tx, app.world, text, "guest", None))
    await app.ledger.write(lambda tx: route_text(tx, app.world, case, agent, []))
    return case


async def test_case_whose_agent_left_the_floor_is_put_to_a_person(tmp_path: Path) -> None:
    async with opened(tmp_path / "data") as app:
        case = await routed(app, SOUND, "fairway")
    async with opened(tmp_path / "data", renamed(tmp_path / "floor")) as app:
        (shape,) = await app.resume()
        assert "fairway left it" in shape["reply"]
        await stopped(app, case, "floor_changed")


async def test_case_that_goes_on_beyond_the_bound_of_its_passes_is_stopped(tmp_path: Path) -> None:
    """The rules keep the bound by themselves; if they ever do not, a person is told."""
    async with opened(tmp_path / "data") as app:
        case = await routed(app, SOUND, "fairway")
        row = await app.ledger.read(lambda tx: tx.case(case))
        assert row is not None
        many = replace(row, passes=app.world.config.limits.rounds)
        await app.ledger.write(lambda tx: tx.save_case(many))
        await app.resume()
        rows = await app.ledger.read(lambda tx: tx.escalations(case, open_only=True))
        assert [row.reason for row in rows] == ["step_bound"]
        asked = rows[0]
        await app.decide(
            asked.id, "answer", person=app.world.config.holders(asked.role, asked.requested_at)[0], option=0
        )
        assert (await app.outcome(case))["code"] == "step_bound"


async def test_case_whose_partner_left_the_floor_is_put_to_a_person(tmp_path: Path) -> None:
    """berthing is to answer a request of somebody who is gone."""
    ask = Exchange(
        "m", "fairway", "berthing", "find_gap", {}, None, key="case/1/fairway/0", level=3, opened=1
    )
    async with opened(tmp_path / "data") as app:
        case = await routed(app, SOUND, "fairway")
        row = await app.ledger.read(lambda tx: tx.case(case))
        assert row is not None
        asked = replace(first({"berthing": ({"type": "request", "exchange": "x1"},)}), exchanges={"x1": ask})
        await app.ledger.write(lambda tx: tx.save_case(replace(row, position=asked.to_json())))
    async with opened(tmp_path / "data", renamed(tmp_path / "floor")) as app:
        await app.resume()
        await stopped(app, case, "floor_changed")


async def test_case_goes_on_under_a_floor_that_changed_and_still_has_its_agents(tmp_path: Path) -> None:
    async with opened(tmp_path / "data") as app:
        case = await routed(app, SOUND, "fairway")
    floor = copy_harbour(tmp_path / "floor", Edit(FAIRWAY, "version: 1", "version: 2"))
    async with opened(tmp_path / "data", floor) as app:
        (shape,) = await app.resume()
        assert shape["status"] == "done"
        assert (await events(app, case)).count("case.adopted") == 1
        row = await app.ledger.read(lambda tx: tx.case(case))
        assert row is not None and row.fingerprint == app.world.fingerprint


async def test_approval_asked_under_another_manifest_is_asked_anew_before_anybody_signs(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path / "data") as app:
        case, escalation = await waiting(app)
    floor = copy_harbour(tmp_path / "floor", Edit(BERTHING, "version: 1", "version: 2"))
    async with opened(tmp_path / "data", floor) as app:
        with pytest.raises(DecisionRefusedError, match="no longer asked") as refused:
            await app.decide(escalation, "approve", person="k.maes")
        (row,) = await app.ledger.read(lambda tx: tx.escalations(case, open_only=True))
        assert row.id in (refused.value.hint or "")
        assert "the manifest of berthing" in row.reason
        shape = await app.decide(row.id, "approve", person="k.maes")
        assert (shape["status"], shape["verdicts"][-1]["verdict"]) == ("done", "committed")
        assert await violations(app) == []


async def test_reflex_is_committed_although_its_agent_failed(tmp_path: Path) -> None:
    floor = copy_harbour(
        tmp_path / "floor",
        Edit(BERTHING, new="reflexes: {ship.announced: assign_berth}\n"),
        Edit(TOOLBOX, new=REFLEX),
    )

    async def down(agent: str) -> Any:
        raise RuntimeError(f"{agent} is down")

    async with opened(tmp_path / "data", floor, Models(down)) as app:
        await app.accept([announced(length_m=150, draught_dm=60, power_kw=100)])
        await app.drain()
        visit = await app.ledger.read(lambda tx: tx.get("visit", "V-3"))
        assert visit is not None and visit["berth"] == "B3"
        assert await violations(app) == []


@pytest.mark.parametrize("line", [SHIFT, LAY])
async def test_floor_that_did_not_change_adopts_nothing(tmp_path: Path, line: str) -> None:
    async with opened(tmp_path) as app:
        shape = await app.ask(line, person="guest")
    async with opened(tmp_path) as app:
        await app.resume(shape["case"])
        assert "case.adopted" not in await events(app)
