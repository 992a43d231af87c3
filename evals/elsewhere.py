"""How the program is started in a process of its own, as another person on another day would."""

import sys
from collections.abc import Sequence

PROGRAM = [sys.executable, "-m", "cli"]
"""The words before those of a command; a test that starts many puts a quicker start in their place."""


def command(words: Sequence[str]) -> list[str]:
    """What to execute for ``andon WORDS``."""
    return [*PROGRAM, *words]
