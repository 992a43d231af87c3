"""Programs that tests run in processes of their own, to kill, stop and race them.

They are forked from a server that has everything imported: a process costs milliseconds. What they
tell, they append to files; a process that is killed has no other way to be heard.
"""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from agents.offline_model import view_of
from checkpoints.sqlite_ledger import SqliteLedger
from graph.app import App
from protocol.ports import ReadTx, Tx
from tests.graph.harbour_app import Models, announced, opened

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.recovery.programs"])

LEDGER = "graph.app.SqliteLedger"
"""What these processes put another ledger in place of: one that they can die in."""
KILLED = -signal.SIGKILL
SIGNER = "k.maes"
FACT = "a ship announces itself"
"""The request that is no line: a fact, which two agents hear."""


@dataclass(frozen=True)
class Death:
    """Where a process kills itself: at ledger job ``number`` (from 1), ``inside`` its transaction, when
    all of it is written, or ``after`` its COMMIT, before anybody hears of it; or at a ``model`` call.
    """

    phase: str
    number: int


def die() -> None:
    """As if somebody had pulled the plug."""
    os.kill(os.getpid(), signal.SIGKILL)


def tell(file: Path, line: str) -> None:
    """Append a line, at once."""
    with file.open("a", encoding="utf-8") as out:
        out.write(line + "\n")


def told(file: Path) -> list[str]:
    """The lines so far."""
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


def ledger_that(before: Callable[[int, str], Awaitable[None]], dies: Death | None) -> type[SqliteLedger]:
    """The embedded ledger, with ``before(number, name)`` called ahead of each job it is given to write."""

    class Watched(SqliteLedger):
        jobs = 0

        async def write(self, job: Callable[[Tx], Any]) -> Any:
            self.jobs += 1
            await before(self.jobs, getattr(job, "__qualname__", ""))
            if dies is None or dies.phase == "model" or self.jobs != dies.number:
                return await super().write(job)

            def last(tx: Tx) -> Any:
                value = job(tx)
                if dies.phase == "inside":
                    die()
                return value

            await super().write(last)
            die()
            return None

    return Watched


async def nothing(*_: Any) -> None:
    """Before most jobs nothing happens."""


class Counting(Models):
    """Writes down each call of a model before it is made: agent and round; and may be killed by one."""

    def __init__(self, file: Path, dies: Death | None = None) -> None:
        super().__init__()
        self._file, self._dies = file, dies

    async def seen(self, agent: str, messages: Any) -> None:
        """One call."""
        view = view_of(messages)
        tell(self._file, f"{view.case} {view.round} {agent}")
        await super().seen(agent, messages)
        if self._dies is not None and self._dies.phase == "model" and len(self.calls) == self._dies.number:
            die()


async def request(app: App, what: str) -> None:
    """Make a request unless it was accepted, go on with everything, and sign whatever waits."""
    if not await app.ledger.read(lambda tx: tx.cases()):
        if what == FACT:
            await app.accept([announced()])
        else:
            await app.ask(what, person="guest")
    await app.drain()
    for row in await app.ledger.read(_open):
        await app.decide(row.id, "approve", person=SIGNER)


def _open(tx: ReadTx) -> list[Any]:
    return list(tx.escalations(open_only=True))


def play(data: Path, what: str, dies: Death | None, calls: Path) -> None:
    """A request from beginning to end, in a process that may not live to see it."""

    async def main() -> None:
        with patch(LEDGER, ledger_that(nothing, dies)):
            async with opened(data, models=Counting(calls, dies)) as app:
                await request(app, what)

    asyncio.run(main())


def wait_for_a_person(data: Path, what: str, out: Path) -> None:
    """A request that waits for a person, in a process that then idles, as a chat does."""

    async def main() -> None:
        async with opened(data) as app:
            shape = await app.ask(what, person="guest")
            tell(out, shape["status"])
            await asyncio.Event().wait()

    asyncio.run(main())


def decide_and_die(data: Path, escalation: str) -> None:
    """Records a decision and dies before it goes on."""

    async def main() -> None:
        with patch(LEDGER, ledger_that(nothing, Death("after", 1))):
            async with opened(data) as app:
                await app.decide(escalation, "approve", person=SIGNER)

    asyncio.run(main())


def stopped_holder(data: Path, what: str, out: Path, at: str, go: Path, renew_s: float = 0.1) -> None:
    """Drives a case, says when it has come ``at`` a model call or the gate, and waits there for ``go``."""

    async def reached(*_: Any) -> None:
        tell(out, "there")
        while not await asyncio.to_thread(go.exists):  # noqa: ASYNC110 - another process makes the file
            await asyncio.sleep(0.005)

    async def before(_: int, name: str) -> None:
        if at == "gate" and name.endswith("one_pass"):
            await reached()

    async def main() -> None:
        models = Models(reached if at == "model" else None)
        with patch(LEDGER, ledger_that(before, None)):
            async with opened(data, models=models, lease_s=0.3, renew_s=renew_s) as app:
                shape = await app.ask(what, person="guest")
                tell(out, shape["status"])

    asyncio.run(main())


def take_over(data: Path, out: Path) -> None:
    """Goes on with what another process holds, once its lease has ended."""

    async def main() -> None:
        async with opened(data, lease_s=5, renew_s=1) as app:
            while any(s["status"] == "open" for s in await app.resume()):  # noqa: ASYNC110 - a lease has to end
                await asyncio.sleep(0.01)
            tell(out, "taken over")

    asyncio.run(main())


def rush(data: Path, barrier: Any, lines: Sequence[str], out: Path) -> None:
    """Says each line at the same instant as other long-lived processes, and tells what came of it."""

    async def main() -> None:
        async with opened(data) as app:
            for line in lines:
                await asyncio.to_thread(barrier.wait, 60)
                shape = await app.ask(line, person="guest")
                while shape["status"] == "open":  # the other process has taken the case along
                    await asyncio.sleep(0.002)
                    shape = await app.outcome(shape["case"])
                tell(out, f"{shape['case']} {shape['status']}")

    asyncio.run(main())
