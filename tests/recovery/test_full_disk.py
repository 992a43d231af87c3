"""A disk that fills up: work stops being accepted before it is full, and goes on when there is room again."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.recovery.disk_programs import GATE, STEP, full_before, full_between, limited, opens
from tests.recovery.programs import FORKS

pytestmark = pytest.mark.long

SMALL_MIB = 4
SHARE = 1 if os.environ.get("ANDON_SOAK") else 7
"""How many steps of 4 KiB lie between two tries, or a third or a twelfth of them."""


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A small file system; skips, and says so, where this user may not mount one."""
    place = tmp_path / "small"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_MIB}m,mode=0700", "tmpfs", str(place)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("no `mount` here: no disk can be filled")
    if done.returncode:
        pytest.skip(f"this user may mount nothing, so no disk is filled: {done.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def results(program: Any, *arguments: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    """What a program in a process of its own sends, until it ends."""
    ours, theirs = FORKS.Pipe(duplex=False)
    process = FORKS.Process(target=program, args=(*arguments, theirs))
    process.start()
    theirs.close()
    try:
        while (found := ours.recv()) is not None:
            yield found
    finally:
        process.join()
        assert process.exitcode == 0


def check(free: int, found: dict[str, Any]) -> None:
    """Nothing acknowledged is lost, everything accepted has ended, and the ledger is whole."""
    assert found["violations"] == [], (free, found)
    for kind, name, status in found["told"]:
        if kind == "case":
            assert name in found["cases"], (free, found)
        else:
            assert (name, status) in {("69", "disk_full"), ("69", "ledger_down")}, (free, found)
    assert set(found["cases"].values()) <= {"done", "waiting"}, (free, found)


def test_work_is_refused_before_the_disk_is_full_and_taken_again_without_a_restart(small: Path) -> None:
    frees = (*range(0, GATE, 3 * SHARE * STEP), *range(GATE, GATE + 8 * STEP, 4 * STEP))
    accepted = 0
    for free, found in results(full_before, small, frees):
        check(free, found)
        first, again = found["told"]
        if free < GATE:
            assert first == ["error", "69", "disk_full"], (free, found)
        accepted += first[0] == "case"
        assert (again[0], again[2]) == ("case", "done"), (free, found)
    assert 0 < accepted < len(frees)


def test_accepted_work_ends_on_the_reserve(small: Path) -> None:
    for free, found in results(full_between, small, range(0, 24 * STEP, SHARE * STEP), True):
        check(free, found)
        assert [(t[0], t[2]) for t in found["told"]] == [("case", "done")], (free, found)


def test_accepted_work_waits_in_the_ledger_when_not_even_a_reserve_is_left(small: Path) -> None:
    refused = 0
    for free, found in results(full_between, small, range(0, 24 * STEP, SHARE * STEP), False):
        check(free, found)
        refused += found["told"][0] == ["error", "69", "disk_full"]
        assert set(found["cases"].values()) == {"done"}, "room was made, and it went on"
    assert refused > 0


def test_floor_opens_or_says_in_one_sentence_why_not(small: Path) -> None:
    for free, found in results(opens, small, range(0, GATE, 10 * SHARE * STEP)):
        check(free, found)
        assert found["told"][-1][2] == "done", (free, found)


@pytest.mark.parametrize("room", range(0, GATE + 120 * STEP, 12 * SHARE * STEP))
def test_limit_of_file_size_is_seen_like_a_full_disk(tmp_path: Path, room: int) -> None:
    ((_, found),) = results(limited, tmp_path / "data", room)
    check(room, found)
    told = found["told"]
    if room < GATE:
        assert told[0] == ["error", "69", "disk_full"]
    assert (told[-1][0], told[-1][2]) == ("case", "done"), "the limit is gone, and the same process goes on"
