"""The page on suites: its example is played, its tables name what there is."""

import re
from pathlib import Path

from agents.floor_loader import load_floor
from evals import suite_checks, suite_steps
from evals.runner import run_attempt
from evals.suite_file import read_suite
from tests.architecture.sources import ROOT

PAGE = (ROOT / "docs" / "reference" / "suites.md").read_text("utf-8")


def section(title: str) -> str:
    """The words named in the first column of a section's table."""
    body = PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    return " ".join(re.findall(r"^\| ([^|]+) \|", body, re.MULTILINE))


async def test_example_passes(tmp_path: Path) -> None:
    (example,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    path = tmp_path / "example.yaml"
    path.write_text(example.replace("suite: ", f"target: {{floor: {ROOT}}}\nsuite: ", 1), "utf-8")
    file = read_suite(path, ROOT)
    for case in file.suite.cases:
        found = await run_attempt(file, case, load_floor(ROOT), 1)
        assert (found.status, found.error, found.failures) == ("passed", "", [])


def test_every_step_is_described() -> None:
    assert [name for name in suite_steps.Step.model_fields if f"`{name}" not in section("Steps")] == []


def test_every_check_is_described() -> None:
    types = re.findall(
        r'type: Literal\["(\w+)"\]$', Path(suite_checks.__file__).read_text("utf-8"), re.MULTILINE
    )
    assert len(types) >= 12
    assert [name for name in types if f"`{name}`" not in section("Checks")] == []
