"""Keys that sign what is sent: from the environment, or from a file that it names. Never from floor.yaml."""

import os
from collections.abc import Callable
from pathlib import Path

Secrets = Callable[[str], str | None]
"""The key behind a variable's name; None when this process has none."""

FILE = "_FILE"
"""Behind a variable's name: the variable with the path of the file that holds the key."""


def environment_secret(name: str) -> str | None:
    """The value of the variable, or the text of the file that ``NAME_FILE`` names, without its line end."""
    if value := os.environ.get(name):
        return value
    path = os.environ.get(f"{name}{FILE}")
    if not path:
        return None
    try:
        return Path(path).read_text("utf-8").rstrip("\r\n") or None
    except (OSError, UnicodeDecodeError):
        return None
