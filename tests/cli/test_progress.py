"""The reply as it comes: an agent's words when its round is decided, the rest at the end, nothing twice."""

from pathlib import Path

import pytest

from cli.options import Common
from cli.output import Output
from cli.progress import Progress, untold
from graph.app import open_app
from graph.settings import Settings
from tests.architecture.sources import ROOT


@pytest.mark.parametrize(
    ("told", "reply", "rest"),
    [
        ("", "A\nB", "A\nB"),
        ("A", "A\nB", "B"),
        ("A\nB", "A\nB", ""),
        ("A", "B\nA", "B"),
        ("A\nB", "C\nA\nB\nD", "C\nD"),
        ("A", "AB", "AB"),
        ("A", "B\nC", "B\nC"),
        ("", "", ""),
    ],
)
def test_only_what_is_not_on_the_screen_is_told(told: str, reply: str, rest: str) -> None:
    assert untold(told, reply) == rest


async def test_words_of_an_agent_are_told_before_the_case_is_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Scheduling answers in round 1; quality and the gate take two rounds more."""
    progress = Progress(Output(Common(ROOT, tmp_path)), lambda: 0.0, speaks=True)
    seen: list[tuple[str, str]] = []

    def watch(event: dict[str, object]) -> None:
        progress(event)
        seen.append((str(event["type"]), progress.told))

    async with open_app(Settings(ROOT, tmp_path)) as app:
        shape = await app.ask("Run O-500 now, the customer is screaming", person="m.ito", progress=watch)
    assert shape["rounds"] == 3
    kinds = [kind for kind, _ in seen]
    said = kinds.index("reply.said")
    assert "agent.started" in kinds[said:]
    assert shape["reply"].endswith("\n" + seen[said][1])
    assert capsys.readouterr().out == seen[said][1] + "\n"


async def test_whole_reply_is_printed_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress(Output(Common(ROOT, tmp_path)), lambda: 0.0, speaks=True)
    async with open_app(Settings(ROOT, tmp_path)) as app:
        shape = await app.ask("M7 is making that noise again", person="m.ito", progress=progress)
    assert sorted(capsys.readouterr().out.splitlines()) == sorted(shape["reply"].splitlines())
    assert progress.told == shape["reply"]
