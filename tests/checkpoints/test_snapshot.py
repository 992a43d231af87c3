"""An audit looks at a copy: whoever writes goes on meanwhile, and the copy is of one instant."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from checkpoints import sqlite_snapshot
from checkpoints.audit import audit
from checkpoints.sqlite_snapshot import copy_pages, open_snapshot
from protocol.errors import InvalidFloorError, NotFoundError
from tests.checkpoints.yard_ledger import build


def test_ledger_can_be_written_while_its_copy_is_audited(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    world = asyncio.run(build(path))
    with open_snapshot(path, "yard", world.types) as tx:
        before = tx.counts()
        with closing(sqlite3.connect(path, timeout=0)) as writer:
            writer.execute("INSERT INTO inbox (source, source_id, kind, body) VALUES ('x', '1', 'row', '{}')")
            writer.commit()
        assert audit(tx, world)["ok"]
        assert tx.counts() == before
    with pytest.raises(NotFoundError), open_snapshot(tmp_path / "none.db", "yard", world.types):
        pass
    with pytest.raises(InvalidFloorError), open_snapshot(path, "harbour", world.types):
        pass


@pytest.mark.parametrize("busy", [False, True])
def test_copy_ends_although_somebody_writes_between_all_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, busy: bool
) -> None:
    monkeypatch.setattr(sqlite_snapshot, "PAGES", 1)
    monkeypatch.setattr(sqlite_snapshot, "PAUSE_S", 0)
    steps: list[int] = []

    class Source(sqlite3.Connection):
        def backup(self, target: sqlite3.Connection, **options: Any) -> None:
            progress = options.pop("progress", None)

            def watched(status: int, remaining: int, total: int) -> None:
                steps.append(remaining)
                if busy:
                    writer.execute("UPDATE t SET x = x + 1 WHERE rowid = 1")
                    writer.commit()
                progress(status, remaining, total)

            super().backup(target, progress=progress and watched, **options)

    path = tmp_path / "t.db"
    with closing(sqlite3.connect(path)) as writer:
        writer.execute("CREATE TABLE t (x)")
        writer.executemany("INSERT INTO t VALUES (?)", [(n * 1000,) for n in range(5000)])
        writer.commit()
        with closing(sqlite3.connect(path, factory=Source)) as source, closing(sqlite3.connect("")) as copy:
            copy_pages(source, copy)
            sql = "SELECT count(*), sum(x) FROM t"
            assert copy.execute(sql).fetchone() == writer.execute(sql).fetchone()
    assert (len(steps) > 10) is not busy
