"""Driving a case through the graph: under its lease, from its checkpoint or from the ledger alone."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from langchain_core.runnables import RunnableConfig
from langgraph.errors import EmptyInputError
from langgraph.types import Command

from checkpoints.leases import hold_lease
from graph.build import CaseGraph
from graph.gate import LeaseLostError
from graph.state import SCHEMA_VERSION, CaseState, Context, Progress, quiet
from protocol.ports import Ledger, ReadTx, Tx

AT_ONCE = 8
"""Cases a process drives side by side; each waits for models most of the time."""


class Driver:
    """Runs cases of one process. ``clock``: the process clock in seconds."""

    def __init__(self, graph: CaseGraph, ledger: Ledger, limit: int, clock: Callable[[], float]) -> None:
        self._graph = graph
        self._ledger = ledger
        self._limit = limit
        self._clock = clock

    async def drive(self, case: str, progress: Progress = quiet) -> bool:
        """Take the case as far as it goes without a person. False when another process holds it."""
        started = self._clock()
        async with hold_lease(self._ledger, case) as lease:
            if lease is None:
                return False
            try:
                await self._run(case, Context(lease.token, progress))
            except LeaseLostError:
                return False
            await self._ledger.write(lambda tx: _add_duration(tx, case, self._clock() - started))
        return True

    async def _run(self, case: str, context: Context) -> None:
        config: RunnableConfig = {"configurable": {"thread_id": case}, "recursion_limit": self._limit}
        fresh: CaseState = {"schema_version": SCHEMA_VERSION, "case": case}
        passes = await self._ledger.read(lambda tx: _passes(tx, case))
        given: CaseState | Command[str] = fresh
        if passes and (pending := (await self._graph.aget_state(config)).interrupts):
            given = Command(resume={i.id: True for i in pending})
        try:
            await self._graph.ainvoke(given, config, context=context, durability="exit")
        except EmptyInputError:  # no checkpoint was stored yet: the ledger knows where to go on
            await self._graph.ainvoke(fresh, config, context=context, durability="exit")

    async def drive_all(self, progress: Progress = quiet) -> list[str]:
        """Drive every case with work due until none is left that this process may hold."""
        driven: list[str] = []
        blocked: set[str] = set()
        while True:
            due = [c for c in await self._ledger.read(lambda tx: tx.runnable()) if c not in blocked]
            if not due:
                return driven
            batch = due[:AT_ONCE]
            done = await asyncio.gather(*(self.drive(c, progress) for c in batch))
            for case, went in zip(batch, done, strict=True):
                driven.append(case)
                if not went or await self._ledger.read(_still(case)):
                    blocked.add(case)


def _still(case: str) -> Callable[[ReadTx], bool]:
    return lambda tx: case in tx.runnable()


def _passes(tx: ReadTx, case: str) -> int:
    row = tx.case(case)
    return row.passes if row else 0


def _add_duration(tx: Tx, case: str, seconds: float) -> None:
    row = tx.case(case)
    if row is not None:
        tx.save_case(replace(row, duration_ms=(row.duration_ms or 0) + int(seconds * 1000)))
