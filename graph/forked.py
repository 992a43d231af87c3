"""What stands in for the outside while a recorded case goes its own way: as recorded for as long as it can,
and from there on a ledger in memory, recorded answers to prompts that are the same, and new ones to others.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar, cast

from langchain_core.messages import AIMessage, BaseMessage

from agents.model_router import Choice, choice_of
from agents.router import OfflineRouter
from checkpoints.taping import Item
from graph.model_answers import answer_of, error_of, shown
from graph.played import PlayedLedger, PlayedModels, PlayedStrand, Watcher, here_drive, here_strand, stall
from graph.recording import Strand, read_inside
from protocol.ports import ReadTx, Tx
from protocol.rows import CaseRow
from protocol.turns import Policy
from protocol.world import World

T = TypeVar("T")


class Forker(Watcher, Protocol):
    """Who decides when a case leaves its recording. ``forked``: it may; ``parted``: it has."""

    forked: bool
    parted: bool

    def leave(self) -> None:
        """From now on the case goes on by itself."""

    def stray(self) -> None:
        """Something was answered otherwise than on tape: what the strand does next is its own."""

    @property
    def strayed(self) -> bool:
        """Whether that happened."""

    def do(self, strand: Strand, drive: int, item: Item | None, job: Callable[[Any], T], writes: bool) -> T:
        """Do a job on the ledger in memory. ``item``: what stands in its place on tape, if anything does."""

    def answers(self, agent: str, seen: Sequence[str]) -> deque[dict[str, Any]]:
        """Recorded answers of an agent to a prompt with these digests, in order."""

    def asked(self, agent: str) -> None:
        """Note that somebody was asked anew."""


def take(strand: PlayedStrand, fits: Callable[[Any], bool]) -> Any:
    """The next item of a strand that fits; else None, and the strand tells nothing any more."""
    item = strand.peek()
    if item is not None and fits(item):
        return strand.ahead.popleft()
    strand.ahead.clear()
    return None


def is_job(item: Any, *, writes: bool) -> bool:
    """Whether an item is a job of that kind."""
    return isinstance(item, dict) and item["writes"] is writes


class ForkedClock:
    """One clock: recorded readings as long as there are any, and virtual time from the last of them on."""

    def __init__(self) -> None:
        self._read_s = 0.0
        self._at_s = 0.0

    def __call__(self) -> float:
        """Seconds."""
        now_s = asyncio.get_running_loop().time()
        reading = _reading()
        self._read_s = self._read_s + now_s - self._at_s if reading is None else reading
        self._at_s = now_s
        return self._read_s


def _reading() -> float | None:
    """The next recorded reading; None when there is none."""
    readings = read_inside()
    if readings is not None:
        return float(readings.pop(0)) if readings else None
    strand = here_strand()
    item = strand.peek()
    if isinstance(item, list) and item[0] == "clock":
        strand.ahead.popleft()
        return float(item[1])
    return None


class ForkedLedger(PlayedLedger):
    """Ledger. The tape, until a job would do something else than it did; from then on one in memory."""

    def __init__(self, fork: Forker) -> None:
        super().__init__(fork)
        self._fork = fork

    async def write(self, job: Callable[[Tx], T]) -> T:
        """See the port."""
        return await self._do(job, writes=True)

    async def read(self, job: Callable[[ReadTx], T]) -> T:
        """See the port."""
        return await self._do(job, writes=False)

    async def _do(self, job: Callable[[Any], T], *, writes: bool) -> T:
        fork, (drive, strand) = self._fork, (here_drive(), here_strand())
        if fork.forked and not fork.parted and self._leaves(strand.peek(), writes=writes):
            fork.leave()
        if not fork.parted:
            return await self._play(job, writes=writes)
        item = take(strand, lambda i: is_job(i, writes=writes))
        await asyncio.sleep(0)
        return fork.do(strand, drive, item, job, writes)

    def _leaves(self, item: Any, *, writes: bool) -> bool:
        """Whether what comes is not what is on tape; where a tape was cut off, so is the run."""
        if self._fork.strayed:
            return True
        return not (
            item is None or is_job(item, writes=writes) or (isinstance(item, list) and item[0] == "do")
        )


class ForkedModels(PlayedModels):
    """ModelAccess. A recorded answer where the prompt is the same; else somebody is asked."""

    def __init__(self, fork: Forker, endpoints: Mapping[str, Sequence[str | None]], at: int = 0) -> None:
        super().__init__(fork, endpoints, at)
        self._fork = fork

    def model_of(self, agent: str) -> Any:
        """What plays the role."""
        return _ForkedModel(self._fork, agent, self._fork.live_model(agent), super().model_of(agent))

    def fallback_of(self, agent: str) -> "ForkedModels | None":
        """The one behind it."""
        more = super().fallback_of(agent) is not None
        return ForkedModels(self._fork, self._endpoints, self._at + 1) if more else None


class _ForkedModel:
    def __init__(self, fork: Forker, agent: str, live: Any, played: Any) -> None:
        self._fork = fork
        self._agent = agent
        self._live = live
        self._played = played

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> "_ForkedModel":
        """The same, with its tools."""
        live = self._live.bind_tools(tools, **kwargs)
        return _ForkedModel(self._fork, self._agent, live, self._played)

    async def ainvoke(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> AIMessage:
        """The recorded answer, or a new one."""
        if not self._fork.forked:
            return cast(AIMessage, await self._played.ainvoke(messages, *args, **kwargs))
        strand = here_strand()
        item = take(strand, lambda i: isinstance(i, list) and i[0] == "model")
        kept = self._fork.answers(self._agent, shown(messages))
        if not kept:
            return self._anew(messages)
        recorded = kept[0] if len(kept) == 1 else kept.popleft()
        if item is None or item[2] != recorded:
            self._fork.stray()
        if recorded.get("cut"):
            if not strand.ahead:  # the process ended here, and not the patience with this answer
                return self._anew(messages)
            await stall()
        if "error" in recorded:
            raise error_of(recorded["error"])
        return answer_of(recorded)

    def _anew(self, messages: list[BaseMessage]) -> AIMessage:
        self._fork.stray()
        self._fork.asked(self._agent)
        return cast(AIMessage, self._live.invoke(messages))


class ForkedRouter:
    """Router. The recorded choice; where there is none, the policies'."""

    def __init__(self, fork: Forker, world: World, policies: Mapping[str, Policy]) -> None:
        self._fork = fork
        self._policies = OfflineRouter(world, policies)

    async def route(self, text: str, recent: str) -> str | None:
        """See Router."""
        recorded = self._recorded()
        if recorded is not None:
            return cast("str | None", recorded["chosen"])
        self._fork.stray()
        return await self._policies.route(text, recent)

    async def choose(self, case: CaseRow, recent: str) -> Choice:
        """See Chooser."""
        recorded = self._recorded()
        return choice_of(recorded or {"chosen": await self.route(case.text or "", recent)})

    def _recorded(self) -> Mapping[str, Any] | None:
        item = take(here_strand(), lambda i: isinstance(i, list) and i[0] == "route")
        if item is None:
            return None
        if "error" in item[1]:
            raise error_of(item[1]["error"])
        return cast("Mapping[str, Any]", item[1])
