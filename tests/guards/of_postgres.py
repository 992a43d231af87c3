"""What keeps a ledger in PostgreSQL right: which databases it takes, and what it makes of a lost COMMIT."""

from tests.guards.removal import Guard

_PLACE = "tests/checkpoints/test_postgres_place.py"
_LOST = "tests/checkpoints/test_postgres_lost.py"
_KEYS = "tests/checkpoints/test_postgres_keys.py"
_SENT = "tests/checkpoints/test_postgres_statements.py"
_FLOOR = "tests/graph/test_postgres_floor.py"
_OTHER = f"{_PLACE}::test_ledger_of_another_floor_or_a_newer_schema_is_refused_by_reader_and_writer"

GUARDS = (
    Guard(
        "URL of a database",
        "checkpoints.postgres_connection:session_of",
        "    if parts is None:\n",
        "    parts = parts or {}\n    if not parts and url:\n",
        (f"{_PLACE}::test_what_is_no_url_of_postgresql_is_refused_without_repeating_it",),
        "bad_database",
    ),
    Guard(
        "server that keeps what it acknowledges",
        "checkpoints.postgres_connection:_safe",
        'if value == "off":',
        "if False:",
        (f"{_PLACE}::test_setting_that_a_session_cannot_have_is_looked_at_again",),
        "unsafe_postgres",
    ),
    Guard(
        "every character",
        "checkpoints.postgres_connection:_safe",
        'if encoding != "UTF8":',
        "if False:",
        (f"{_PLACE}::test_database_that_has_not_every_character_is_refused",),
        "unsafe_postgres",
    ),
    Guard(
        "rights to a database",
        "checkpoints.postgres_trouble:down",
        "if isinstance(error, psycopg.errors.InsufficientPrivilege):",
        "if False:",
        (f"{_PLACE}::test_user_who_may_not_make_a_schema_is_told_so",),
        "database_not_writable",
    ),
    Guard(
        "newer schema of a database",
        "checkpoints.ledger_database:_refuse_newer",
        "if version > schema_version():",
        "if False:",
        (_OTHER,),
        "newer_ledger",
    ),
    Guard(
        "other floor of a database",
        "checkpoints.ledger_database:refuse_other_floor",
        "if stored != floor:",
        "if False:",
        (_OTHER,),
        "other_floor",
    ),
    Guard(
        "older schema of a database",
        "checkpoints.ledger_database:refuse_unreadable",
        "if version < schema_version():",
        "if False:",
        (f"{_PLACE}::test_older_schema_is_refused_by_a_reader_and_brought_up_to_date_by_a_writer",),
        "older_ledger",
    ),
    Guard(
        "quiet rollback",
        "checkpoints.postgres_ledger:PostgresLedger._commit",
        'if answer != "COMMIT":',
        "if False:",
        (f"{_LOST}::test_job_that_goes_on_after_a_statement_failed_is_not_acknowledged",),
        "durable",
    ),
    Guard(
        "number given twice after a crash",
        "checkpoints.postgres_ledger:was_committed",
        'case "committed" if connection.epoch == epoch:',
        'case "committed":',
        (f"{_LOST}::test_number_of_a_transaction_from_before_a_crash_proves_nothing",),
        "durable",
    ),
    Guard(
        "transactions that meet",
        "checkpoints.postgres_connection:PostgresConnection.execute",
        "except _RUN_AGAIN as error:",
        "except ZeroDivisionError as error:",
        (f"{_LOST}::test_serialization_failure_is_run_again_with_the_same_keys",),
        "durable",
    ),
    Guard(
        "names that psycopg does not drop",
        "checkpoints.postgres_connection:connect",
        "prepare_threshold=None",
        "prepare_threshold=2",
        (f"{_SENT}::test_names_outlive_a_rollback_and_a_savepoint_of_psycopg",),
        "durable",
    ),
    Guard(
        "names that do not run out",
        "checkpoints.postgres_statements:Statements.run",
        "if len(self._uses) >= MOST and",
        "if False and",
        (f"{_SENT}::test_names_do_not_run_out",),
        "durable",
    ),
    Guard(
        "one taker of a lease",
        "sql/queries.sql",
        " WHERE leases.token < excluded.token",
        "",
        (f"{_KEYS}::test_what_is_done_once_is_done_once_without_the_turn",),
        "lease",
    ),
    Guard(
        "strict checkpoints in PostgreSQL",
        "checkpoints.postgres_saver:open_postgres_saver",
        "serde=PlainSerializer()",
        "",
        (f"{_FLOOR}::test_checkpoint_that_would_build_an_object_is_refused_and_its_case_goes_on",),
        "checkpoints",
    ),
)
