"""What the concepts page draws and points at is what the code does."""

import re

import pytest

from protocol.exchange import TABLE
from tests.architecture.sources import ROOT

PAGE = (ROOT / "docs" / "concepts.md").read_text("utf-8")


def exchange_diagram() -> list[str]:
    """The arrows of the exchange table, several words for one arrow joined."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for (state, said), after in TABLE.items():
        arrows.setdefault((str(state), str(after)), []).append(str(said))
    ends = sorted({str(state) for state in TABLE.values() if not state.open})
    shown = [f"    {state} --> {after}: {', '.join(said)}" for (state, after), said in arrows.items()]
    return [*shown, *(f"    {end} --> [*]" for end in ends)]


def test_exchange_diagram_shows_the_table() -> None:
    drawn = PAGE.partition("stateDiagram-v2\n    [*] --> asked\n")[2].partition("\n```")[0]
    assert drawn.splitlines() == exchange_diagram()


@pytest.mark.parametrize("number", range(1, 17))
def test_every_rule_is_listed(number: int) -> None:
    assert re.search(rf"^\| R{number} \| .+ \| .+ \|$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`((?:protocol|graph|tests)/[\w/.]+)`", PAGE))))
def test_files_it_points_at_exist(path: str) -> None:
    assert (ROOT / path).exists()
