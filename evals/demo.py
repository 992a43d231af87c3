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
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from evals.story import Chapter, FactStep, LineStep, Shown, Story, read_story
from evals.telling import Telling
from graph.app import App, open_app
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
        self._told = 0
        self._facts = 0

    async def play(self) -> None:
        """Every step. No app is open while another process works, as if this one had ended."""
        for step in self._chapter.steps:
            if step.tell:
                say(step.tell)
            if step.fact or step.line:
                async with open_app(self._settings) as app:
                    await (self._fact(app, step.fact) if step.fact else self._line(app, step.line))
                    await self._tell(app)
            if step.command:
                await self._command(step.command)
        async with open_app(self._settings) as app:
            for shown in self._chapter.shows:
                print("    " + await app.ledger.read(_record(app, shown)))
        print()

    async def _fact(self, app: App, fact: FactStep) -> None:
        self._facts += 1
        now = await app.ledger.read(lambda tx: tx.now)
        at = fact.occurred or now
        print(f"    [{fact.type} {fact.subject}] happens")
        await app.accept([Fact(fact.type, "story", str(self._facts), at, fact.subject, fact.data)])
        await app.drain()

    async def _line(self, app: App, line: LineStep | None) -> None:
        if line is not None:
            print(f"    {line.person}> {line.text}")
            await app.ask(line.text, person=line.person)

    async def _tell(self, app: App) -> None:
        """Whatever happened in any case since the last time, oldest case first."""
        zone, after = app.world.config.zone, self._told
        for line in await app.ledger.read(lambda tx: list(_news(tx, zone, after))):
            print(line)
        self._told = await app.ledger.read(_last)
        print()

    async def _command(self, words: Sequence[str]) -> None:
        """Run ``andon`` in a process of its own and show what its terminal shows."""
        async with open_app(self._settings) as app:
            rows = await app.ledger.read(lambda tx: tx.escalations())
        typed = [word.replace("{waiting}", rows[-1].id if rows else "") for word in words]
        print(f"    $ andon {shlex.join(typed)}")
        done = await asyncio.to_thread(_elsewhere, typed, self._settings)
        print(textwrap.indent(done.stdout.rstrip(), "    "))
        print(f"    (exit code {done.returncode})\n")
        async with open_app(self._settings) as app:
            await self._tell(app)


def _elsewhere(words: Sequence[str], settings: Settings) -> subprocess.CompletedProcess[str]:
    """``andon`` in a process of its own, with what its terminal shows."""
    floor = {"ANDON_DATA": str(settings.data_dir), "ANDON_FLOOR": str(settings.floor_dir)}
    return subprocess.run(
        [sys.executable, "-m", "cli", *words],
        cwd=ROOT,
        env=os.environ | floor,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=COMMAND_LIMIT_S,
        check=False,
    )


def _record(app: App, shown: Shown) -> Callable[[ReadTx], str]:
    return lambda tx: Telling(tx, app.world.config.zone).record(shown.ref, tuple(shown.fields))


def _news(tx: ReadTx, zone: str, after: int) -> Iterator[str]:
    for case in reversed(tx.cases()):
        yield from Telling(tx, zone).case(case.id, after)


def _last(tx: ReadTx) -> int:
    return max((event.seq for event in tx.events()), default=0)


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
