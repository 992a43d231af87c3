"""A thread for a connection: jobs that wait at the same moment are handed over together (group commit)."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar, cast

from protocol.errors import DependencyDownError

T = TypeVar("T")
Target = TypeVar("Target")

MOST_TOGETHER = 64
"""Jobs that may share a transaction: beyond that the first would wait for the last for too long."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a job gave back, and it is durable."""

    value: Any


@dataclass(frozen=True, slots=True)
class Failed:
    """Why nothing of a job remains."""

    error: BaseException


Outcome = Done | Failed
Future = asyncio.Future[Any]


def each(
    jobs: Sequence[Callable[[Target], Any]], run: Callable[[Callable[[Target], Any]], Any]
) -> list[Outcome]:
    """The outcome of each job by itself: what one raises is told to whoever asked, and the others go on."""
    outcomes: list[Outcome] = []
    for job in jobs:
        try:
            outcomes.append(Done(run(job)))
        except Exception as error:  # noqa: BLE001 - whoever asked gets it; the others get their answers
            outcomes.append(Failed(error))
    return outcomes


class JobQueue(Generic[Target]):
    """Hands jobs in batches to ``run_batch``, which gives back one outcome per job, in order.

    In a thread of its own called ``name``, or ``inline``: on the event loop's thread, at the end of the
    loop's iteration, so that a virtual clock sees no thread.
    """

    def __init__(
        self,
        run_batch: Callable[[Sequence[Callable[[Target], Any]]], Sequence[Outcome]],
        *,
        inline: bool,
        name: str = "jobs",
    ) -> None:
        self._run_batch = run_batch
        self._closed = False
        self._due: deque[tuple[Callable[[Target], Any], Future]] = deque()
        self._waiting: SimpleQueue[tuple[Callable[[Target], Any], Future] | None] = SimpleQueue()
        self._thread = None if inline else threading.Thread(target=self._serve, name=name, daemon=True)
        if self._thread is not None:
            self._thread.start()

    async def submit(self, job: Callable[[Target], T]) -> T:
        """Run ``job`` in the next batch; returns when its batch is durable, raises what it raised."""
        if self._closed:
            raise DependencyDownError("The ledger is closed.", code="ledger_closed")
        future: Future = asyncio.get_running_loop().create_future()
        if self._thread is not None:
            self._waiting.put((job, future))
        else:
            if not self._due:
                future.get_loop().call_soon(self._flush)
            self._due.append((job, future))
        return cast("T", await future)

    async def close(self) -> None:
        """Finish what waits, then take no more."""
        if self._closed:
            return
        self._closed = True
        if self._thread is None:
            self._flush()
        else:
            self._waiting.put(None)
            await asyncio.to_thread(self._thread.join)

    def _serve(self) -> None:
        while (first := self._waiting.get()) is not None:
            batch, closing = [first], False
            with suppress(Empty):
                while len(batch) < MOST_TOGETHER and not closing:
                    more = self._waiting.get_nowait()
                    closing = more is None
                    if more is not None:
                        batch.append(more)
            self._hand_over(batch)
            if closing:
                return

    def _flush(self) -> None:
        while self._due:
            most = min(len(self._due), MOST_TOGETHER)
            self._hand_over([self._due.popleft() for _ in range(most)])

    def _hand_over(self, batch: Sequence[tuple[Callable[[Target], Any], Future]]) -> None:
        wanted = [(job, future) for job, future in batch if not future.cancelled()]
        if not wanted:
            return
        try:
            outcomes = self._run_batch([job for job, _ in wanted])
        except BaseException as error:  # noqa: BLE001 - whoever waits must hear of it, or waits for ever
            outcomes = [Failed(error)] * len(wanted)
        told: dict[asyncio.AbstractEventLoop, list[tuple[Future, Outcome]]] = {}
        for (_, future), outcome in zip(wanted, outcomes, strict=True):
            told.setdefault(future.get_loop(), []).append((future, outcome))
        for loop, results in told.items():
            if self._thread is None:
                _tell(results)
            else:
                with suppress(RuntimeError):  # the loop has ended, and nobody waits any more
                    loop.call_soon_threadsafe(_tell, results)


def _tell(results: Sequence[tuple[Future, Outcome]]) -> None:
    for future, outcome in results:
        if future.done():
            continue  # cancelled while it was being written: the caller asks the ledger what stands
        match outcome:
            case Done(value):
                future.set_result(value)
            case Failed(StopIteration() as error):  # a future refuses it, since generators end with it
                future.set_exception(RuntimeError(f"a job raised {error!r}"))
            case Failed(error):
                future.set_exception(error)
