"""Fails the disk at the Nth call of a kind, in a process each, and looks at what is left of the ledger.

Run as ``python -m tests.recovery.disk_sweep ROOT PLAN`` with failing_disk.c preloaded; PLAN is a JSON object
of kind: [first, step]. It prints one JSON object per run. The parent opens no database and forks: a process
costs milliseconds.
"""

import asyncio
import ctypes
import errno
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from checkpoints.audit import audit
from protocol.errors import AndonError
from protocol.ports import ReadTx
from tests.graph.harbour_app import LAY, SHIFT, WHERE, opened

KINDS = {"write": (1, errno.EIO), "full": (1, errno.ENOSPC), "sync": (2, errno.EIO), "remove": (4, errno.EIO)}
LINES = (LAY, SHIFT, WHERE)
SIGNER = "k.maes"
DISK: Any = ctypes.CDLL(None)


async def work(data: Path, tell: Callable[[str], None]) -> None:
    """Ask and sign; ``tell`` gets what is acknowledged, and what is refused."""
    async with opened(data) as app:
        for line in LINES:
            try:
                shape = await app.ask(line, person="guest")
                tell(f"case {shape['case']} {shape['status']}")
                for waits in shape["waiting"]:
                    decided = await app.decide(waits["id"], "approve", person=SIGNER)
                    tell(f"signed {waits['id']} {decided['status']}")
            except AndonError as error:
                tell(f"error {error.exit_code} {error.error_code}")


async def look(data: Path) -> dict[str, Any]:
    """Go on with what is there, sign what waits, and audit it: as the next process does."""
    async with opened(data) as app:
        await app.drain()
        for row in await app.ledger.read(lambda tx: list(tx.escalations(open_only=True))):
            await app.decide(row.id, "approve", person=SIGNER)

        def found(tx: ReadTx) -> dict[str, Any]:
            return {
                "violations": audit(tx, app.world)["violations"],  # type: ignore[arg-type]
                "cases": {row.id: str(row.status) for row in tx.cases()},
                "signed": [row.id for row in tx.escalations() if tx.decisions(row.id)],
            }

        return await app.ledger.read(found)


def child(job: Callable[[Callable[[str], None]], None]) -> list[str]:
    """Run a job in a process of its own; the lines it told, and how it ended."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.close(reader)
            job(lambda line: void(os.write(writer, f"{line}\n".encode())))
            status = 0
        except AndonError as error:
            os.write(writer, f"error {error.exit_code} {error.error_code}\n".encode())
            status = 0
        except BaseException as error:  # noqa: BLE001 - the parent reports it
            os.write(writer, f"raw {type(error).__name__}: {error}\n".encode())
        finally:
            os._exit(status)
    os.close(writer)
    with os.fdopen(reader) as stream:
        lines = stream.read().splitlines()
    return [*lines, f"ended {os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}"]


def void(_: object) -> None:
    """Writing to the pipe gives back a number nobody wants."""


def failing(data: Path, kind: str, number: int) -> list[str]:
    """One run whose disk fails at call ``number``; 0: never, which counts them."""

    def job(tell: Callable[[str], None]) -> None:
        kinds, error = KINDS[kind]
        DISK.disk_arm(b"ledger.db", kinds, number, error, 0)
        asyncio.run(work(data, tell))
        tell(f"calls {DISK.disk_seen()}")

    return child(job)


def run(root: Path, kind: str, number: int) -> int:
    """Print what came of one failure; how many calls there were."""
    data = root / f"{kind}-{number}"
    told = failing(data, kind, number)
    found = child(lambda tell: tell(json.dumps(asyncio.run(look(data)))))
    print(json.dumps({"kind": kind, "number": number, "told": told, "found": found}), flush=True)
    shutil.rmtree(data)
    return next((int(line.split()[1]) for line in told if line.startswith("calls")), 0)


def main(root: Path, plan: dict[str, list[int]]) -> None:
    """Each kind of the plan: undisturbed, then with each failure."""
    for kind, (first, step) in plan.items():
        calls = run(root, kind, 0)
        for number in range(first, calls + 1, step):
            run(root, kind, number)


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]))
