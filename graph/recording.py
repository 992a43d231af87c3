"""Recording cases as they run (R15): what each job on the ledger read and wrote, clock readings, answers.

A drive has strands: its main one, and one of each agent, since agents run side by side. What a strand did is
in order; strands are not ordered among each other, and replay needs no such order. A part is kept in the
transaction that it tells of, with whatever its strand read before: a kill loses a part and its work together.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple, TypeVar, cast
from urllib.parse import urlsplit

from langchain_core.messages import AIMessage, BaseMessage

from agents.backend import OPENAI
from agents.model_router import Choice, ask_router
from agents.models import ModelAccess, chain_of
from agents.router import Router
from checkpoints.recordings import RecordsTx, packed
from checkpoints.sql_reads import SqlReads
from checkpoints.taping import Item, tape
from graph.model_answers import answer_shape, error_shape, shown
from protocol.ports import Ledger, ReadTx, Tx
from protocol.rows import CaseRow
from protocol.world import World

T = TypeVar("T")

MAIN = "main"
"""The strand of a drive's own steps: intake, gate, escalate, reply."""
SCRIPTED = "scripted"
"""The name of models that a suite or a test gave, and that nobody has later."""
OPENING, DECISION = "opening", "decision"
"""Strands of what happens to a case between drives."""


@dataclass(slots=True)
class Strand:
    """What one line of work did since its last part was kept. ``first``: how much it did before."""

    name: str
    items: list[Any] = field(default_factory=list)
    first: int = 0

    def forget(self, until: int) -> None:
        """What stands before the place ``until`` is durable, the last of it perhaps never among the items."""
        del self.items[: max(0, until - self.first)]
        self.first = max(self.first, until)


class Drive:
    """The strands of one drive. ``token``: its fence, which numbers it."""

    def __init__(self, case: str, token: int, secrets: Sequence[str]) -> None:
        self.case = case
        self.token = token
        self._secrets = secrets
        self._strands: dict[str, Strand] = {MAIN: Strand(MAIN)}

    def strand(self, name: str) -> Strand:
        """The strand of that name."""
        return self._strands.setdefault(name, Strand(name))

    def left(self, now: Strand) -> "list[_Left]":
        """What ``now`` has left and what the main strand has, or for the main strand what all have.

        Two agents may both keep what the main strand has left: it says the same. Asked on the loop's thread,
        where strands change.
        """
        others = list(self._strands.values()) if now.name == MAIN else [self._strands[MAIN], now]
        return [_Left(strand, strand.first, tuple(strand.items)) for strand in others]

    def keep(
        self, tx: Tx, left: "Sequence[_Left]", now: Strand | None = None, item: Item | None = None
    ) -> None:
        """Keep what was left, and ``item`` as the last that ``now`` did."""
        for strand, first, items in left:
            whole = [*items, item] if strand is now else items
            if whole:
                body = packed(first, whole, self._secrets)
                cast(RecordsTx, tx).keep_part(self.case, self.token, strand.name, body)

    def flush(self, tx: Tx) -> None:
        """Keep what is left, at the end of the drive."""
        self.keep(tx, self.left(self._strands[MAIN]))


class _Left(NamedTuple):
    """Items of a strand that no part holds yet, from the place ``first`` on."""

    strand: Strand
    first: int
    items: tuple[Any, ...]


_HERE: ContextVar[tuple[Drive, Strand] | None] = ContextVar("strand", default=None)
_JOB: ContextVar[list[Any] | None] = ContextVar("job", default=None)


def note(what: Mapping[str, Any]) -> None:
    """Put a step of the drive itself on its tape; nothing when nothing is recorded."""
    _add(["do", dict(what)])


def here() -> "tuple[Drive, Strand] | None":
    """The drive and the strand of whoever asks; None outside of any."""
    return _HERE.get()


def read_inside() -> list[Any] | None:
    """The clock readings of the job under way; None outside of one."""
    return _JOB.get()


@contextmanager
def driving(drive: Drive) -> Iterator[None]:
    """What is done in the block, and what it starts, belongs to the main strand of ``drive``."""
    before = _HERE.set((drive, drive.strand(MAIN)))
    try:
        yield
    finally:
        _HERE.reset(before)


@contextmanager
def inside(readings: list[Any]) -> Iterator[None]:
    """A job is done in the block, whose clock readings are these."""
    before = _JOB.set(readings)
    try:
        yield
    finally:
        _JOB.reset(before)


def _add(item: Any) -> None:
    if (here := _HERE.get()) is not None:
        here[1].items.append(item)


@contextmanager
def on_strand(name: str) -> Iterator[None]:
    """What is done in the block belongs to the strand ``name`` of the drive under way."""
    here = _HERE.get()
    if here is None:
        yield
        return
    before = _HERE.set((here[0], here[0].strand(name)))
    try:
        yield
    finally:
        _HERE.reset(before)


@dataclass(frozen=True, slots=True)
class Played:
    """What plays the roles. ``name``: of the model, or of what gives them; ``endpoints``: of each role, in
    order of use, None for what runs in this process; ``urls``: where endpoints are; None: OpenAI's own.
    """

    name: str
    endpoints: Mapping[str, Sequence[str | None]] = field(default_factory=dict)
    urls: Mapping[str, str | None] = field(default_factory=dict)

    def header(self) -> dict[str, Any]:
        """What of it stands in a recording: no user and no password. ``url``: of ``openai``."""
        served = {a: list(chain) for a, chain in self.endpoints.items() if any(chain)}
        urls = {at: _plain(url) for at, url in self.urls.items()}
        return {"model": self.name, "endpoints": served, "url": urls.pop(OPENAI, None), "urls": urls}


def _plain(url: str | None) -> str | None:
    """The address without whatever could be a key."""
    parts = urlsplit(url or "")
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl() or None


class Recorder:
    """Records the cases of one process. ``secrets``: what must stand in no recording."""

    def __init__(self, world: World, played: Played, secrets: Sequence[str] = ()) -> None:
        self._world = world
        self._played = played.header()
        self._secrets = tuple(s for s in secrets if s)
        self.on = world.config.engine.keep_recordings_days > 0

    @contextmanager
    def drive(self, case: str, token: int, **header: Any) -> Iterator[Drive | None]:
        """Record what is done in the block, and what it starts."""
        if not self.on:
            yield None
            return
        drive = Drive(case, token, self._secrets)
        with driving(drive):
            note({"step": "begin", **self._version(), **self._played, **header})
            yield drive

    def between(self, tx: Tx, strand: str, step: Mapping[str, Any], job: Callable[[], T], case: str) -> T:
        """Do ``job`` on ``tx``, which other work may share, and keep it as a step of ``case``.

        ``case`` empty: the one whose id ``job`` gives back.
        """
        if not self.on:
            return job()
        item: Item = {"writes": True, "clocks": []}
        with tape(cast(SqlReads, tx), item):
            value = job()
        note = ["do", {**step, **self._version()}]
        body = packed(0, [note, item], self._secrets)
        if name := case or str(value):
            cast(RecordsTx, tx).keep_part(name, 0, strand, body)
        return value

    def _version(self) -> dict[str, Any]:
        world = self._world
        return {"fingerprint": world.fingerprint, "registry": world.registry_hash}


class RecordingLedger:
    """Ledger. What a drive does on it is taped; everything else is passed on as it is."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def write(self, job: Callable[[Tx], T]) -> T:
        """See the port."""
        here = _HERE.get()
        if here is None:
            return await self._ledger.write(job)
        drive, strand = here
        item: Item = {"writes": True}
        left = drive.left(strand)

        def whole(tx: Tx) -> T:
            value = _taped(tx, job, item)
            drive.keep(tx, left, strand, item)
            return value

        value = await self._told(lambda: self._ledger.write(whole), item)
        for kept, first, items in left:
            kept.forget(first + len(items) + (kept is strand))
        return value

    async def read(self, job: Callable[[ReadTx], T]) -> T:
        """See the port."""
        if _HERE.get() is None:
            return await self._ledger.read(job)
        item: Item = {"writes": False}
        value = await self._told(lambda: self._ledger.read(lambda tx: _taped(tx, job, item)), item)
        _add(item)
        return value

    async def _told(self, ask: Callable[[], Awaitable[T]], item: Item) -> T:
        """The answer of the ledger; when there is none, that goes on the tape as well."""
        try:
            return await ask()
        except asyncio.CancelledError:
            _add({"writes": item["writes"], "cut": True})
            raise
        except Exception as error:
            if "raised" in item:  # by the job itself, which will raise it again
                _add(item)
            else:
                _add({"writes": item["writes"], "down": error_shape(error)})
            raise

    async def close(self) -> None:
        """See the port."""
        await self._ledger.close()


def _taped(tx: Any, job: Callable[[Any], T], item: Item) -> T:
    """Run ``job``, possibly in another thread and not for the first time, and put it on ``item``."""
    item.pop("raised", None)
    item["clocks"] = []
    try:
        with inside(item["clocks"]), tape(cast(SqlReads, tx), item):
            return job(tx)
    except Exception:
        item["raised"] = True
        raise


def taped_clock(clock: Callable[[], float]) -> Callable[[], float]:
    """``clock``, whose readings go on the tape of whoever reads it."""

    def read() -> float:
        reading = clock()
        inside = _JOB.get()
        if inside is not None:
            inside.append(reading)
        else:
            _add(["clock", reading])
        return reading

    return read


class RecordedRouter:
    """Router. Its choices go on the tape."""

    def __init__(self, router: Router) -> None:
        self._router = router

    async def route(self, text: str, recent: str) -> str | None:
        """See Router."""
        with _failed_choice():
            chosen = await self._router.route(text, recent)
        _add(["route", {"chosen": chosen}])
        return chosen

    async def choose(self, case: CaseRow, recent: str) -> Choice:
        """See Chooser."""
        with _failed_choice():
            choice = await ask_router(self._router, case, recent)
        _add(["route", choice.to_json()])
        return choice


@contextmanager
def _failed_choice() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        _add(["route", {"error": error_shape(error)}])
        raise


class RecordedModels:
    """ModelAccess. What models are shown, as digests, and what they answer goes on the tape."""

    def __init__(self, models: ModelAccess) -> None:
        self._models = models

    def model_of(self, agent: str) -> Any:
        """The model of the role, taped."""
        return _RecordedModel(self._models.model_of(agent))

    def endpoint_of(self, agent: str) -> str | None:
        """See ModelAccess."""
        return self._models.endpoint_of(agent)

    def fallback_of(self, agent: str) -> "RecordedModels | None":
        """See FallsBack; taped as well."""
        models = list(islice(chain_of(self._models, agent), 2))
        return RecordedModels(models[1]) if len(models) > 1 else None


class _RecordedModel:
    def __init__(self, model: Any) -> None:
        self._model = model

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> "_RecordedModel":
        """The same, with its tools."""
        return _RecordedModel(self._model.bind_tools(tools, **kwargs))

    async def ainvoke(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> AIMessage:
        """The answer, once it is on the tape."""
        if _HERE.get() is None:
            return cast(AIMessage, await self._model.ainvoke(messages, *args, **kwargs))
        seen = shown(messages)
        try:
            answer = await self._model.ainvoke(messages, *args, **kwargs)
        except asyncio.CancelledError:
            _add(["model", seen, {"cut": True}])
            raise
        except Exception as error:
            _add(["model", seen, {"error": error_shape(error)}])
            raise
        _add(["model", seen, answer_shape(answer)])
        return cast(AIMessage, answer)
