"""A recording as a file that can be sent to somebody: readable, versioned, with a checksum, without keys."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checkpoints.recordings import MOST, REDACTED, DamagedRecordingError, Part, redact
from graph.recorded_items import check_parts
from protocol.canonical import no_constant, no_duplicates
from protocol.errors import NotFoundError, UsageError

SCHEMA = "andon/recording/v1"


@dataclass(frozen=True, slots=True)
class Exported:
    """A recording outside of its ledger."""

    case: str
    floor: str
    parts: Sequence[Part]


def exported(recording: Exported, secrets: Sequence[str]) -> str:
    """The file's text."""
    body = {
        "schema": SCHEMA,
        "floor": recording.floor,
        "case": recording.case,
        "parts": [
            {"drive": p.drive, "strand": p.strand, "first": p.first, "items": p.items}
            for p in recording.parts
        ],
    }
    body = json.loads(redact(json.dumps(body), secrets))
    return json.dumps({**body, "checksum": _checksum(body)}, indent=1) + "\n"


def redactions(text: str) -> int:
    """How many values of a file were redacted."""
    return text.count(REDACTED)


def imported(path: Path) -> Exported:
    """What a file holds. NotFoundError without one, UsageError for one that is no recording, or damaged."""
    try:
        if path.stat().st_size > MOST:
            raise _unusable(path, f"it is larger than {MOST // 1024 // 1024} MiB")
        text = path.read_bytes().decode("utf-8")
        body = json.loads(text, object_pairs_hook=no_duplicates, parse_constant=no_constant)
    except OSError as error:
        why = error.strerror or str(error)
        raise NotFoundError(f"{path} cannot be read: {why}.", code="no_file") from error
    except (ValueError, RecursionError) as error:
        raise _unusable(path, f"it is no JSON text ({str(error)[:80]})") from error
    return _parsed(path, body)


def _parsed(path: Path, body: Any) -> Exported:
    if not isinstance(body, dict) or not str(body.get("schema", "")).startswith("andon/recording/"):
        raise _unusable(path, "it is no recording of Andon")
    if body["schema"] != SCHEMA:
        raise _unusable(path, f"it is of {str(body['schema'])[:40]}, and this Andon reads {SCHEMA}")
    if body.pop("checksum", None) != _checksum(body):
        raise _unusable(path, "it was changed or cut since it was written: its checksum does not fit")
    try:
        parts = [Part(p["drive"], p["strand"], p["first"], p["items"]) for p in body["parts"]]
        recording = Exported(body["case"], body["floor"], parts)
        _check(recording)
    except (KeyError, TypeError, RecursionError, DamagedRecordingError) as error:
        raise _unusable(path, f"it holds what no recording holds ({str(error)[:80]})") from error
    return recording


def _check(recording: Exported) -> None:
    if not all(_is_typed(p) for p in recording.parts):
        raise DamagedRecordingError("a field of a part is of another type")
    if not isinstance(recording.case, str) or not isinstance(recording.floor, str):
        raise DamagedRecordingError("its case or its floor is no text")
    check_parts(recording.parts)


def _is_typed(part: Part) -> bool:
    whole = all(isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in (part.drive, part.first))
    return whole and isinstance(part.strand, str) and isinstance(part.items, list)


def _unusable(path: Path, why: str) -> UsageError:
    return UsageError(
        f"{path} cannot be replayed: {why}.",
        hint="`andon replay CASE --export FILE` writes one.",
        code="bad_recording",
    )


def _checksum(body: dict[str, Any]) -> str:
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
