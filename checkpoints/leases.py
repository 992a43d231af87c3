"""Who drives a case: a lease that names a process, is renewed while it lives, and can be seen to be lost.

The lease keeps two processes from doing the same work; it is the fencing token, checked by every
commit, that keeps them from doing it twice. How long a lease has lasted is told by the observer's own
elapsed time, never by comparing instants that different clocks have shown.
"""

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

from protocol.errors import DependencyDownError
from protocol.failpoints import Point, failpoint
from protocol.lease import Sighting, sighted, unchanged
from protocol.ports import Ledger, Tx
from protocol.rows import LeaseHolder, LeaseRow

TTL_S = 15.0
"""How long a lease outlives its last renewal, in seconds of elapsed time (DESIGN section 4)."""
RENEW_S = 5.0
"""How often it is renewed: two renewals may fail before another process may take over."""

_REMEMBERED = 4096
"""Leases of others that a process keeps in mind at once; there are as many as cases that others drive."""

_PROC = Path("/proc")
_STARTED = 19
"""Place of the start time, in clock ticks since boot, among the fields after the command's name (proc(5))."""
_GONE = frozenset({"Z", "X", "x"})
"""States of a process that has ended and only waits to be collected."""


class Lease:
    """A lease held by this process. ``token``: the fence for commits."""

    def __init__(self, row: LeaseRow) -> None:
        self.row = row
        """As this process knows it: taken, and renewed since."""
        self.case = row.case
        self.token = row.token
        self.at_end: Callable[[Tx], None] | None = None
        """Done in the transaction that gives the lease back: nobody can come in between."""
        self.lost = asyncio.Event()
        """Set as soon as it is known that another process holds the case, or may hold it by now."""


class Sightings:
    """What this process has seen of leases that others hold. ``elapsed``: its own clock, never set.

    A lease has ended when its row was seen unchanged for ``ttl_s``, or its holder is seen to be gone.
    """

    def __init__(self, ttl_s: float, elapsed: Callable[[], float] = time.monotonic) -> None:
        self.elapsed = elapsed
        self._ttl_s = ttl_s
        self._seen: dict[str, Sighting] = {}

    def ended(self, row: LeaseRow, host: str | None = None) -> bool:
        """Whether the lease was seen to have ended; a first look begins the wait. False for one that is free.

        ``host``: how this host is called in leases.
        """
        if row.holder is None:
            self._seen.pop(row.case, None)
            return False
        if holder_is_dead(row.holder, host):
            return True
        now_s = self.elapsed()
        if row.case not in self._seen and len(self._seen) >= _REMEMBERED:
            del self._seen[next(iter(self._seen))]  # the oldest; held still, it is waited for anew
        self._seen[row.case] = seen = sighted(self._seen.get(row.case), row, now_s)
        return unchanged(seen, now_s, self._ttl_s)


@asynccontextmanager
async def hold_lease(
    ledger: Ledger,
    case: str | Callable[[Tx], str],
    *,
    holder: LeaseHolder | None = None,
    sightings: Sightings | None = None,
    clock: Callable[[], float] = time.time,
    ttl_s: float = TTL_S,
    renew_s: float = RENEW_S,
    at_start: Callable[[Tx, str], None] | None = None,
) -> AsyncIterator[Lease | None]:
    """Hold the lease of ``case`` as long as the block lasts; None when another process drives it.

    A ``case`` to be opened is given as what opens it: nobody finds it before its lease is taken.

    A dead holder on this host is replaced at once, any other when its lease was seen to end:
    ``sightings`` remember what this process has seen; without them it has seen nothing yet. ``clock``
    gives the wall seconds that are written down. ``at_start``: done in the transaction that takes it.
    """
    me, seen = holder or this_process(), sightings or Sightings(ttl_s)

    def take(tx: Tx) -> Lease | None:
        name = case if isinstance(case, str) else case(tx)
        row = tx.lease(name)
        ended = row is not None and seen.ended(row, me.host)
        now = clock()
        token = tx.take_lease(name, me, now, ttl_s, ended)
        if token is None:
            return None
        if ended:
            failpoint(Point.RECOVERING)
        if at_start is not None:
            at_start(tx, name)
        return Lease(LeaseRow(name, token, me, now + ttl_s))

    lease = await ledger.write(take)
    if lease is None:
        yield None
        return

    def give_back(tx: Tx) -> None:
        tx.drop_lease(lease.case, lease.token)
        if lease.at_end is not None:
            lease.at_end(tx)

    renewing = asyncio.create_task(_renew(ledger, lease, seen.elapsed, clock, ttl_s, renew_s))
    try:
        yield lease
    finally:
        renewing.cancel()
        with suppress(asyncio.CancelledError):
            await renewing
        await asyncio.shield(ledger.write(give_back))


async def _renew(
    ledger: Ledger,
    lease: Lease,
    elapsed: Callable[[], float],
    clock: Callable[[], float],
    ttl_s: float,
    renew_s: float,
) -> None:
    renewed_s = elapsed()
    while True:
        await asyncio.sleep(renew_s)
        began_s, now = elapsed(), clock()
        try:
            kept = await ledger.write(partial(_renewed, lease, now, ttl_s))
        except DependencyDownError:
            # The ledger may come back in time. Others count from when they saw the renewal, which was later.
            kept = elapsed() - renewed_s < ttl_s
        else:
            renewed_s = began_s
            lease.row = replace(lease.row, expires=now + ttl_s)
        if not kept:
            lease.lost.set()
            return


def _renewed(lease: Lease, now: float, ttl_s: float, tx: Tx) -> bool:
    return tx.renew_lease(lease.case, lease.token, now, ttl_s)


@cache
def _here(pid: int) -> LeaseHolder:
    return LeaseHolder(_host(), pid, _started(pid) or "")


def this_process(host: str | None = None) -> LeaseHolder:
    """How this process signs its leases. ``host``: another name for this host, which no other may have."""
    here = _here(os.getpid())
    return here if host is None else replace(here, host=host)


def host_name() -> str:
    """How this host is called in leases."""
    return _host()


def holder_is_dead(holder: LeaseHolder, host: str | None = None) -> bool:
    """Whether the holder was a process of this host and is gone. False when that cannot be told."""
    if holder.host != (host or _host()):
        return False
    if not _PROC.joinpath("self", "stat").exists():
        return not _exists(holder.pid)
    return _started(holder.pid) != holder.started


@cache
def _host() -> str:
    """This host's name, and what tells boots and containers of one name apart: process ids repeat there."""
    parts = [socket.gethostname()]
    with suppress(OSError):
        parts.append((_PROC / "sys" / "kernel" / "random" / "boot_id").read_text("ascii").strip()[:8])
    with suppress(OSError):
        parts.append(str((_PROC / "self" / "ns" / "pid").readlink()))
    return " ".join(parts)


def _started(pid: int) -> str | None:
    """When a process started, in ticks since boot; None when there is no such process, or it has ended."""
    try:
        text = (_PROC / str(pid) / "stat").read_text("utf-8", "replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    after_name = text.rpartition(")")[2].split()
    return None if after_name[0] in _GONE else after_name[_STARTED]


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
