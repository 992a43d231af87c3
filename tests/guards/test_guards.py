"""Every guard is named, stands where the registry says, and is missed as soon as it is gone."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.guards.codes import constraints, refused
from tests.guards.planted import PLANTED, TABLES, names, planted
from tests.guards.registry import GUARDS, NOT_REMOVED, SCHEMA_NOT_REMOVED
from tests.guards.removal import SQL, Guard, function_of, occurrences

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("guard", [*GUARDS, *PLANTED], ids=lambda guard: guard.name)
def test_what_is_removed_stands_in_the_source_once(guard: Guard) -> None:
    assert {edit: occurrences(edit) for edit in guard.edits} == dict.fromkeys(guard.edits, 1)
    assert all(edit.old != edit.new for edit in guard.edits)


def test_each_guard_has_a_name_and_a_test_and_a_code() -> None:
    assert len({guard.name for guard in GUARDS}) == len(GUARDS)
    assert [guard.name for guard in GUARDS if not guard.test or not guard.code] == []


def test_a_refusal_has_a_guard_whose_removal_is_noticed() -> None:
    guarded = {guard.code for guard in GUARDS} | NOT_REMOVED.keys()
    assert [f"{found.code} at {found.where}" for found in refused() if found.code not in guarded] == []


def test_a_code_is_excused_only_as_long_as_it_is_needed() -> None:
    assert NOT_REMOVED.keys() <= {found.code for found in refused()} - {guard.code for guard in GUARDS}


def test_every_constraint_of_the_schema_is_removed_in_turn() -> None:
    missed = []
    for found in constraints():
        olds = [edit.old for guard in GUARDS for edit in guard.edits if edit.target == found.target]
        spans = [(found.text.index(old), found.text.index(old) + len(old)) for old in olds]
        if not any(start < found.end and found.at < end for start, end in spans):
            missed.append(found.line)
    assert missed == list(SCHEMA_NOT_REMOVED)


@pytest.mark.parametrize("name", names())
def test_a_planted_fault_is_there_as_long_as_its_block(name: str) -> None:
    targets = [edit.target for guard in PLANTED if guard.name == name for edit in guard.edits]
    before = [function_of(target).__code__ for target in targets]
    tables = [dict(machine.table) for machine, _, _ in TABLES.values()]
    with planted(name):
        assert all(function_of(t).__code__ is not b for t, b in zip(targets, before, strict=True))
        now = [dict(machine.table) for machine, _, _ in TABLES.values()]
        assert (now != tables) is (name in TABLES)
    assert [function_of(target).__code__ for target in targets] == before
    assert [dict(machine.table) for machine, _, _ in TABLES.values()] == tables


def swept(part: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.guards.sweep", "--part", part]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.long
def test_one_in_forty_guards_is_missed_when_removed() -> None:
    done = swept("1/40")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.soak
def test_every_guard_is_missed_when_removed(capsys: pytest.CaptureFixture[str]) -> None:
    done = swept("1/1")
    with capsys.disabled():
        print(f"\nguards: {done.stdout.splitlines()[-1:]}")
    assert done.returncode == 0, done.stdout + done.stderr


def test_statements_are_removed_from_files_and_code_from_functions() -> None:
    sql = [guard for guard in GUARDS if guard.target.startswith(SQL)]
    assert 40 < len(sql) < len(GUARDS) / 2
