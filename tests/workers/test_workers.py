"""Several workers on one ledger: killed, stopped, poisoned; every case ends, and nothing happens twice."""

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from graph.app import App, open_app
from protocol.ports import ReadTx
from protocol.rows import CaseRow
from tests.graph.harbour_app import LAY, SOUND, WHERE, dump, until, violations
from tests.postgres import new_database
from tests.recovery.programs import FORKS, KILLED, halted, told
from tests.recovery.test_processes import LIMIT_S, start, wait_until
from tests.workers.programs import POISON, Post, enqueue, stop_in_call, stop_in_commit, work

pytestmark = pytest.mark.long

FORKS.set_forkserver_preload(["tests.recovery.programs", "tests.workers.programs"])

SOAK = bool(os.environ.get("ANDON_SOAK"))
EACH_SIDE = 25 if SOAK else 8
"""Good cases before a deadly one, and after it."""


@pytest.fixture(params=["sqlite", "postgres"])
def post(tmp_path: Path, request: pytest.FixtureRequest) -> Post:
    """A place of work, on each database."""
    return Post(tmp_path / "data", new_database() if request.param == "postgres" else None)


async def cases_of(app: App) -> dict[str, CaseRow]:
    return {row.id: row for row in await app.ledger.read(lambda tx: tx.cases())}


def held(tx: ReadTx, case: str) -> int | None:
    """The process that holds a case."""
    lease = tx.lease(case)
    return None if lease is None or lease.holder is None else lease.holder.pid


def ended(tx: ReadTx, case: str) -> bool:
    """Whether nothing is left to do."""
    row = tx.case(case)
    return row is not None and row.status.ended and held(tx, case) is None


async def test_workers_share_what_was_handed_over(post: Post, tmp_path: Path) -> None:
    texts = [SOUND, WHERE, LAY] * 6
    cases = await enqueue(post, texts)
    outs = [tmp_path / "one", tmp_path / "two"]
    workers = [start(work, post, out) for out in outs]
    for worker in workers:
        worker.join(LIMIT_S)
    assert [worker.exitcode for worker in workers] == [0, 0]
    by_case = [line.split()[0] for out in outs for line in told(out) if line != "ready"]
    assert sorted(by_case) == sorted(cases), "each case went to one of them, once"
    async with open_app(post.settings) as app:
        assert all(row.status.ended for row in (await cases_of(app)).values())
        assert await violations(app) == []


async def test_killed_workers_cases_go_on_elsewhere(post: Post, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (case,) = await enqueue(post, [SOUND])
    slow = replace(post, model_s=30.0, once=False)
    first = start(work, slow, out)
    wait_until(lambda: told(out) == ["ready"])
    async with open_app(post.settings) as app:
        await until(app, lambda tx: held(tx, case) == first.pid)
        os.kill(first.pid, signal.SIGKILL)
        first.join(LIMIT_S)
        assert first.exitcode == KILLED
        second = start(work, post, tmp_path / "second")
        second.join(LIMIT_S)
        assert told(tmp_path / "second") == ["ready", f"{case} done"]
        assert await app.ledger.read(lambda tx: tx.tries(case)) == 0
        assert await violations(app) == []


# On the server a silence has to last before a job is given to others: that is for a soak.
@pytest.mark.parametrize("post", ["sqlite", pytest.param("postgres", marks=pytest.mark.soak)], indirect=True)
@pytest.mark.parametrize(
    ("dies", "expected", "reason"),
    [("kill", [KILLED, KILLED, KILLED, 0], "quarantined"), ("memory", [0], "error")],
)
async def test_case_that_kills_its_worker_stops_and_others_go_on(
    post: Post, tmp_path: Path, dies: str, expected: list[int], reason: str
) -> None:
    """Restarted until it lives: three die of it at most, whoever else was there. What can be caught, is."""
    texts = [WHERE] * EACH_SIDE + [f"{POISON}: where is V-1?"] + [WHERE] * EACH_SIDE
    cases = await enqueue(post, texts)
    deadly, out = replace(post, dies=dies), tmp_path / "out"
    ends: list[int | None] = []
    while not ends or ends[-1] != 0:
        worker = start(work, deadly, out)
        worker.join(LIMIT_S)
        ends.append(worker.exitcode)
        assert len(ends) <= 4, "it is not tried for ever"
    async with open_app(post.settings) as app:
        rows = await cases_of(app)
        poisoned = rows.pop(cases[EACH_SIDE])
        assert {row.status for row in rows.values()} == {"done"}
        assert all(not row.runnable for row in rows.values())
        assert poisoned.status == "waiting"
        (item,) = await app.ledger.read(lambda tx: tx.escalations(poisoned.id, open_only=True))
        assert item.reason == reason
        assert await violations(app) == []
    assert ends == expected


async def test_worker_stopped_past_its_lease_commits_nothing_when_it_goes_on(
    post: Post, tmp_path: Path
) -> None:
    short = replace(post, lease_s=1.0, renew_s=0.3)
    quick = replace(short, host="second", once=False)
    (case,) = await enqueue(post, [SOUND])
    first = start(stop_in_call, replace(short, host="first"), tmp_path / "first")
    wait_until(lambda: halted(first.pid))
    async with open_app(quick.settings) as app:
        assert await app.ledger.read(lambda tx: held(tx, case)) == first.pid
        try:
            second = start(work, quick, tmp_path / "second")
            await until(app, lambda tx: ended(tx, case))
            second.kill()
            before = await dump(app)
        finally:
            os.kill(first.pid, signal.SIGCONT)
        first.join(LIMIT_S)
        assert first.exitcode == 0, "whoever lost a lease goes on with its life"
        assert await dump(app) == before
        assert await violations(app) == []


async def test_worker_stopped_in_the_middle_of_a_commit_commits_nothing_when_it_goes_on(
    tmp_path: Path,
) -> None:
    """The server ends its transaction, or nobody else could write; another worker does the case over."""
    post = Post(tmp_path / "data", new_database(), lease_s=1.0, renew_s=0.3)
    (case,) = await enqueue(post, [LAY])
    first = start(stop_in_commit, replace(post, host="first"), tmp_path / "first")
    wait_until(lambda: told(tmp_path / "first") == ["ready", "inside"])
    quick = replace(post, host="second", once=False)
    async with open_app(quick.settings) as app:
        try:
            second = start(work, quick, tmp_path / "second")
            await until(app, lambda tx: ended(tx, case))
            second.kill()
            before = await dump(app)
        finally:
            os.kill(first.pid, signal.SIGCONT)
        first.join(LIMIT_S)
        assert first.exitcode == 0
        assert told(tmp_path / "first") == ["ready", "inside"], "it has nothing to tell"
        assert await dump(app) == before
        commits = await app.ledger.read(lambda tx: tx.commits(case))
        passes = await app.ledger.read(lambda tx: tx.passes(case))
        assert (len(commits), len(passes)) == (1, 1)
        assert await violations(app) == []
