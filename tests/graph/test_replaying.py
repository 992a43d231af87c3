"""A recorded case runs again byte for byte, or the first difference is named (R15)."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from agents.floor_loader import load_floor
from checkpoints.recordings import Part
from checkpoints.taping import sql_of
from graph.app import App
from protocol.errors import NotFoundError
from tests.agents.floor_copies import HARBOUR, Edit, copy_harbour
from tests.graph.harbour_app import LAY, SHIFT, SOUND, WHERE, Models, announced, opened, propose, reply
from tests.graph.replayed import cases, recording, replay

pytestmark = pytest.mark.long

SIGNER = "k.maes"
MANY = 100
SOONER = "{role: berth_master, answer_s: 600}"
LINES = (WHERE, SOUND, SHIFT, LAY)
Kept = dict[str, list[Part]]


async def a_day(app: App) -> None:
    """A case of each kind: a question, two agents, an approval, a commit, a fact."""
    for line in LINES:
        shape = await app.ask(line, person="guest")
        for waits in shape["waiting"]:
            await app.decide(waits["id"], "approve", person=SIGNER)
    await app.accept([announced(occurred="2026-05-04T04:00:00Z")])
    await app.drain()


def recorded(data: Path, happens: Callable[[App], Awaitable[Any]] = a_day, **settings: Any) -> Kept:
    """What is kept of every case of a ledger after something happened in it."""

    async def work() -> Kept:
        async with opened(data, **settings) as app:
            await happens(app)
            return {case: await recording(app, case) for case in await cases(app)}

    return asyncio.run(work())


def test_case_of_each_kind_runs_again_as_recorded(tmp_path: Path) -> None:
    for case, kept in recorded(tmp_path).items():
        shape, found = replay(case, kept)
        assert (shape["identical"], shape["difference"], found.unreached) == (True, None, 0)
        assert shape["passes"]
        assert shape["answers"]["compared"] == shape["answers"]["same"] > 0


def asking(line: str) -> Callable[[App], Awaitable[Any]]:
    """Somebody asks that."""
    return lambda app: app.ask(line, person="guest")


def dump(path: Path) -> dict[str, list[Any]]:
    """Every row but those of recordings, leases and what else tells of the way."""
    left_out = {"recordings", "leases", "attempts", "_sqlite_migrations"}
    with closing(sqlite3.connect(path)) as connection:
        names = [n for (n,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found = {n: connection.execute(f"SELECT * FROM {n} ORDER BY 1, 2").fetchall() for n in names}
    rows = {name: rows for name, rows in found.items() if name not in left_out}
    rows["cases"] = [row[:-1] for row in rows["cases"]]  # how long the process took
    return rows


def test_hundred_cases_write_the_same_ledger_byte_for_byte(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()

    async def work() -> Kept:
        async with opened(tmp_path / "one") as app:
            copy(tmp_path / "one" / "ledger.db", tmp_path / "two" / "ledger.db")
            for number in range(MANY):
                await app.ask((WHERE, SOUND)[number % 2], person="guest")
            return {case: await recording(app, case) for case in await cases(app)}

    kept = asyncio.run(work())
    floor, replies = load_floor(HARBOUR), {}
    with closing(sqlite3.connect(tmp_path / "two" / "ledger.db", isolation_level=None)) as again:
        for case, parts in kept.items():
            shape, found = replay(case, parts, floor)
            assert shape["identical"], shape["difference"]
            replies[case] = shape["reply"]
            for name, values, _ in (statement for job in found.jobs for statement in job.asked):
                if not (sql := sql_of(name)).startswith("SELECT"):
                    again.execute(sql, values).fetchall()
    one, two = dump(tmp_path / "one" / "ledger.db"), dump(tmp_path / "two" / "ledger.db")
    assert len(replies) == MANY
    assert {row[0]: row[17] for row in one["cases"]} == replies
    assert {table: rows for table, rows in one.items() if rows != two[table]} == {}


def copy(source: Path, target: Path) -> None:
    """A ledger as it is now."""
    with closing(sqlite3.connect(source)) as there, closing(sqlite3.connect(target)) as here:
        there.backup(here)


def test_changed_policy_of_an_agent_is_named(tmp_path: Path) -> None:
    kept = recorded(tmp_path / "data", asking(WHERE))
    floor = copy_harbour(
        tmp_path / "floor", Edit("agents/berthing/policy.py", "{visit['ship']} has", "It holds")
    )
    (case,) = kept
    shape, _ = replay(case, kept[case], floor)
    assert (shape["identical"], shape["difference"]["what"]) == (False, "answer")
    assert shape["difference"]["text"].startswith("round 1: the answer of berthing was reply(")
    assert ("has B1" in shape["difference"]["recorded"], "It holds" in shape["difference"]["now"]) == (
        True,
        True,
    )
    assert replay(case, kept[case], floor, model="recorded")[0]["identical"]


def test_changed_approvals_of_the_floor_are_named(tmp_path: Path) -> None:
    kept = recorded(tmp_path / "data", asking(SHIFT))
    floor = copy_harbour(
        tmp_path / "floor", Edit("floor.yaml", "{role: berth_master, answer_s: 900}", SOONER)
    )
    (case,) = kept
    shape, _ = replay(case, kept[case], floor)
    assert (shape["identical"], shape["difference"]["what"]) == (False, "escalation")
    assert "due 2026-05-04T04:15:00Z" in shape["difference"]["recorded"]
    assert "due 2026-05-04T04:10:00Z" in shape["difference"]["now"]


def test_changed_rule_is_named_with_both_verdicts(tmp_path: Path) -> None:
    kept = recorded(tmp_path / "data", asking(LAY))
    rule = Edit("tools/floor.py", 'visit["draught_dm"] <= berth["depth_dm"]', 'visit["draught_dm"] < 0')
    (case,) = kept
    shape, _ = replay(case, kept[case], copy_harbour(tmp_path / "floor", rule))
    first = shape["difference"]
    assert (shape["identical"], first["what"], first["pass"], first["agent"]) == (
        False,
        "verdict",
        1,
        "berthing",
    )
    assert first["where"] == "pass 1: the verdict on berthing/assign_berth of visit/V-2"
    assert (first["recorded"], first["now"]) == ("committed", "refused (enough_water)")


def test_until_shows_where_a_case_stood(tmp_path: Path) -> None:
    kept = recorded(tmp_path)
    case, parts = next((c, p) for c, p in kept.items() if any(part.strand == "decision" for part in p))
    whole, _ = replay(case, parts)
    stopped, _ = replay(case, parts, until=1)
    assert (len(whole["passes"]), len(stopped["passes"])) == (2, 1)
    assert (whole["status"], stopped["status"], stopped["identical"]) == ("done", "waiting", True)


def test_case_without_a_recording_says_so() -> None:
    with pytest.raises(NotFoundError) as refused:
        replay("case_a", [])
    assert refused.value.error_code == "no_recording"


def test_floor_may_record_nothing(tmp_path: Path) -> None:
    floor = copy_harbour(tmp_path / "floor")
    file = floor / "floor.yaml"
    file.write_text(file.read_text("utf-8") + "\nengine: {keep_recordings_days: 0}\n", "utf-8")
    kept = recorded(tmp_path / "data", asking(WHERE), floor=floor)
    assert list(kept.values()) == [[]]


def test_failing_and_late_models_run_again(tmp_path: Path) -> None:
    asked = 0

    async def before(agent: str) -> None:
        nonlocal asked
        asked += 1
        if asked == 1:
            raise ConnectionError("refused")

    kept = recorded(tmp_path, asking(SOUND), models=Models(before, endpoint="tier"))
    (case,) = kept
    shape, _ = replay(case, kept[case])
    assert (shape["identical"], shape["recorded_model"], shape["model"]) == (True, "scripted", "recorded")


def test_scripted_refusal_runs_again(tmp_path: Path) -> None:
    scripts = {"berthing": [[propose("close_berth", berth="B1"), reply("as asked")]]}
    kept = recorded(tmp_path, asking(WHERE), scripts=scripts)
    (case,) = kept
    shape, _ = replay(case, kept[case])
    assert shape["identical"], shape["difference"]
