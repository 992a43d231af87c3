"""What a data directory lies on, and who else may reach into it: looked at by ``andon doctor``."""

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")
SHARED = re.compile(
    r"nfs\d?|cifs|smb\w*|ncpfs|afs|9p|ceph|lustre|gfs2?|glusterfs|ocfs2|beegfs|vboxsf|fuse\..+"
)
"""Types on which locks between machines, or a promise of fsync, may not hold: SQLite rests on both."""
GROUP_OR_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_ESCAPED = re.compile(r"\\(\d{3})")


def type_of(place: Path, mounts: str | None = None) -> str | None:
    """The type of the file system that ``place`` lies on; None where that cannot be told.

    ``mounts``: the text of Linux's mountinfo, read from this process when it is not given.
    """
    if mounts is None:
        try:
            mounts = MOUNTS.read_text("utf-8", errors="replace")
        except OSError:
            return None
    here, best, found = place.resolve(), -1, None
    for line in mounts.splitlines():
        left, _, right = line.partition(" - ")
        fields = left.split(" ")
        if len(fields) < 5 or not right:
            continue
        point = Path(_ESCAPED.sub(lambda code: chr(int(code[1], 8)), fields[4]))
        depth = len(point.parts)
        if here.is_relative_to(point) and depth >= best:  # a later mount on the same point hides the earlier
            best, found = depth, right.split(" ")[0]
    return found


def is_shared(kind: str | None) -> bool:
    """Whether a type of file system is one of other machines, or of a program."""
    return kind is not None and SHARED.fullmatch(kind) is not None


def open_to_others(directory: Path) -> Iterator[str]:
    """Each file of a data directory that others may read or write, and the directory when they may write."""
    mode = stat.S_IMODE(directory.stat().st_mode)
    if mode & (stat.S_IWGRP | stat.S_IWOTH) and not mode & stat.S_ISVTX:
        yield f"{directory.name}/ has mode {mode:04o}"
    for entry in sorted(os.scandir(directory), key=lambda e: e.name):
        mode = stat.S_IMODE(entry.stat(follow_symlinks=False).st_mode)
        if not entry.is_symlink() and entry.is_file() and mode & GROUP_OR_OTHERS:
            yield f"{entry.name} has mode {mode:04o}"
