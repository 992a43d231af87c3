"""Recordings: whole, as they were written, without keys, or refused (R15)."""

from tests.guards.removal import Guard

_FILES = "tests/graph/test_recording_files.py::"
_FORKS = "tests/cli/test_replay_fork.py::"

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
        "fork after a pass that there is",
        "graph.fork_case:_require_pass",
        "if after is not None and after not in recorded.passes:",
        "if False:",
        (f"{_FORKS}test_options_that_do_not_go_together_are_usage[no such pass]",),
        "bad_fork",
    ),
    Guard(
        "bounds of what is supposed",
        "graph.supposing:_balance",
        "if number < bound.minimum:",
        "if False:",
        (f"{_FORKS}test_wrong_supposition_is_one_sentence[negative]",),
        "bad_supposition",
    ),
    Guard(
        "record of which something is supposed",
        "graph.supposing:require",
        "if ref not in known:",
        "if False:",
        (f"{_FORKS}test_wrong_supposition_is_one_sentence[key]",),
        "unknown_record",
    ),
    Guard(
        "statements of a recording that a fork executes",
        "checkpoints.rebuilding:RebuiltLedger._follow",
        "elif (sql := known_sql(name)) is None:",
        "elif (sql := known_sql(name) or name) is None:",
        ("tests/graph/test_forking.py::test_ledger_in_memory_does_only_what_recorders_write",),
        "damaged_recording",
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
