"""The newest state of each thread in a file of checkpoints, read without LangGraph: it is plain data."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

_NEWEST = """
SELECT thread_id, type, checkpoint FROM checkpoints AS c WHERE checkpoint_ns = '' AND checkpoint_id =
  (SELECT max(checkpoint_id) FROM checkpoints AS n WHERE n.thread_id = c.thread_id AND n.checkpoint_ns = '')
ORDER BY thread_id
"""
_PLAIN = "msgpack"


def newest_states(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(thread, channel values). Raises ValueError for what is no plain data, sqlite3.Error for damage."""
    import ormsgpack

    with closing(sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True)) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'checkpoints'").fetchone():
            return
        for thread, kind, blob in connection.execute(_NEWEST):
            if kind != _PLAIN:
                raise ValueError(f"a checkpoint of {thread} is {kind}, not {_PLAIN}")
            yield str(thread), ormsgpack.unpackb(blob)["channel_values"]
