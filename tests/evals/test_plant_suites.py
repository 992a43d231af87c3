"""The plant's own suites hold: its scenarios through the real graph, gate and ledger."""

from pathlib import Path

import pytest

from agents.floor_loader import load_floor
from evals.runner import run_attempt
from evals.suite_file import read_suite
from tests.architecture.sources import ROOT

pytestmark = pytest.mark.usefixtures("quick_starts")

FILES = sorted((ROOT / "evals" / "suites").glob("*.yaml"))
CASES = [(path, case.id) for path in FILES for case in read_suite(path, ROOT).suite.cases]
SCENARIOS = {"machine_7", "two_commits", "compliance_hold", "approved_run", "late_input"}


@pytest.mark.parametrize(("path", "case"), CASES, ids=[f"{p.stem}::{c}" for p, c in CASES])
async def test_case_of_the_plant_passes(path: Path, case: str) -> None:
    file = read_suite(path, ROOT)
    chosen = next(c for c in file.suite.cases if c.id == case)
    found = await run_attempt(file, chosen, load_floor(ROOT), file.suite.defaults.seed)
    assert (found.error, {c.id: c.finding.actual for c in found.failures}) == ("", {})
    assert found.status == "passed"


def test_every_scenario_of_the_spine_has_its_suite() -> None:
    assert {path.stem for path in FILES} >= SCENARIOS
