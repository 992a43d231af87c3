"""The demo plays a story with real commands in processes of their own, each chapter on a fresh ledger."""

import re
from pathlib import Path

import pytest

from evals.demo import play
from evals.story import read_story
from tests.architecture.sources import ROOT

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
