"""The newest state of each thread in a file of checkpoints, read without LangGraph: it is plain data."""

import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

_NEWEST = """
SELECT thread_id, type, checkpoint FROM checkpoints AS c WHERE checkpoint_ns = '' AND checkpoint_id =
  (SELECT max(checkpoint_id) FROM checkpoints AS n WHERE n.thread_id = c.thread_id AND n.checkpoint_ns = '')
ORDER BY thread_id
"""
_PLAIN = "msgpack"


def newest_states(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(thread, channel values). Raises ValueError for what is no plain data, sqlite3.Error for damage.

    Read from a copy: whoever opens a file that has a write-ahead log makes files beside it.
    """
    import ormsgpack

    with TemporaryDirectory(prefix="andon-") as scratch, closing(_copied(path, Path(scratch))) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'checkpoints'").fetchone():
            return
        for thread, kind, blob in connection.execute(_NEWEST):
            if kind != _PLAIN:
                raise ValueError(f"a checkpoint of {thread} is {kind}, not {_PLAIN}")
            yield str(thread), ormsgpack.unpackb(blob)["channel_values"]


def _copied(path: Path, scratch: Path) -> sqlite3.Connection:
    for end in ("", "-wal"):
        beside = path.with_name(path.name + end)
        if beside.exists():
            shutil.copyfile(beside, scratch / f"copy{end}")
    return sqlite3.connect(scratch / "copy")
