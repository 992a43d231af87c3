"""The ``console`` blocks of a document: what somebody types, and what the terminal then shows.

A line that begins with ``$`` is a command; what follows it, up to the next one, is what it prints.

- ``...`` stands for anything within a line; alone on a line, for any number of lines.
- Lines that begin with ``you>`` are typed into a command that reads lines.
- ``$ echo $?`` shows the exit code of the command before it; without it, that code has to be 0.
- Case, escalation and session ids may differ: the first one printed in a place stands for the document's from
  then on, in what is printed and in what is typed.
- ``make chat`` and ``make demo`` run what these targets run, without setting up. Other targets may not stand
  in a ``console`` block.
"""

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

TYPED = "you> "
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ID = re.compile(r"\b(?:case|esc|ses)_[a-z2-7]{16}\b")


@dataclass(frozen=True)
class Command:
    """One command of a document. ``exit_code`` is what the document says it ends with."""

    line: int
    text: str
    typed: str
    shown: str
    exit_code: int = 0


def commands(page: str) -> list[Command]:
    """Every command of a document, in order; ``echo $?`` becomes part of the one before."""
    found: list[Command] = []
    for block in _BLOCK.finditer(page):
        first = page.count("\n", 0, block.start(1)) + 1
        lines = block[1].splitlines()
        starts = [i for i, line in enumerate(lines) if line.startswith("$ ")]
        for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
            after = lines[start + 1 : end]
            shown = "\n".join(line for line in after if not line.startswith(TYPED)).strip("\n")
            if lines[start] == "$ echo $?":
                last = found.pop()
                found.append(Command(last.line, last.text, last.typed, last.shown, int(shown)))
                continue
            typed = "".join(line.removeprefix(TYPED) + "\n" for line in after if line.startswith(TYPED))
            found.append(Command(first + start, lines[start][2:], typed, shown))
    return found


def program(text: str, andon: Sequence[str], python: str) -> str:
    """What a shell runs for a command: this checkout's Python, and ``andon`` in it, not what is installed."""
    program, here = shlex.join(andon), shlex.quote(python)
    text = re.sub(r"^make chat\b", "andon chat", text)
    text = re.sub(r"^make demo\b", f"{here} -m evals.demo", text)
    if text.startswith("make "):
        raise ValueError(f"a console block may not run `{text}`")
    return re.sub(r"(^|[|;&] *|\bxargs )(?:\.venv/bin/)?andon\b", lambda found: found[1] + program, text)


class Ids:
    """Which printed id stands for which id of the document."""

    def __init__(self) -> None:
        self._real: dict[str, str] = {}

    def typed(self, text: str) -> str:
        """``text`` with the ids that were really printed."""
        return _ID.sub(lambda found: self._real.get(found[0], found[0]), text)

    def learn(self, shown: str, printed: str) -> bool:
        """Whether ``printed`` is what the document shows; if so, its new ids are remembered."""
        names = list(dict.fromkeys(_ID.findall(shown)))
        pattern = re.compile(self._pattern(shown, names), re.DOTALL)
        match = pattern.fullmatch(_tidy(printed))
        if match:
            self._real |= {name: match[name] for name in names if name not in self._real}
        return match is not None

    def _pattern(self, shown: str, names: list[str]) -> str:
        lines = []
        for line in _tidy(shown).splitlines():
            gap = line.strip() == "..."
            lines.append(r"(?:[^\n]*\n)*?" if gap else re.escape(line).replace(r"\.\.\.", r"[^\n]*") + "\n")
        text = "".join(lines)
        for name in names:
            if name in self._real:
                text = text.replace(name, self._real[name])
            else:
                kind = name.partition("_")[0]
                text = text.replace(name, rf"(?P<{name}>{kind}_[a-z2-7]{{16}})", 1).replace(name, "\0")
                text = text.replace("(?P<\0>", f"(?P<{name}>").replace("\0", f"(?P={name})")
        return text


def _tidy(text: str) -> str:
    """Without blanks at line ends and empty lines at both ends."""
    lines = [line.rstrip() for line in text.strip("\n").splitlines()]
    return "".join(f"{line}\n" for line in lines)
