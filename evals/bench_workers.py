"""What more hands are worth: four workers against one on a ledger, and 32 cases at once against one by one.

A model call takes 200 ms here, as a small one on a good day; what is measured is what the engine adds.
"""

import asyncio
import multiprocessing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage

from agents.floor_loader import load_floor
from agents.models import OfflineAccess
from agents.offline_model import OfflineModel
from evals.bench_figure import Figure, wall_s
from evals.bench_plan import RequestPlan
from graph.app import App, open_app
from graph.dispatching import make_dispatcher
from graph.settings import Settings
from graph.working import Shift, Worker
from protocol.errors import InvalidFloorError
from protocol.turns import Policy

WORKERS, TOGETHER, STARVING = (
    "4 workers against one",
    "32 cases at once against one by one",
    "longest of the 32",
)
WORKERS_TARGET, TOGETHER_TARGET, STARVING_TARGET = 1 / 3.2, 1 / 4, 2.0
HANDS, AT_ONCE, ALONE = 4, 32, 4
MODEL_S = 0.2
CASES = 8
"""For each worker, in each pair."""
LIMIT_S = 300.0


class SlowAccess(OfflineAccess):
    """The offline models, each call of which takes so many seconds."""

    def __init__(self, policies: Mapping[str, Policy], model_s: float) -> None:
        super().__init__(policies)
        self._model_s = model_s

    def model_of(self, agent: str) -> BaseChatModel:
        """The model of the role."""
        model = super().model_of(agent)
        assert isinstance(model, OfflineModel)
        return _Slow(role=model.role, play=model.play, model_s=self._model_s)


class _Slow(OfflineModel):
    model_s: float

    async def ainvoke(self, input: Any, *args: Any, **kwargs: Any) -> AIMessage:  # noqa: A002 - LangChain's name
        """Answered after a while."""
        await asyncio.sleep(self.model_s)
        return await super().ainvoke(input, *args, **kwargs)


@dataclass(frozen=True, slots=True)
class Bench:
    """What is asked of which floor, and on which ledger: files in a directory, or a database."""

    floor: Path
    place: Path
    request: RequestPlan
    database: str | None = None
    model_s: float = MODEL_S

    def settings(self, name: str) -> Settings:
        """Of the application on a fresh ledger."""
        return Settings(self.floor, self.place / name, database=self.database)

    def opened(self, name: str) -> Any:
        """The application on it, with slow models."""
        return open_app(self.settings(name), SlowAccess(load_floor(self.floor).policies, self.model_s))


async def measure_workers(bench: Bench, pairs: int, cases: int = CASES) -> list[Figure]:
    """Times as parts of each other: what four workers take of what one takes, and 32 cases of 32 alone.

    ``cases``: for each of the four workers, in each of the pairs.
    """
    found = [
        (await _hands(bench, f"four-{n}", HANDS, cases), await _hands(bench, f"one-{n}", 1, cases))
        for n in range(pairs)
    ]
    together, starving = await _at_once(bench)
    four, one = zip(*found, strict=True)
    part = sorted(a / b for a, b in found)[len(found) // 2]
    note = f"{cases * HANDS} cases, a model call takes {1000 * bench.model_s:.0f} ms"
    medians = {"four_s": sorted(four)[len(four) // 2], "one_s": sorted(one)[len(one) // 2]}
    return [Figure(WORKERS, part, "x", WORKERS_TARGET, len(found), medians, note), together, starving]


async def _hands(bench: Bench, name: str, hands: int, cases: int) -> float:
    """Seconds in which so many workers, of one case each, get all cases done."""
    async with bench.opened(name) as app:
        given = await _enqueue(app, bench.request, cases * HANDS)
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([__name__])
        ready, go = context.Semaphore(0), context.Event()
        processes = [context.Process(target=_work, args=(bench, name, ready, go)) for _ in range(hands)]
        for process in processes:
            process.start()
        for _ in processes:
            await asyncio.to_thread(ready.acquire, True, LIMIT_S)
        started = wall_s()
        go.set()
        while await app.ledger.read(lambda tx: len(tx.undone())):  # noqa: ASYNC110 - others write it
            await asyncio.sleep(0.01)
        took = wall_s() - started
        await _expect_ended(app, given)
        for process in processes:
            process.terminate()
            process.join()
        return took


def _work(bench: Bench, name: str, ready: Any, go: Any) -> None:
    """One worker, until it is ended."""

    async def main() -> None:
        async with bench.opened(name) as app:
            dispatcher = make_dispatcher(
                app.ledger, app.world, app.driver.sightings, host=None, database=bench.database
            )
            ready.release()
            await asyncio.to_thread(go.wait)
            await Worker(app, dispatcher, lambda _: None).run(asyncio.Event(), Shift(at_once=1))

    asyncio.run(main())


async def _at_once(bench: Bench) -> tuple[Figure, Figure]:
    """32 cases driven side by side, against a few driven alone; and the longest against the median."""
    async with bench.opened("together") as app:
        cases = await _enqueue(app, bench.request, AT_ONCE + ALONE)
        alone = [await _drive(app, case) for case in cases[:ALONE]]
        started = wall_s()
        took = sorted(await asyncio.gather(*(_drive(app, case) for case in cases[ALONE:])))
        together_s = wall_s() - started
    alone_s = sum(alone) / ALONE * AT_ONCE
    medians = {"together_s": together_s, "one_by_one_s": alone_s}
    half = took[len(took) // 2]
    return (
        Figure(TOGETHER, together_s / alone_s, "x", TOGETHER_TARGET, 1, medians),
        Figure(
            STARVING,
            took[-1] / half,
            "x",
            STARVING_TARGET,
            AT_ONCE,
            {"median_s": half, "longest_s": took[-1]},
        ),
    )


async def _drive(app: App, case: str) -> float:
    started = wall_s()
    await app.driver.drive(case)
    return wall_s() - started


async def _enqueue(app: App, request: RequestPlan, count: int) -> list[str]:
    lines = [request.text.format_map(request.words(n)) for n in range(count)]
    return [(await app.enqueue(line, person=request.person))["case"] for line in lines]


async def _expect_ended(app: App, cases: Sequence[str]) -> None:
    rows = await app.ledger.read(lambda tx: [tx.case(case) for case in cases])
    if not all(row is not None and row.status.ended for row in rows):
        raise InvalidFloorError("The benchmark's request does not end by itself.", code="bad_bench")
