"""A report is there whole or not at all, for nobody but its owner."""

import os
import resource
from pathlib import Path

import pytest

from evals.whole_file import write_whole


@pytest.mark.parametrize("umask", [0o000, 0o022])
def test_file_is_private_and_whole(tmp_path: Path, umask: int) -> None:
    path, before = tmp_path / "made" / "report.jsonl", os.umask(umask)
    try:
        write_whole(path, "one\ntwo ü\n")
        write_whole(path, "three\n")
    finally:
        os.umask(before)
    assert path.read_text("utf-8") == "three\n"
    assert oct(path.stat().st_mode & 0o777) == "0o600"
    assert [p.name for p in path.parent.iterdir()] == ["report.jsonl"]


def test_failure_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "report.jsonl"
    write_whole(path, "yesterday\n")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, hard))
    try:
        with pytest.raises(OSError, match="too large"):
            write_whole(path, "today\n" * 5000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_text("utf-8") == "yesterday\n"
    assert [p.name for p in tmp_path.iterdir()] == ["report.jsonl"]


def test_link_stays_and_a_pipe_is_written_to(tmp_path: Path) -> None:
    (tmp_path / "real.json").write_text("")
    (tmp_path / "link.json").symlink_to("real.json")
    write_whole(tmp_path / "link.json", "new\n")
    assert (tmp_path / "real.json").read_text() == "new\n"
    assert (tmp_path / "link.json").is_symlink()
    write_whole(Path(os.devnull), "gone\n")
    assert not Path(os.devnull).is_file()
