"""Keeping the audit chain's head outside the database: after COMMIT, every few writes, and at the end."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar, cast

from checkpoints.anchor import FILE, KEY, Anchor, open_anchor
from checkpoints.audit_anchor import disagreement, head_of
from checkpoints.audit_port import AuditTx
from protocol.errors import AndonError, InvalidFloorError
from protocol.failpoints import Point, failpoint
from protocol.ports import Ledger, ReadTx, Tx

T = TypeVar("T")

EVERY = 64
"""Writes of a process between two heads: a cut of the tail shows but for so many entries of each process."""

_OLDER = (
    "Was it restored from an older copy? Put the right one back, or say so with "
    "`andon db restored --reason TEXT`; `andon audit` says what is wrong."
)
_OF_ANOTHER = (
    "It is a new one, and the directory belongs to another. To go on with that one, name its --database, or "
    "none; `andon db copy` moves one from its file into PostgreSQL."
)
_log = logging.getLogger("andon.anchor")


def anchor_files(data_dir: Path, anchor: Path | None, key: Path | None) -> tuple[Path, Path]:
    """Where the heads and their key are: as named, else in the data directory."""
    return anchor or data_dir / FILE, key or data_dir / KEY


@asynccontextmanager
async def anchored(ledger: Ledger, path: Path, key_path: Path, *, inline: bool) -> AsyncIterator[Ledger]:
    """``ledger``, whose head is written to the anchor as it moves.

    Raises InvalidFloorError when the anchor is ahead of the chain, or of another chain: nothing may be
    written to a ledger that has lost what it had. ``inline``: no thread, and a head at the end alone.
    """
    anchor = open_anchor(path, key_path, make=True)
    assert anchor is not None
    await refuse_older(ledger, anchor)
    kept = AnchoredLedger(ledger, anchor, inline=inline)
    try:
        yield kept
    finally:
        await kept.anchor()


async def refuse_older(ledger: Ledger, anchor: Anchor) -> None:
    """Raise InvalidFloorError when the ledger is not the one the anchor's newest head was taken of."""
    last = anchor.last()  # before the ledger is read, which then is as new or newer
    if last is None:
        return
    found, is_new = await ledger.read(
        lambda tx: (disagreement(cast(AuditTx, tx), last), head_of(cast(AuditTx, tx)) is None)
    )
    if found is not None:
        code, why = found
        hint = _OF_ANOTHER if is_new else _OLDER
        raise InvalidFloorError(
            f"The ledger is frozen: {why}.",
            hint=f"{hint} To begin anew, name an empty directory with --data DIR.",
            code=code,
        )


class AnchoredLedger:
    """Ledger. Passes everything on, and keeps the head. Made by :func:`anchored`."""

    def __init__(self, ledger: Ledger, anchor: Anchor, *, inline: bool) -> None:
        self._ledger = ledger
        self._anchor = anchor
        self._inline = inline
        self._writes = 0

    async def write(self, job: Callable[[Tx], T]) -> T:
        """See the port."""
        value = await self._ledger.write(job)
        self._writes += 1
        if self._writes >= EVERY and not self._inline:
            await self.anchor()
        return value

    async def read(self, job: Callable[[ReadTx], T]) -> T:
        """See the port."""
        return await self._ledger.read(job)

    async def close(self) -> None:
        """Keep the head, then close."""
        await self.anchor()
        await self._ledger.close()

    async def anchor(self) -> None:
        """Write the head as it is now. An anchor that cannot be written only falls behind, which shows."""
        self._writes = 0
        try:
            head = await self._ledger.read(lambda tx: head_of(cast(AuditTx, tx)))
            if head is None:
                return
            failpoint(Point.HEAD_MOVED)
            if self._inline:
                self._anchor.append(head)
            else:
                await asyncio.to_thread(self._anchor.append, head)
        except AndonError as error:
            _log.warning("the audit anchor falls behind: %s", error.message)
