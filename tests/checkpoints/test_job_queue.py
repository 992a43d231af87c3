"""The job queue alone, with a batch runner that takes notes."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from checkpoints.job_queue import MOST_TOGETHER, Done, Failed, JobQueue, Outcome
from checkpoints.sqlite_ledger import SqliteLedger
from protocol.errors import DependencyDownError


class Notes:
    """Runs jobs on None, and remembers the sizes of batches and the thread they ran on."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.threads: set[int] = set()
        self.may_go = threading.Event()
        self.may_go.set()

    def __call__(self, jobs: Sequence[Callable[[None], Any]]) -> Sequence[Outcome]:
        self.may_go.wait()
        self.sizes.append(len(jobs))
        self.threads.add(threading.get_ident())
        return [_outcome(job) for job in jobs]


def _outcome(job: Callable[[None], Any]) -> Outcome:
    try:
        return Done(job(None))
    except KeyError as error:
        return Failed(error)


async def test_inline_jobs_of_one_loop_iteration_share_a_batch() -> None:
    notes = Notes()
    queue: JobQueue[None] = JobQueue(notes, inline=True)
    assert await asyncio.gather(*(queue.submit(lambda _, n=n: n) for n in range(10))) == list(range(10))  # type: ignore[misc]
    await queue.submit(lambda _: None)
    assert notes.sizes == [10, 1]
    assert notes.threads == {threading.get_ident()}


@pytest.mark.parametrize("inline", [False, True])
async def test_no_batch_exceeds_the_bound(inline: bool) -> None:
    notes = Notes()
    queue: JobQueue[None] = JobQueue(notes, inline=inline)
    await asyncio.gather(*(queue.submit(lambda _: None) for _ in range(3 * MOST_TOGETHER + 1)))
    await queue.close()
    assert sum(notes.sizes) == 3 * MOST_TOGETHER + 1
    assert max(notes.sizes) <= MOST_TOGETHER


async def test_jobs_that_come_during_a_batch_share_the_next() -> None:
    notes = Notes()
    notes.may_go.clear()
    queue: JobQueue[None] = JobQueue(notes, inline=False)
    first = asyncio.ensure_future(queue.submit(lambda _: 0))
    await asyncio.sleep(0)
    rest = asyncio.gather(*(queue.submit(lambda _, n=n: n) for n in range(1, 33)))  # type: ignore[misc]
    await asyncio.sleep(0)
    notes.may_go.set()
    assert await first == 0
    assert await rest == list(range(1, 33))
    assert len(notes.sizes) <= 2
    assert notes.threads.isdisjoint({threading.get_ident()})
    await queue.close()


@pytest.mark.parametrize("inline", [False, True])
async def test_error_of_the_runner_reaches_everybody(inline: bool) -> None:
    def broken(jobs: Sequence[Callable[[None], Any]]) -> Sequence[Outcome]:
        raise MemoryError("no more")

    queue: JobQueue[None] = JobQueue(broken, inline=inline)
    found = await asyncio.gather(*(queue.submit(lambda _: 1) for _ in range(3)), return_exceptions=True)
    assert [type(f) for f in found] == [MemoryError] * 3
    await queue.close()


async def test_job_of_a_caller_who_left_is_not_begun() -> None:
    notes, begun = Notes(), []
    notes.may_go.clear()
    queue: JobQueue[None] = JobQueue(notes, inline=False)
    first = asyncio.ensure_future(queue.submit(lambda _: None))
    await asyncio.sleep(0)
    left = asyncio.ensure_future(queue.submit(lambda _: begun.append("left")))
    await asyncio.sleep(0)
    stayed = asyncio.ensure_future(queue.submit(lambda _: begun.append("stayed")))
    await asyncio.sleep(0)
    left.cancel()
    await asyncio.sleep(0)
    notes.may_go.set()
    await asyncio.gather(first, stayed)
    await queue.close()
    assert "stayed" in begun
    assert begun.count("left") <= 1


@pytest.mark.parametrize("inline", [False, True])
async def test_closed_queue_finishes_what_waits_and_takes_no_more(inline: bool) -> None:
    queue: JobQueue[None] = JobQueue(Notes(), inline=inline)
    waiting = asyncio.gather(*(queue.submit(lambda _: 1) for _ in range(5)))
    await asyncio.sleep(0)
    await queue.close()
    await queue.close()
    assert await waiting == [1] * 5
    with pytest.raises(DependencyDownError):
        await queue.submit(lambda _: 1)


def test_loop_that_ended_harms_nobody() -> None:
    notes = Notes()
    notes.may_go.clear()
    queue: JobQueue[None] = JobQueue(notes, inline=False)

    async def leave() -> None:
        waiting = asyncio.ensure_future(queue.submit(lambda _: 1))
        await asyncio.sleep(0)
        del waiting

    loop = asyncio.new_event_loop()
    loop.run_until_complete(leave())
    for task in asyncio.all_tasks(loop):
        task.cancel()
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    notes.may_go.set()
    asyncio.run(queue.close())


async def test_reads_that_wait_together_fail_alone(tmp_path: Path) -> None:
    ledger = await SqliteLedger.open(
        tmp_path / "ledger.db", floor="yard", clock=None, clock_start="2026-03-02T09:00:00Z", world_types={}
    )
    jobs = [lambda _, n=n: [1, 2][n] for n in range(3)]
    found = await asyncio.gather(*(ledger.read(job) for job in jobs), return_exceptions=True)
    await ledger.close()
    assert found[:2] == [1, 2]
    assert isinstance(found[2], IndexError)
