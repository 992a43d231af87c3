"""Workers on one PostgreSQL, killed again and again: every case ends as if nothing had happened, in time."""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from graph.app import open_app
from graph.settings import Settings
from protocol.ports import ReadTx
from tests.graph.harbour_app import violations
from tests.postgres import new_database
from tests.recovery.programs import FORKS
from tests.recovery.test_processes import start, wait_until
from tests.workers.contended import PLANT, Contention, hardy_plant
from tests.workers.own_server import own_server
from tests.workers.programs import Post, work
from tests.workers.watching import Watch

pytestmark = pytest.mark.long

FORKS.set_forkserver_preload(["tests.recovery.programs", "tests.workers.programs"])
SAME_MACHINE_S, OTHER_MACHINE_S = 13.0, 20.0
"""How long a killed worker's cases may lie still."""
LIMIT_S = 1200


@dataclass(frozen=True)
class Siege:
    """What is done to the workers: who is killed how often, and what is done to the server, at which ends."""

    workers: int
    kill_every_s: float
    kills: int = 10_000
    restart_at: tuple[float, ...] = ()
    """Shares of the cases ended at which the server is restarted."""


async def begin(post: Post, wanted: Contention) -> None:
    """Make the ledger, and hand all requests over."""
    settings = Settings(post.floor, post.data, database=post.database, seed=wanted.seed)
    async with open_app(settings) as app:
        for line in wanted.lines():
            await app.enqueue(line, person="k.amari")


def besiege(post: Post, siege: Siege, out: Path, restart: Callable[[], None]) -> tuple[Watch, list[int]]:
    """Work, kill and restart until every case has ended; what was seen, and how many cases each kill hit."""
    assert post.database is not None
    watch, restarts = Watch(post.database), list(siege.restart_at)
    hits: list[int] = []
    workers = [start(work, post, out) for _ in range(siege.workers)]
    began_s, next_kill_s, turn = time.monotonic(), time.monotonic() + siege.kill_every_s, 0
    total = left = watch.look()
    try:
        while left:
            assert time.monotonic() < began_s + LIMIT_S, f"{left} cases never ended"
            time.sleep(0.05)
            for place, worker in enumerate(workers):
                if not worker.is_alive():  # it was starting when the server was not there
                    workers[place] = start(work, post, out)
            if len(hits) < siege.kills and time.monotonic() >= next_kill_s:
                victim = workers[turn % siege.workers]
                os.kill(victim.pid, signal.SIGKILL)
                victim.join()
                hits.append(watch.killed(victim.pid))
                workers[turn % siege.workers] = start(work, post, out)
                turn, next_kill_s = turn + 1, next_kill_s + siege.kill_every_s
            if restarts and left > 0 and 1 - left / total >= restarts[0]:
                restart()
                restarts.pop(0)
            seen = watch.look()
            left = left if seen < 0 else seen
    finally:
        for worker in workers:
            worker.kill()
            worker.join()
    assert not restarts, "the server was to be restarted, and was not"
    return watch, hits


def _allocated(tx: ReadTx, wanted: Contention) -> set[int]:
    """What is allocated of each item."""
    found = (tx.get("stock", f"CX-{n}") for n in range(wanted.items))
    return {int(record["allocated"]) for record in found if record is not None}


async def check_end(post: Post, wanted: Contention) -> dict[str, int]:
    """Every order got what it wanted, or was refused because there was no more; nothing twice, all sound."""
    each = min((wanted.on_hand - 50) // wanted.wanted, wanted.orders // wanted.items)
    async with open_app(post.settings) as app:
        rows = await app.ledger.read(lambda tx: tx.cases())
        ends = {status: sum(row.status == status for row in rows) for status in ("done", "refused")}
        assert ends == {"done": each * wanted.items, "refused": wanted.orders - each * wanted.items}
        assert await app.ledger.read(lambda tx: _allocated(tx, wanted)) == {each * wanted.wanted}
        assert await violations(app) == []
    return ends


async def test_case_of_a_killed_worker_is_taken_over_and_nothing_happens_twice(tmp_path: Path) -> None:
    post = Post(tmp_path / "data", new_database(), PLANT, at_once=2, once=False, model_s=0.05)
    wanted = Contention(orders=60, items=3, on_hand=200)
    await begin(post, wanted)
    watch, hits = besiege(post, Siege(workers=2, kill_every_s=1.5, kills=1), tmp_path / "out", lambda: None)
    assert len(hits) == 1
    assert max([*watch.took_s, *watch.fetched_s], default=0) <= SAME_MACHINE_S
    await check_end(post, wanted)


@pytest.mark.soak
async def test_two_thousand_cases_outlive_killed_workers_and_a_restarted_server(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = Contention(orders=2000, items=50, on_hand=300)
    siege = Siege(workers=4, kill_every_s=5.0, restart_at=(0.3, 0.6))
    with own_server() as server:
        post = Post(
            tmp_path / "data", server.url, hardy_plant(tmp_path / "plant"), at_once=8, once=False, model_s=0.2
        )
        await begin(post, wanted)
        began_s = time.monotonic()
        watch, hits = besiege(post, siege, tmp_path / "out", server.restart)
        took_s = time.monotonic() - began_s
        ends = await check_end(post, wanted)
    with capsys.disabled():
        print(f"\n{ends} in {took_s:.0f} s; {len(hits)} kills hit {sum(hits)} held cases; {_words(watch)}")
    assert max([*watch.took_s, *watch.fetched_s], default=0) <= SAME_MACHINE_S


@pytest.mark.soak
async def test_case_of_a_machine_that_died_is_taken_over_by_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    post = Post(tmp_path / "data", new_database(), PLANT, at_once=8, once=False, model_s=600.0, host="one")
    await begin(post, wanted := Contention(orders=8, items=1))
    lost = start(work, post, tmp_path / "one")
    watch = Watch(str(post.database))
    wait_until(lambda: watch.held_by(lost.pid) == wanted.orders)
    other = start(work, replace(post, host="two", model_s=0.0), tmp_path / "two")
    await asyncio.sleep(8)  # it has seen the leases for a while, and their renewals
    os.kill(lost.pid, signal.SIGKILL)
    assert watch.killed(lost.pid) == wanted.orders
    wait_until(lambda: watch.look() == 0)
    other.kill()
    with capsys.disabled():
        print(f"\n{_words(watch)}")
    assert max(watch.took_s) <= OTHER_MACHINE_S
    await check_end(replace(post, model_s=0.0), wanted)


def _words(watch: Watch) -> str:
    held, fetched = sorted(watch.took_s), sorted(watch.fetched_s)
    return f"held cases lay still for {_range(held)}, fetched ones for {_range(fetched)}"


def _range(found: list[float]) -> str:
    return f"{found[len(found) // 2]:.1f} s (median) to {found[-1]:.1f} s, n {len(found)}" if found else "-"
