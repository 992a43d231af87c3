"""The published advisories on LangGraph's checkpoints, as attacks on ours: nothing is built, the log says so.

Each writes into the cache what an attacker with access to the file would, by a payload of our own.
"""

import json
import logging
import pickle
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ormsgpack
import pytest
from langgraph.types import Interrupt

from checkpoints.checkpoint_cache import CheckpointLostError
from checkpoints.plain_serializer import PlainSerializer, TamperedCheckpointError
from checkpoints.sqlite_saver import open_saver
from tests.graph.harbour_app import opened, waiting

TRAP = "trap"


class Digs:
    """Pickled, it makes a directory when it is loaded."""

    def __init__(self, place: str) -> None:
        self.place = place

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        import os

        return os.mkdir, (self.place,)


def extension(code: int, *content: Any) -> Callable[[str], tuple[str, bytes]]:
    """One of langgraph's extensions of msgpack, around a call that makes the directory."""

    def blob(trap: str) -> tuple[str, bytes]:
        inner = [trap if part is TRAP else [trap] if part is list else part for part in content]
        return "msgpack", ormsgpack.packb({"x": [ormsgpack.Ext(code, ormsgpack.packb(inner))]})

    return blob


def as_json(module: list[str], name: str, **more: Any) -> Callable[[str], tuple[str, bytes]]:
    """An object in the old ``json`` encoding."""

    def blob(trap: str) -> tuple[str, bytes]:
        body = {"lc": 2, "type": "constructor", "id": [*module, name], "args": [trap]} | more
        return "json", json.dumps({"x": body}).encode()

    return blob


ATTACKS: dict[str, Callable[[str], tuple[str, bytes]]] = {
    # CVE-2026-28277 (GHSA-g48c-2wqr-h844): msgpack extensions that import a module and call what it holds
    "CVE-2026-28277 one argument": extension(0, "os", "mkdir", TRAP),
    "CVE-2026-28277 many arguments": extension(1, "os", "mkdir", list),
    "CVE-2026-28277 named arguments": extension(2, "subprocess", "Popen", {"args": ["mkdir", "x"]}),
    "CVE-2026-28277 a method": extension(3, "pathlib", "Path", TRAP, "mkdir"),
    "CVE-2026-28277 a model of pydantic 1": extension(4, "subprocess", "Popen", {"args": ["true"]}),
    "CVE-2026-28277 a model of pydantic 2": extension(5, "subprocess", "Popen", {"args": ["true"]}, "x"),
    "a safe type is none of ours": extension(0, "decimal", "Decimal", "1.0"),
    "an array": extension(6, "|u1", [1], "C", b"x"),
    "an unknown extension": extension(99, "os", "mkdir", TRAP),
    "an interrupt with more in it": extension(
        2, "langgraph.types", "Interrupt", {"value": 1, "id": "i", "ns": ["x"]}
    ),
    # CVE-2025-64439 (GHSA-wwqv-p2pp-99h5): the old json encoding builds what it names
    "CVE-2025-64439": as_json(["os"], "mkdir"),
    # CVE-2026-48775 (GHSA-fjqc-hq36-qh5p): and a method of it, beside types that pass as safe
    "CVE-2026-48775": as_json(["pathlib"], "Path", method="mkdir"),
    "CVE-2026-48775 a safe type": as_json(["uuid"], "UUID", args=["1" * 32], method="__init__"),
    "an object of langchain in json": lambda _: (
        "json",
        b'{"lc": 1, "type": "constructor", "id": ["langchain_core", "messages", "AIMessage"], "kwargs": {}}',
    ),
    # CVE-2026-27794 (GHSA-mhr3-j7m5-c7c9): pickle as a way out when msgpack fails
    "CVE-2026-27794": lambda trap: ("pickle", pickle.dumps(Digs(trap))),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_crafted_blob_is_refused_whole(tmp_path: Path, attack: str) -> None:
    trap = tmp_path / TRAP
    with pytest.raises(TamperedCheckpointError, match="is refused: it"):
        PlainSerializer().loads_typed(ATTACKS[attack](str(trap)))
    assert not trap.exists()


def test_attacks_are_none_that_nothing_would_come_of(tmp_path: Path) -> None:
    trap = tmp_path / TRAP
    pickle.loads(ATTACKS["CVE-2026-27794"](str(trap))[1])
    assert trap.exists()


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"bytes",
        {"case": "case_1", "round": 2, "next": ["escalate"], "nested": {"1": [1, 2.5, True, None, "ü"]}},
        {"x": Interrupt(value=["esc_1"], id="abc")},
    ],
)
def test_what_andon_stores_comes_back(value: Any) -> None:
    serializer = PlainSerializer()
    assert serializer.loads_typed(serializer.dumps_typed(value)) == value


def test_garbage_is_no_attack() -> None:
    with pytest.raises(ValueError, match=r"."):
        PlainSerializer().loads_typed(("msgpack", b"\xc1\xff\x00"))


@pytest.mark.parametrize("table", ["checkpoints", "writes"])
async def test_case_with_a_crafted_checkpoint_goes_on_from_the_ledger(
    tmp_path: Path, table: str, caplog: pytest.LogCaptureFixture
) -> None:
    trap = tmp_path / TRAP
    kind, blob = ATTACKS["CVE-2026-28277 one argument"](str(trap))
    column = {"checkpoints": "checkpoint", "writes": "value"}[table]
    async with opened(tmp_path / "data") as app:
        case, escalation = await waiting(app)
        with sqlite3.connect(tmp_path / "data" / "checkpoints.db", timeout=30) as connection:
            changed = connection.execute(f"UPDATE {table} SET type = ?, {column} = ?", (kind, blob))
            assert changed.rowcount > 0
        connection.close()
        with caplog.at_level(logging.WARNING):
            assert (await app.decide(escalation, "approve", person="k.maes"))["status"] == "done"
    assert not trap.exists()
    told = [record.getMessage() for record in caplog.records if record.name.startswith("andon")]
    assert any(case in line and "it would build os.mkdir" in line for line in told)


# CVE-2025-67644 (GHSA-9rwj-6rc7-p77c), CVE-2025-8709, CVE-2025-64104: SQL in the keys of a filter


@pytest.mark.parametrize("key", ["x') OR '1'='1", "x') UNION SELECT 1 --", "a b", "a'", 'a"', "a;b"])
async def test_key_of_a_filter_is_no_sql(tmp_path: Path, key: str) -> None:
    from langgraph.checkpoint.base import empty_checkpoint

    async with open_saver(tmp_path / "checkpoints.db") as saver:
        config: Any = {"configurable": {"thread_id": "case_1", "checkpoint_ns": ""}}
        await saver.aput(config, empty_checkpoint(), {}, {})
        with pytest.raises((ValueError, CheckpointLostError), match="filter key"):
            [found async for found in saver.alist(None, filter={key: "dummy"})]


def test_andon_searches_no_checkpoints() -> None:
    """Keys of filters never come from users: there is no filter anywhere."""
    from tests.architecture.sources import sources

    names = ("agents", "checkpoints", "cli", "evals", "graph")
    found = [s.name for part in names for s in sources(part) if "filter=" in s.path.read_text("utf-8")]
    assert found == []
