"""Five agents in parallel on a rehearsed endpoint, beside a bare LangGraph fan-out of the same five calls.

One fact is heard by all five, each asks its model once, and each proposes one action: with Andon the gate
commits all of them, with the bare graph the arguments are validated, tried again when they are none, and
collected. Nothing of it is stored there.
"""

import asyncio
import json
import operator
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from typing import Annotated, Any, Literal, TypedDict

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from langchain_openai import ChatOpenAI
from langgraph.graph import END, START, StateGraph
from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from agents.backend import Endpoint
from agents.floor_loader import load_floor
from agents.model_tools import ANSWER, REPLY, tools_of
from agents.models import letting_go
from agents.openai_access import OpenAIAccess
from evals.bench_fan_floor import AGENTS, DUE, DUE_ONE, NAMES, PROMPT, WORK, write_floor
from evals.bench_figure import Figure, cpu_s, wall_s
from graph.app import App, open_app
from graph.settings import Seed, Settings
from protocol.errors import DependencyDownError, InvalidFloorError
from protocol.ports import ReadTx
from protocol.records import Ref
from protocol.toolbox import Fact

HALF, LAST, COST, CPU, RATE, FIVE = (
    "five agents, p50",
    "five agents, p99",
    "five agents, cost",
    "five agents, CPU of a task",
    "16 tasks in flight, time",
    "five agents against one",
)
TARGETS = {HALF: 1.15, LAST: 1.15, COST: 1.25, CPU: 2.5, RATE: 1 / 0.95, FIVE: 1.25}
IN_FLIGHT, TASKS, JOBS = 16, 100, 300
PACE = ("--base-ms", "100", "--input-ms", "0.05", "--output-ms", "5", "--slots", "8")
SLOW = ("--base-ms", "500", "--slots", "8")
RETRIES = 2
OUTPUT_PRICE = 4
"""What a token of an answer costs, where one of a question costs 1: about what vendors take."""


async def measure_fan_out(place: Path, tasks: int = TASKS) -> list[Figure]:
    """The six figures. ``tasks``: of each kind, one after the other; ``IN_FLIGHT`` more go side by side."""
    floor = place / "floor"
    write_floor(floor)
    with _endpoint(floor, PACE) as url:
        async with _opened(floor, place / "paced", url) as app:
            found = await _side_by_side(app, Bare(url, floor), tasks)
    with _endpoint(floor, SLOW) as url:
        async with _opened(floor, place / "slow", url) as app:
            pairs = [
                (await _timed(partial(_told, app, DUE, n)), await _timed(partial(_told, app, DUE_ONE, n)))
                for n in range(tasks, tasks + 5)
            ]
    five, one = (median(p[i] for p in pairs) for i in (0, 1))
    return [*found, _figure(FIVE, five, one, len(pairs), ("five_s", "one_s"))]


@asynccontextmanager
async def _opened(floor: Path, data: Path, url: str) -> AsyncIterator[App]:
    jobs = [Ref(f"job_{a}", f"J{n}") for a in range(1, AGENTS + 1) for n in range(JOBS)]
    works = [Ref("work", f"W{n}") for n in range(JOBS)]
    seed = Seed((*((job, {"place": "yard"}) for job in jobs), *((work, dict(WORK)) for work in works)))
    models = OpenAIAccess("offline", Endpoint(url, "none"))
    async with letting_go(models), open_app(Settings(floor, data, seed=seed), models) as app:
        yield app


async def _side_by_side(app: App, bare: "Bare", tasks: int) -> list[Figure]:
    """Task for task, so that a busy machine slows both."""
    ours: list[tuple[float, float]] = []
    theirs: list[tuple[float, float]] = []
    for act in (partial(_told, app, DUE), bare.told):
        await act(JOBS - 1)  # connections are made, and what is read once is read
    bare.cost, before = 0, await app.ledger.read(_cost_of_all)
    for n in range(tasks):
        for act, into in ((partial(_told, app, DUE, n), ours), (partial(bare.told, n), theirs)):
            started, used = wall_s(), cpu_s()
            await act()
            into.append((wall_s() - started, cpu_s() - used))
    acts: tuple[Act, Act] = (partial(_told, app, DUE), bare.told)
    together = [await _timed(partial(_flight, act, tasks)) for act in acts]
    spent = await app.ledger.read(_cost_of_all) - before
    parts = ("andon", "bare")
    walls, cpus = ([[t[i] for t in side] for side in (ours, theirs)] for i in (0, 1))
    last = [_p99(side) for side in walls]
    return [
        _figure(HALF, median(walls[0]), median(walls[1]), tasks, _seconds(parts)),
        _figure(LAST, last[0], last[1], tasks, _seconds(parts)),
        _figure(COST, spent, bare.cost, tasks + IN_FLIGHT, parts),
        _figure(CPU, median(cpus[0]), median(cpus[1]), tasks, _seconds(parts)),
        _figure(RATE, together[0], together[1], IN_FLIGHT, _seconds(parts)),
    ]


def _p99(side: Sequence[float]) -> float:
    return quantiles(side, n=100)[-1] if len(side) > 1 else side[0]


def _seconds(parts: Sequence[str]) -> tuple[str, str]:
    one, two = (f"{part}_s" for part in parts)
    return one, two


def _figure(name: str, ours: float, theirs: float, n: int, parts: tuple[str, str]) -> Figure:
    return Figure(name, ours / theirs, "x", TARGETS[name], n, dict(zip(parts, (ours, theirs), strict=True)))


Act = Callable[[int], Awaitable[None]]


async def _timed(act: Callable[[], Awaitable[None]]) -> float:
    started = wall_s()
    await act()
    return wall_s() - started


async def _flight(act: Act, after: int) -> None:
    await asyncio.gather(*(act(after + 50 + n) for n in range(IN_FLIGHT)))


async def _told(app: App, fact: str, n: int) -> None:
    """One task: the fact, and its case driven to its end."""
    now = await app.ledger.read(lambda tx: tx.now)
    [told] = await app.accept([Fact(fact, "bench", f"{fact}/{n}", now, f"work/W{n}", _due(n))])
    assert told.case is not None
    await app.resume(told.case)
    wanted = AGENTS if fact == DUE else 1

    def commits(tx: ReadTx) -> int:
        return len(tx.commits(str(told.case)))

    if (found := await app.ledger.read(commits)) != wanted:
        raise InvalidFloorError(f"The benchmark's case made {found} commits.", code="bad_bench")


def _due(n: int) -> dict[str, Any]:
    return {"number": n, "work": f"W{n}"}


def _cost_of_all(tx: ReadTx) -> float:
    usages = [turn["usage"] for case in tx.cases() for _, turn in tx.turns(case.id)]
    return float(sum(_cost(u["input_tokens"], u["output_tokens"]) for u in usages))


def _cost(given: int, made: int) -> int:
    return given + OUTPUT_PRICE * made


class _Placed(BaseModel):
    """What a bare agent must answer."""

    model_config = ConfigDict(extra="forbid", strict=True)
    job: str
    place: Literal["north", "south"]


class _State(TypedDict):
    number: int
    placed: Annotated[list[_Placed], operator.add]


class Bare:
    """The same task as LangGraph and langchain-openai do it by themselves. ``cost``: of its calls so far.

    Its agents have the same words to go by and the same tools, but for those of Andon's own protocol.
    """

    def __init__(self, url: str, floor: Path) -> None:
        self.cost = 0
        world = load_floor(floor).world
        self._tools = {name: [t for t in tools_of(world, name) if not _of_protocol(t)] for name in NAMES}
        model = ChatOpenAI(
            model="offline", base_url=url, api_key=SecretStr("none"), max_retries=0, temperature=0
        )
        self._model = model
        graph: Any = StateGraph(_State)
        for name in NAMES:
            graph.add_node(name, self._node(name))
            graph.add_edge(START, name)
            graph.add_edge(name, "join")
        graph.add_node("join", _join)
        graph.add_edge("join", END)
        self._graph = graph.compile()

    async def told(self, n: int) -> None:
        """One task."""
        found = await self._graph.ainvoke({"number": n, "placed": []})
        assert len(found["placed"]) == AGENTS

    def _node(self, name: str) -> Callable[[_State], Awaitable[dict[str, Any]]]:
        model = self._model.bind_tools(self._tools[name])

        async def run(state: _State) -> dict[str, Any]:
            messages = _messages(name, state["number"])
            for _ in range(1 + RETRIES):
                answer = await model.ainvoke(messages)
                self.cost += _used(answer)
                try:
                    return {"placed": [_Placed.model_validate(call["args"]) for call in answer.tool_calls]}
                except ValidationError as error:
                    messages = [*messages, HumanMessage(f"That was no answer: {error}. Give it again.")]
            raise DependencyDownError(f"{name} gave no valid answer.")

        return run


def _used(answer: AIMessage) -> int:
    usage = answer.usage_metadata
    return 0 if usage is None else _cost(usage["input_tokens"], usage["output_tokens"])


async def _join(state: _State) -> dict[str, Any]:
    return {}


def _of_protocol(tool: dict[str, Any]) -> bool:
    return tool["function"]["name"] in (ANSWER, REPLY)


def _messages(name: str, n: int) -> list[BaseMessage]:
    """What somebody who builds this by hand says: who it is, what came, and in which form to answer."""
    told = {"type": "event", "event": DUE, "subject": f"work/W{n}", "data": _due(n)}
    view = {
        "agent": name,
        "case": str(n),
        "round": 1,
        "now": "",
        "zone": "UTC",
        "triggers": [told],
        "resources": {f"work/W{n}": WORK},
    }
    return [SystemMessage(PROMPT.format(name=name)), HumanMessage(json.dumps(view))]


@contextmanager
def _endpoint(floor: Path, pace: Sequence[str]) -> Iterator[str]:
    """A model server in a process of its own; its base URL."""
    command = [sys.executable, "-m", "cli", "--floor", str(floor), "model-server", "--json", *pace]
    root = Path(__file__).resolve().parent.parent
    with subprocess.Popen(
        command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        try:
            assert server.stdout is not None
            line = server.stdout.readline()
            if not line:
                raise DependencyDownError("The model server of the benchmark did not start.")
            yield str(json.loads(line)["url"])
        finally:
            server.terminate()
