"""Leases of processes: taken, renewed, lost, released; dead holders told from living ones."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import cast

import pytest

from checkpoints import leases
from checkpoints.leases import RENEW_S, TTL_S, Sightings, hold_lease, holder_is_dead, this_process
from protocol.errors import DependencyDownError
from protocol.ports import Ledger, Tx
from protocol.rows import LeaseHolder, LeaseRow
from tests.architecture.sources import ROOT

OTHER = LeaseHolder("elsewhere", 7, "1")


class Wall:
    """A clock that a test sets: of walls, or of elapsed time."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


async def lease_of(ledger: Ledger) -> LeaseRow:
    row = await ledger.read(lambda tx: tx.lease("case_1"))
    assert row is not None
    return row


def test_three_renewals_fit_into_a_lease() -> None:
    assert (TTL_S, RENEW_S) == (15.0, 5.0)


async def test_lease_names_this_process_and_is_free_afterwards(ledger: Ledger) -> None:
    async with hold_lease(ledger, "case_1") as lease:
        assert lease is not None
        assert lease.token == 1
        row = await lease_of(ledger)
        assert row.holder == this_process()
        assert row.holder.pid == os.getpid()
        assert not lease.lost.is_set()
    assert (await lease_of(ledger)).holder is None
    async with hold_lease(ledger, "case_1") as lease:
        assert lease is not None
        assert lease.token == 2


async def test_second_holder_gets_nothing_and_frees_nothing(ledger: Ledger) -> None:
    async with hold_lease(ledger, "case_1") as lease:
        assert lease is not None
        async with hold_lease(ledger, "case_1") as second:
            assert second is None
        assert (await lease_of(ledger)).holder == this_process()


async def test_what_is_done_at_the_ends_of_a_lease_shares_their_transactions(ledger: Ledger) -> None:
    seen: list[LeaseHolder | None] = []

    def look(tx: Tx, case: str = "case_1") -> None:
        row = tx.lease(case)
        assert row is not None
        seen.append(row.holder)

    async with hold_lease(ledger, "case_1", at_start=look) as lease:
        assert lease is not None
        lease.at_end = look
        async with hold_lease(ledger, "case_1", at_start=look) as second:
            assert second is None
        assert seen == [this_process()]
    assert seen == [this_process(), None]


async def test_case_is_opened_under_its_lease(ledger: Ledger) -> None:
    def opening(tx: Tx) -> str:
        tx.set_meta("opened", "case_7")
        return "case_7"

    async with hold_lease(ledger, opening) as lease:
        assert lease is not None
        assert lease.case == "case_7"
        assert await ledger.read(lambda tx: tx.meta("opened")) == "case_7"
        async with hold_lease(ledger, "case_7") as second:
            assert second is None


async def test_lease_is_released_when_the_block_fails(ledger: Ledger) -> None:
    with pytest.raises(KeyError):
        async with hold_lease(ledger, "case_1"):
            raise KeyError("x")
    assert (await lease_of(ledger)).holder is None


async def test_lease_is_released_when_the_task_is_cancelled(ledger: Ledger) -> None:
    inside = asyncio.Event()

    async def work() -> None:
        async with hold_lease(ledger, "case_1"):
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await lease_of(ledger)).holder is None


async def test_holder_elsewhere_is_replaced_when_its_lease_ends(ledger: Ledger) -> None:
    elapsed = Wall()
    seen = Sightings(15.0, elapsed)
    await ledger.write(lambda tx: tx.take_lease("case_1", OTHER, 0.0, 15.0, False))
    for _ in range(3):
        async with hold_lease(ledger, "case_1", sightings=seen) as lease:
            assert lease is None
        elapsed.at += 7.4
    elapsed.at = 1015.0
    async with hold_lease(ledger, "case_1", sightings=seen) as lease:
        assert lease is not None
        assert lease.token == 2


@pytest.mark.parametrize("ahead_s", [0, 600, 3600, 86400, -600, -3600, -86400])
async def test_living_holder_keeps_its_lease_whatever_clocks_show(ledger: Ledger, ahead_s: int) -> None:
    """The observer's wall clock differs from the holder's, and is set again while it looks."""
    elapsed, wall = Wall(), Wall()
    seen = Sightings(15.0, elapsed)
    wall.at += ahead_s
    await ledger.write(lambda tx: tx.take_lease("case_1", OTHER, 1000.0, 15.0, False))
    for number in range(1, 10):
        async with hold_lease(ledger, "case_1", sightings=seen, clock=wall) as lease:
            assert lease is None
        elapsed.at += 5.0
        wall.at += 5.0 + ahead_s * (number == 5)
        now = 1000.0 + 5 * number
        assert await ledger.write(lambda tx, now=now: tx.renew_lease("case_1", 1, now, 15.0))  # type: ignore[misc]
    assert (await lease_of(ledger)).token == 1


def test_more_leases_than_are_remembered_only_take_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "_REMEMBERED", 2)
    elapsed = Wall()
    seen = Sightings(15.0, elapsed)
    rows = [LeaseRow(f"case_{n}", 1, OTHER, 15.0) for n in range(3)]
    assert [seen.ended(row) for row in rows] == [False] * 3
    elapsed.at += 15.0
    assert [seen.ended(row) for row in reversed(rows)] == [True, True, False]


async def test_dead_holder_of_this_host_is_replaced_at_once(ledger: Ledger) -> None:
    dead = replace(this_process(), started="1")
    await ledger.write(lambda tx: tx.take_lease("case_1", dead, 0.0, 15.0, False))
    async with hold_lease(ledger, "case_1") as lease:
        assert lease is not None
        assert lease.token == 2


async def test_lease_is_renewed(ledger: Ledger) -> None:
    wall = Wall()
    async with hold_lease(ledger, "case_1", clock=wall, renew_s=0.0):
        wall.at += 4.0
        while (await lease_of(ledger)).expires < 1019.0:  # noqa: ASYNC110 - reading is what takes its time
            await asyncio.sleep(0)
    assert wall.at == 1004.0


async def test_lost_lease_is_seen_and_not_taken_back(ledger: Ledger) -> None:
    wall = Wall()
    async with hold_lease(ledger, "case_1", clock=wall, renew_s=0.0) as lease:
        assert lease is not None
        await ledger.write(lambda tx: tx.take_lease("case_1", OTHER, wall(), 15.0, True))
        with suppress(TimeoutError):
            async with asyncio.timeout(3):
                await lease.lost.wait()
        assert lease.lost.is_set()
    row = await lease_of(ledger)
    assert (row.holder, row.token) == (OTHER, 2)


class Flaky:
    """A ledger that is down when a lease is to be renewed, after ``renewals`` times, while time goes by."""

    def __init__(self, ledger: Ledger, elapsed: Wall, step_s: float, renewals: int = 0) -> None:
        self.ledger, self.elapsed, self.step_s, self.writes = ledger, elapsed, step_s, 0
        self.renewals = renewals

    async def write(self, job: Callable[[Tx], object]) -> object:
        self.writes += 1
        if not isinstance(job, partial):
            return await self.ledger.write(job)
        self.elapsed.at += self.step_s
        self.renewals -= 1
        if self.renewals >= 0:
            return await self.ledger.write(job)
        raise DependencyDownError("locked")


async def test_lease_counts_as_lost_when_it_could_not_be_renewed_in_time(ledger: Ledger) -> None:
    elapsed = Wall()
    flaky, seen = Flaky(ledger, elapsed, 6.0), Sightings(15.0, elapsed)
    async with hold_lease(cast("Ledger", flaky), "case_1", sightings=seen, renew_s=0.0) as lease:
        assert lease is not None
        async with asyncio.timeout(10):
            await lease.lost.wait()
    assert flaky.writes == 5  # taken, three renewals in vain, released


async def test_lease_that_cannot_be_renewed_lasts_from_its_last_renewal(ledger: Ledger) -> None:
    elapsed = Wall()
    flaky, seen = Flaky(ledger, elapsed, 6.0, renewals=2), Sightings(15.0, elapsed)
    async with hold_lease(cast("Ledger", flaky), "case_1", sightings=seen, renew_s=0.0) as lease:
        assert lease is not None
        async with asyncio.timeout(10):
            await lease.lost.wait()
    assert flaky.writes == 6  # taken, renewed until 1021, at 1018 in vain and at 1024 too late, released


# Processes


def child() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)


IDENTITY = """
from checkpoints.leases import this_process
me = this_process()
print(me.host, me.pid, me.started, sep="|")
"""


def test_processes_of_one_host_agree_on_its_name() -> None:
    done = subprocess.run(
        [sys.executable, "-c", IDENTITY], cwd=ROOT, capture_output=True, text=True, check=True
    )
    host, pid, started = done.stdout.strip().split("|")
    assert host == this_process().host
    assert holder_is_dead(LeaseHolder(host, int(pid), started))


def test_living_process_is_not_dead() -> None:
    assert not holder_is_dead(this_process())


def test_number_given_to_a_new_process_does_not_keep_the_old_one_alive() -> None:
    assert holder_is_dead(replace(this_process(), started="1"))


def test_process_of_another_host_is_never_called_dead() -> None:
    assert not holder_is_dead(replace(this_process(), host="elsewhere", started="1"))


def test_killed_process_is_dead_before_and_after_it_is_collected() -> None:
    process = child()
    started = leases._started(process.pid)
    holder = LeaseHolder(this_process().host, process.pid, started or "")
    assert not holder_is_dead(holder)
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    as_zombie = holder_is_dead(holder)
    process.communicate()
    assert as_zombie, "a zombie holds no lease"
    assert holder_is_dead(holder)


def test_without_proc_a_process_that_exists_counts_as_alive(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(leases, "_PROC", tmp_path)
    leases._host.cache_clear()
    try:
        host = leases._host()
        process = child()
        assert not holder_is_dead(LeaseHolder(host, process.pid, ""))
        process.kill()
        process.communicate()
        assert holder_is_dead(LeaseHolder(host, process.pid, ""))
    finally:
        leases._host.cache_clear()
