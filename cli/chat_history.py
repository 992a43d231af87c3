"""The lines of earlier chats, one file per floor in the XDG state directory, for this person alone."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from prompt_toolkit.history import FileHistory, History, InMemoryHistory

from telemetry.log import HIDDEN

_SECRET = re.compile(r"\bsk-[A-Za-z0-9_-]{8,}|(?i:(?<=bearer )[A-Za-z0-9._~+/=-]{8,})")
"""What looks like an API key, as in telemetry/log.py."""


class MaskedHistory(FileHistory):
    """Keeps no API key that somebody pasted by mistake."""

    def store_string(self, string: str) -> None:
        """Append one line."""
        super().store_string(_SECRET.sub(HIDDEN, string))


def history_of(floor: str, environment: Mapping[str, str]) -> History:
    """The history of a floor's chats; only this chat's own lines where no file can be kept."""
    state = Path(environment.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    path = state / "andon" / f"chat-{floor}"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
    except OSError:
        return InMemoryHistory()
    return MaskedHistory(str(path))
