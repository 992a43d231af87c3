"""Cases that nobody can go on with: counted, and put before a person; a process that stops gives its back."""

import asyncio
from pathlib import Path

import pytest

from protocol.errors import DependencyDownError
from tests.graph.harbour_app import LAY, SOUND, Models, dump, events, opened, violations


async def test_case_is_put_before_a_person_after_three_attempts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(tmp_path) as app:
        case = await app.enqueue(LAY, person="guest")

        async def dies(*_: object) -> bool:
            raise SystemError("out of everything")

        with monkeypatch.context() as patched:
            patched.setattr(app.driver, "_run_graph", dies)
            for died in range(1, 4):
                with pytest.raises(SystemError):
                    await app.driver.drive(case["case"])
                assert await app.ledger.read(lambda tx: tx.tries(case["case"])) == died
            try:
                assert await app.driver.drive(case["case"])
            except SystemError:
                pytest.fail("it is driven a fourth time")
        shape = await app.outcome(case["case"])
        assert shape["status"] == "waiting"
        assert await app.ledger.read(lambda tx: (tx.tries(case["case"]), tx.runnable())) == (0, [])
        assert "case.stopped" in await events(app, case["case"])
        (item,) = shape["waiting"]
        row = await app.ledger.read(lambda tx: tx.escalation(item["id"]))
        assert row is not None and row.reason == "quarantined"
        await app.decide(item["id"], "answer", person="k.maes", option=0)
        assert (await app.outcome(case["case"]))["status"] in ("done", "refused", "failed")
        assert await violations(app) == []


@pytest.mark.parametrize("error", [DependencyDownError("away"), asyncio.CancelledError()])
async def test_nothing_is_held_against_a_case_whose_ledger_was_away_or_whose_process_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    async with opened(tmp_path) as app:
        case = (await app.enqueue(LAY, person="guest"))["case"]

        async def fails(*_: object) -> bool:
            raise error

        monkeypatch.setattr(app.driver, "_run_graph", fails)
        with pytest.raises(type(error)):
            await app.driver.drive(case)
        assert await app.ledger.read(lambda tx: (tx.tries(case), tx.runnable())) == (0, [case])


async def test_process_that_stops_finishes_the_round_and_gives_the_case_back(tmp_path: Path) -> None:
    """Two rounds: the first one's model call is under way when the process is told to stop."""
    stop: list[object] = []

    async def seen(agent: str) -> None:
        for app in stop:
            app.driver.stop()  # type: ignore[attr-defined]

    models = Models(seen)
    async with opened(tmp_path / "data", models=models) as app:
        case = (await app.enqueue(SOUND, person="guest"))["case"]
        stop.append(app)
        assert await app.driver.drive(case)
        row = await app.ledger.read(lambda tx: tx.case(case))
        assert row is not None and (row.status, row.runnable, row.passes) == ("open", True, 1)
        lease = await app.ledger.read(lambda tx: tx.lease(case))
        assert lease is not None and lease.holder is None
        assert models.calls == ["fairway"], "the second round has not begun"
    async with opened(tmp_path / "data") as app:
        assert await app.drain() == [case]
        found = await dump(app)
        assert await violations(app) == []
    async with opened(tmp_path / "undisturbed") as app:
        await app.ask(SOUND, person="guest")
        assert await dump(app) == found
