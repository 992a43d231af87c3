"""A transaction on a disk that may fill up or fail: it takes in nothing new then, and hides no failure."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from checkpoints.free_space import NEW_WORK, FreeSpace
from checkpoints.sql_tx import SqlTx
from checkpoints.sqlite_trouble import is_of_disk
from protocol.errors import DependencyDownError


class DiskTx(SqlTx):
    """Tx on a file. What running cases bring about is never held up."""

    room: FreeSpace | None = None

    def accept(self, source: str, source_id: str, kind: str, body: Mapping[str, Any]) -> int | None:
        """Raises DependencyDownError ``disk_full`` for new work on a disk that is nearly full."""
        if self.room is not None and kind in NEW_WORK:
            self.room.admit()
        return super().accept(source, source_id, kind, body)

    @contextmanager
    def mark(self) -> Iterator[Callable[[], None]]:
        """A failing disk is no failure of the rule or the floor that met it: no case is stopped for it."""
        try:
            with super().mark() as undo:
                yield undo
        except sqlite3.Error as error:
            if not is_of_disk(error):
                raise
            raise DependencyDownError("The disk has failed a transaction.", code="ledger_down") from error
