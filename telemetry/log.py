"""What ``-v`` shows: the standard library's logging as JSON lines on stderr, with secrets taken out.

Logs are for whoever mends Andon. What happened to a case is no log line but an event in the ledger.
"""

import json
import logging
import re
import sys
from collections.abc import Iterable
from typing import Any, TextIO

from protocol.times import from_micros

LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)
"""By the number of ``-v``; more than two change nothing."""

HIDDEN = "[secret]"
_KEYS = re.compile(r"\bsk-[A-Za-z0-9_-]{8,}|(?i:(?<=bearer )[A-Za-z0-9._~+/=-]{8,})")
"""The shapes of API keys: OpenAI's, and whatever follows ``Bearer``."""

_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_HIDDEN: set[str] = set()


def hide(secret: str) -> None:
    """Never show a value in what this process logs from here on, such as a key that a floor names."""
    _HIDDEN.add(secret)


class JsonLines(logging.Formatter):
    """One object per line: at, level, logger, message, then whatever ``extra`` holds, then the error."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self._secrets = frozenset(s for s in secrets if s)

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        body: dict[str, Any] = {
            "at": from_micros(int(record.created * 1_000_000)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        body |= {name: value for name, value in vars(record).items() if name not in _OWN}
        if record.exc_info:
            body["error"] = self.formatException(record.exc_info)
        return self._redact(json.dumps(body, ensure_ascii=False, default=str))

    def _redact(self, line: str) -> str:
        for secret in sorted(self._secrets | _HIDDEN, key=len, reverse=True):
            line = line.replace(json.dumps(secret, ensure_ascii=False)[1:-1], HIDDEN)
        return _KEYS.sub(HIDDEN, line)


def start_logging(verbosity: int, *, secrets: Iterable[str] = (), stream: TextIO | None = None) -> None:
    """Send all logging of the process to ``stream`` (stderr) as JSON lines; a second call replaces the first.

    ``verbosity``: how often ``-v`` was given. ``secrets``: values, such as an API key, that must
    never be seen, whatever logs them.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines(secrets))
    logging.basicConfig(level=LEVELS[min(verbosity, len(LEVELS) - 1)], handlers=[handler], force=True)
