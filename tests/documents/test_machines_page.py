"""The page on state machines is what its script writes."""

from enum import StrEnum

import pytest

from protocol.ladder import MACHINE as LADDER
from protocol.ladder import LadderEvent
from protocol.machines import MACHINES
from scripts.machines import PAGE, diagram, page, words


def test_page_is_current() -> None:
    assert PAGE.read_text("utf-8") == page(), "write it anew: python scripts/machines.py"


def test_every_machine_is_on_it_with_all_its_events() -> None:
    for machine in MACHINES:
        section = page().partition(f"\n## {machine.name}\n")[2].partition("\n## ")[0]
        assert [event for event in machine.events if f"| `{event}` |" not in section] == []


def test_diagram_draws_each_step_once_and_each_place_to_stay() -> None:
    drawn = diagram(LADDER)
    assert "    pending --> pending: rung_end, sign" in drawn
    assert "    approved --> [*]" in drawn
    assert "    pending --> [*]" not in drawn


def test_words_of_an_event_stand_under_it() -> None:
    assert words(LadderEvent)[LadderEvent.REJECT] == "A person said no."


class Mute(StrEnum):
    SAID = "said"
    """With words."""
    SILENT = "silent"


def test_event_without_words_is_named() -> None:
    with pytest.raises(LookupError, match="Mute: no words under silent"):
        words(Mute)
