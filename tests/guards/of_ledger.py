"""The ledger's statements and its file."""

from tests.guards.removal import Edit, Guard

GUARDS = (
    Guard(
        "lost update",
        "checkpoints.sql_tx:SqlTx._change",
        "if old is None or old.version != base:",
        "if old is None:",
        ("tests/checkpoints/test_contract_records.py::test_stale_write_changes_nothing",),
        "no_lost_update",
        also=(
            Edit(
                "sql/queries.sql",
                "row_hash = ? WHERE type = ? AND key = ? AND version = ?",
                "row_hash = ? WHERE type = ? AND key = ? AND ? >= 0",
            ),
        ),
    ),
    Guard(
        "version predicate",
        "sql/queries.sql",
        "row_hash = ? WHERE type = ? AND key = ? AND version = ?",
        "row_hash = ? WHERE type = ? AND key = ? AND ? >= 0",
        (
            (
                "tests/checkpoints/test_schema.py::test_a_statement_under_an_old_version_changes_nothing["
                "change_resource]"
            ),
        ),
        "no_lost_update",
    ),
    Guard(
        "created once",
        "sql/queries.sql",
        "VALUES (?, ?, 0, ?, ?) ON CONFLICT DO NOTHING",
        (
            "VALUES (?, ?, 0, ?, ?)\n"
            "ON CONFLICT (type, key) DO UPDATE SET body = excluded.body, row_hash = excluded.row_hash"
        ),
        ("tests/checkpoints/test_contract_records.py::test_key_is_created_once",),
        "exists",
    ),
    Guard(
        "escalation's version predicate",
        "sql/queries.sql",
        "body = ? WHERE id = ? AND version = ?",
        "body = ? WHERE id = ? AND ? >= 0",
        (
            (
                "tests/checkpoints/test_schema.py::test_a_statement_under_an_old_version_changes_nothing["
                "save_escalation]"
            ),
        ),
        "approval_binding",
    ),
    Guard(
        "breaker's version predicate",
        "sql/queries.sql",
        "version = version + 1 WHERE name = ? AND version = ?",
        "version = version + 1 WHERE name = ? AND ? >= 0",
        (
            (
                "tests/checkpoints/test_schema.py::test_a_statement_under_an_old_version_changes_nothing["
                "save_breaker]"
            ),
        ),
        "breaker",
    ),
    Guard(
        "breaker made once",
        "sql/queries.sql",
        "?, 1) ON CONFLICT (name) DO NOTHING",
        "?, 1)\nON CONFLICT (name) DO UPDATE SET state = excluded.state",
        (
            (
                "tests/checkpoints/test_contract_calls.py::test_breaker_is_saved_only_on_the_version_that"
                "_was_read"
            ),
        ),
        "breaker",
    ),
    Guard(
        "spent once",
        "sql/queries.sql",
        "AND person = ? AND spent = 0",
        "AND person = ?",
        (("tests/checkpoints/test_schema.py::test_a_statement_under_an_old_version_changes_nothing[spend]"),),
        "decided_once",
    ),
    Guard(
        "unspent only",
        "sql/queries.sql",
        "WHERE spent = 0 AND escalation IN",
        "WHERE escalation IN",
        ("tests/checkpoints/test_contract_people.py::test_decisions_come_in_order_and_are_spent_once",),
        "decided_once",
    ),
    Guard(
        "released once",
        "sql/queries.sql",
        "WHERE scope = ? AND released_at IS NULL",
        "WHERE scope = ?",
        (
            (
                "tests/checkpoints/test_schema.py::test_a_statement_under_an_old_version_changes_nothing["
                "release_pull]"
            ),
        ),
        "pull",
    ),
    Guard(
        "renewed under its token",
        "sql/queries.sql",
        "UPDATE leases SET expires = ? WHERE case_id = ? AND token = ? AND host IS NOT NULL",
        "UPDATE leases SET expires = ? WHERE case_id = ? AND ? > 0",
        (
            (
                "tests/checkpoints/test_schema.py::test_a_statement_under_an_old_version_changes_nothing["
                "renew_lease]"
            ),
        ),
        "fenced",
    ),
    Guard(
        "dropped under its token",
        "sql/queries.sql",
        "expires = 0 WHERE case_id = ? AND token = ?",
        "expires = 0 WHERE case_id = ? AND ? > 0",
        (
            (
                "tests/checkpoints/test_schema.py::test_a_statement_under_an_old_version_changes_nothing["
                "drop_lease]"
            ),
        ),
        "fenced",
    ),
    Guard(
        "alert cleared once",
        "sql/queries.sql",
        "WHERE name = ? AND cleared_at IS NULL",
        "WHERE name = ?",
        (
            (
                "tests/checkpoints/test_schema.py::test_a_statement_under_an_old_version_changes_nothing["
                "clear_alert]"
            ),
        ),
        "alert",
    ),
    Guard(
        "inbox key",
        "sql/queries.sql",
        "ON CONFLICT (source, source_id) DO NOTHING",
        "ON CONFLICT DO NOTHING",
        ("tests/checkpoints/test_schema.py::test_what_there_is_once_is_not_written_twice[inbox-seq]",),
        "one_case",
        also=(
            Edit(
                "sql/0001_ledger.sql",
                "  body TEXT NOT NULL,\n  UNIQUE (source, source_id)\n",
                "  body TEXT NOT NULL\n",
            ),
        ),
    ),
    Guard(
        "balances only by deltas",
        "checkpoints.sql_tx:SqlTx._change",
        "if stray := [n for n in fields if n in kind.balances]:",
        "if stray := []:",
        ("tests/checkpoints/test_contract_records.py::test_balance_is_not_set_by_a_field",),
        "bad_field",
    ),
    Guard(
        "balances that exist",
        "checkpoints.sql_tx:SqlTx.write",
        "if stray := [n for n in deltas if n not in kind.balances]:",
        ("deltas = {n: d for n, d in deltas.items() if n in kind.balances}\n        if stray := []:"),
        ("tests/checkpoints/test_contract_records.py::test_delta_of_unknown_balance_is_refused",),
        "bad_field",
    ),
    Guard(
        "canonical bodies",
        "checkpoints.sql_tx:SqlTx.write",
        "if found := problem(dict(fields)):",
        "if found := None:",
        ("tests/checkpoints/test_contract_records.py::test_field_that_is_not_canonical_is_refused",),
        "not_canonical",
    ),
    Guard(
        "fence recorded",
        "checkpoints.sql_tx:SqlTx.holds",
        "if not lease.holds(self._lease(case), token):",
        "if False:",
        ("tests/checkpoints/test_contract_running.py::test_takeover_raises_the_fence",),
        "fenced",
    ),
    Guard(
        "jobs undone alone",
        "checkpoints.shared_transaction:_run_job",
        'do("ROLLBACK" if alone else "ROLLBACK TO job")',
        "pass",
        ("tests/checkpoints/test_contract_cases.py::test_failed_job_leaves_nothing",),
        "undo",
    ),
    Guard(
        "savepoint undone",
        "checkpoints.sql_tx:SqlTx.mark",
        "            undo()\n            release()",
        "            release()",
        (
            (
                "tests/checkpoints/test_contract_records.py::test_exception_rolls_its_savepoint_back_and_"
                "goes_on"
            ),
        ),
        "undo",
    ),
    Guard(
        "closed ledger",
        "checkpoints.job_queue:JobQueue.submit",
        'raise DependencyDownError("The ledger is closed.", code="ledger_closed")',
        'return cast("T", None)',
        ("tests/checkpoints/test_contract_running.py::test_closed_ledger_takes_no_more",),
        "ledger_closed",
    ),
    Guard(
        "newer schema",
        "checkpoints.migrations:refuse_newer",
        "if version > schema_version():",
        "if False:",
        ("tests/checkpoints/test_sqlite_file.py::test_newer_schema_is_refused_by_writers_and_readers",),
        "newer_ledger",
    ),
    Guard(
        "older schema",
        "checkpoints.ledger_file:refuse_unreadable",
        "if version < schema_version():",
        "if False:",
        ("tests/checkpoints/test_sqlite_file.py::test_reader_says_when_a_ledger_is_older",),
        "older_ledger",
    ),
    Guard(
        "another floor's ledger",
        "checkpoints.ledger_file:refuse_other_floor",
        "if stored != floor:",
        "if False:",
        ("tests/checkpoints/test_sqlite_file.py::test_ledger_of_another_floor_is_refused",),
        "other_floor",
    ),
    Guard(
        "no ledger to read",
        "checkpoints.ledger_file:refuse_unreadable",
        "if version is None:",
        "if version is None:\n        version = schema_version()\n    if False:",
        ("tests/checkpoints/test_sqlite_file.py::test_foreign_file_is_refused_and_left_alone",),
        "not_a_ledger",
    ),
    Guard(
        "no ledger to write",
        "checkpoints.ledger_file:make_current",
        "if version is None:",
        "if version is None:\n        version = schema_version()\n    if False:",
        ("tests/checkpoints/test_sqlite_file.py::test_foreign_file_is_refused_and_left_alone",),
        "not_a_ledger",
    ),
    Guard(
        "start of the floor clock",
        "checkpoints.ledger_file:first_hour",
        "if clock_start is None:",
        ('if clock_start is None:\n        clock_start = "2026-01-01T00:00:00Z"\n    if False:'),
        ("tests/checkpoints/test_sqlite_file.py::test_floor_clock_needs_a_start",),
        "clock_start_missing",
    ),
    Guard(
        "pragmas asserted",
        "checkpoints.sqlite_connection:_assert_pragmas",
        "if found != value:",
        "if False:",
        ("tests/checkpoints/test_sqlite_file.py::test_pragma_that_does_not_hold_is_refused",),
        "unsafe_sqlite",
    ),
    Guard(
        "durable commits",
        "checkpoints.sqlite_connection:prepare_writer",
        '"synchronous": _FULL,',
        '"synchronous": 0,',
        ("tests/checkpoints/test_sqlite_file.py::test_durable_pragmas_are_set",),
        "durable",
    ),
    Guard(
        "references checked",
        "checkpoints.sqlite_connection:prepare_writer",
        '"foreign_keys": 1,',
        '"foreign_keys": 0,',
        (
            (
                "tests/checkpoints/test_sqlite_file.py::test_writer_follows_references_and_a_reader_write"
                "s_nothing"
            ),
        ),
        "database_sound",
    ),
    Guard(
        "readers change nothing",
        "checkpoints.sqlite_connection:prepare_reader",
        'connection.execute("PRAGMA query_only = ON")',
        "return",
        (
            (
                "tests/checkpoints/test_sqlite_file.py::test_writer_follows_references_and_a_reader_write"
                "s_nothing"
            ),
        ),
        "read_only",
    ),
    Guard(
        "private files",
        "checkpoints.sqlite_files:keep_private",
        "path.chmod(0o600)",
        "pass",
        ("tests/checkpoints/test_sqlite_file.py::test_others_lose_their_access_to_a_copied_ledger",),
        "private",
    ),
    Guard(
        "no ledger yet",
        "checkpoints.sqlite_ledger:open_reader",
        "if not path.exists() or path.stat().st_size == 0:",
        "if False:",
        ("tests/checkpoints/test_sqlite_file.py::test_absent_ledger_is_not_found",),
        "no_ledger",
    ),
    Guard(
        "damaged ledger",
        "checkpoints.sqlite_files:_translated",
        "if code == sqlite3.SQLITE_CORRUPT:",
        "if False:",
        ("tests/checkpoints/test_sqlite_file.py::test_damaged_ledger_is_refused",),
        "ledger_damaged",
    ),
    Guard(
        "place of a ledger",
        "checkpoints.sqlite_files:_translated",
        "if code in _PLACE:",
        "if False:",
        ("tests/checkpoints/test_sqlite_file.py::test_place_that_sqlite_cannot_open_is_told_as_such",),
        "data_not_writable",
    ),
    Guard(
        "other file",
        "checkpoints.sqlite_files:_translated",
        "if code == sqlite3.SQLITE_NOTADB:",
        "if False:",
        ("tests/checkpoints/test_sqlite_file.py::test_foreign_file_is_refused_and_left_alone",),
        "not_a_ledger",
    ),
    Guard(
        "bounded wait",
        "checkpoints.sqlite_connection:patiently",
        "raise locked(path) from error",
        "return None",
        ("tests/checkpoints/test_sqlite_faults.py::test_patience_ends",),
        "ledger_locked",
    ),
    Guard(
        "sound checkpoints",
        "checkpoints.sqlite_saver:open_saver",
        "if not sound:",
        "if False:",
        ("tests/checkpoints/test_sqlite_saver.py::test_damaged_file_is_replaced_by_an_empty_one",),
        "checkpoints",
    ),
)
