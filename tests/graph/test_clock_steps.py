"""A clock that jumps under a running process: nothing acts early, nothing is revived, a person is told."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from unittest.mock import patch

import pytest

from checkpoints.steady_clock import SteadyClock
from graph.app import App
from graph.deciding import Recorded, Wanted, record_decision
from protocol.errors import DecisionRefusedError
from protocol.ports import ReadTx
from protocol.times import plus
from tests.agents.floor_copies import Edit, copy_harbour
from tests.graph.harbour_app import events, opened, violations, waiting
from tests.postgres import drop_database, new_database
from tests.recovery.programs import SIGNER

OF_SYSTEM = Edit("floor.yaml", "clock: floor\nclock_start: 2026-05-04T06:00+02:00\n", "clock: system\n")


class Host:
    """What every ledger clock of this process reads: the right hour, and by how much it is wrong."""

    def __init__(self) -> None:
        self.ahead_s = 0
        self._believed = SteadyClock.believed

    @property
    def set_wrong(self) -> object:
        """The patch under which hours are read."""
        host = self

        def believed(clock: SteadyClock, hour: str) -> str:
            return host._believed(clock, plus(hour, seconds=host.ahead_s))

        return patch.object(SteadyClock, "believed", believed)


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> Iterator[str | None]:
    url = new_database() if request.param == "postgres" else None
    yield url
    if url is not None:
        drop_database(url)


@asynccontextmanager
async def on_system_clock(tmp_path: Path, database: str | None) -> AsyncIterator[tuple[App, Host]]:
    """The harbour on the system's clock, or the server's."""
    host, floor = Host(), tmp_path / "floor"
    if not floor.exists():
        copy_harbour(floor, OF_SYSTEM)
    with host.set_wrong:  # type: ignore[attr-defined]
        async with opened(tmp_path / "data", floor, database=database) as app:
            yield app, host


def standing(tx: ReadTx) -> list[str]:
    return [row.name for row in tx.alerts(open_only=True)]


@pytest.mark.parametrize("step_s", [3600, -3600, 86400, -86400])
async def test_after_a_jump_nothing_is_decided_ends_or_is_recorded(
    tmp_path: Path, database: str | None, step_s: int
) -> None:
    async with on_system_clock(tmp_path, database) as (app, host):
        case, asked = await waiting(app)
        before = await app.ledger.read(lambda tx: (tx.now, tx.escalation(asked)))
        host.ahead_s = step_s
        with pytest.raises(DecisionRefusedError, match="jumped by") as refused:
            await app.decide(asked, "approve", person=SIGNER)
        assert refused.value.error_code == "clock_stepped"
        await app.drain()
        now, row = await app.ledger.read(lambda tx: (tx.now, tx.escalation(asked)))
        assert row == before[1], "no rung ended early, and nothing expired"
        assert before[0] <= now <= plus(before[0], seconds=60)
        assert await app.ledger.read(lambda tx: (tx.meta("clock") or "") <= plus(before[0], seconds=60))
        assert await app.ledger.read(standing) == ["clock_step"]
        host.ahead_s = 0
        shape = await app.decide(asked, "approve", person=SIGNER)
        assert (shape["decision"], shape["status"]) == ("approved", "done")
        assert len(await app.ledger.read(lambda tx: tx.commits(case))) == 1
        assert (await events(app)).count("alert.raised") == 1
        assert await violations(app) == []


async def test_what_was_signed_before_a_jump_is_not_done_after_it(
    tmp_path: Path, database: str | None
) -> None:
    async with on_system_clock(tmp_path, database) as (app, host):
        case, asked = await waiting(app)
        wanted = Wanted(asked, "approve", SIGNER)
        recorded = await app.ledger.write(lambda tx: record_decision(tx, app.world, wanted))
        assert isinstance(recorded, Recorded)
        host.ahead_s = -3600
        await app.resume(case)
        assert await app.ledger.read(lambda tx: tx.commits(case)) == []
        assert [v.code for v in await app.ledger.read(lambda tx: tx.verdicts(case))][-1] == "clock_stepped"
        assert await violations(app) == []


async def test_work_that_needs_no_signature_goes_on(tmp_path: Path, database: str | None) -> None:
    async with on_system_clock(tmp_path, database) as (app, host):
        await app.sweep()
        host.ahead_s = 86400
        shape = await app.ask("Lay V-2 at B3 from 2026-05-04 12:00", person="guest")
        assert shape["status"] == "done"


async def test_process_that_starts_later_believes_its_clock(tmp_path: Path, database: str | None) -> None:
    """The alert stays for an hour; whoever sees no jump then clears it."""
    async with on_system_clock(tmp_path, database) as (app, host):
        _, asked = await waiting(app)
        host.ahead_s = -3600
        await app.sweep()
    async with on_system_clock(tmp_path, database) as (app, host):
        await app.sweep()
        assert await app.ledger.read(standing) == ["clock_step"]
        assert (await app.decide(asked, "approve", person=SIGNER))["decision"] == "approved"
        for _ in range(122):
            host.ahead_s += 30  # nothing that anybody would notice
            await app.sweep()
        assert await app.ledger.read(standing) == []
        assert [e for e in await events(app) if e.startswith("alert.")] == ["alert.raised", "alert.cleared"]
