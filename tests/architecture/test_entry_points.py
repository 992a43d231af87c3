"""What other programs are told to start is there."""

import ast
import json
import re
import tomllib

import pytest

from tests.architecture.sources import ROOT, Source

CI = (ROOT / ".ci" / "run").read_text("utf-8")


def defined(path: str, name: str) -> bool:
    """Whether a module defines a function on its top level."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return any(isinstance(node, functions) and node.name == name for node in Source(ROOT / path).tree.body)


def test_langgraph_server_finds_the_graph() -> None:
    graphs = json.loads((ROOT / "langgraph.json").read_text("utf-8"))["graphs"]
    assert graphs
    for place in graphs.values():
        path, _, name = place.partition(":")
        assert defined(path, name), place


def test_console_script_is_a_function() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["scripts"]
    module, _, name = scripts["andon"].partition(":")
    assert defined(f"{module.replace('.', '/')}.py", name)


def test_ci_runs_the_tests_and_then_the_checks() -> None:
    assert re.findall(r"^make (\w+)$", CI, re.MULTILINE) == ["test", "check"]
    assert "set -euo pipefail" in CI
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111


@pytest.mark.parametrize("target", ["chat", "test", "check", "demo", "bench"])
def test_make_sets_up_before_it_runs(target: str) -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert re.search(rf"^{target}: (runtime|dev) ## ", makefile, re.MULTILINE)
