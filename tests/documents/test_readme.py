"""What the README shows is what happens. See consoles.py for how its console blocks are read."""

import os
import subprocess
import sys
from pathlib import Path

from tests.architecture.sources import ROOT
from tests.documents.consoles import Command, Ids, commands, program

LIMIT_S = 120


def run(command: Command, ids: Ids, data: Path) -> tuple[int, str]:
    """Exit code, and what a terminal shows."""
    keep = {name: value for name, value in os.environ.items() if not name.startswith(("ANDON_", "OPENAI_"))}
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", program(ids.typed(command.text), sys.executable)],
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


def test_readme_shows_what_happens(tmp_path: Path) -> None:
    shown = commands((ROOT / "README.md").read_text("utf-8"))
    assert len(shown) >= 5
    ids = Ids()
    for command in shown:
        code, printed = run(command, ids, tmp_path / "data")
        place = f"README.md:{command.line}: $ {command.text}"
        assert ids.learn(command.shown, printed), (
            f"{place}\nthe README shows:\n{command.shown}\nprinted:\n{printed}"
        )
        assert code == command.exit_code, f"{place}\nended with {code}:\n{printed}"
