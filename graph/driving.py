"""Driving a case through the graph: under its lease, from its checkpoint or from the ledger alone."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.errors import EmptyInputError
from langgraph.types import Command

from checkpoints.checkpoint_cache import CheckpointLostError, forget_case
from checkpoints.leases import Lease, Sightings, hold_lease, this_process
from graph.adopting import adopt
from graph.attempts import quarantine
from graph.build import CaseGraph
from graph.gate import LeaseLostError
from graph.nodes import ESCALATE, INTAKE
from graph.recording import Drive, Played, Recorder, note
from graph.settings import Durability
from graph.state import (
    SCHEMA_VERSION,
    CaseState,
    Context,
    HandedBackError,
    Progress,
    has_stopped,
    is_over,
    quiet,
)
from graph.versions import left_behind
from protocol.errors import DependencyDownError
from protocol.failpoints import Point, failpoint
from protocol.ports import Ledger, ReadTx, Tx
from protocol.world import World
from telemetry.clock import shared_clock

T = TypeVar("T")

AT_ONCE = 8
"""Cases a process drives side by side; each waits for models most of the time."""

QUARANTINE, ADOPT, ENTER = "quarantine", "adopt", "enter"
"""Steps of a drive on its tape, before what the graph does: a case is stopped, taken over, or entered."""

_log = logging.getLogger("andon.driving")


@dataclass(frozen=True, slots=True)
class Timing:
    """How long leases last and how often they are renewed, in wall seconds; supersteps of one run at most;
    when langgraph stores its checkpoints. ``host``: how this host is called in leases; None: by its name.
    """

    lease_s: float
    renew_s: float
    supersteps: int
    durability: Durability = "exit"
    host: str | None = None


@dataclass(frozen=True, slots=True)
class Graphs:
    """One graph twice: with its checkpoints, and without any, for when they cannot be used."""

    cached: CaseGraph
    bare: CaseGraph


@dataclass(frozen=True, slots=True)
class _Standing:
    """How far a case has come, and whether work is due in it that needs no person."""

    passes: int = 0
    due: bool = False
    ended: bool = False
    fingerprint: str = ""


@dataclass(slots=True)
class _Drive:
    """A case under its lease: how it stood when the lease was taken, and when it was given back.

    ``ours``: the lease was to be had, and was ours to its end. ``tries``: drives that have begun since the
    last finished pass, this one among them. ``handed_back``: work is left, for another process.
    """

    case: str = ""
    ours: bool = False
    tries: int = 0
    handed_back: bool = False
    before: _Standing = field(default_factory=_Standing)
    after: _Standing = field(default_factory=_Standing)


class Driver:
    """Runs cases of one process. ``clock``: its own clock, ``shared``: the one of all; both in seconds."""

    def __init__(
        self,
        graphs: Graphs,
        world: World,
        ledger: Ledger,
        timing: Timing,
        clock: Callable[[], float],
        shared: Callable[[], float] = shared_clock,
        recorder: Recorder | None = None,
    ) -> None:
        self._recorder = recorder or Recorder(world, Played(""))
        self._graphs = graphs
        self._world = world
        self._ledger = ledger
        self._timing = timing
        self._clock = clock
        self._shared = shared
        self.sightings = Sightings(timing.lease_s, clock)
        self._stopping = False

    def stop(self) -> None:
        """Finish the rounds that have begun, and begin no other: cases are given back between rounds."""
        self._stopping = True

    async def drive(self, case: str, progress: Progress = quiet) -> bool:
        """Take the case as far as it goes without a person. False when another process holds it, or has
        driven it already: nothing was due.

        Whoever decides while the case runs here finds its lease taken and leaves the rest to us: so
        once the lease is free again, the ledger is asked whether something has come in since.
        """
        worked = False
        while (drive := await self._drive_once(case, progress)).ours:
            worked = worked or self._is_due(drive.before)
            if drive.handed_back or not drive.after.due or drive.after == drive.before:
                return worked
        return False

    def _is_due(self, standing: _Standing) -> bool:
        """Whether there was something to do: for agents, after a decision, or under a new version."""
        return not standing.ended and (standing.due or standing.fingerprint != self._world.fingerprint)

    async def accept(self, opening: Callable[[Tx], str], progress: Progress = quiet) -> str:
        """Open a case and take it as far as it goes; its id. ``opening`` gives it, in its transaction."""
        drive = await self._drive_once(opening, progress)
        if drive.ours and drive.after.due and not drive.handed_back:
            await self.drive(drive.case, progress)
        return drive.case

    async def _drive_once(self, case: str | Callable[[Tx], str], progress: Progress) -> _Drive:
        """Under its lease, from where the case stands to where it goes no further by itself."""
        started, timing, drive = self._clock(), self._timing, _Drive()

        def begin(tx: Tx, name: str) -> None:
            drive.case, drive.before = name, _standing(tx, name)
            drive.tries = tx.begin_try(name, drive.before.passes)

        def end(tx: Tx) -> None:
            tx.end_tries(drive.case)
            _add_duration(tx, drive.case, self._clock() - started)
            drive.after = _standing(tx, drive.case)

        def forgive(tx: Tx) -> None:
            tx.end_tries(drive.case)
            _add_duration(tx, drive.case, self._clock() - started)

        async with hold_lease(
            self._ledger,
            case,
            holder=this_process(timing.host),
            sightings=self.sightings,
            clock=self._shared,
            ttl_s=timing.lease_s,
            renew_s=timing.renew_s,
            at_start=begin,
        ) as lease:
            if lease is None:
                return drive
            forgotten = False
            failpoint(Point.INBOX)
            with self._recorder.drive(drive.case, lease.token, tries=drive.tries) as taped:
                try:
                    if not drive.before.ended:
                        context = Context(lease.token, progress, lambda: self._stopping)
                        forgotten = await _while_held(lease, self._run(drive, context))
                except LeaseLostError:
                    return drive
                except HandedBackError:
                    drive.handed_back = True
                except (DependencyDownError, asyncio.CancelledError):
                    lease.at_end = recorded(forgive, taped)  # nothing that the case could help
                    raise
            lease.at_end = recorded(end, taped)
        drive.ours = True
        if drive.after.ended and not forgotten:
            await self._forget(drive.case)
        return drive

    async def _run(self, drive: _Drive, context: Context) -> bool:
        case, standing = drive.case, drive.before
        if drive.tries > self._world.config.limits.attempts:
            note({"step": QUARANTINE, "died": drive.tries - 1})
            job = quarantine(self._world, case, context.token, drive.tries - 1, self._shared)
            await self._ledger.write(job)
            return False
        if standing.fingerprint != self._world.fingerprint:
            token = context.token
            note({"step": ADOPT, "version": {k: dict(v) for k, v in self._world.version.items()}})
            await self._ledger.write(lambda tx: adopt(tx, self._world, case, token, self._shared()))
            await self._forget(case)  # they are another graph's: what they name may not be there
        return await self._run_graph(case, standing, context)

    async def _run_graph(self, case: str, standing: _Standing, context: Context) -> bool:
        """From the checkpoint; without one, or when it cannot be used, from where the ledger stands.

        Whether it came to its end with its checkpoints, which the cache forgets then.
        """
        graph = self._graphs.cached
        config = self._config(case)
        fresh: CaseState = {"schema_version": SCHEMA_VERSION, "case": case}
        try:
            # Only a pass opens what a case can wait for.
            pending = (await graph.aget_state(config)).interrupts if standing.passes else ()
            resume: Command[str] = Command(resume={i.id: True for i in pending})
            given = resume if pending else fresh
            note({"step": ENTER, "at": ESCALATE if pending else INTAKE})
            ended = await graph.ainvoke(given, config, context=context, durability=self._timing.durability)
            failpoint(Point.CHECKPOINTED)
            _require_end(ended)
            return is_over(ended)
        except (CheckpointLostError, EmptyInputError) as error:
            _log.warning("case %s goes on from the ledger: %s", case, error)
            failpoint(Point.RECOVERING)
            note({"step": ENTER, "at": INTAKE})
            await self._graphs.bare.ainvoke(fresh, config, context=context)
            return False

    def _config(self, case: str) -> RunnableConfig:
        return {"configurable": {"thread_id": case}, "recursion_limit": self._timing.supersteps}

    async def _forget(self, case: str) -> None:
        """Nothing continues a case that has ended, or from another graph: its checkpoints only take room."""
        saver = self._graphs.cached.checkpointer
        assert isinstance(saver, BaseCheckpointSaver)
        try:
            await forget_case(saver, case)
        except CheckpointLostError as error:
            _log.warning("the checkpoints of case %s are still there: %s", case, error)

    async def drive_all(self, progress: Progress = quiet) -> list[str]:
        """Drive every case with work due until none is left that this process may hold.

        A case that fails takes no other along: the rest is driven first, then the first error is raised.
        """
        driven: list[str] = []
        left: set[str] = set()
        failed: list[BaseException] = []
        due = await self._runnable()
        while batch := [case for case in due if case not in left][:AT_ONCE]:
            drives = (self.drive(case, progress) for case in batch)
            ended = await asyncio.gather(*drives, return_exceptions=True)
            due = await self._runnable()
            still = frozenset(due)
            for case, went in zip(batch, ended, strict=True):
                driven.append(case)
                if isinstance(went, BaseException):
                    _log.error("case %s could not go on", case, exc_info=went)
                    failed.append(went)
                if went is not True or case in still:
                    left.add(case)
        if failed:
            raise failed[0]
        return driven

    async def _runnable(self) -> Sequence[str]:
        """Cases with work due, and those that this version has still to look at."""
        return await self._ledger.read(
            lambda tx: list(dict.fromkeys([*tx.runnable(), *left_behind(tx, self._world)]))
        )


def recorded(job: Callable[[Tx], None], drive: Drive | None) -> Callable[[Tx], None]:
    """``job``, and what is left on the drive's tape, in one transaction."""

    def both(tx: Tx) -> None:
        job(tx)
        if drive is not None:
            drive.flush(tx)

    return both


async def _while_held(lease: Lease, work: Coroutine[Any, Any, T]) -> T:
    """Do ``work``, but no longer than the lease is ours; LeaseLostError when it is lost."""
    working = asyncio.ensure_future(work)
    lost = asyncio.ensure_future(lease.lost.wait())
    try:
        await asyncio.wait({working, lost}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise LeaseLostError(lease.case)
        return await working
    finally:
        for task in (working, lost):
            task.cancel()
        await asyncio.gather(working, lost, return_exceptions=True)


def _require_end(values: Mapping[str, Any]) -> None:
    if not has_stopped(values):
        raise CheckpointLostError("the graph came neither to its end nor to a question")


def _standing(tx: ReadTx, case: str) -> _Standing:
    row = tx.case(case)
    return (
        _Standing() if row is None else _Standing(row.passes, row.runnable, row.status.ended, row.fingerprint)
    )


def _add_duration(tx: Tx, case: str, seconds: float) -> None:
    row = tx.case(case)
    if row is not None:
        tx.save_case(replace(row, duration_ms=(row.duration_ms or 0) + int(seconds * 1000)))
