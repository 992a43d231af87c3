"""Payloads that would fill memory or a disk: a line is refused alone, and what is sorted says so."""

import io
import json
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from graph.feed_file import Broken, Row, open_table
from graph.feed_spool import sorted_rows
from graph.long_lines import LONGEST_LINE, TOO_LONG, bounded_lines
from protocol.errors import DependencyDownError
from tests.architecture.sources import ROOT


def test_only_lines_beyond_the_bound_are_dropped_and_the_count_goes_on() -> None:
    text = "a" * 9 + "\n" + "b" * 10 + "\n" + "c" * 11 + "\n" + "d" * 35 + "\n" + "\n" + "e" * 11
    found = list(bounded_lines(io.StringIO(text), 10))
    assert found == [
        (1, "a" * 9 + "\n"),
        (2, "b" * 10 + "\n"),
        (3, TOO_LONG),
        (4, TOO_LONG),
        (5, "\n"),
        (6, TOO_LONG),
    ]


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_long_line_costs_itself_only(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"rows.{kind}"
    long = "x" * (LONGEST_LINE + 5)
    rows = [{"id": "1", "what": "fine"}, {"id": "2", "what": long}, {"id": "3", "what": "fine"}]
    if kind == "csv":
        path.write_text("id,what\n" + "".join(f"{r['id']},{r['what']}\n" for r in rows), "utf-8")
    else:
        path.write_text("".join(json.dumps(r) + "\n" for r in rows), "utf-8")
    with open_table(path) as table:
        found = list(table.lines)
    assert [line[1][0] for line in found if not isinstance(line, Broken) and line[1] != ["id", "what"]] == [
        "1",
        "3",
    ]
    (broken,) = (line for line in found if isinstance(line, Broken))
    assert (broken.line, broken.message) == (
        3 if kind == "csv" else 2,
        f"is longer than {LONGEST_LINE} characters",
    )


def test_long_line_within_quotes_ends_the_record(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(f'id,what\n1,"begins\n{"x" * (LONGEST_LINE + 5)}\n2,fine\n', "utf-8")
    with open_table(path) as table:
        found = list(table.lines)
    assert [line.line for line in found if isinstance(line, Broken)] == [3]
    assert found[-1] == (4, ["2", "fine"])


HUGE = """
import resource, sys
from pathlib import Path
from graph.feed_file import Broken, open_table, scan
now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (now + (48 << 20), now + (48 << 20)))
path = Path(sys.argv[1])
scan(path)
with open_table(path) as table:
    print(sum(isinstance(line, Broken) for line in table.lines))
try:
    path.read_text("utf-8")
except MemoryError:
    print("no memory for all of it")
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads its own size from /proc")
def test_line_larger_than_the_memory_is_refused_as_any_other(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    with path.open("wb") as stream:
        stream.write(b'{"id": "1"}\n{"id": "')
        for _ in range(96):
            stream.write(b"x" * (1 << 20))
        stream.write(b'"}\n{"id": "3"}\n')
    command = [sys.executable, "-c", HUGE, str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["1", "no memory for all of it"], done.stderr


def rows_to_sort() -> Iterator[Row]:
    for number in range(3000):
        yield Row(number, str(number), {"at": str(number % 7), "text": "x" * 1000})


def test_sorting_without_room_is_told_in_one_sentence() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 << 10, hard))
    try:
        with pytest.raises(DependencyDownError, match="could not be sorted") as error:
            list(sorted_rows(rows_to_sort(), "at"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (error.value.error_code, error.value.exit_code) == ("no_room_to_sort", 69)
    assert len(list(sorted_rows(rows_to_sort(), "at"))) == 3000


# A file of JSON lines that was torn: by a process that died, a full disk, or two writers at once

WHOLE = [{"id": str(n), "count": 1000 + n, "what": f"row {n} of ünits"} for n in range(6)]
TEXT = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in WHOLE)
CELLS = [[str(v) if isinstance(v, str) else json.dumps(v) for v in row.values()] for row in WHOLE]


def cells_of(path: Path) -> tuple[list[list[str]], int]:
    """The rows that were read, and how many lines were none."""
    with open_table(path) as table:
        found = list(table.lines)
    rows = [line[1] for line in found if not isinstance(line, Broken)]
    return rows, sum(isinstance(line, Broken) for line in found)


def test_cut_at_any_byte_never_gives_a_row_that_was_not_written(tmp_path: Path) -> None:
    content, path = TEXT.encode(), tmp_path / "rows.jsonl"
    third = len(content) - len("".join(TEXT.splitlines(keepends=True)[-3:]).encode())
    for end in range(third, len(content) + 1):
        cut = content[:end]
        path.write_bytes(cut.decode("utf-8", errors="ignore").encode())
        rows, broken = cells_of(path)
        assert rows == CELLS[: len(rows)], end
        complete = cut.rstrip(b"\n").count(b"\n") + 1
        assert len(rows) + broken == complete, end
        assert broken <= 1


def test_lines_of_two_writers_in_one_another_are_no_rows(tmp_path: Path) -> None:
    path, lines = tmp_path / "rows.jsonl", TEXT.splitlines(keepends=True)
    for at in range(1, len(lines[2]) - 1):
        path.write_text(lines[0] + lines[2][:at] + lines[3] + lines[2][at:], "utf-8")
        rows, broken = cells_of(path)
        assert all(row in CELLS for row in rows), at
        assert broken > 0, at
