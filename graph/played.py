"""What stands in for the outside while a recording runs again: its strands, clock, ledger, models, router.

Each gives back what is on tape, and tells the replay when something else is asked for.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar, cast

from langchain_core.messages import AIMessage, BaseMessage

from agents.model_router import Choice, choice_of
from agents.router import OfflineRouter
from checkpoints.taping import Item
from graph.differing import Difference, answer_difference, route_difference, step_difference
from graph.model_answers import answer_of, answer_shape, error_of, shown
from graph.recording import Drive, Strand, here, read_inside
from protocol.ports import ReadTx, Tx
from protocol.rows import CaseRow
from protocol.turns import Policy
from protocol.world import World

T = TypeVar("T")

_FOREVER_S = 1e8
"""Of virtual time: whoever waits so long waits for what is not on tape."""


class Watcher(Protocol):
    """Who is told how a run goes. ``stopped``: nothing of the recording holds any more."""

    stopped: bool

    def job(self, strand: Strand, drive: int, item: Item, job: Callable[[Any], T]) -> T:
        """Run one job on its tape, and look at what came of it."""

    def differ(self, difference: Difference) -> None:
        """Note a difference after which nothing of the recording holds."""

    def answered(self, difference: Difference | None) -> None:
        """Note how an answer of now compares with the recorded one."""

    def routed(self, difference: Difference) -> None:
        """Note that another agent would be chosen now."""

    def note(self, text: str) -> None:
        """Say something once."""

    def live_model(self, agent: str) -> Any:
        """What plays the agent now; None when nobody is asked."""


class PlayedStrand(Strand):
    """A strand whose items are given back one by one."""

    def __init__(self, name: str, items: Sequence[Any]) -> None:
        super().__init__(name, [])
        self.ahead = deque(items)
        self.read_s = 0.0
        """What the clock showed last."""

    def peek(self) -> Any:
        """The next item; None when there is none."""
        return self.ahead[0] if self.ahead else None


class PlayedDrive(Drive):
    """A drive on tape."""

    def __init__(self, case: str, token: int, strands: dict[str, list[Any]]) -> None:
        super().__init__(case, token, ())
        self._played = {name: PlayedStrand(name, items) for name, items in strands.items()}

    def strand(self, name: str) -> PlayedStrand:
        """The strand of that name; one without items when nothing of it is on tape."""
        return self._played.setdefault(name, PlayedStrand(name, ()))

    @property
    def jobs_left(self) -> int:
        """Jobs that nobody asked for."""
        return sum(1 for s in self._played.values() for i in s.ahead if isinstance(i, dict) and _whole(i))


def _whole(item: Item) -> bool:
    return "cut" not in item and "down" not in item


class EnteredAnewError(Exception):
    """The run ended here then, its checkpoints lost, and the graph was entered once more."""


async def stall() -> Any:
    """Wait for what is not on tape."""
    await asyncio.sleep(_FOREVER_S)


def here_strand() -> PlayedStrand:
    """The strand of whoever asks."""
    found = here()
    assert found is not None
    return cast(PlayedStrand, found[1])


def here_drive() -> int:
    """The fence of the drive that whoever asks belongs to."""
    found = here()
    assert found is not None
    return found[0].token


def played_clock() -> float:
    """The next recorded reading; the last one again, for code that reads more often than it did."""
    readings = read_inside()
    if readings is not None:
        return float(readings.pop(0) if len(readings) > 1 else readings[0] if readings else 0.0)
    strand = here_strand()
    item = strand.peek()
    if isinstance(item, list) and item[0] == "clock":
        strand.ahead.popleft()
        strand.read_s = float(item[1])
    return strand.read_s


class PlayedLedger:
    """Ledger. Every job runs on its tape."""

    def __init__(self, replay: Watcher) -> None:
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
        drive, strand = found[0], here_strand()
        item = strand.peek()
        if self._replay.stopped or item is None:
            await stall()
        if isinstance(item, list) and item[0] == "do":
            raise EnteredAnewError
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


async def _next(replay: Watcher, strand: PlayedStrand, kind: str, does: str) -> list[Any]:
    """The next item of a strand, which is of this kind unless the run differs. ``does``: in words."""
    item = strand.peek()
    if replay.stopped or item is None:
        await stall()
    if not (isinstance(item, list) and item[0] == kind):
        replay.differ(step_difference(strand.name, _kind(item), does))
        await stall()
    strand.ahead.popleft()
    return cast("list[Any]", item)


class PlayedModels:
    """ModelAccess. Recorded answers; beside them, what a model says now. ``at``: places in a role's chain."""

    def __init__(self, replay: Watcher, endpoints: Mapping[str, Sequence[str | None]], at: int = 0) -> None:
        self._replay = replay
        self._endpoints = endpoints
        self._at = at

    def model_of(self, agent: str) -> Any:
        """The recorded model of the role."""
        return _PlayedModel(self._replay, agent, self._replay.live_model(agent))

    def endpoint_of(self, agent: str) -> str | None:
        """Where it was served."""
        return self._chain(agent)[self._at]

    def fallback_of(self, agent: str) -> "PlayedModels | None":
        """The one behind it."""
        more = len(self._chain(agent)) > self._at + 1
        return PlayedModels(self._replay, self._endpoints, self._at + 1) if more else None

    def _chain(self, agent: str) -> Sequence[str | None]:
        return self._endpoints.get(agent) or (None,)


class _PlayedModel:
    def __init__(self, replay: Watcher, agent: str, live: Any) -> None:
        self._replay = replay
        self._agent = agent
        self._live = live

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> "_PlayedModel":
        """The same, with the tools of today."""
        live = None if self._live is None else self._live.bind_tools(tools, **kwargs)
        return _PlayedModel(self._replay, self._agent, live)

    async def ainvoke(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> AIMessage:
        """The recorded answer."""
        strand = here_strand()
        _, seen, recorded = await _next(self._replay, strand, "model", "asks its model")
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

    def _compare(self, strand: PlayedStrand, messages: list[BaseMessage], recorded: dict[str, Any]) -> None:
        try:
            answer = answer_shape(self._live.invoke(messages))
        except Exception as error:  # noqa: BLE001 - whatever a model raises is its answer here
            answer = {"content": f"{type(error).__name__}: {error}"[:500], "calls": [], "invalid": []}
        self._replay.answered(answer_difference(self._agent, round_of(strand), recorded, answer))


def round_of(strand: PlayedStrand) -> int | None:
    """The round of the turn that a strand is at: its row comes later on the tape."""
    for item in strand.ahead:
        for statement in item.get("asked", ()) if isinstance(item, dict) else ():
            if statement[0] == "put_turn":
                return int(statement[1][1])
    return None


class PlayedRouter:
    """Router. Recorded choices, compared with what the policies choose now."""

    def __init__(self, replay: Watcher, world: World, policies: Mapping[str, Policy] | None) -> None:
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
        _, recorded = await _next(self._replay, here_strand(), "route", "asks the router")
        if "error" in recorded:
            raise error_of(recorded["error"])
        if self._policies is not None:
            now = await OfflineRouter(self._world, self._policies).route(text, recent)
            if now != recorded["chosen"]:
                self._replay.routed(route_difference(recorded["chosen"], now))
        return cast("Mapping[str, Any]", recorded)
