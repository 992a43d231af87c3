"""Where a ledger may lie: under one name, on a local disk, with room; and what looks at that."""

import os
import sqlite3
from functools import partial
from pathlib import Path

import pytest

from checkpoints import library_floor
from checkpoints.file_systems import is_shared, open_to_others, type_of
from checkpoints.free_space import FreeSpace
from checkpoints.library_floor import OLDEST, refuse_old_libraries, too_old
from checkpoints.sqlite_saver import open_saver
from protocol.errors import DependencyDownError, InvalidFloorError
from protocol.ports import Tx
from tests.checkpoints.kit import put, sqlite

open_sqlite = sqlite(inline=True)


async def refused(path: Path) -> str:
    """The code with which a ledger at a path is refused."""
    with pytest.raises(InvalidFloorError) as error:
        async with open_sqlite(path):
            pass
    assert error.value.hint
    return error.value.error_code


async def test_linked_data_directory_is_refused_and_the_hint_names_the_real_one(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "data").symlink_to("real")
    with pytest.raises(InvalidFloorError, match="is a link to") as error:
        async with open_sqlite(tmp_path / "data" / "ledger.db"):
            pass
    assert error.value.error_code == "linked_data"
    assert f"--data {tmp_path / 'real'}" in error.value.hint
    assert list((tmp_path / "real").iterdir()) == []
    async with open_sqlite(tmp_path / "real" / "ledger.db"):
        pass


@pytest.mark.parametrize("link", ["symbolic", "hard", "to nothing"])
async def test_ledger_with_two_names_is_refused(tmp_path: Path, link: str) -> None:
    other, path = tmp_path / "elsewhere.db", tmp_path / "data" / "ledger.db"
    path.parent.mkdir()
    if link != "to nothing":
        async with open_sqlite(other):
            pass
    path.hardlink_to(other) if link == "hard" else path.symlink_to(other)
    assert await refused(path) == "linked_data"
    assert sorted(p.name for p in path.parent.iterdir()) == ["ledger.db"]


async def test_directory_below_a_link_is_no_second_name(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "mnt").symlink_to("disk")
    async with open_sqlite(tmp_path / "mnt" / "data" / "ledger.db") as ledger:
        assert await ledger.write(put("crate", "C1")) == 0


async def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder" / "ledger.db").mkdir(parents=True)
    assert await refused(tmp_path / "folder" / "ledger.db") == "data_not_writable"
    assert await refused(tmp_path / "pipe" / "ledger.db") == "data_not_writable"


MOUNTS = """\
22 1 259:1 / / rw,relatime shared:1 - ext4 /dev/a rw
30 22 0:25 / /srv/plant\\040data rw - nfs4 server:/export rw,vers=4.2
31 22 0:26 / /srv rw shared:9 - tmpfs tmpfs rw
32 22 0:27 / /twice rw - ext4 /dev/b rw
33 32 0:28 / /twice rw - fuse.sshfs me@there: rw
34 22 0:29 / /srvx rw - cifs //there/x rw
a line that is none
"""


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("/var/lib", "ext4"),
        ("/srv", "tmpfs"),
        ("/srv/other", "tmpfs"),
        ("/srv/plant data/andon", "nfs4"),
        ("/twice/a", "fuse.sshfs"),
        ("/srvx/a", "cifs"),
    ],
)
def test_file_system_is_that_of_the_nearest_mount(place: str, kind: str) -> None:
    assert type_of(Path(place), MOUNTS) == kind


def test_unknown_file_system_is_told_as_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checkpoints.file_systems.MOUNTS", Path("/nowhere/at/all"))
    assert type_of(Path("/")) is None
    assert type_of(Path("/"), "") is None


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "ceph", "glusterfs"])
def test_file_systems_of_other_machines_are_not_trusted(kind: str) -> None:
    assert is_shared(kind)


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs", "tmpfs", "overlay", "zfs", "apfs", None])
def test_local_file_systems_are(kind: str | None) -> None:
    assert not is_shared(kind)


async def test_files_that_others_reach_are_named(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with open_sqlite(data / "ledger.db"):
        pass
    assert list(open_to_others(data)) == []
    (data / "ledger.db").chmod(0o640)
    data.chmod(0o777)
    assert list(open_to_others(data)) == ["data/ has mode 0777", "ledger.db has mode 0640"]


# Versions


def test_installed_libraries_are_new_enough() -> None:
    assert list(too_old()) == []
    refuse_old_libraries()


@pytest.mark.parametrize(
    ("version", "old"),
    [
        ("1.1.9", True),
        ("1.2.0", False),
        ("1.2.0rc1", False),
        ("1.10.0", False),
        ("1", True),
        ("2", False),
        ("unknown", True),
        (None, False),
    ],
)
async def test_version_below_the_floor_is_refused_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str | None, old: bool
) -> None:
    def found(name: str) -> str | None:
        return version if name == "langgraph" else "99.0.0"

    monkeypatch.setattr(library_floor, "installed", found)
    assert bool(list(too_old())) is old
    if not old:
        return
    with pytest.raises(DependencyDownError, match=f"langgraph {version}, needed is 1.2.0") as error:
        async with open_saver(tmp_path / "checkpoints.db"):
            pass
    assert (error.value.error_code, error.value.exit_code) == ("library_too_old", 69)


def test_floor_is_that_of_the_published_advisories() -> None:
    assert OLDEST == {
        "langgraph": (1, 2, 0),
        "langgraph-checkpoint": (4, 1, 1),
        "langgraph-checkpoint-sqlite": (3, 1, 1),
        "langgraph-checkpoint-postgres": (3, 1, 1),
        "langgraph-sdk": (0, 4, 4),
    }


# Room


def taken_in(kind: str, tx: Tx) -> int | None:
    return tx.accept("line", kind, kind, {})


async def test_work_from_outside_needs_room_and_work_of_cases_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = [1 << 40]
    monkeypatch.setattr("checkpoints.free_space.free_bytes", lambda _: free[0])
    async with open_sqlite(tmp_path / "ledger.db") as ledger:
        free[0] = 1 << 20
        for kind in ("text", "fact", "row", "feed"):
            with pytest.raises(DependencyDownError, match="nearly full") as error:
                await ledger.write(partial(taken_in, kind))
            assert (error.value.error_code, error.value.exit_code) == ("disk_full", 69)
        assert await ledger.write(lambda tx: tx.accept("event", "1", "event", {})) is not None
        assert await ledger.write(put("crate", "C1")) == 0
        free[0] = 1 << 40
        assert await ledger.write(lambda tx: tx.accept("line", "1", "text", {})) is not None


def test_reserve_is_laid_down_given_up_once_and_laid_down_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = [1 << 20]
    monkeypatch.setattr("checkpoints.free_space.free_bytes", lambda _: free[0])
    room, file = FreeSpace(tmp_path / "ledger.db", 8192), tmp_path / "reserve"
    assert room.lay_down()
    assert (file.stat().st_size, file.stat().st_mode & 0o777) == (8192, 0o600)
    assert file.stat().st_blocks * 512 >= 8192, "a sparse file would keep no room"
    assert [room.give_up(), room.give_up()] == [True, False]
    free[0] = 8192 * 4  # enough for new work, and not for the reserve as well
    assert (room.is_short, file.exists()) == (True, False)
    free[0] = 8192 * 5
    assert (room.is_short, file.exists()) == (False, True)


def fill(tx: Tx) -> None:
    for n in range(200):
        put("note", f"N{n}", text="x" * 400)(tx)


async def test_full_write_is_made_again_with_the_reserve_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is SQLite's own limit of pages here, which the reserve's end lifts."""
    async with open_sqlite(tmp_path / "ledger.db") as ledger:
        writer: sqlite3.Connection = ledger._writer  # type: ignore[attr-defined]
        pages = writer.execute("PRAGMA page_count").fetchone()[0]
        writer.execute(f"PRAGMA max_page_count = {pages + 2}")
        given = FreeSpace.give_up

        def give_up(room: FreeSpace) -> bool:
            writer.execute("PRAGMA max_page_count = 1000000")
            return given(room)

        monkeypatch.setattr(FreeSpace, "give_up", give_up)
        await ledger.write(fill)
        assert not (tmp_path / "reserve").exists()
        assert len(await ledger.read(lambda tx: tx.find("note"))) == 200
