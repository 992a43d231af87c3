"""What the documents show is what happens. See consoles.py for how its console blocks are read."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, files
from tests.documents.consoles import Command, Ids, commands, program

LIMIT_S = 120


def run(command: Command, ids: Ids, data: Path, andon: Sequence[str]) -> tuple[int, str]:
    """Exit code, and what a terminal shows."""
    keep = {name: value for name, value in os.environ.items() if not name.startswith(("ANDON_", "OPENAI_"))}
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", program(ids.typed(command.text), andon, sys.executable)],
        cwd=ROOT,
        env=keep | {"ANDON_DATA": str(data), "NO_COLOR": "1", "COLUMNS": "100", "PYTHONUNBUFFERED": "1"},
        input=ids.typed(command.typed),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    return done.returncode, done.stdout


PAGES = [page for page in files(".md") if commands(page.read_text("utf-8"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_page_shows_what_happens(page: Path, tmp_path: Path, andon_process: list[str]) -> None:
    ids = Ids()
    for command in commands(page.read_text("utf-8")):
        code, printed = run(command, ids, tmp_path / "data", andon_process)
        place = f"{page.name}:{command.line}: $ {command.text}"
        assert ids.learn(command.shown, printed), (
            f"{place}\nthe page shows:\n{command.shown}\nprinted:\n{printed}"
        )
        assert code == command.exit_code, f"{place}\nended with {code}:\n{printed}"


def test_readme_shows_the_way_from_a_line_to_an_approval() -> None:
    shown = [c.text.split()[0:2] for c in commands((ROOT / "README.md").read_text("utf-8"))]
    wanted = [["make", "chat"], *(["andon", verb] for verb in ("run", "inbox", "approve", "audit", "feed"))]
    assert [words for words in wanted if words not in shown] == []
