"""The demo plays a story with real commands in processes of their own, each chapter on a fresh ledger."""

import re
from pathlib import Path

import pytest

from evals.demo import STORY, play
from evals.story import read_story
from tests.architecture.sources import ROOT

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("quick_starts")]

HARBOUR = ROOT / "tests" / "floors" / "harbour"


async def test_story_shows_what_really_happens(capsys: pytest.CaptureFixture[str]) -> None:
    await play(read_story(Path(__file__).parent / "stories" / "harbour.yaml"), HARBOUR)
    first, _, second = capsys.readouterr().out.partition("2. A fresh ledger")
    case = re.search(r"\$ andon trace (case_\w+)", first)
    assert case
    assert f"{case[1]}  done, 2 rounds" in first
    asked, signed, again = re.findall(r"\$ andon (?:run|approve) .+?(?=\n\n)", first, re.DOTALL)
    assert asked.endswith("(exit code 75)")
    assert "exit code" not in signed
    assert again.endswith("(exit code 78)")
    assert again.splitlines()[0] == signed.splitlines()[0]
    assert first.index("Once is enough.") < first.index("(exit code 78)")
    assert "That was all." in first
    assert "case_" not in second


async def test_demo_of_the_plant_shows_what_is_prevented(capsys: pytest.CaptureFixture[str]) -> None:
    await play(read_story(STORY), ROOT)
    polite, undecided, real, approved = re.split(
        r"^\d\. .+\n-+$", capsys.readouterr().out, flags=re.MULTILINE
    )[1:]
    assert "cut the loop" in polite
    assert "done, 3 rounds" in polite
    assert "a person" not in polite
    assert undecided.count("esc_") >= 2
    assert "committed" not in undecided
    assert re.search(r"done, [123] rounds", real)
    assert "a person" not in real
    assert re.findall(r"\(exit code (\d+)\)", approved) == ["75", "77", "78"]
