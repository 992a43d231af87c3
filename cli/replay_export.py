"""Writing a recording to a file: never over one that is there, and without any key this command knows."""

import os
from pathlib import Path
from typing import Any

from cli.keys import known_keys
from cli.options import Common
from graph.recording_file import Exported, exported, redactions
from protocol.errors import InvalidFloorError, UsageError


def write_file(common: Common, path: Path, floor: str, case: str, parts: list[Any]) -> dict[str, Any]:
    """Write the recording; shape ``andon/replay-export/v1``."""
    text = exported(Exported(case, floor, parts), known_keys(common))
    try:
        with os.fdopen(
            os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
        ) as file:
            file.write(text)
    except FileExistsError as error:
        raise UsageError(
            f"{path} is there already.", hint="Name another file.", code="file_exists"
        ) from error
    except OSError as error:
        raise InvalidFloorError(
            f"{path} cannot be written: {error.strerror}.", hint="Name a place that can.", code="not_writable"
        ) from error
    return {
        "schema": "andon/replay-export/v1",
        "case": case,
        "file": str(path),
        "bytes": len(text.encode()),
        "redacted": redactions(text),
    }
