"""Programs that run out of room: on a small disk that a ballast fills, or under a limit of file size."""

import asyncio
import os
import resource
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

from checkpoints.free_space import FREE_FOR_EACH, RESERVE
from protocol.errors import AndonError
from tests.graph.harbour_app import LAY, SHIFT, SOUND, WHERE, Models, opened, violations

STEP = 4096
RESERVED = 256 << 10
"""A small reserve, for a small file system."""
GATE = RESERVED * FREE_FOR_EACH
LEASE_S = 0.4
"""Short: a lease that could not be given back on a full disk has to end by itself."""


class Ballast:
    """A file that leaves ``free`` bytes of its file system."""

    def __init__(self, root: Path) -> None:
        self._file = root / "ballast"

    def leave(self, free: int) -> None:
        """Grow or shrink it."""
        disk = os.statvfs(self._file.parent)
        now = self._file.stat().st_size if self._file.exists() else 0
        size = max(0, now + disk.f_bavail * disk.f_frsize - free)
        with self._file.open("ab") as stream:
            if size < now:
                stream.truncate(size)
            else:
                os.posix_fallocate(stream.fileno(), 0, size) if size else None

    def drop(self) -> None:
        """Make room."""
        self._file.unlink(missing_ok=True)


async def _ask(app: Any, line: str, told: list[list[str]]) -> None:
    try:
        shape = await app.ask(line, person="guest")
        told.append(["case", shape["case"], shape["status"]])
    except AndonError as error:
        told.append(["error", str(error.exit_code), error.error_code])


async def _end(app: Any, told: list[list[str]]) -> dict[str, Any]:
    """Go on with what is open, once no lease is in the way; what then stands in the ledger."""
    await app.drain()
    while any(str(row.status) == "open" for row in await app.ledger.read(lambda tx: tx.cases())):
        await asyncio.sleep(LEASE_S / 4)
        await app.drain()
    cases = {row.id: str(row.status) for row in await app.ledger.read(lambda tx: tx.cases())}
    return {"told": told, "cases": cases, "violations": await violations(app)}


def full_before(root: Path, frees: Sequence[int], out: Any) -> None:
    """One process: fills the disk to each of ``frees`` bytes, asks, makes room, and asks again."""
    ballast = Ballast(root)

    async def main() -> None:
        with patch("checkpoints.free_space.RESERVE_BYTES", RESERVED):
            async with opened(root / "data") as app:
                for free in frees:
                    told: list[list[str]] = []
                    ballast.leave(free)
                    await _ask(app, WHERE, told)
                    ballast.drop()
                    await _ask(app, WHERE, told)
                    out.send((free, await _end(app, told)))

    asyncio.run(main())
    out.send(None)


def full_between(root: Path, frees: range, reserve: bool, out: Any) -> None:
    """Fills the disk while a case is with a model: its accepted work must still come to an end."""
    ballast = Ballast(root)
    free, armed = 0, False

    async def fill(_: str) -> None:
        nonlocal armed
        if armed:
            armed = False
            if not reserve:
                (root / "data" / RESERVE).unlink(missing_ok=True)
            ballast.leave(free)

    async def main() -> None:
        nonlocal free, armed
        with patch("checkpoints.free_space.RESERVE_BYTES", RESERVED):
            async with opened(root / "data", models=Models(fill), lease_s=LEASE_S, renew_s=0.1) as app:
                for free in frees:
                    told: list[list[str]] = []
                    armed = True
                    await _ask(app, SOUND, told)
                    ballast.drop()
                    out.send((free, await _end(app, told)))

    asyncio.run(main())
    out.send(None)


def opens(root: Path, frees: range, out: Any) -> None:
    """Opens the floor on a disk with that many bytes free; what it is refused with, if it is."""
    ballast = Ballast(root)

    async def once(free: int) -> None:
        told: list[list[str]] = []
        ballast.leave(free)
        try:
            async with opened(root / "data") as app:
                await _ask(app, WHERE, told)
        except AndonError as error:
            told.append(["error", str(error.exit_code), error.error_code])
        ballast.drop()
        async with opened(root / "data") as app:
            await _ask(app, WHERE, told)
            out.send((free, await _end(app, told)))

    with patch("checkpoints.free_space.RESERVE_BYTES", RESERVED):
        for free in frees:
            asyncio.run(once(free))
    out.send(None)


def limited(data: Path, room: int, out: Any) -> None:
    """Under a limit of file size that leaves the ledger ``room`` bytes to grow, lifted at the end."""

    async def main() -> None:
        with patch("checkpoints.free_space.RESERVE_BYTES", RESERVED):
            async with opened(data) as app:
                told: list[list[str]] = []
                _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
                size = (data / "ledger.db").stat().st_size
                resource.setrlimit(resource.RLIMIT_FSIZE, (size + room, hard))
                for line in (LAY, SHIFT, *[WHERE] * 12):
                    await _ask(app, line, told)
                resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
                await _ask(app, WHERE, told)
                out.send((room, await _end(app, told)))

    asyncio.run(main())
    out.send(None)
