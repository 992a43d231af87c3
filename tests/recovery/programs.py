"""Programs that tests run in processes of their own, to kill, stop and race them.

They are forked from a server that has everything imported: a process costs milliseconds. What they
tell, they append to files; a process that is killed has no other way to be heard.
"""

import asyncio
import multiprocessing
import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from graph.app import App
from protocol.failpoints import Point, arm
from protocol.ports import ReadTx
from tests.graph.harbour_app import Models, opened

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.recovery.programs"])

KILLED = -signal.SIGKILL
SIGNER = "k.maes"


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


def die_at(point: Point) -> None:
    """At the first hit of ``point`` this process dies."""
    arm(lambda hit: die() if hit is point else None)


async def request(app: App, what: str) -> None:
    """Make a request unless it was accepted, go on with everything, and sign whatever waits."""
    if not await app.ledger.read(lambda tx: tx.cases()):
        await app.ask(what, person="guest")
    await app.drain()
    for row in await app.ledger.read(_open):
        await app.decide(row.id, "approve", person=SIGNER)


def _open(tx: ReadTx) -> list[Any]:
    return list(tx.escalations(open_only=True))


def play(data: Path, what: str, dies: Point) -> None:
    """A request from beginning to end, in a process that does not live to see it."""

    async def main() -> None:
        async with opened(data) as app:
            die_at(dies)
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
        async with opened(data) as app:
            die_at(Point.DECIDED)
            await app.decide(escalation, "approve", person=SIGNER)

    asyncio.run(main())


def halted(pid: int | None) -> bool:
    """Whether a process has been stopped by a signal."""
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    return stat.rpartition(")")[2].split()[0] == "T"


def stand_still() -> None:
    """Before a process is stopped that stands at a failpoint of its loop.

    Nothing new is written meanwhile; a renewal on its way must not be stopped in the middle of its
    transaction, or it would keep everybody else from the ledger.
    """
    time.sleep(0.3)


def stopped_holder(data: Path, what: str, out: Path, at: str, go: Path, renew_s: float = 0.1) -> None:
    """Drives a case, says when it has come ``at`` a model call or the gate, and waits there for ``go``."""

    def wait_there() -> None:
        stand_still()
        tell(out, "there")
        while not go.exists():
            time.sleep(0.005)

    def reached(point: Point) -> None:
        if point is Point.GATE_REACHED and at == "gate":
            arm(None)
            wait_there()

    async def asked(*_: Any) -> None:
        if at == "model":
            wait_there()

    async def main() -> None:
        async with opened(data, models=Models(asked), lease_s=0.3, renew_s=renew_s) as app:
            arm(reached)
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
