"""One tick before, at and after: when a signature counts; and who may still sign when it does."""

from pathlib import Path
from typing import Any

import pytest

from graph.app import App
from graph.deciding import Recorded, Wanted, record_decision
from protocol.errors import DeadlineError, NotAuthorisedError
from protocol.rows import EscalationRow
from protocol.times import plus
from tests.graph.harbour_app import opened, violations, waiting
from tests.recovery.programs import SIGNER

LOST = [{"id": SIGNER, "name": "Koen Maes", "roles": ["pilot_master"]}]
"""The signer, moved to another desk."""


async def escalation(app: App, asked: str) -> EscalationRow:
    row = await app.ledger.read(lambda tx: tx.escalation(asked))
    assert row is not None
    return row


async def record(app: App, asked: str) -> Any:
    wanted = Wanted(asked, "approve", SIGNER)
    return await app.ledger.write(lambda tx: record_decision(tx, app.world, wanted))


async def codes(app: App, case: str) -> list[str | None]:
    return [v.code for v in await app.ledger.read(lambda tx: tx.verdicts(case))]


@pytest.mark.parametrize("swept", [False, True], ids=["nobody has swept", "swept"])
@pytest.mark.parametrize("tick", [-1, 0, 1])
async def test_last_rung_is_answered_before_its_end(tmp_path: Path, tick: int, swept: bool) -> None:
    async with opened(tmp_path) as app:
        case, asked = await waiting(app)
        ends = plus((await escalation(app, asked)).requested_at, seconds=900 + 1800)
        await app.ledger.write(lambda tx: tx.advance_clock(plus(ends, seconds=tick)))
        if swept:
            await app.sweep()
        if tick < 0:
            assert (await app.decide(asked, "approve", person=SIGNER))["status"] == "done"
        else:
            with pytest.raises(DeadlineError, match="nothing was approved"):
                await app.decide(asked, "approve", person=SIGNER)
            assert (await escalation(app, asked)).due_at == ends
            assert (await codes(app, case))[-1] == "expired"
        assert len(await app.ledger.read(lambda tx: tx.commits(case))) == (tick < 0)
        assert await violations(app) == []


@pytest.mark.parametrize("tick", [-1, 0, 1])
async def test_signature_is_used_before_it_expires(tmp_path: Path, tick: int) -> None:
    """Signed in time, and the process slept until the last instant at which the action may happen."""
    async with opened(tmp_path) as app:
        case, asked = await waiting(app)
        assert isinstance(await record(app, asked), Recorded)
        row = await escalation(app, asked)
        await app.ledger.write(lambda tx: tx.advance_clock(plus(row.expires_at, seconds=tick)))
        await app.resume(case)
        assert len(await app.ledger.read(lambda tx: tx.commits(case))) == (tick < 0)
        assert ("expired" in await codes(app, case)) == (tick >= 0)
        assert await violations(app) == []


@pytest.mark.parametrize("tick", [-1, 0, 1])
async def test_signature_is_recorded_before_it_expires(tmp_path: Path, tick: int) -> None:
    """Nobody has swept: the decision service itself looks at the hour."""
    async with opened(tmp_path) as app:
        _, asked = await waiting(app)
        row = await escalation(app, asked)
        await app.ledger.write(lambda tx: tx.advance_clock(plus(row.expires_at, seconds=tick)))
        found = await record(app, asked)
        assert isinstance(found, Recorded if tick < 0 else DeadlineError)


async def test_who_lost_the_role_before_deciding_decides_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as app:
        case, asked = await waiting(app)
    async with opened(tmp_path, people=LOST) as app:
        with pytest.raises(NotAuthorisedError):
            await app.decide(asked, "approve", person=SIGNER)
        assert await app.ledger.read(lambda tx: (tx.commits(case), tx.decisions(asked))) == ([], [])
        assert await violations(app) == []


async def test_who_lost_the_role_before_the_commit_has_signed_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as app:
        case, asked = await waiting(app)
        assert isinstance(await record(app, asked), Recorded)
    async with opened(tmp_path, people=LOST) as app:
        await app.resume(case)
        assert await app.ledger.read(lambda tx: tx.commits(case)) == []
        assert await violations(app) == []


async def test_role_lost_and_given_back_counts(tmp_path: Path) -> None:
    async with opened(tmp_path) as app:
        case, asked = await waiting(app)
    async with opened(tmp_path, people=LOST) as app:
        await app.sweep()
    async with opened(tmp_path) as app:
        assert (await app.decide(asked, "approve", person=SIGNER))["status"] == "done"
        assert len(await app.ledger.read(lambda tx: tx.commits(case))) == 1
