"""LangGraph's checkpoints as a cache: private, strict, replaceable."""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import ormsgpack
import pytest

from checkpoints.checkpoint_cache import forget_case
from checkpoints.sqlite_saver import is_sound, open_saver
from protocol.errors import InvalidFloorError
from tests.architecture.sources import ROOT

CONFIG: Any = {"configurable": {"thread_id": "case_1", "checkpoint_ns": ""}}


async def save(saver: Any, thread: str = "case_1", **values: Any) -> None:
    from langgraph.checkpoint.base import empty_checkpoint

    config = {"configurable": {"thread_id": thread, "checkpoint_ns": ""}}
    await saver.aput(config, empty_checkpoint() | {"channel_values": values}, {}, {})


async def test_checkpoint_file_is_private_and_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "data" / "checkpoints.db"
    async with open_saver(path) as saver:
        await save(saver, case="case_1", round=2)
        assert {oct(p.stat().st_mode & 0o777) for p in path.parent.iterdir()} == {"0o600"}
        found = await saver.conn.execute_fetchall("PRAGMA synchronous")
        assert list(found) == [(1,)]
    async with open_saver(path) as saver:
        stored = await saver.aget(CONFIG)
        assert stored is not None
        assert stored["channel_values"] == {"case": "case_1", "round": 2}


async def test_forgotten_case_takes_no_room(tmp_path: Path) -> None:
    async with open_saver(tmp_path / "checkpoints.db") as saver:
        await save(saver)
        await save(saver, "case_2")
        await forget_case(saver, "case_1")
        assert await saver.aget(CONFIG) is None
        rows = await saver.conn.execute_fetchall("SELECT DISTINCT thread_id FROM checkpoints")
        assert list(rows) == [("case_2",)]


async def test_last_checkpoint_of_a_case_is_not_kept_nor_those_before_it(tmp_path: Path) -> None:
    async with open_saver(tmp_path / "checkpoints.db", lambda values: values.get("round") == 9) as saver:
        await save(saver, "case_2", round=9)
        assert list(await saver.conn.execute_fetchall("SELECT * FROM checkpoints")) == []
        await save(saver, "case_1", round=1)
        stored = await saver.aget_tuple(CONFIG)
        assert stored is not None
        last: Any = {**stored.checkpoint, "channel_values": {"round": 9}}
        await saver.aput(stored.config, last, {}, {})
        assert list(await saver.conn.execute_fetchall("SELECT * FROM checkpoints")) == []


@pytest.mark.parametrize("damage", ["text", "torn", "zeroes"])
async def test_damaged_file_is_replaced_by_an_empty_one(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "checkpoints.db"
    async with open_saver(path) as saver:
        for n in range(50):
            await save(saver, f"case_{n}", text="x" * 500)
    content = path.read_bytes()
    path.write_bytes(
        {
            "text": b"this was a database once, and it is none any more. " * 50,
            "torn": content[: len(content) // 2 + 100],
            "zeroes": content[:4096] + bytes(4096 * 4) + content[4096 * 5 :],
        }[damage]
    )
    path.with_name("checkpoints.db-wal").write_bytes(b"left over")
    assert not is_sound(path)
    async with open_saver(path) as saver:
        assert await saver.aget(CONFIG) is None
        await save(saver)
        assert await saver.aget(CONFIG) is not None
    assert is_sound(path)


async def test_place_that_cannot_hold_checkpoints_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(InvalidFloorError, match="cannot be used"):
        async with open_saver(tmp_path / "data" / "checkpoints.db"):
            pass


async def test_crafted_blob_runs_nothing(tmp_path: Path) -> None:
    """CVE-2026-28277: an extension of msgpack that imports and calls whatever it names."""
    trap = tmp_path / "trap"
    inner = ormsgpack.packb(("os", "mkdir", [str(trap)]))
    blobs = [ormsgpack.packb(ormsgpack.Ext(code, inner)) for code in range(8)]
    async with open_saver(tmp_path / "checkpoints.db") as saver:
        for blob in blobs:
            with suppress(Exception):  # refused is as good as inert
                saver.serde.loads_typed(("msgpack", blob))
    assert not trap.exists()


STRICT = """
import {module}
from langgraph.checkpoint.serde import _msgpack
print(_msgpack.STRICT_MSGPACK_ENABLED)
"""


@pytest.mark.parametrize("module", ["checkpoints.sqlite_saver", "graph.app"])
def test_langgraph_is_imported_strict(module: str) -> None:
    bare = {name: value for name, value in os.environ.items() if name != "LANGGRAPH_STRICT_MSGPACK"}
    command = [sys.executable, "-c", STRICT.format(module=module)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=bare)
    assert done.stdout == "True\n", done.stderr
