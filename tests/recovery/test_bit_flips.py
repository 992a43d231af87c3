"""Random bits of a ledger's file are turned over: every business value that changed is detected (F32)."""

import asyncio
import random
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from checkpoints.audit import audit
from checkpoints.sqlite_snapshot import open_snapshot
from protocol.errors import AndonError
from protocol.world import World
from tests.checkpoints.yard_ledger import build

pytestmark = pytest.mark.long

SHARE, ALL = 120, 1000
BUSINESS: Mapping[str, str] = {
    "resources": "type, key, version, body",
    "balances": "type, key, field, value",
    "claims": "resource, start_us, end_us, holder_type, holder_key, shared, cause",
    "writes": "type, key, version, body, balances, deltas, author, cause",
    "inbox": "seq, source, source_id, kind, body",
    "cases": "id, seq, origin, source, source_id, opened_at, session, person, text, event, cause, depth,"
    " status, position, passes, rounds, reply, code, clarify, ended_at",
    "commits": "key, case_id, agent, kind, params, params_hash, result, level, at, approval",
    "verdicts": "key, case_id, pass_no, kind, params, verdict, code, params_hash",
    "events": "id, type, source, source_id, occurred, recorded, subject, data, case_id, agent, lane, cause,"
    " depth",
    "escalations": "id, case_id, type, state, version, due_at, body",
    "decisions": "escalation, person, name, role, meaning, decision, at, action_hash, reason, option, text,"
    " channel, spent",
    "pulls": "scope, pulled_by, role, reason, at, released_by, released_at, release_reason",
    "audit": "seq, prev_hash, hash, body",
}
"""The columns that say what was done, by whom, on what (docs/reference/audit.md)."""


@dataclass(frozen=True)
class Flip:
    """One bit turned over: what became of the business values, and whether it was noticed."""

    byte: int
    bit: int
    changed: tuple[str, ...]
    noticed: tuple[str, ...]

    @property
    def missed(self) -> bool:
        return bool(self.changed) and not self.noticed


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, World]:
    path = tmp_path_factory.mktemp("flips") / "ledger.db"
    return path, asyncio.run(build(path))


def values(path: Path) -> dict[str, Any]:
    """The business values by table; what cannot be read is a value of its own."""
    found: dict[str, Any] = {}
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as ledger:
        for table, columns in BUSINESS.items():
            try:
                found[table] = sorted(ledger.execute(f"SELECT {columns} FROM {table} NOT INDEXED"), key=repr)
            except (sqlite3.Error, UnicodeError) as error:
                found[table] = str(error)
    return found


def noticed(path: Path, world: World) -> tuple[str, ...]:
    try:
        with open_snapshot(path, "yard", world.types) as tx:
            return tuple(sorted({v["invariant"] for v in audit(tx, world)["violations"]}))
    except (AndonError, sqlite3.Error) as error:
        return (type(error).__name__,)


def flip(original: tuple[Path, World], copy: Path, place: random.Random, before: dict[str, Any]) -> Flip:
    path, world = original
    data = bytearray(path.read_bytes())
    byte, bit = place.randrange(len(data)), place.randrange(8)
    data[byte] ^= 1 << bit
    copy.write_bytes(data)
    now = values(copy)
    changed = tuple(table for table in BUSINESS if now[table] != before[table])
    return Flip(byte, bit, changed, noticed(copy, world))


def flips(original: tuple[Path, World], folder: Path, count: int, seed: int) -> list[Flip]:
    place, before = random.Random(seed), values(original[0])
    assert noticed(*original) == ()
    return [flip(original, folder / "flipped.db", place, before) for _ in range(count)]


def test_changed_business_values_are_noticed(original: tuple[Path, World], tmp_path: Path) -> None:
    found = flips(original, tmp_path, SHARE, seed=1)
    assert [f for f in found if f.missed] == []
    assert sum(bool(f.changed) for f in found) > SHARE // 30


@pytest.mark.soak
def test_a_thousand_flips(
    original: tuple[Path, World], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = flips(original, tmp_path, ALL, seed=2)
    changed = [f for f in found if f.changed]
    with capsys.disabled():
        by_table = {t: sum(t in f.changed for f in changed) for t in BUSINESS}
        print(
            f"\nflips: {ALL}, business values changed by {len(changed)},"
            f" noticed {sum(bool(f.noticed) for f in found)}"
        )
        print(f"by table: {by_table}; missed: {[f for f in found if f.missed]}")
    assert [f for f in found if f.missed] == []
