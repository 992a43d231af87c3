"""Room on the disk: nothing new is taken in while it is short, and a reserve lets what runs come to its end.

A database that meets a full disk can neither write nor clean up. So a file of ``RESERVE_BYTES`` lies in the
data directory. While less than four times that is free beside it, no new case is accepted; and when a write
fails for want of room all the same, the reserve is given up, once, and the write is made again. As soon as
there is room for both, the reserve is laid down anew and cases are accepted, in the same process.
"""

import errno
import os
import resource
from contextlib import suppress
from pathlib import Path

from protocol.errors import DependencyDownError

RESERVE = "reserve"
"""Name of the file in the data directory."""
RESERVE_BYTES = 1 << 20
"""Size of the reserve: twice what a transaction of eight cases takes (docs/reference/storage.md)."""
FREE_FOR_EACH = 4
"""New work needs this many times the reserve beside it: what eight cases write until they wait or end."""
NEW_WORK = frozenset({"text", "fact", "row", "feed"})
"""Kinds of the inbox that come from outside. What a running case brings about is not held up."""
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_CANNOT_ALLOCATE = frozenset({errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL})
_CHUNK = bytes(1 << 16)


class FreeSpace:
    """The room for a ledger file, as the processes that share its directory see it.

    ``reserve_bytes``: size of the reserve; a quarter of what must be free beside it for new work.
    """

    def __init__(self, ledger: Path, reserve_bytes: int | None = None) -> None:
        self._ledger = ledger
        self._file = ledger.with_name(RESERVE)
        self._bytes = RESERVE_BYTES if reserve_bytes is None else reserve_bytes
        self._needed = FREE_FOR_EACH * self._bytes

    @property
    def is_short(self) -> bool:
        """Whether less is free than new work needs, or the reserve was given up and cannot be had again."""
        return free_bytes(self._ledger) < self._needed or not self.lay_down()

    def lay_down(self) -> bool:
        """Have the reserve; whether it is there. Never takes the last room: that belongs to what runs."""
        if self._size() >= self._bytes:
            return True
        if free_bytes(self._ledger) < self._bytes + self._needed:
            return False
        try:
            _allocate(self._file, self._bytes)
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            self.give_up()
            return False
        return True

    def give_up(self) -> bool:
        """Give the reserve to whoever writes next; whether there was one."""
        was = self._size() > 0
        with suppress(FileNotFoundError):
            self._file.unlink()
        return was

    def admit(self) -> None:
        """Raise DependencyDownError while there is too little room for new work."""
        if self.is_short:
            free = free_bytes(self._ledger) >> 10
            raise DependencyDownError(
                f"The disk of {self._ledger.parent} is nearly full ({free} KiB free): no new work is taken.",
                hint=(
                    f"Free at least {(self._bytes + self._needed) >> 10} KiB there. What was accepted is "
                    "safe, and work is taken again without a restart."
                ),
                code="disk_full",
            )

    def _size(self) -> int:
        try:
            return self._file.stat().st_size
        except FileNotFoundError:
            return 0


def free_bytes(ledger: Path) -> int:
    """Bytes by which a file may grow: the disk's free ones for a plain user, within this process's limit."""
    disk = os.statvfs(ledger.parent)
    free = disk.f_bavail * disk.f_frsize
    limit, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    if limit == resource.RLIM_INFINITY:
        return free
    size = ledger.stat().st_size if ledger.exists() else 0
    return max(0, min(free, limit - size))


def _allocate(path: Path, size: int) -> None:
    """A private file whose blocks are really there: a sparse one would keep no room."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        try:
            os.posix_fallocate(descriptor, 0, size)
        except OSError as error:
            if error.errno not in _CANNOT_ALLOCATE:
                raise
            for offset in range(0, size, len(_CHUNK)):
                os.pwrite(descriptor, _CHUNK[: size - offset], offset)
    finally:
        os.close(descriptor)
