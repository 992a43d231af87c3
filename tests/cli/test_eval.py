"""``andon eval``: what it plays, what it says, how it ends."""

import json
from pathlib import Path

import pytest

from evals.suite_schema import FILE, text
from tests.agents.floor_copies import Edit, copy_harbour
from tests.cli.program import Program
from tests.evals.suite_texts import GOOD, HARBOUR, SUITES, write

FAILING = GOOD.replace("equals: done", "equals: waiting")


def test_passing_suite_ends_with_0_and_one_line_per_attempt(andon: Program, tmp_path: Path) -> None:
    done = andon("eval", "run", str(write(tmp_path, GOOD)), "--repeat", "2")
    assert done.code == 0
    assert "1 case, 2 attempts: 1 passed" in done.out
    assert [line.split(",")[0] for line in done.err.splitlines()] == [
        "small::question (1 of 2): passed",
        "small::question (2 of 2): passed",
    ]


def test_failed_check_says_what_was_found_and_how_to_repeat_it(andon: Program, tmp_path: Path) -> None:
    done = andon("eval", "run", str(write(tmp_path, FAILING)))
    assert done.code == 1
    assert 'FAIL blocker question  0/1   (attempt 1)\n       status: "done", expected "waiting"' in done.out
    again = next(line for line in done.out.splitlines() if "again: andon eval run" in line)
    assert andon(*again.split()[2:]).code == 1


def test_json_is_one_object_of_its_schema(andon: Program, tmp_path: Path) -> None:
    done = andon("eval", "run", str(write(tmp_path, FAILING)), "--json")
    shape = done.json
    assert (shape["schema"], shape["ok"], shape["counts"]["failed"]) == ("andon/eval-run/v1", False, 1)
    (attempt,) = shape["suites"][0]["cases"][0]["attempts"]
    assert (attempt["passed"], attempt["checks"][0]["actual"]) == (False, "done")
    assert done.err == ""


def test_runner_that_breaks_is_no_failed_check(andon: Program, tmp_path: Path) -> None:
    broken = Edit("tools/floor.py", 'key = data.pop("visit")', 'key = data["no such field"]')
    floor = copy_harbour(tmp_path / "floor", broken)
    told = """event: {type: ship.announced, subject: V-3, data: {visit: V-3, ship: C, length_m: 1,
          draught_dm: 1, power_kw: 0, hours: 1, arrives: 2026-05-06T12:00+02:00, promised: false}}"""
    suite = write(tmp_path, GOOD.replace("user: Where is V-1?", told).replace(str(HARBOUR), str(floor)))
    done = andon("eval", "run", str(suite))
    assert done.code == 5
    assert "ERROR blocker question" in done.out
    assert "KeyError" in done.out


@pytest.mark.parametrize(
    ("words", "code", "error"),
    [
        (("nope",), 4, "no_suite"),
        ((f"{SUITES / 'harbour.yaml'}::nope",), 4, "no_case"),
        ((str(SUITES / "harbour.yaml"), "-k", "nothing like it"), 4, "no_case"),
        ((str(SUITES / "harbour.yaml"), "--report", "pdf=x"), 2, "bad_report"),
        ((str(SUITES / "mistakes.yaml"),), 3, "bad_suite"),
    ],
)
def test_what_cannot_be_played_is_told_before_anything_runs(
    andon: Program, words: tuple[str, ...], code: int, error: str
) -> None:
    done = andon("eval", "run", *words, "--json")
    assert (done.code, done.error["code"]) == (code, error)
    assert not andon.data.exists()


def test_every_mistake_of_a_suite_has_its_line(andon: Program) -> None:
    problems = andon("eval", "run", str(SUITES / "mistakes.yaml"), "--json").error["details"]["problems"]
    assert len(problems) > 30
    assert {p["file"].rpartition("/")[2] for p in problems} == {"mistakes.yaml"}
    assert all(p["line"] > 1 for p in problems)


def test_reports_are_written_beside_the_summary(andon: Program, tmp_path: Path) -> None:
    whole, each = tmp_path / "out" / "run.json", tmp_path / "out" / "run.jsonl"
    suite = str(write(tmp_path, GOOD))
    done = andon(
        "eval", "run", suite, "--repeat", "2", "--report", f"json={whole}", "--report", f"jsonl={each}"
    )
    assert done.code == 0
    assert json.loads(whole.read_text("utf-8"))["schema"] == "andon/eval-run/v1"
    assert [json.loads(line)["attempt"] for line in each.read_text("utf-8").splitlines()] == [1, 2]


def test_the_ledger_of_the_floor_is_not_touched(andon: Program, tmp_path: Path) -> None:
    andon("run", "Where is V-1?")
    before = (andon.data / "ledger.db").read_bytes()
    assert andon("eval", "run", str(write(tmp_path, GOOD))).code == 0
    assert (andon.data / "ledger.db").read_bytes() == before


def test_schema_is_that_of_the_file(andon: Program, tmp_path: Path) -> None:
    assert andon("eval", "schema").out == text() == FILE.read_text("utf-8")
    written = tmp_path / "suite.schema.json"
    assert andon("eval", "schema", "--write", str(written)).code == 0
    assert written.read_text("utf-8") == text()
    assert andon("eval", "schema", "--write", str(tmp_path / "no" / "where.json"), "--json").code == 3
