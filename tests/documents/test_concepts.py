"""What the concepts page draws and points at is what the code does."""

import re

import pytest

from protocol.exchange import MACHINE
from scripts.machines import diagram
from tests.architecture.sources import ROOT

PAGE = (ROOT / "docs" / "concepts.md").read_text("utf-8")


def test_exchange_diagram_shows_the_table() -> None:
    drawn = re.findall(r"^```mermaid\n(stateDiagram-v2\n.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert [text.splitlines() for text in drawn] == [diagram(MACHINE)]


@pytest.mark.parametrize("number", range(1, 17))
def test_every_rule_is_listed(number: int) -> None:
    assert re.search(rf"^\| R{number} \| .+ \| .+ \|$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`((?:protocol|graph|tests)/[\w/.]+)`", PAGE))))
def test_files_it_points_at_exist(path: str) -> None:
    assert (ROOT / path).exists()
