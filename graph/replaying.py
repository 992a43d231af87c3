"""Running a recorded case again: the same graph, gate and turns, fed from its recording (R15).

Nothing is read but the recording, no time passes, and nothing is written. What differs first is named; from
there on the recording tells nothing of what would have followed, so the run ends.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, cast

from langchain_core.messages import AIMessage, BaseMessage

from agents.floor_loader import Floor
from agents.model_router import Choice, choice_of
from agents.models import ModelAccess
from agents.pricing import PriceBook
from agents.router import Router
from agents.turn_runtime import TurnRuntime
from checkpoints.playing import Memory, PlayedConnection, play
from checkpoints.recordings import REDACTED, DamagedRecordingError, Part
from checkpoints.taping import Item
from graph.adopting import adopt
from graph.attempts import quarantine
from graph.build import build, recursion_limit
from graph.deciding import Wanted, record_decision
from graph.differing import Difference, answer_difference, job_difference, route_difference, step_difference
from graph.driving import ADOPT, ENTER, QUARANTINE
from graph.gate import LeaseLostError
from graph.model_answers import answer_of, answer_shape, error_of, shown
from graph.opening import open_text
from graph.recording import DECISION, MAIN, OPENING, Drive, Strand, driving, here, inside, read_inside
from graph.state import SCHEMA_VERSION, Context, quiet
from protocol.ports import Ledger, ReadTx, Tx
from protocol.rows import CaseRow
from protocol.turns import Policy
from protocol.world import World

T = TypeVar("T")

_FOREVER_S = 1e8
_ALL_WAIT_S = 1e7
"""Of virtual time: longer than any deadline, so that whoever waits then waits for what is not on tape."""


@dataclass(frozen=True, slots=True)
class Done:
    """One job that ran again. ``asked``: its statements, as they ran this time."""

    strand: str
    drive: int
    asked: list[Any]


@dataclass(slots=True)
class Replayed:
    """What came of it. ``differences``: the first stands first; later ones are of answers alone.

    ``notes``: what agents were shown otherwise than then, which changes nothing by itself.
    """

    jobs: list[Done] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    answers: int = 0
    same_answers: int = 0
    unreached: int = 0
    """Jobs of the recording that the run did not come to."""

    @property
    def identical(self) -> bool:
        """Whether everything came out as recorded."""
        return not self.differences and not self.unreached


class _PlayedStrand(Strand):
    """A strand whose items are given back one by one."""

    def __init__(self, name: str, items: Sequence[Any]) -> None:
        super().__init__(name, [])
        self.ahead = deque(items)
        self.read_s = 0.0
        """What the clock showed last."""

    def peek(self) -> Any:
        """The next item; None when there is none."""
        return self.ahead[0] if self.ahead else None


class _PlayedDrive(Drive):
    """A drive on tape."""

    def __init__(self, case: str, token: int, strands: dict[str, list[Any]]) -> None:
        super().__init__(case, token, ())
        self._played = {name: _PlayedStrand(name, items) for name, items in strands.items()}

    def strand(self, name: str) -> _PlayedStrand:
        """The strand of that name; one without items when nothing of it is on tape."""
        return self._played.setdefault(name, _PlayedStrand(name, ()))

    @property
    def jobs_left(self) -> int:
        """Jobs that nobody asked for."""
        return sum(1 for s in self._played.values() for i in s.ahead if isinstance(i, dict) and _whole(i))


def _append(items: list[Any], part: Part) -> None:
    """Add what is new in a part; DamagedRecordingError when one before it is missing."""
    if part.first > len(items):
        raise DamagedRecordingError(f"a part of {part.strand} in drive {part.drive} is missing")
    items += part.items[len(items) - part.first :]


def _header(strand: "_PlayedStrand") -> dict[str, Any]:
    """What a drive begins with; DamagedRecordingError when that is not there."""
    match strand.ahead.popleft() if strand.ahead else None:
        case ["do", {"step": "begin"} as header]:
            return cast("dict[str, Any]", header)
    raise DamagedRecordingError("a drive has no beginning")


def _whole(item: Item) -> bool:
    return "cut" not in item and "down" not in item


class Replay:
    """One recording, to be run again. ``live``: models that are asked beside it, and compared.

    ``until``: passes after which it stops.
    """

    def __init__(
        self,
        floor: Floor,
        world: World,
        case: str,
        parts: Sequence[Part],
        *,
        live: ModelAccess | None = None,
        policies: bool = False,
        until: int | None = None,
    ) -> None:
        self._floor = floor
        self._world = world
        self._case = case
        self._parts = parts
        self._live = live
        self._policies = floor.policies if policies else None
        self._until = until
        self._memory = Memory(masked=any(REDACTED in str(part.items) for part in parts))
        self.result = Replayed()
        self.passes = 0
        self.stopped = False

    async def run(self) -> Replayed:
        """Everything in the order it was recorded in."""
        drives: dict[int, dict[str, list[Any]]] = {}
        order: list[Part | int] = []
        for part in self._parts:
            if part.drive == 0:
                order.append(part)
                continue
            if part.drive not in drives:
                order.append(part.drive)
            _append(drives.setdefault(part.drive, {}).setdefault(part.strand, []), part)
        for step in order:
            if self.stopped:
                break
            if isinstance(step, Part):
                self._between(step)
            else:
                await self._drive(_PlayedDrive(self._case, step, drives[step]))
        return self.result

    # What happens between drives

    def _between(self, part: Part) -> None:
        step, item = part.items[0][1], part.items[1]
        world = _under(self._world, step)

        def job(tx: Tx) -> Any:
            if part.strand == OPENING:
                return open_text(tx, world, step["text"], step["person"], step["session"])
            assert part.strand == DECISION
            return record_decision(tx, world, Wanted(**step["wanted"]))

        with suppress(Exception):  # what it raises shows in what it wrote
            self.job(Strand(part.strand), 0, item, job)

    # Drives

    async def _drive(self, drive: _PlayedDrive) -> None:
        begin = _header(drive.strand(MAIN))
        world = _under(self._world, begin)
        run = _DriveRun(self, world, drive, begin)
        with driving(drive):
            task = asyncio.ensure_future(run.steps())
        _, waiting = await asyncio.wait({task}, timeout=_ALL_WAIT_S)
        if waiting:
            task.cancel()
        (error,) = await asyncio.gather(task, return_exceptions=True)
        if isinstance(error, Exception) and not isinstance(error, LeaseLostError):
            self.differ(step_difference("the run", "went on", f"failed: {type(error).__name__}: {error}"))
        if not self.stopped:
            self.result.unreached += drive.jobs_left

    # One job

    def job(self, strand: Strand, drive: int, item: Item, job: Callable[[Any], T]) -> T:
        """Run one job on its tape, and look at what came of it."""
        self._memory.learn(item["asked"])
        played: PlayedConnection | None = None
        try:
            with inside(list(item["clocks"])):
                value, played = play(item, job, self._world.types, self._memory)
            return cast(T, value)
        except Exception as error:
            played = getattr(error, "played", None)
            raise
        finally:
            if played is not None:
                self._judge(strand, drive, item, played)

    def _judge(self, strand: Strand, drive: int, item: Item, played: PlayedConnection) -> None:
        self.result.jobs.append(Done(strand.name, drive, played.asked))
        if played.differs_at is not None:
            found = job_difference(
                strand.name, self.passes + 1, item["asked"], played.asked, played.differs_at
            )
            if found is not None:
                self.differ(found)
        if any(statement[0] == "put_pass" for statement in item["asked"]):
            self.passes += 1
            self.stopped = self.stopped or self.passes == self._until

    def differ(self, difference: Difference) -> None:
        """Note a difference after which nothing of the recording holds."""
        if not self.stopped:
            self.result.differences.append(difference)
        self.stopped = True

    def note(self, text: str) -> None:
        """Say something once."""
        if text not in self.result.notes:
            self.result.notes.append(text)

    def router(self, world: World) -> "Router":
        """Gives the recorded choices, compared with what the policies choose now."""
        return _PlayedRouter(self, world, self._policies)

    def live_model(self, agent: str) -> Any:
        """What plays the agent now; None when nobody is asked."""
        return None if self._live is None else self._live.model_of(agent)


def _under(world: World, header: dict[str, Any]) -> World:
    """The world as it was called then: the names of versions stand in rows, and decide nothing."""
    known = replace(world, fingerprint=header.get("fingerprint", world.fingerprint))
    known.__dict__["registry_hash"] = header.get("registry", world.registry_hash)
    return known


class _EnteredAnewError(Exception):
    """The run ended here then, its checkpoints lost, and the graph was entered once more."""


async def stall() -> Any:
    """Wait for what is not on tape."""
    await asyncio.sleep(_FOREVER_S)


class _DriveRun:
    """The steps of one drive, as the driver made them."""

    def __init__(self, replay: Replay, world: World, drive: _PlayedDrive, begin: dict[str, Any]) -> None:
        self._replay = replay
        self._world = world
        self._drive = drive
        self._ledger: Ledger = _PlayedLedger(replay)
        models = _PlayedModels(replay, begin.get("endpoints") or {})
        prices = PriceBook(world.config.models.prices, begin.get("url"))
        prompts = replay._floor.prompts  # noqa: SLF001 - one thought in two classes
        clock = _played_clock
        self._turns = TurnRuntime(world, self._ledger, models, prompts, clock, clock, prices)

    async def steps(self) -> None:
        """What the driver did before the graph, and the graph from where it was entered, each time."""
        strand, case, token = self._drive.strand(MAIN), self._drive.case, self._drive.token
        while isinstance(step := strand.peek(), list) and step[0] == "do":
            strand.ahead.popleft()
            told = step[1]
            match told["step"]:
                case s if s == QUARANTINE:
                    died = told["died"]
                    await self._ledger.write(quarantine(self._world, case, token, died, _played_clock))
                case s if s == ADOPT:
                    world = replace(self._world, version=told["version"])
                    await self._ledger.write(lambda tx, w=world: adopt(tx, w, case, token, _played_clock()))  # type: ignore[misc]
                case s if s == ENTER:
                    with suppress(_EnteredAnewError):
                        await self._enter(str(told["at"]))

    async def _enter(self, at: str) -> None:
        router = self._replay.router(self._world)
        graph = build(self._world, self._ledger, self._turns, router, None, _played_clock, at)
        context = Context(self._drive.token, quiet)
        limit = recursion_limit(self._world)
        fresh = {"schema_version": SCHEMA_VERSION, "case": self._drive.case}
        await graph.ainvoke(cast(Any, fresh), {"recursion_limit": limit}, context=context)


def _strand() -> _PlayedStrand:
    found = here()
    assert found is not None
    return cast(_PlayedStrand, found[1])


def _played_clock() -> float:
    """The next recorded reading; the last one again, for code that reads more often than it did."""
    readings = read_inside()
    if readings is not None:
        return float(readings.pop(0) if len(readings) > 1 else readings[0] if readings else 0.0)
    strand = _strand()
    item = strand.peek()
    if isinstance(item, list) and item[0] == "clock":
        strand.ahead.popleft()
        strand.read_s = float(item[1])
    return strand.read_s


class _PlayedLedger:
    """Ledger. Every job runs on its tape."""

    def __init__(self, replay: Replay) -> None:
        self._replay = replay

    async def write(self, job: Callable[[Tx], T]) -> T:
        """See the port."""
        return await self._play(job, writes=True)

    async def read(self, job: Callable[[ReadTx], T]) -> T:
        """See the port."""
        return await self._play(job, writes=False)

    async def close(self) -> None:
        """Nothing is open."""

    async def _play(self, job: Callable[[Any], T], *, writes: bool) -> T:
        found = here()
        assert found is not None
        drive, strand = found[0], _strand()
        item = strand.peek()
        if self._replay.stopped or item is None:
            await stall()
        if isinstance(item, list) and item[0] == "do":
            raise _EnteredAnewError
        if not isinstance(item, dict) or item["writes"] is not writes:
            was = _kind(item)
            now = "writes to the ledger" if writes else "reads the ledger"
            self._replay.differ(step_difference(strand.name, was, now))
            await stall()
        strand.ahead.popleft()
        if item.get("cut"):
            await stall()
        if "down" in item:
            raise error_of(item["down"])
        await asyncio.sleep(0)
        value = self._replay.job(strand, drive.token, item, job)
        if self._replay.stopped:
            await stall()
        return value


def _kind(item: Any) -> str:
    if isinstance(item, dict):
        return "wrote to the ledger" if item["writes"] else "read the ledger"
    return {"model": "asked its model", "route": "asked the router", "clock": "read the clock"}.get(
        item[0], "began another step"
    )


class _PlayedModels:
    """ModelAccess. Recorded answers; beside them, what a model says now. ``at``: places in a role's chain."""

    def __init__(self, replay: Replay, endpoints: Mapping[str, Sequence[str | None]], at: int = 0) -> None:
        self._replay = replay
        self._endpoints = endpoints
        self._at = at

    def model_of(self, agent: str) -> Any:
        """The recorded model of the role."""
        return _PlayedModel(self._replay, agent, self._replay.live_model(agent))

    def endpoint_of(self, agent: str) -> str | None:
        """Where it was served."""
        return self._chain(agent)[self._at]

    def fallback_of(self, agent: str) -> "_PlayedModels | None":
        """The one behind it."""
        more = len(self._chain(agent)) > self._at + 1
        return _PlayedModels(self._replay, self._endpoints, self._at + 1) if more else None

    def _chain(self, agent: str) -> Sequence[str | None]:
        return self._endpoints.get(agent) or (None,)


class _PlayedModel:
    def __init__(self, replay: Replay, agent: str, live: Any) -> None:
        self._replay = replay
        self._agent = agent
        self._live = live

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> "_PlayedModel":
        """The same, with the tools of today."""
        live = None if self._live is None else self._live.bind_tools(tools, **kwargs)
        return _PlayedModel(self._replay, self._agent, live)

    async def ainvoke(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> AIMessage:
        """The recorded answer."""
        strand = _strand()
        item = strand.peek()
        if self._replay.stopped or item is None:
            await stall()
        if not (isinstance(item, list) and item[0] == "model"):
            self._replay.differ(step_difference(strand.name, _kind(item), "asks its model"))
            await stall()
        strand.ahead.popleft()
        _, seen, recorded = item
        self._look(seen, messages)
        if recorded.get("cut"):
            await stall()
        if "error" in recorded:
            raise error_of(recorded["error"])
        if self._live is not None:
            self._compare(strand, messages, recorded)
        return answer_of(recorded)

    def _look(self, seen: Sequence[str], messages: list[BaseMessage]) -> None:
        now = shown(messages)
        if seen[:1] != now[:1]:
            self._replay.note(f"the prompt of {self._agent} is another one than it was")
        if list(seen[1:]) != now[1:]:
            self._replay.note(f"{self._agent} is shown something else than it was")

    def _compare(self, strand: _PlayedStrand, messages: list[BaseMessage], recorded: dict[str, Any]) -> None:
        self._replay.result.answers += 1
        try:
            answer = answer_shape(self._live.invoke(messages))
        except Exception as error:  # noqa: BLE001 - whatever a model raises is its answer here
            answer = {"content": f"{type(error).__name__}: {error}"[:500], "calls": [], "invalid": []}
        found = answer_difference(self._agent, round_of(strand), recorded, answer)
        if found is None:
            self._replay.result.same_answers += 1
        else:
            self._replay.result.differences.append(found)


def round_of(strand: _PlayedStrand) -> int | None:
    """The round of the turn that a strand is at: its row comes later on the tape."""
    for item in strand.ahead:
        for statement in item.get("asked", ()) if isinstance(item, dict) else ():
            if statement[0] == "put_turn":
                return int(statement[1][1])
    return None


class _PlayedRouter:
    """Router. Recorded choices, compared with what the policies choose now."""

    def __init__(self, replay: Replay, world: World, policies: Mapping[str, Policy] | None) -> None:
        self._replay = replay
        self._world = world
        self._policies = policies

    async def route(self, text: str, recent: str) -> str | None:
        """See Router."""
        return cast("str | None", (await self._recorded(text, recent))["chosen"])

    async def choose(self, case: CaseRow, recent: str) -> Choice:
        """See Chooser."""
        return choice_of(await self._recorded(case.text or "", recent))

    async def _recorded(self, text: str, recent: str) -> Mapping[str, Any]:
        strand = _strand()
        item = strand.peek()
        if self._replay.stopped or item is None:
            await stall()
        if not (isinstance(item, list) and item[0] == "route"):
            self._replay.differ(step_difference(strand.name, _kind(item), "asks the router"))
            await stall()
        strand.ahead.popleft()
        recorded = item[1]
        if "error" in recorded:
            raise error_of(recorded["error"])
        if self._policies is not None:
            from agents.router import OfflineRouter

            now = await OfflineRouter(self._world, self._policies).route(text, recent)
            if now != recorded["chosen"]:
                self._replay.result.differences.append(route_difference(recorded["chosen"], now))
        return cast("Mapping[str, Any]", recorded)
