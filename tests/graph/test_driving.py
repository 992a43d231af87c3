"""Who drives a case, how long, and what happens when somebody else decides or takes over meanwhile."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agents.model_router import Choice
from checkpoints.leases import Lease
from graph.deciding import Wanted, record_decision
from graph.driving import _while_held
from graph.gate import LeaseLostError, PassResult, _write_people, make_pass
from graph.nodes import _keep_turn, _route
from graph.opening import open_text
from protocol.ports import Tx
from protocol.position import Position, Route
from protocol.rows import LeaseRow
from tests.graph.harbour_app import (
    ELSEWHERE,
    LAY,
    SOUND,
    WHERE,
    Models,
    dump,
    events,
    free,
    opened,
    until,
    violations,
    waiting,
)


async def test_decision_recorded_while_the_case_runs_elsewhere_is_carried_out_by_its_holder(
    tmp_path: Path,
) -> None:
    """The holder has applied what it knew and is about to let go; the decider finds the lease taken."""
    async with opened(tmp_path) as holder, opened(tmp_path) as decider:
        case, escalation = await waiting(holder)
        inner = holder.ledger
        decided: list[dict[str, Any]] = []

        class Late:
            """Lets a person decide after the holder's last look, before its lease is free."""

            async def write(self, job: Any) -> Any:
                if job.__qualname__.endswith("give_back") and not decided:
                    decided.append(await decider.decide(escalation, "approve", person="k.maes"))
                return await inner.write(job)

            def __getattr__(self, name: str) -> Any:
                return getattr(inner, name)

        holder.driver._ledger = Late()
        await holder.driver.drive(case)
        assert decided[0]["status"] == "waiting", "the decider could not go on: the case was held"
        assert (await holder.outcome(case))["status"] == "done"
        assert await holder.ledger.read(lambda tx: tx.runnable()) == []


async def test_two_that_resume_a_decided_case_at_once_have_one_effect(tmp_path: Path) -> None:
    async with opened(tmp_path) as one, opened(tmp_path) as two:
        case, escalation = await waiting(one)
        await one.ledger.write(lambda tx: tx.take_lease(case, ELSEWHERE, 0.0, 1e12, False))
        await one.decide(escalation, "approve", person="k.maes")
        await one.ledger.write(free(case))
        assert (await one.outcome(case))["status"] == "waiting"
        await asyncio.gather(*(app.resume(case) for app in (one, two) * 3))
        await until(one, lambda tx: tx.runnable() == [])
        assert len(await one.ledger.read(lambda tx: tx.commits(case))) == 1
        visit = await one.ledger.read(lambda tx: tx.get("visit", "V-1"))
        assert visit is not None and visit.version == 1
        assert await violations(one) == []


async def test_case_waits_on_whatever_is_resumed_before_a_person_decides(tmp_path: Path) -> None:
    async with opened(tmp_path) as app:
        case, escalation = await waiting(app)
        before = await dump(app)
        for _ in range(3):
            (shape,) = await app.resume(case)
            assert shape["status"] == "waiting"
        assert await dump(app) == before
        assert (await app.decide(escalation, "approve", person="k.maes"))["status"] == "done"


async def test_lost_lease_ends_the_run_before_the_model_has_answered(tmp_path: Path) -> None:
    asked = asyncio.Event()

    async def never(agent: str) -> None:
        asked.set()
        await asyncio.Event().wait()

    async with opened(tmp_path, models=Models(never), renew_s=0.01) as app:
        asking = asyncio.create_task(app.ask(WHERE, person="guest"))
        await asked.wait()
        (case,) = await app.ledger.read(lambda tx: tx.runnable())
        await app.ledger.write(lambda tx: tx.take_lease(case, ELSEWHERE, 0.0, 1e12, True))
        shape = await asking
        assert shape["status"] == "open"
        assert await app.ledger.read(lambda tx: tx.turns(case, 1)) == []


@pytest.mark.parametrize("line", [LAY, SOUND])
async def test_case_accepted_by_a_process_that_died_is_driven_by_resume(tmp_path: Path, line: str) -> None:
    async with opened(tmp_path / "undisturbed") as app:
        await app.ask(line, person="guest")
        wanted = await dump(app)
    async with opened(tmp_path / "died") as app:
        case = await app.ledger.write(lambda tx: open_text(tx, app.world, line, "guest", None))
        (shape,) = await app.resume()
        assert (shape["case"], shape["status"]) == (case, "done")
        assert await dump(app) == wanted
        assert "case.ended" in await events(app, case)


async def test_case_that_fails_takes_no_other_along(tmp_path: Path) -> None:
    async with opened(tmp_path) as app:
        bad = await app.ledger.write(lambda tx: open_text(tx, app.world, "?", "guest", None))
        good = await app.ledger.write(lambda tx: open_text(tx, app.world, LAY, "guest", None))
        drive = app.driver._drive_once

        async def failing(case: Any, progress: Any) -> Any:
            if case == bad:
                raise RuntimeError("broken")
            return await drive(case, progress)

        app.driver._drive_once = failing  # type: ignore[method-assign]
        with pytest.raises(RuntimeError, match="broken"):
            await app.resume()
        assert (await app.outcome(good))["status"] == "done"
        shape = await app.ask(WHERE, person="guest")
        assert shape["status"] == "done", "a caller hears of its own case only"


async def test_work_ends_as_soon_as_the_lease_is_known_to_be_lost() -> None:
    lease = Lease(LeaseRow("case_a", 1, None, 0.0))
    lease.lost.set()
    with pytest.raises(LeaseLostError):
        await _while_held(lease, asyncio.sleep(0.2))


async def test_who_lost_the_lease_writes_neither_a_turn_nor_a_route(tmp_path: Path) -> None:
    async with opened(tmp_path) as app:
        case = await app.ledger.write(lambda tx: open_text(tx, app.world, WHERE, "guest", None))
        for _ in range(2):
            token = await app.ledger.write(lambda tx: tx.take_lease(case, ELSEWHERE, 0.0, 0.0, True))
        assert token == 2
        turn = _keep_turn(case, 1, "berthing", {"agent": "berthing"}, 1)
        for job in (turn, lambda tx: _route(tx, app.world, case, 1, Choice("berthing"), [])):
            with pytest.raises(LeaseLostError):
                await app.ledger.write(job)
        assert await app.ledger.read(lambda tx: tx.turns(case)) == []


async def test_pass_without_news_writes_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as app:
        case, _ = await waiting(app)

        def again(tx: Tx) -> PassResult:
            token = tx.take_lease(case, ELSEWHERE, 0.0, 0.0, True)
            assert token is not None
            return make_pass(tx, app.world, case, token)

        before = await dump(app)
        standing = await app.ledger.write(again)
        assert standing.route is Route.ESCALATE
        assert await dump(app) == before


async def test_decision_waits_for_the_agents_of_the_round(tmp_path: Path) -> None:
    async with opened(tmp_path) as app:
        case, escalation = await waiting(app)

        def at_work(tx: Tx) -> PassResult:
            row = tx.case(case)
            assert row is not None
            told = {"type": "person", "person": "guest", "roles": [], "text": WHERE}
            stands = replace(Position.from_json(row.position), round=2, active={"berthing": (told,)})
            tx.save_case(replace(row, position=stands.to_json()))
            record_decision(tx, app.world, Wanted(escalation, "approve", "k.maes"))
            token = tx.take_lease(case, ELSEWHERE, 0.0, 0.0, True)
            assert token is not None
            return make_pass(tx, app.world, case, token)

        standing = await app.ledger.write(at_work)
        assert (standing.route, standing.active) == (Route.AGENTS, ("berthing",))
        unspent = await app.ledger.read(lambda tx: tx.unspent(case))
        assert [d.person for d in unspent] == ["k.maes"]


async def test_decision_is_spent_once_or_the_pass_is_not_written(tmp_path: Path) -> None:
    async with opened(tmp_path) as app:
        case, escalation = await waiting(app)
        wanted = Wanted(escalation, "approve", "k.maes")
        await app.ledger.write(lambda tx: record_decision(tx, app.world, wanted))
        (decision,) = await app.ledger.read(lambda tx: tx.unspent(case))
        await app.ledger.write(lambda tx: _write_people(tx, [decision], [], []))
        with pytest.raises(RuntimeError, match="applied twice"):
            await app.ledger.write(lambda tx: _write_people(tx, [decision], [], []))
