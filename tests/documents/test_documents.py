"""Documents that lean on each other and on the project's files."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.architecture.sources import ROOT, files

PAGES = files(".md")
RECORDS = sorted((ROOT / "docs" / "adr").glob("*.md"))
ADR_LINES = 50


def links(page: Path) -> list[str]:
    """Targets of a page's links that are files."""
    found = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text("utf-8"))
    return [target for target in found if "://" not in target]


@pytest.mark.parametrize("page", [p for p in PAGES if links(p)], ids=lambda p: p.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    assert [target for target in links(page) if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("record", RECORDS, ids=lambda p: p.stem)
def test_decision_record_is_short_and_whole(record: Path) -> None:
    text = record.read_text("utf-8")
    assert re.match(rf"# {int(record.name[:4])}\. ", text)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]
    assert len(text.splitlines()) <= ADR_LINES


def test_records_are_numbered_without_a_gap() -> None:
    assert [int(record.name[:4]) for record in RECORDS] == list(range(1, len(RECORDS) + 1))


def test_every_direct_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    groups = project["dependency-groups"]
    wanted = {
        Requirement(text).name
        for text in [*project["project"]["dependencies"], *groups["build"], *groups["dev"]]
    }
    page = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
    rows = re.findall(r"^\| `([\w.-]+)` \| ([^|]+) \| [^|]+ \|$", page, re.MULTILINE)
    assert sorted(name for name, _ in rows) == sorted(wanted)
    assert all(len(reason.strip()) > 2 for _, reason in rows)


def test_glossary_defines_each_word_once() -> None:
    rows = re.findall(
        r"^\| ([^|]+) \| [^|]+ \|$", (ROOT / "docs" / "glossary.md").read_text("utf-8"), re.MULTILINE
    )
    words = [word.strip() for row in rows for word in row.split(",") if word.strip() not in {"word", "---"}]
    assert len(words) > 40
    assert sorted(words) == sorted(set(words))
