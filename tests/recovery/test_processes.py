"""Real processes, killed and stopped: what they leave behind is gone on with by `andon` in a fresh one."""

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from protocol.failpoints import Point
from tests.cli.program import SIGNER, Program
from tests.graph.harbour_app import ELSEWHERE, SHIFT, SOUND, dump, free, opened, violations, waiting
from tests.recovery.crash.places import TREATMENTS, Checkpoints, Place
from tests.recovery.programs import (
    FORKS,
    KILLED,
    decide_and_die,
    play,
    request,
    stopped_holder,
    take_over,
    told,
    wait_for_a_person,
)

pytestmark = pytest.mark.long

LIMIT_S = 60


def start(target: Callable[..., None], *args: Any) -> Any:
    """A process of its own."""
    process = FORKS.Process(target=target, args=args, daemon=True)
    process.start()
    return process


def wait_until(true: Callable[[], bool]) -> None:
    """A condition, never a time; the limit only ends a test that has failed."""
    ends = time.monotonic() + LIMIT_S
    while not true():
        assert time.monotonic() < ends, "it never came to that"
        time.sleep(0.002)


async def undisturbed(data: Path, what: str) -> dict[str, list[Any]]:
    async with opened(data) as app:
        await request(app, what)
        return await dump(app)


@pytest.mark.parametrize("checkpoints", TREATMENTS)
async def test_case_that_waits_for_a_person_outlives_its_process(
    tmp_path: Path, checkpoints: Checkpoints
) -> None:
    data, out = tmp_path / "data", tmp_path / "out"
    process = start(wait_for_a_person, data, SHIFT, out)
    wait_until(lambda: told(out) == ["waiting"])
    process.kill()
    process.join(LIMIT_S)
    assert process.exitcode == KILLED
    Place(tmp_path).treat_checkpoints(checkpoints)
    andon = Program(data)
    (item,) = andon("inbox", "--json").json["items"]
    approved = andon.process("approve", item["id"], "--as", SIGNER, "--json")
    assert (approved.code, approved.json["status"]) == (0, "done")
    async with opened(data) as app:
        assert await dump(app) == await undisturbed(tmp_path / "undisturbed", SHIFT)


async def test_dead_holder_is_replaced_at_once_by_andon_resume(tmp_path: Path) -> None:
    """It dies with the lease in its hand, between the first round's turn row and its gate."""
    data = tmp_path / "data"
    process = start(play, data, SOUND, Point.TURN_KEPT)
    process.join(LIMIT_S)
    assert process.exitcode == KILLED
    async with opened(data) as app:
        (case,) = await app.ledger.read(lambda tx: tx.runnable())
        lease = await app.ledger.read(lambda tx: tx.lease(case))
        assert lease is not None and lease.holder is not None and lease.expires > time.time()
        assert len(await app.ledger.read(lambda tx: tx.turns(case, 1))) == 1
        assert await app.ledger.read(lambda tx: tx.passes(case)) == []
    resumed = Program(data).process("resume", "--json")
    (shape,) = resumed.json["cases"]
    assert (resumed.code, shape["status"], shape["rounds"]) == (0, "done", 2)
    async with opened(data) as app:
        assert await dump(app) == await undisturbed(tmp_path / "undisturbed", SOUND)


async def test_decision_recorded_by_a_process_that_died_is_carried_out_by_andon_resume(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    async with opened(data) as app:
        _, escalation = await waiting(app)
    process = start(decide_and_die, data, escalation)
    process.join(LIMIT_S)
    assert process.exitcode == KILLED
    async with opened(data) as app:
        row = await app.ledger.read(lambda tx: tx.escalation(escalation))
        assert row is not None and row.state == "approved"
        assert await app.ledger.read(lambda tx: tx.commits(row.case)) == []
    resumed = Program(data).process("resume", "--json")
    assert [s["status"] for s in resumed.json["cases"]] == ["done"]
    again = Program(data).process("approve", escalation, "--as", SIGNER, "--json")
    assert (again.code, again.error["code"]) == (78, "already_decided"), again.err
    async with opened(data) as app:
        assert len(await app.ledger.read(lambda tx: tx.commits(row.case))) == 1
        assert await violations(app) == []


@pytest.mark.parametrize("at", ["model", "gate"])
async def test_stopped_holder_commits_nothing_once_another_has_taken_over(tmp_path: Path, at: str) -> None:
    data, out, go, second_out = (tmp_path / name for name in ("data", "out", "go", "second"))
    holder = start(stopped_holder, data, SOUND, out, at, go)
    wait_until(lambda: told(out) == ["there"])
    os.kill(holder.pid, signal.SIGSTOP)
    second = start(take_over, data, second_out)
    second.join(LIMIT_S)
    assert told(second_out) == ["taken over"]
    async with opened(data) as app:
        (case,) = await app.ledger.read(lambda tx: tx.cases())
        assert case.status == "done"
        before, passes = await dump(app), await app.ledger.read(lambda tx: tx.passes(case.id))
        go.touch()
        os.kill(holder.pid, signal.SIGCONT)
        holder.join(LIMIT_S)
        assert holder.exitcode == 0, "whoever lost a lease goes on with its life"
        assert told(out)[-1] == "done", "it tells what became of the case all the same"
        assert await dump(app) == before
        assert await app.ledger.read(lambda tx: tx.passes(case.id)) == passes
        assert await violations(app) == []
    assert json.dumps(before) == json.dumps(await undisturbed(tmp_path / "undisturbed", SOUND))


@pytest.mark.parametrize("at", ["model", "gate"])
async def test_fence_alone_keeps_a_stopped_holder_from_writing(tmp_path: Path, at: str) -> None:
    """It never looks at its lease again, and the other holder has done nothing yet that would stop it."""
    data, out, go = (tmp_path / name for name in ("data", "out", "go"))
    holder = start(stopped_holder, data, SOUND, out, at, go, 3600.0)
    wait_until(lambda: told(out) == ["there"])
    os.kill(holder.pid, signal.SIGSTOP)
    async with opened(data) as app:
        (case,) = await app.ledger.read(lambda tx: tx.runnable())
        before = await dump(app)
        taken = await app.ledger.write(lambda tx: tx.take_lease(case, ELSEWHERE, time.time(), 3600, True))
        assert taken is not None
        go.touch()
        os.kill(holder.pid, signal.SIGCONT)
        holder.join(LIMIT_S)
        assert (holder.exitcode, told(out)[-1]) == (0, "open")
        assert await dump(app) == before
        await app.ledger.write(free(case))
        (shape,) = await app.resume()
        assert shape["status"] == "done"
        assert json.dumps(await dump(app)) == json.dumps(await undisturbed(tmp_path / "undisturbed", SOUND))
