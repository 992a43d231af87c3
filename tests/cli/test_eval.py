"""``andon eval``: what it plays, what it says, how it ends."""

import json
import shlex
from pathlib import Path

import pytest

from evals import suite_schema
from evals.suite_schema import FILE, text
from tests.agents.floor_copies import Edit, copy_harbour
from tests.cli.program import Program
from tests.cli.test_start_up import HEAVY, probe
from tests.evals.suite_texts import GOOD, HARBOUR, SUITES, write

FAILING = GOOD.replace("equals: done", "equals: waiting")
TARGET = f'target: {{floor: "{HARBOUR}"}}\n'
MISTAKES = str(SUITES / "mistakes.yaml")


@pytest.mark.parametrize("words", [(), ("run",), ("check",), ("schema",)])
def test_help_imports_no_suites_and_nothing_heavy(andon: Program, words: tuple[str, ...]) -> None:
    code, modules = probe(andon, "eval", *words, "--help")
    assert code == 0
    assert modules & (HEAVY - {"asyncio"}) == set()
    assert [m for m in modules if m.partition(".")[0] == "evals"] == []


def test_harbour_suite_is_played_whole(andon: Program) -> None:
    done = andon("eval", "run", str(SUITES / "harbour.yaml"))
    assert done.code == 0
    head, *cases, gates, counts = done.out.splitlines()
    assert head.startswith("harbour  8 cases x 1-6   pass 100.0%")
    assert [line.split()[0::2] for line in cases] == [["ok", "1/1"]] * 6 + [["ok", "6/6"], ["ok", "1/1"]]
    assert cases[0].split()[1] == "question_is_answered"
    assert (gates, counts) == ("GATES  2 of 2 ok", "8 cases, 13 attempts: 8 passed")


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
    failed = (
        '  FAIL blocker question  0/1   (attempt 1)\n       status: "done", expected "waiting"   (line 10)\n'
    )
    assert failed in done.out
    assert "GATES  small.pass_rate FAILED   small.blocker FAILED   0 of 2 ok" in done.out
    assert andon(*again(done.out)).code == 1


def again(out: str) -> list[str]:
    """The words of the command that repeats a failed case."""
    line = next(line for line in out.splitlines() if "again: andon eval run" in line)
    return shlex.split(line.partition("again: andon ")[2])


def test_command_to_repeat_a_case_names_its_floor_and_survives_a_shell(
    andon: Program, tmp_path: Path
) -> None:
    (tmp_path / "two words").mkdir()
    suite = write(tmp_path / "two words", FAILING.replace(TARGET, ""))
    done = andon("eval", "run", str(suite))
    assert again(done.out) == [
        "eval",
        "run",
        f"{suite}::question",
        "--repeat",
        "1",
        "--seed",
        "1",
        "--floor",
        str(HARBOUR),
    ]
    assert andon(*again(done.out), ANDON_FLOOR=str(tmp_path)).code == 1


def test_check_that_only_informs_is_a_note(andon: Program, tmp_path: Path) -> None:
    done = andon(
        "eval",
        "run",
        str(write(tmp_path, FAILING.replace("equals: waiting", "equals: waiting, gate: false"))),
    )
    assert done.code == 0
    assert '  ok question  1/1\n       note: status: "done", expected "waiting"' in done.out


@pytest.mark.parametrize("place", range(4))
def test_common_options_stand_anywhere(andon: Program, tmp_path: Path, place: int) -> None:
    words = ["eval", "run", str(write(tmp_path, GOOD))]
    words.insert(place, "--json")
    assert andon(*words).json["ok"] is True


def test_json_is_one_object_of_its_schema(andon: Program, tmp_path: Path) -> None:
    done = andon("eval", "run", str(write(tmp_path, FAILING)), "--json")
    shape = done.json
    assert (shape["schema"], shape["ok"], shape["counts"]["failed"]) == ("andon/eval-run/v1", False, 1)
    (attempt,) = shape["suites"][0]["cases"][0]["attempts"]
    assert (attempt["passed"], attempt["checks"][0]["actual"]) == (False, "done")
    assert [(c["id"], c["line"]) for c in attempt["checks"]] == [("0.status", 10), ("audit", None)]
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
        ((str(SUITES / "harbour.yaml"), "--repeat", "0"), 2, "usage"),
        ((MISTAKES,), 3, "bad_suite"),
        ((MISTAKES, str(SUITES / "harbour.yaml")), 3, "bad_suite"),
    ],
)
def test_what_cannot_be_played_is_told_before_anything_runs(
    andon: Program, words: tuple[str, ...], code: int, error: str
) -> None:
    done = andon("eval", "run", *words, "--json")
    assert (done.code, done.error["code"]) == (code, error)
    assert not andon.data.exists()


def test_every_mistake_of_a_suite_has_its_line(andon: Program) -> None:
    problems = andon("eval", "run", MISTAKES, "--json").error["details"]["problems"]
    assert len(problems) > 30
    assert {p["file"].rpartition("/")[2] for p in problems} == {"mistakes.yaml"}
    assert all(p["line"] > 1 for p in problems)


def test_mistakes_of_all_suites_are_told_at_once(andon: Program, tmp_path: Path) -> None:
    misfit = write(tmp_path, GOOD.replace("user: Where is V-1?", "user: {text: Hi, as: no.body}"), "fit.yaml")
    unread = write(tmp_path, GOOD.replace("equals: done", "equals: over"), "read.yaml")
    done = andon("eval", "run", str(misfit), str(unread))
    assert done.code == 3
    assert "  fit.yaml:8: cases.0.steps.0.user.as: this floor has no person no.body" in done.err
    assert "  read.yaml:10: cases.0.expect.0.equals: Input should be" in done.err
    assert done.out == ""


def test_suites_are_checked_without_being_played(andon: Program, tmp_path: Path) -> None:
    good = str(write(tmp_path, GOOD.replace("severity: blocker", "repeat: 3")))
    assert andon("eval", "check", good).out == "1 suite, 1 case, 3 attempts: nothing is wrong.\n"
    wrong = andon("eval", "check", MISTAKES, good)
    assert wrong.code == 3
    assert f"{Path(MISTAKES).name}:26: cases.0.steps.0.user.as: this floor has no person" in wrong.out
    assert wrong.out.splitlines()[-1] == "41 problems; these suites cannot be played."
    shape = andon("eval", "check", MISTAKES, "--json").json
    assert (shape["schema"], shape["ok"], shape["suites"], shape["cases"]) == (
        "andon/eval-check/v1",
        False,
        1,
        2,
    )
    assert len(shape["problems"]) == 41
    assert andon("eval", "check", "nope", "--json").error["code"] == "no_suite"
    assert not andon.data.exists()


def test_reports_are_written_beside_the_summary(andon: Program, tmp_path: Path) -> None:
    whole, each = tmp_path / "out" / "run.json", tmp_path / "out" / "run.jsonl"
    suite = str(write(tmp_path, GOOD))
    done = andon(
        "eval", "run", suite, "--repeat", "2", "--report", f"json={whole}", "--report", f"jsonl={each}"
    )
    assert done.code == 0
    assert json.loads(whole.read_text("utf-8"))["schema"] == "andon/eval-run/v1"
    assert [json.loads(line)["attempt"] for line in each.read_text("utf-8").splitlines()] == [1, 2]


@pytest.mark.parametrize("kind", ["json", "jsonl"])
def test_report_that_cannot_be_written_is_told_before_anything_runs(
    andon: Program, tmp_path: Path, kind: str
) -> None:
    done = andon("eval", "run", str(write(tmp_path, GOOD)), "--report", f"{kind}={tmp_path}")
    assert (done.code, done.out) == (3, "")
    assert "cannot be written" in done.err
    assert "small::question" not in done.err


def test_the_ledger_of_the_floor_is_not_touched(andon: Program, tmp_path: Path) -> None:
    andon("run", "Where is V-1?")
    before = (andon.data / "ledger.db").read_bytes()
    assert andon("eval", "run", str(write(tmp_path, GOOD))).code == 0
    assert (andon.data / "ledger.db").read_bytes() == before


def test_schema_is_written_where_editors_look(
    andon: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suite_schema, "FILE", tmp_path / "suites_schema.json")
    assert andon("eval", "schema", "--write").code == 0
    assert (tmp_path / "suites_schema.json").read_text("utf-8") == text()


def test_schema_is_that_of_the_file(andon: Program, tmp_path: Path) -> None:
    assert andon("eval", "schema").out == text() == FILE.read_text("utf-8")
    written = tmp_path / "suite.schema.json"
    assert andon("eval", "schema", "--write", str(written)).code == 0
    assert written.read_text("utf-8") == text()
    assert andon("eval", "schema", "--write", str(tmp_path / "no" / "where.json"), "--json").code == 3
