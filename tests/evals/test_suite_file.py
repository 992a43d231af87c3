"""A suite file is read strictly, and every mistake is told with file and line."""

import json
from pathlib import Path

import jsonschema
import pytest

from agents.yaml_source import read_yaml
from evals.suite_file import read_suite
from evals.suite_schema import FILE, text
from protocol.errors import InvalidFloorError, NotFoundError, Problem
from tests.evals.suite_texts import GOOD, HARBOUR, SUITES, suite_of, write


def problems_of(path: Path) -> tuple[Problem, ...]:
    with pytest.raises(InvalidFloorError) as error:
        read_suite(path, HARBOUR)
    assert (error.value.exit_code, error.value.error_code) == (3, "bad_suite")
    return error.value.problems


def test_good_suite_is_read_with_its_defaults(tmp_path: Path) -> None:
    suite = suite_of(tmp_path, GOOD).suite
    case = suite.cases[0]
    assert (suite.repeats(case), suite.timeout_s(case), suite.thresholds.pass_rate) == (1, 120.0, 1.0)
    assert case.steps[0].user and case.steps[0].user.as_ == "guest"


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        (
            "severity: blocker",
            "severity: high",
            6,
            "cases.0.severity: Input should be 'blocker', 'major' or 'minor'",
        ),
        ("suite: small", "suite: Small Suite", 2, "suite: String should match pattern"),
        ("version: 1", "version: 2", 1, "version: Input should be 1"),
        ("version: 1\n", "version: 1\nauthor: me\n", 2, "author: Extra inputs are not permitted"),
        ("equals: done", "equals: finished", 10, "cases.0.expect.0.equals: Input should be"),
        ("type: status", "type: statuses", 10, "cases.0.expect.0: Input tag 'statuses'"),
        ("equals: done", "equals: done, weigth: 2", 10, "cases.0.expect.0.weigth: Extra inputs"),
        ("equals: done", "equals: done, at: first", 10, "cases.0.expect.0.at: the number of a step"),
        (", equals: done", "", 10, "cases.0.expect.0.equals: Field required"),
        ("user: Where is V-1?", "usr: Where is V-1?", 8, "cases.0.steps.0.usr: Extra inputs"),
        ("user: Where is V-1?", "wait: soon", 8, "cases.0.steps.0.wait: a duration is digits and one unit"),
        ("user: Where is V-1?", "wait: 5m", 5, "no step opens a case"),
        ("user: Where is V-1?", "{user: Hello, wait: 5m}", 8, "a step is exactly one of"),
        (
            "user: Where is V-1?",
            "user: {text: Hi, as: Mr X}",
            8,
            "cases.0.steps.0.user.as: String should match",
        ),
        (
            "user: Where is V-1?",
            "event: {type: a.b, subject: x, at: 5m, occurred: 2026-05-04T06:00Z}",
            8,
            "not both",
        ),
        (
            "user: Where is V-1?",
            "events: [{type: a.b, subject: x}, {type: a.b, subject: y, expect_exit: 2}]",
            8,
            "must be refused is a step of its own",
        ),
        ("user: Where is V-1?", "events: [{type: a.b, subject: x}]", 8, "at least 2 items"),
        ("user: Where is V-1?", "approval: {as: k.maes, decision: answer}", 8, "states option or text"),
        (
            "user: Where is V-1?",
            "approval: {as: k.maes, decision: approve, text: ok}",
            8,
            "states option or text",
        ),
        ("user: Where is V-1?", "approval: {as: k.maes, decision: ignore, process: new}", 8, "ignores"),
        (
            "user: Where is V-1?",
            "approval: {as: k.maes, decision: approve, match: {args.a: 1}}",
            8,
            "belong to",
        ),
        (
            "    severity: blocker",
            "    given: {fixtures: [none]}",
            6,
            "cases.0.given.fixtures.0: there is no fixture none",
        ),
        ("    severity: blocker", "    given: {clock: 2026-05-04T06:00}", 6, "names its zone"),
        ("    severity: blocker", "    given: {people: [{id: x.y}]}", 6, "state role or roles"),
        ("    severity: blocker", "    given: {scripts: {a: [[{move: shout}]]}}", 6, "given.scripts.a.0.0"),
        (str(HARBOUR), "../nowhere", 3, "there is no floor.yaml"),
    ],
)  # fmt: skip
def test_mistake_is_told_with_its_line(tmp_path: Path, old: str, new: str, line: int, said: str) -> None:
    assert GOOD.count(old) == 1
    found = problems_of(write(tmp_path, GOOD.replace(old, new)))
    assert [(p.file, p.line) for p in found if said in p.message] == [("small.yaml", line)]


@pytest.mark.parametrize(
    ("check", "said"),
    [
        ("type: state, ref: visit/V-1", "state {ref, field, equals}"),
        ("type: state, ref: visit, absent: true", "pattern"),
        ("type: state, find: {berth: B1}, count: 1", "find needs the type"),
        ("type: state, find: {type: berth}", "state {ref, field, equals}"),
        ("type: state, ref: visit/V-1, field: berth, equals: B1, count: 1", "state {ref, field, equals}"),
        ("type: reply", "state contains, not_contains, regex or equals"),
        ("type: reply, contains: ''", "at least 1 character"),
        ("type: reply, regex: '('", "not a regular expression"),
        ("type: rounds", "state max or equals"),
        ("type: rounds, max: 3, equals: 2", "state max or equals"),
        ("type: feed", "at least one count"),
        ("type: audit, ok: false", "Input should be True"),
        ("type: verdicts, args: {a: 1}", "args belong to an action"),
        ("type: escalations, args: {a: 1}", "args belong to an action"),
        ("type: verdicts, verdict: comitted", "'committed'"),
        ("type: escalations, state: open", "'pending'"),
        ("type: verdicts, count: -1", "greater than or equal to 0"),
        ("type: verdicts, count: '1'", "valid integer"),
        ("type: side_effect_count, action: x", "Field required"),
    ],
)
def test_check_that_says_nothing_is_refused(tmp_path: Path, check: str, said: str) -> None:
    found = problems_of(write(tmp_path, GOOD.replace("type: status, equals: done", check)))
    assert [p.line for p in found if said in p.message] == [10]


def test_all_mistakes_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    broken = GOOD.replace("severity: blocker", "severity: high").replace("equals: done", "equals: over")
    assert {p.line for p in problems_of(write(tmp_path, broken))} == {6, 10}


def test_yaml_1_2_keeps_words_and_times_as_text(tmp_path: Path) -> None:
    file = suite_of(tmp_path, GOOD.replace("Where is V-1?", "no"))
    assert file.suite.cases[0].steps[0].user and file.suite.cases[0].steps[0].user.text == "no"


def test_fixture_may_stand_in_a_file_beside_the_suites(tmp_path: Path) -> None:
    (tmp_path / "suites").mkdir()
    (tmp_path / "fixtures").mkdir()
    text = GOOD.replace("    severity: blocker", "    given: {fixtures: [early]}")
    path = write(tmp_path / "suites", text)
    fixture = write(tmp_path / "fixtures", "clock: 2026-05-04T05:00+02:00\n", "early.yaml")
    assert read_suite(path, HARBOUR).fixtures["early"].fixture.clock == "2026-05-04T03:00:00Z"
    fixture.write_text("clock: 2026-05-04T05:00+02:00\nhour: 5\n", "utf-8")
    assert [(p.file, p.line) for p in problems_of(path)] == [("fixtures/early.yaml", 2)]


def test_suite_belongs_to_the_floor_it_lies_in(tmp_path: Path) -> None:
    (tmp_path / "floor.yaml").write_text("floor: x\n", "utf-8")
    without = GOOD.replace(f'target: {{floor: "{HARBOUR}"}}\n', "")
    assert read_suite(write(tmp_path, without), HARBOUR).floor_dir == tmp_path
    (tmp_path / "floor.yaml").unlink()
    assert read_suite(write(tmp_path, without), HARBOUR).floor_dir == HARBOUR


def test_missing_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no suite"):
        read_suite(tmp_path / "none.yaml", HARBOUR)


def test_schema_file_is_what_the_models_say() -> None:
    assert FILE.read_text("utf-8") == text(), "run: python -m evals.suite_schema"


def test_schema_knows_what_the_reader_knows() -> None:
    schema = json.loads(text())
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    good = read_yaml(SUITES / "harbour.yaml").data
    assert list(validator.iter_errors(good)) == []
    good["cases"][0]["steps"][0] = {"usr": "Where is V-1?"}
    assert list(validator.iter_errors(good)) != []


def test_schema_says_nothing_that_editors_cannot_read() -> None:
    assert not {"prefixItems", "unevaluatedProperties"} & set(text().replace('"', " ").split())
