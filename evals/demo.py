"""``make demo``: plays the floor's story, each chapter on a fresh ledger, and says what happens.

Nothing is scripted but what the story says is: the agents, the gate and the commands of the other
process are the real ones. ``python -m evals.demo [STORY]``.
"""

import asyncio
import os
import shlex
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Sequence
from pathlib import Path

from evals.elsewhere import command
from evals.story import Chapter, FactStep, Story, read_story
from graph.app import open_app
from graph.settings import Settings
from protocol.errors import AndonError
from protocol.ports import ReadTx
from protocol.toolbox import Fact

ROOT = Path(__file__).resolve().parent.parent
STORY = ROOT / "evals" / "stories" / "demo.yaml"
COLUMNS = 100
COMMAND_LIMIT_S = 60


def heading(text: str, line: str) -> None:
    """A title, underlined."""
    print(f"{text}\n{line * len(text)}\n")


def say(text: str) -> None:
    """Paragraphs, wrapped."""
    for paragraph in text.strip().split("\n\n"):
        if paragraph:
            print(textwrap.fill(" ".join(paragraph.split()), COLUMNS) + "\n")


class Player:
    """Plays one chapter on one floor."""

    def __init__(self, floor: Path, data: Path, chapter: Chapter) -> None:
        self._settings = Settings(floor_dir=floor, data_dir=data, scripts=dict(chapter.scripts) or None)
        self._chapter = chapter
        self._facts = 0

    async def play(self) -> None:
        """Every step. No app is open while another process works, as if this one had ended."""
        for step in self._chapter.steps:
            if step.tell:
                say(step.tell)
            if step.fact:
                await self._fact(step.fact)
            if step.command:
                await self._command(step.command)

    async def _fact(self, fact: FactStep) -> None:
        """Report it, let its cases go as far as they can, and show what the ledger says of them."""
        self._facts += 1
        print(f"    * {fact.type}: {fact.subject}\n")
        async with open_app(self._settings) as app:
            now: str = await app.ledger.read(lambda tx: tx.now)
            told = Fact(fact.type, "story", str(self._facts), fact.occurred or now, fact.subject, fact.data)
            results = await app.accept([told])
            await app.drain()
        for case in [result.case for result in results if result.case]:
            await self._command(["trace", case])

    async def _command(self, words: Sequence[str]) -> None:
        """Run ``andon`` in a process of its own and show what its terminal shows."""
        async with open_app(self._settings) as app:
            names = await app.ledger.read(_newest)
        typed = [word.format(**names) for word in words]
        print(f"    $ andon {' '.join(_quoted(word) for word in typed)}")
        done = await asyncio.to_thread(_elsewhere, typed, self._settings)
        print(textwrap.indent(done.stdout.rstrip(), "    "))
        print(f"    (exit code {done.returncode})\n" if done.returncode else "")


def _newest(tx: ReadTx) -> dict[str, str]:
    """What the placeholders of a command stand for."""
    cases, open_ones = tx.cases(limit=1), tx.escalations()
    return {"case": cases[0].id if cases else "", "waiting": open_ones[-1].id if open_ones else ""}


def _quoted(word: str) -> str:
    """A word as somebody would type it: double quotes where they do."""
    plain = not set(word) & set('"$`\\!')
    return f'"{word}"' if plain and shlex.quote(word) != word else shlex.quote(word)


def _elsewhere(words: Sequence[str], settings: Settings) -> subprocess.CompletedProcess[str]:
    """``andon`` in a process of its own: its exit code, and what its terminal shows."""
    place = {"ANDON_DATA": str(settings.data_dir), "ANDON_FLOOR": str(settings.floor_dir)}
    in_order = {"PYTHONUNBUFFERED": "1"}
    return subprocess.run(
        command(words),
        cwd=ROOT,
        env=os.environ | place | in_order,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=COMMAND_LIMIT_S,
        check=False,
    )


async def play(story: Story, floor: Path) -> None:
    """All chapters, each on a fresh ledger in a temporary directory."""
    heading(story.title, "=")
    say(story.before)
    for number, chapter in enumerate(story.chapters, start=1):
        heading(f"{number}. {chapter.title}", "-")
        say(chapter.before)
        with tempfile.TemporaryDirectory(prefix="andon-demo-") as data:
            await Player(floor, Path(data), chapter).play()
        say(chapter.after)
    say(story.after)


def main(arguments: Sequence[str]) -> int:
    """Play the story named, or the floor's own; the exit code."""
    path = Path(arguments[0]) if arguments else STORY
    try:
        asyncio.run(play(read_story(path), path.resolve().parents[2]))
    except AndonError as error:
        print(f"{error.message} {error.hint}".strip(), file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
