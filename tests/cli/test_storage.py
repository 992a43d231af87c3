"""What ``andon`` says of disks and files: in ``doctor``, and when a command cannot go on."""

import asyncio
import os
import sqlite3
import stat
from pathlib import Path
from typing import Any

import pytest

from checkpoints.sqlite_connection import journal_mode_for
from protocol.ports import Tx
from tests.cli.program import SIGNER, Done, Program
from tests.graph.harbour_app import LAY, opened
from tests.postgres import some_database


def checks(done: Done) -> dict[str, dict[str, Any]]:
    return {check["name"]: check for check in done.json["checks"]}


def test_doctor_looks_at_libraries_sqlite_disk_modes_and_files(andon: Program) -> None:
    before = checks(andon("doctor", "--json"))
    assert "modes" not in before
    assert before["integrity"]["detail"] == "no ledger to look at"
    andon("run", LAY)
    listed = sorted(p.name for p in andon.data.iterdir())
    done = andon("doctor", "--json")
    found = checks(done)
    assert (done.code, done.json["ok"]) == (0, True)
    assert "none with known advisories" in found["libraries"]["detail"]
    mode = journal_mode_for(sqlite3.sqlite_version_info)
    assert f"{sqlite3.sqlite_version}, journal mode {mode}" in found["sqlite"]["detail"]
    assert "1 MiB in reserve" in found["disk"]["detail"]
    assert found["modes"]["status"] == found["integrity"]["status"] == found["checkpoints"]["status"] == "ok"
    assert sorted(p.name for p in andon.data.iterdir()) == listed, "it only looks"


@pytest.mark.parametrize("damage", ["a page of zeroes", "half of it", "nothing left"])
def test_damaged_ledger_is_told_by_doctor_and_by_whatever_opens_it(andon: Program, damage: str) -> None:
    andon("run", LAY)
    path = andon.data / "ledger.db"
    content = path.read_bytes()
    path.write_bytes(
        {
            "a page of zeroes": content[:8192] + bytes(4096) + content[12288:],
            "half of it": content[: len(content) // 2],
            "nothing left": b"",
        }[damage]
    )
    done = andon("doctor", "--json")
    assert done.code == 3
    assert checks(done)["integrity"]["status"] == "fail"
    assert "ledger.db" in checks(done)["integrity"]["detail"]
    run = andon("run", LAY, "--json")
    assert (run.code, run.error["code"]) == (3, "ledger_damaged")
    assert "ledger.db" in run.error["message"]
    assert run.error["hint"]


def test_damaged_checkpoints_are_a_warning_and_the_next_command_replaces_them(andon: Program) -> None:
    escalation = andon.ask_a_person()
    (andon.data / "checkpoints.db").write_bytes(b"none any more" * 500)
    found = checks(andon("doctor", "--json"))["checkpoints"]
    assert (found["status"], "goes on from the ledger" in found["hint"]) == ("warn", True)
    done = andon("approve", escalation, "--as", SIGNER, "--json")
    assert (done.code, done.json["status"]) == (0, "done")
    assert checks(andon("doctor", "--json"))["checkpoints"]["status"] == "ok"


def test_journal_of_another_database_is_told_by_doctor(andon: Program) -> None:
    andon("run", LAY)
    if (andon.data / "ledger.db").read_bytes()[18] != 1:
        pytest.skip("this SQLite is new enough for WAL: one may lie beside the ledger")
    (andon.data / "ledger.db-wal").write_bytes(b"x" * 100)
    found = checks(andon("doctor", "--json"))["integrity"]
    assert (found["status"], "ledger.db-wal" in found["detail"]) == ("fail", True)
    inbox = andon("inbox", "--json")
    assert (inbox.code, inbox.error["code"]) == (3, "foreign_journal")


def test_doctor_warns_of_others_and_of_a_file_system_of_others(
    andon: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    andon("run", LAY)
    (andon.data / "ledger.db").chmod(0o644)
    monkeypatch.setattr("cli.checkup_storage.type_of", lambda _: "nfs4")
    found = checks(andon("doctor", "--json"))
    assert (found["modes"]["status"], found["modes"]["detail"]) == ("warn", "ledger.db has mode 0644")
    assert "chmod" in found["modes"]["hint"]
    assert (found["file system"]["status"], "nfs4" in found["file system"]["detail"]) == ("warn", True)
    assert (andon.data / "ledger.db").stat().st_mode & 0o777 == 0o644, "it changes nothing"
    monkeypatch.setattr("cli.checkup_storage.type_of", lambda _: None)
    assert "unknown" in checks(andon("doctor", "--json"))["file system"]["detail"]


@pytest.mark.parametrize(("mib", "status", "code"), [(2, "fail", 69), (50, "warn", 0), (500, "ok", 0)])
def test_doctor_says_when_no_work_is_taken(
    andon: Program, monkeypatch: pytest.MonkeyPatch, mib: int, status: str, code: int
) -> None:
    monkeypatch.setattr("cli.checkup_storage.free_bytes", lambda _: mib << 20)
    monkeypatch.setattr("checkpoints.free_space.free_bytes", lambda _: mib << 20)
    done = andon("doctor", "--json")
    assert (done.code, checks(done)["disk"]["status"]) == (code, status)
    run = andon("run", LAY, "--json")
    assert run.code == code
    if code:
        assert run.error["code"] == "disk_full"
        assert andon("cases", "--json").json["items"] == []


def test_doctor_fails_on_a_library_with_advisories(andon: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checkpoints.library_floor.OLDEST", {"langgraph": (99, 0, 0)})
    done = andon("doctor", "--json")
    found = checks(done)["libraries"]
    assert (done.code, found["status"]) == (69, "fail")
    assert "needed is 99.0.0" in found["detail"]
    run = andon("run", LAY, "--json")
    assert (run.code, run.error["code"]) == (69, "library_too_old")


def test_linked_data_directory_is_refused(andon: Program, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    linked = tmp_path / "linked"
    linked.symlink_to("real")
    run = andon("run", LAY, "--data", str(linked), "--json")
    assert (run.code, run.error["code"]) == (3, "linked_data")
    assert checks(andon("doctor", "--data", str(linked), "--json"))["data"]["status"] == "fail"
    assert list((tmp_path / "real").iterdir()) == []


def test_nobody_else_reads_what_a_session_leaves_or_holds_open(tmp_path: Path) -> None:
    data, reports, seen = tmp_path / "data", tmp_path / "report", dict[str, int]()

    def look() -> None:
        for path in [*data.rglob("*"), *reports.rglob("*.json*")]:
            seen[str(path.relative_to(tmp_path))] = stat.S_IMODE(path.stat().st_mode)

    def in_the_middle(tx: Tx) -> None:
        tx.set_meta("x", "y")
        look()

    async def session() -> None:
        async with opened(data) as app:
            await app.ask(LAY, person="guest")
            await app.ledger.write(in_the_middle)
            look()

    before = os.umask(0)
    try:
        asyncio.run(session())
        andon = Program(data)
        escalation = andon.ask_a_person()
        andon("approve", escalation, "--as", SIGNER)
        andon("chat", typed="Where is V-1?\n")
        andon("doctor")
        andon("audit")
        look()
    finally:
        os.umask(before)
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    names = {Path(name).name for name in seen}
    assert {"ledger.db", "ledger.db-journal", "checkpoints.db", "checkpoints.db-wal", "reserve"} <= names
    files = {name: oct(mode) for name, mode in seen.items() if (tmp_path / name).is_file() or "db-" in name}
    assert files == dict.fromkeys(files, "0o600")


def test_database_beside_a_file_is_told_how_to_move_it(andon: Program) -> None:
    case = andon("run", LAY, "--json").json["case"]
    with some_database() as url:
        for _ in range(2):  # the first try has made an empty ledger there
            refused = andon("--database", url, "run", LAY, "--json")
            assert (refused.code, refused.error["code"]) == (3, "ledger_behind_anchor")
            assert "`andon db copy`" in refused.error["hint"]
        assert andon("--database", url, "db", "copy").code == 0
        assert andon("--database", url, "run", LAY).code == 0
        assert andon("--database", url, "audit", "--json").json["counts"]["cases"] == 2
        assert case in andon("--database", url, "cases").out
