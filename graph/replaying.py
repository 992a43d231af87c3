"""Running a recorded case again: the same graph, gate and turns, fed from its recording (R15).

Nothing is read but the recording, no time passes, and nothing is written. What differs first is named; from
there on the recording tells nothing of what would have followed, so the run ends.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, cast

from agents.backend import OPENAI
from agents.floor_loader import Floor
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
from graph.differing import Difference, job_difference, step_difference
from graph.driving import ADOPT, ENTER, QUARANTINE
from graph.gate import LeaseLostError
from graph.nodes import INTAKE
from graph.opening import open_text
from graph.played import (
    EnteredAnewError,
    PlayedDrive,
    PlayedLedger,
    PlayedModels,
    PlayedRouter,
    PlayedStrand,
    played_clock,
)
from graph.recording import DECISION, MAIN, OPENING, Strand, driving, inside
from graph.state import SCHEMA_VERSION, Context, quiet
from protocol.ports import Ledger, Tx
from protocol.world import World

T = TypeVar("T")
Clock = Callable[[], float]

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


def _append(items: list[Any], part: Part) -> None:
    """Add what is new in a part; DamagedRecordingError when one before it is missing."""
    if part.first > len(items):
        raise DamagedRecordingError(f"a part of {part.strand} in drive {part.drive} is missing")
    items += part.items[len(items) - part.first :]


def _header(strand: "PlayedStrand") -> dict[str, Any]:
    """What a drive begins with; DamagedRecordingError when that is not there."""
    match strand.ahead.popleft() if strand.ahead else None:
        case ["do", {"step": "begin"} as header]:
            return cast("dict[str, Any]", header)
    raise DamagedRecordingError("a drive has no beginning")


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
        self.parted = False
        """Whether the case goes on by itself, off its recording (graph/forking.py)."""

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
                await self._drive(PlayedDrive(self._case, step, drives[step]))
        return self.result

    # What happens between drives

    def _between(self, part: Part) -> None:
        step, item = part.items[0][1], part.items[1]
        world = under(self._world, step)

        def job(tx: Tx) -> Any:
            if part.strand == OPENING:
                return open_text(tx, world, step["text"], step["person"], step["session"])
            assert part.strand == DECISION
            return record_decision(tx, world, Wanted(**step["wanted"]))

        with suppress(Exception):  # what it raises shows in what it wrote
            self.job(Strand(part.strand), 0, item, job)

    # Drives

    async def _drive(self, drive: PlayedDrive) -> None:
        begin = _header(drive.strand(MAIN))
        world = under(self._world, begin)
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

    def answered(self, difference: Difference | None) -> None:
        """Note how an answer of now compares with the recorded one."""
        self.result.answers += 1
        if difference is None:
            self.result.same_answers += 1
        else:
            self.result.differences.append(difference)

    def routed(self, difference: Difference) -> None:
        """Note that another agent would be chosen now."""
        self.result.differences.append(difference)

    def ledger(self) -> Ledger:
        """What stands in for the ledger."""
        return PlayedLedger(self)

    def models(self, endpoints: Mapping[str, Sequence[str | None]]) -> ModelAccess:
        """What stands in for the models."""
        return PlayedModels(self, endpoints)

    def clocks(self) -> tuple[Clock, Clock]:
        """Elapsed seconds of the process, and the wall seconds that processes share."""
        return played_clock, played_clock

    def router(self, world: World) -> "Router":
        """Gives the recorded choices, compared with what the policies choose now."""
        return PlayedRouter(self, world, self._policies)

    def live_model(self, agent: str) -> Any:
        """What plays the agent now; None when nobody is asked."""
        return None if self._live is None else self._live.model_of(agent)


def under(world: World, header: Mapping[str, Any]) -> World:
    """The world as it was called then: the names of versions stand in rows, and decide nothing."""
    known = replace(world, fingerprint=header.get("fingerprint", world.fingerprint))
    known.__dict__["registry_hash"] = header.get("registry", world.registry_hash)
    return known


class _DriveRun:
    """The steps of one drive, as the driver made them."""

    def __init__(self, replay: Replay, world: World, drive: PlayedDrive, begin: dict[str, Any]) -> None:
        self._replay = replay
        self._world = world
        self._drive = drive
        self._ledger = replay.ledger()
        models = replay.models(begin.get("endpoints") or {})
        urls = {OPENAI: begin.get("url"), **begin.get("urls", {})}
        prices = PriceBook(world.config.models.prices, urls)
        prompts = replay._floor.prompts  # noqa: SLF001 - one thought in two classes
        elapsed, self._shared = replay.clocks()
        self._turns = TurnRuntime(world, self._ledger, models, prompts, elapsed, self._shared, prices)

    async def steps(self) -> None:
        """What the driver did before the graph, and the graph from where it was entered, each time."""
        strand, case, token = self._drive.strand(MAIN), self._drive.case, self._drive.token
        alone = self._replay.parted
        while isinstance(step := strand.peek(), list) and step[0] == "do":
            strand.ahead.popleft()
            if self._replay.parted:
                continue
            told = step[1]
            match told["step"]:
                case s if s == QUARANTINE:
                    died = told["died"]
                    await self._ledger.write(quarantine(self._world, case, token, died, self._shared))
                case s if s == ADOPT:
                    world = replace(self._world, version=told["version"])
                    await self._ledger.write(lambda tx, w=world: adopt(tx, w, case, token, self._shared()))  # type: ignore[misc]
                case s if s == ENTER:
                    with suppress(EnteredAnewError):
                        await self._enter(str(told["at"]))
        if alone:
            await self._enter(INTAKE)

    async def _enter(self, at: str) -> None:
        router = self._replay.router(self._world)
        graph = build(self._world, self._ledger, self._turns, router, None, self._shared, at)
        context = Context(self._drive.token, quiet)
        limit = recursion_limit(self._world)
        fresh = {"schema_version": SCHEMA_VERSION, "case": self._drive.case}
        await graph.ainvoke(cast(Any, fresh), {"recursion_limit": limit}, context=context)
