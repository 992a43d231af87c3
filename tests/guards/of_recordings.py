"""Recordings: whole, as they were written, without keys, or refused (R15)."""

from tests.guards.removal import Guard

_FILES = "tests/graph/test_recording_files.py::"

GUARDS = (
    Guard(
        "number of a recorded drive",
        "sql/0007_recordings.sql",
        " CHECK (drive >= 0)",
        "",
        ("tests/checkpoints/test_schema.py::test_a_row_that_cannot_be_is_refused[recordings-drive]",),
        "recording",
    ),
    Guard(
        "checksum of a recording's file",
        "graph.recording_file:_parsed",
        'if body.pop("checksum", None) != _checksum(body):',
        'if body.pop("checksum", None) is body:',
        (f"{_FILES}test_damaged_file_is_refused_in_a_sentence[changed]",),
        "bad_recording",
    ),
    Guard(
        "every part of a recording is there",
        "graph.replaying:_append",
        "if part.first > len(items):",
        "if False:",
        (f"{_FILES}test_missing_part_is_said_and_the_audit_stays_green[one in its middle]",),
        "damaged_recording",
    ),
    Guard(
        "nothing recorded is not replayed as the same",
        "graph.replay_case:replay_case",
        "if not parts:",
        "if False:",
        ("tests/graph/test_replaying.py::test_case_without_a_recording_says_so",),
        "no_recording",
    ),
    Guard(
        "keys in recordings",
        "checkpoints.recordings:packed",
        "redact(text, secrets)",
        "text",
        (f"{_FILES}test_key_stands_in_no_recording_and_it_replays_all_the_same",),
        "recording",
    ),
)
