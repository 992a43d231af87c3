"""Which suites and cases a run is made of."""

from pathlib import Path

import pytest

from evals.selection import choose, find
from protocol.errors import NotFoundError
from tests.evals.suite_texts import GOOD, HARBOUR, write

FED = GOOD.replace("user: Where is V-1?", "feed: {file: files/log.csv, map: files/log.yaml}")
OTHER = GOOD.replace("suite: small", "suite: other").replace("id: question", "id: asked")
MAPPING = "purpose: How the log is read\nheader: [at]\n"


@pytest.fixture
def suites(tmp_path: Path) -> Path:
    """Two suites, and a mapping that one of them feeds with."""
    (tmp_path / "files").mkdir()
    write(tmp_path, FED, "a.yaml")
    write(tmp_path, OTHER, "b.yaml")
    write(tmp_path / "files", MAPPING, "log.yaml")
    return tmp_path


def chosen(paths: list[str], select: str | None = None) -> list[str]:
    planned = choose(find(paths, HARBOUR, ci=False), select)
    return [f"{p.file.path.name}::{case.id}" for p in planned for case in p.cases]


def test_mapping_that_a_suite_names_is_no_suite(suites: Path) -> None:
    assert find([str(suites)], HARBOUR, ci=False).problems == []
    assert chosen([str(suites)]) == ["a.yaml::question", "b.yaml::asked"]


def test_yaml_that_no_suite_names_is_told(suites: Path) -> None:
    write(suites / "files", MAPPING, "other.yaml")
    found = find([str(suites)], HARBOUR, ci=False)
    assert {p.file for p in found.problems} == {"other.yaml"}


def test_suite_named_twice_is_run_once(suites: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(suites)
    assert chosen(["b.yaml", str(suites / "b.yaml"), "."]) == ["b.yaml::asked", "a.yaml::question"]
    assert chosen(["a.yaml::question", str(suites / "a.yaml::question")]) == ["a.yaml::question"]


def test_problem_of_a_suite_outside_floors_names_the_file_as_it_was_named(
    suites: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(suites / "files", "suite: x\n", "broken.yaml")
    monkeypatch.chdir(suites)
    assert {p.file for p in find(["."], HARBOUR, ci=False).problems} == {"files/broken.yaml"}


def test_unknown_case_and_empty_directory_are_not_found(suites: Path) -> None:
    with pytest.raises(NotFoundError, match="has no case nope"):
        chosen([str(suites / "b.yaml::nope")])
    (suites / "empty").mkdir()
    with pytest.raises(NotFoundError, match="There is no suite in"):
        chosen([str(suites / "empty")])


def test_select_takes_part_of_the_name_or_of_a_tag(suites: Path) -> None:
    write(suites, OTHER.replace("severity: blocker", "tags: [signature, late]"), "b.yaml")
    assert chosen([str(suites)], "Signa") == ["b.yaml::asked"]
    assert chosen([str(suites)], "OTHER::") == ["b.yaml::asked"]
    assert chosen([str(suites)], "nothing") == []


def test_mark_only_hides_the_rest_but_not_in_ci(suites: Path) -> None:
    write(suites, OTHER.replace("severity: blocker", "only: true"), "b.yaml")
    assert chosen([str(suites)]) == ["b.yaml::asked"]
    (problem,) = find([str(suites)], HARBOUR, ci=True).problems
    assert (problem.file, problem.line, "remove the mark" in problem.message) == ("b.yaml", 6, True)
