"""Writing a recording to a file: never over one that is there, and without any key this command knows."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cli.options import Common
from graph.recording_file import Exported, exported, redactions
from protocol.errors import InvalidFloorError, UsageError

KEYS = ("OPENAI_API_KEY", "PGPASSWORD")
"""Variables of the environment whose values are keys, beside those that the floor's receivers name."""


def write_file(common: Common, path: Path, floor: str, case: str, parts: list[Any]) -> dict[str, Any]:
    """Write the recording; shape ``andon/replay-export/v1``."""
    text = exported(Exported(case, floor, parts), secrets(common))
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


def secrets(common: Common) -> list[str]:
    """Every key that this command could know: none of them leaves."""
    from agents.floor_loader import read_config
    from checkpoints.anchor import KEY
    from graph.secrets import environment_secret

    found = [os.environ.get(name, "") for name in KEYS]
    if common.database is not None:
        found.append(urlsplit(common.database).password or "")
    found += [
        environment_secret(r.secret_env) or "" for r in read_config(common.floor).deliver if r.secret_env
    ]
    key = common.anchor_key or common.data / KEY
    if key.is_file():
        found.append(key.read_bytes().decode("utf-8", "replace").strip())
    return [secret for secret in found if secret]
