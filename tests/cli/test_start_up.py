"""Start-up stays cheap: a verb imports what it needs when it runs, and reading needs little."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cli.main import VERBS
from tests.architecture.sources import ROOT
from tests.cli.program import Program

HEAVY = {
    "langgraph",
    "langchain_core",
    "sqlite_utils",
    "prompt_toolkit",
    "rich",
    "pydantic",
    "sqlite3",
    "asyncio",
}
READERS_WITHOUT = {"langgraph", "langchain_core", "sqlite_utils", "prompt_toolkit", "rich"}

_PROBE = """
import json, sys
from cli.main import run
code = run(sys.argv[1:])
print(json.dumps({"code": code, "modules": sorted(sys.modules)}), file=sys.stderr)
"""


def probe(program: Program, *words: str) -> tuple[int, set[str]]:
    """Exit code and what was imported, of a run in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", _PROBE, *words],
        cwd=ROOT,
        env=program.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    told = json.loads(done.stderr.splitlines()[-1])
    return told["code"], set(told["modules"])


def test_help_imports_nothing_heavy_and_no_verb(andon: Program) -> None:
    code, modules = probe(andon, "--help")
    assert code == 0
    assert modules & HEAVY == set()
    assert [m for m in modules if m.startswith("cli.") and m.removeprefix("cli.") in VERBS] == []


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_a_verb_imports_nothing_heavy(andon: Program, verb: str) -> None:
    code, modules = probe(andon, verb, "--help")
    assert code == 0
    assert modules & (HEAVY - {"asyncio"}) == set()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("inbox",), 0),
        (("cases",), 0),
        (("check",), 0),
        (("agents",), 0),
        (("doctor",), 0),
        (("show", "esc_aaaaaaaaaaaaaaaa"), 4),
        (("trace", "case_aaaaaaaaaaaaaaaa"), 4),
        (("audit",), 4),
    ],
)
def test_reading_without_a_ledger_creates_nothing(
    andon: Program, words: tuple[str, ...], code: int, tmp_path: Path
) -> None:
    found, modules = probe(andon, *words)
    assert found == code
    assert modules & READERS_WITHOUT == set()
    assert list(tmp_path.iterdir()) == []


def test_reading_a_ledger_changes_nothing_of_it(andon: Program) -> None:
    escalation = andon.ask_a_person()
    case = andon("cases", "--json").json["items"][0]["id"]
    before = {path.name: path.read_bytes() for path in andon.data.iterdir()}
    for words in (
        ("inbox",),
        ("cases",),
        ("show", escalation),
        ("trace", case),
        ("agents",),
        ("audit",),
        ("breakers",),
    ):
        code, modules = probe(andon, *words)
        assert code == 0, words
        assert modules & READERS_WITHOUT == set(), words
    assert {path.name: path.read_bytes() for path in andon.data.iterdir()} == before


def test_list_of_verbs_says_what_each_verb_says_of_itself(andon: Program) -> None:
    from importlib import import_module

    for name, verb in VERBS.items():
        own = import_module(verb.module).command.help.splitlines()[0]
        assert own.startswith(verb.help.rstrip(".").split(";")[0]), name
