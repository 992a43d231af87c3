"""Suites as text, for tests that break or bend one line of them."""

from pathlib import Path

from evals.suite_file import SuiteFile, read_suite
from tests.architecture.sources import ROOT

HARBOUR = ROOT / "tests" / "floors" / "harbour"
SUITES = ROOT / "tests" / "evals" / "suites"

GOOD = f"""\
version: 1
suite: small
target: {{floor: "{HARBOUR}"}}
cases:
  - id: question
    severity: blocker
    steps:
      - user: Where is V-1?
    expect:
      - {{type: status, equals: done}}
"""
"""One case that passes on the harbour."""


def write(directory: Path, text: str, name: str = "small.yaml") -> Path:
    """A suite file in a directory that lies in no floor."""
    path = directory / name
    path.write_text(text, "utf-8")
    return path


def suite_of(directory: Path, text: str) -> SuiteFile:
    """The suite in ``text``, read."""
    return read_suite(write(directory, text), HARBOUR)
