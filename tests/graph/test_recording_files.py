"""Recordings outside of their ledger: portable, checked before use, without keys; and old ones dropped."""

import asyncio
import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from checkpoints.audit import audit
from checkpoints.recordings import REDACTED, DamagedRecordingError, packed, redact, unpacked
from graph.recording_file import SCHEMA, Exported, _checksum, exported, imported
from protocol.errors import NotFoundError, UsageError
from tests.agents.floor_copies import copy_harbour
from tests.graph.harbour_app import SOUND, WHERE, Models, opened
from tests.graph.replayed import cases, recording, replay
from tests.graph.test_replaying import asking, recorded

KEY = "sk-live-0123456789abcdefghij"


def kept_of(data: Path, line: str = SOUND, **settings: Any) -> Exported:
    ((case, parts),) = recorded(data, asking(line), **settings).items()
    return Exported(case, "harbour", parts)


def test_exported_recording_comes_back_and_replays(tmp_path: Path) -> None:
    kept = kept_of(tmp_path / "data")
    file = tmp_path / "case.json"
    file.write_text(exported(kept, []), "utf-8")
    found = imported(file)
    assert (found.case, list(found.parts)) == (kept.case, list(kept.parts))
    assert replay(found.case, list(found.parts))[0]["identical"]


def test_key_stands_in_no_recording_and_it_replays_all_the_same(tmp_path: Path) -> None:
    async def refused(agent: str) -> None:
        raise ConnectionError(f"Authorization: Bearer {KEY} was refused, {KEY}")

    line = f"Where is V-1? My key is {KEY}"
    kept = kept_of(tmp_path / "data", line, models=Models(refused))
    assert KEY not in str(kept.parts)
    assert REDACTED in str(kept.parts)
    shape, _ = replay(kept.case, list(kept.parts))
    assert (shape["identical"], shape["redacted"], shape["difference"]) == (True, True, None)


def test_what_the_command_knows_is_taken_out_of_the_file(tmp_path: Path) -> None:
    kept = kept_of(tmp_path / "data", "Where is V-1? Say mellonmellon")
    assert "mellonmellon" in str(kept.parts)
    text = exported(kept, ["mellonmellon"])
    assert ("mellonmellon" in text, REDACTED in text) == (False, True)
    file = tmp_path / "case.json"
    file.write_text(text, "utf-8")
    found = imported(file)
    assert replay(found.case, list(found.parts))[0]["identical"]


@pytest.mark.parametrize(
    "text",
    [
        f"key {KEY}",
        "Authorization: Bearer abcdefghijklmnop",
        'authorization\\": \\"Basic dXNlcjpwYXNzd29yZA==',
        '{"api_key":"abcdefgh12345678"}',
        "API-KEY=abcdefgh12345678",
    ],
)
def test_what_looks_like_a_key_is_redacted(text: str) -> None:
    found = redact(text)
    assert REDACTED in found
    assert not any(secret in found for secret in (KEY, "abcdefgh", "dXNlcjpw"))


@pytest.mark.parametrize(
    "text", ["the basic plan", "run/R-1043 of line sk-1", "authorization", "a task-force"]
)
def test_ordinary_words_are_not(text: str) -> None:
    assert redact(text) == text


def _stored(**changed: Any) -> dict[str, Any]:
    body = {"schema": SCHEMA, "floor": "harbour", "case": "case_a", "parts": [], **changed}
    return {**body, "checksum": _checksum(body)}


BAD = {
    "no JSON": "no {",
    "no object": "[]",
    "another file": '{"schema": "andon/run/v1"}',
    "another version": json.dumps(_stored(schema="andon/recording/v9")),
    "changed": json.dumps({**_stored(), "case": "case_b"}),
    "no checksum": json.dumps({k: v for k, v in _stored().items() if k != "checksum"}),
    "twice the same": '{"schema": "andon/recording/v1", "schema": "andon/recording/v1"}',
    "no number": '{"schema": NaN}',
    "deep": "[" * 100_000,
    "parts that are none": json.dumps(_stored(parts=[{"drive": 1}])),
    "parts of other types": json.dumps(
        _stored(parts=[{"drive": "1", "strand": "m", "first": 0, "items": []}])
    ),
    "items that are none": json.dumps(
        _stored(parts=[{"drive": 1, "strand": "main", "first": 0, "items": [["job", {}]]}])
    ),
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
def test_damaged_file_is_refused_in_a_sentence(tmp_path: Path, text: str) -> None:
    file = tmp_path / "case.json"
    file.write_text(text, "utf-8")
    with pytest.raises(UsageError) as refused:
        imported(file)
    assert refused.value.error_code == "bad_recording"
    assert "\n" not in refused.value.message


def test_file_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        imported(tmp_path / "none.json")


def test_huge_file_is_refused_unread(tmp_path: Path) -> None:
    file = tmp_path / "case.json"
    with file.open("wb") as sparse:
        os.truncate(sparse.fileno(), 1 << 30)
    with pytest.raises(UsageError, match="larger than 64 MiB"):
        imported(file)


def test_stored_part_that_is_cut_or_swollen_is_damaged() -> None:
    whole = packed(0, [["clock", 1.5]])
    assert unpacked(1, "main", whole).items == [["clock", 1.5]]
    for body in (whole[:-3], whole + b"x", b"", b"no zlib", packed(0, [])[:4]):
        with pytest.raises(DamagedRecordingError):
            unpacked(1, "main", body)


@pytest.mark.parametrize("number", [0, 2], ids=["the first of a drive", "one in its middle"])
def test_missing_part_is_said_and_the_audit_stays_green(tmp_path: Path, number: int) -> None:
    kept = kept_of(tmp_path)
    gone = "DELETE FROM recordings WHERE seq = (SELECT seq FROM recordings WHERE drive > 0 LIMIT 1 OFFSET ?)"
    with closing(sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)) as connection:
        connection.execute(gone, (number,))

    async def look() -> tuple[list[Any], Any]:
        async with opened(tmp_path) as app:
            return await recording(app, kept.case), await app.ledger.read(
                lambda tx: audit(tx, app.world)  # type: ignore[arg-type]
            )

    parts, audited = asyncio.run(look())
    with pytest.raises(NotFoundError) as refused:
        replay(kept.case, parts)
    assert refused.value.error_code == "damaged_recording"
    assert audited["ok"]


async def test_old_recordings_are_dropped_when_a_floor_is_opened(tmp_path: Path) -> None:
    floor = copy_harbour(tmp_path / "floor")
    file = floor / "floor.yaml"
    file.write_text(file.read_text("utf-8") + "\nengine: {keep_recordings_days: 2}\n", "utf-8")
    async with opened(tmp_path / "data", floor) as app:
        await app.ask(WHERE, person="guest")
        await app.wait(86_400)
        await app.ask(WHERE, person="guest")
        await app.wait(86_401)
    async with opened(tmp_path / "data", floor) as app:
        one, two = await cases(app)
        assert (await recording(app, one), len(await recording(app, two)) > 0) == ([], True)
