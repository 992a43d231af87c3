"""What the ledger's schema refuses by itself."""

from tests.guards.removal import Edit, Guard

GUARDS = (
    Guard(
        "turn row",
        "sql/0001_ledger.sql",
        ("  body TEXT NOT NULL,\n  PRIMARY KEY (case_id, round, agent)\n) STRICT, WITHOUT ROWID;"),
        "  body TEXT NOT NULL\n) STRICT;",
        ("tests/checkpoints/test_schema.py::test_what_there_is_once_is_not_written_twice[turns-body]",),
        "one_turn",
    ),
    Guard(
        "commit key insert",
        "sql/0001_ledger.sql",
        "key TEXT NOT NULL UNIQUE,",
        "key TEXT NOT NULL,",
        (
            (
                "tests/checkpoints/test_schema.py::test_what_there_is_once_is_not_written_twice[commits-s"
                "eq-approval]"
            ),
        ),
        "committed_once",
    ),
    Guard(
        "approval used once",
        "sql/0001_ledger.sql",
        "approval TEXT UNIQUE",
        "approval TEXT",
        (
            (
                "tests/checkpoints/test_schema.py::test_what_there_is_once_is_not_written_twice[commits-s"
                "eq-key]"
            ),
        ),
        "decided_once",
    ),
    Guard(
        "one decision row",
        "sql/0001_ledger.sql",
        ("  spent INTEGER NOT NULL CHECK (spent IN (0, 1)),\n  UNIQUE (escalation, person)\n"),
        "  spent INTEGER NOT NULL CHECK (spent IN (0, 1))\n",
        (
            (
                "tests/checkpoints/test_schema.py::test_what_there_is_once_is_not_written_twice[decisions"
                "-seq-decision]"
            ),
        ),
        "decided_once",
    ),
    Guard(
        "one write of a version",
        "sql/0001_ledger.sql",
        "  row_hash TEXT NOT NULL,\n  UNIQUE (type, key, version)\n",
        "  row_hash TEXT NOT NULL\n",
        (
            (
                "tests/checkpoints/test_schema.py::test_what_there_is_once_is_not_written_twice[writes-se"
                "q-body]"
            ),
        ),
        "no_lost_update",
    ),
    Guard(
        "one event",
        "sql/0001_ledger.sql",
        "  id TEXT NOT NULL UNIQUE,\n  type TEXT NOT NULL,\n  source",
        "  id TEXT NOT NULL,\n  type TEXT NOT NULL,\n  source",
        (
            (
                "tests/checkpoints/test_schema.py::test_what_there_is_once_is_not_written_twice[events-se"
                "q-source_id]"
            ),
        ),
        "outbox_complete",
    ),
    Guard(
        "one pass",
        "sql/0001_ledger.sql",
        ("  token INTEGER CHECK (token > 0),\n  PRIMARY KEY (case_id, pass_no)\n) STRICT, WITHOUT ROWID;"),
        "  token INTEGER CHECK (token > 0)\n) STRICT;",
        ("tests/checkpoints/test_schema.py::test_what_there_is_once_is_not_written_twice[passes-route]",),
        "fenced",
    ),
    Guard(
        "chain does not fork",
        "sql/0001_ledger.sql",
        "prev_hash TEXT NOT NULL UNIQUE,",
        "prev_hash TEXT NOT NULL,",
        (("tests/checkpoints/test_schema.py::test_what_there_is_once_is_not_written_twice[audit-seq-hash]"),),
        "chain_whole",
    ),
    Guard(
        "one case of a source",
        "sql/0001_ledger.sql",
        "CREATE UNIQUE INDEX cases_source",
        "CREATE INDEX cases_source",
        ("tests/checkpoints/test_schema.py::test_what_there_is_once_is_not_written_twice[cases-id-seq]",),
        "one_case",
    ),
    Guard(
        "one claim of a span",
        "sql/0001_ledger.sql",
        "CREATE UNIQUE INDEX claims_holder",
        "CREATE INDEX claims_holder",
        (
            (
                "tests/checkpoints/test_schema.py::test_what_there_is_once_is_not_written_twice[claims-se"
                "q-shared]"
            ),
        ),
        "claims_apart",
        also=(
            Edit(
                "sql/queries.sql",
                (
                    "ON CONFLICT (holder_type, holder_key, resource, start_us, end_us) DO UPDATE\n"
                    "SET shared = CASE WHEN excluded.shared < claims.shared THEN excluded.shared "
                    "ELSE claims.shared END"
                ),
                "",
            ),
        ),
    ),
    Guard(
        "claims have a length",
        "sql/0001_ledger.sql",
        "  cause TEXT NOT NULL,\n  CHECK (end_us > start_us)\n",
        "  cause TEXT NOT NULL\n",
        ("tests/checkpoints/test_schema.py::test_a_row_that_cannot_be_is_refused[claims-end_us]",),
        "claims_apart",
    ),
    Guard(
        "balances are integers",
        "sql/0001_ledger.sql",
        (
            "value INTEGER NOT NULL CHECK (typeof(value) = 'integer'),\n"
            "  PRIMARY KEY (type, key, field),\n"
            "  FOREIGN KEY (type, key) REFERENCES resources (type, key)\n"
            ") STRICT, WITHOUT ROWID"
        ),
        (
            "value NOT NULL,\n"
            "  PRIMARY KEY (type, key, field),\n"
            "  FOREIGN KEY (type, key) REFERENCES resources (type, key)\n"
            ") WITHOUT ROWID"
        ),
        (
            "tests/checkpoints/test_schema.py::test_a_row_that_cannot_be_is_refused[balances-value0]",
            "tests/checkpoints/test_schema.py::test_a_row_that_cannot_be_is_refused[balances-value1]",
        ),
        "balances_in_bounds",
    ),
    Guard(
        "levels one to five",
        "sql/0001_ledger.sql",
        "level INTEGER NOT NULL CHECK (level BETWEEN 1 AND 5)",
        "level INTEGER NOT NULL",
        ("tests/checkpoints/test_schema.py::test_a_row_that_cannot_be_is_refused[commits-level0]",),
        "level",
    ),
    Guard(
        "states of a case",
        "sql/0001_ledger.sql",
        "status TEXT NOT NULL CHECK (status IN ('open', 'waiting', 'done', 'refused', 'failed'))",
        "status TEXT NOT NULL",
        ("tests/checkpoints/test_schema.py::test_a_row_that_cannot_be_is_refused[cases-status]",),
        "case",
    ),
    Guard(
        "states of a breaker",
        "sql/0002_breakers.sql",
        "state TEXT NOT NULL CHECK (state IN ('closed', 'open', 'half_open'))",
        "state TEXT NOT NULL",
        (
            (
                "tests/checkpoints/test_schema.py::test_a_row_that_cannot_be_is_refused[breakers-state-pr"
                "obe_call-probe_until_s]"
            ),
        ),
        "breaker",
    ),
    Guard(
        "an open breaker has its hour",
        "sql/0002_breakers.sql",
        "CHECK ((state = 'closed') = (opened_s IS NULL))",
        "CHECK (1)",
        ("tests/checkpoints/test_schema.py::test_a_row_that_cannot_be_is_refused[breakers-opened_s]",),
        "breaker",
    ),
    Guard(
        "a half-open breaker has its probe",
        "sql/0002_breakers.sql",
        "CHECK ((state = 'half_open') = (probe_call IS NOT NULL))",
        "CHECK (1)",
        ("tests/checkpoints/test_schema.py::test_a_row_that_cannot_be_is_refused[breakers-state]",),
        "breaker",
    ),
    Guard(
        "a probe has its lease",
        "sql/0002_breakers.sql",
        "CHECK ((probe_call IS NULL) = (probe_until_s IS NULL))",
        "CHECK (1)",
        (("tests/checkpoints/test_schema.py::test_a_row_that_cannot_be_is_refused[breakers-probe_until_s]"),),
        "breaker",
    ),
    Guard(
        "a tripped breaker is open",
        "sql/0002_breakers.sql",
        "CHECK (tripped_by IS NULL OR state = 'open')",
        "CHECK (1)",
        ("tests/checkpoints/test_schema.py::test_a_row_that_cannot_be_is_refused[breakers-tripped_by]",),
        "breaker",
    ),
    Guard(
        "audit are not changed",
        "sql/0001_ledger.sql",
        "BEFORE UPDATE ON audit BEGIN",
        "BEFORE UPDATE ON audit WHEN 0 BEGIN",
        ("tests/checkpoints/test_schema.py::test_what_happened_is_not_changed[audit-body]",),
        "append_only",
    ),
    Guard(
        "audit are not deleted",
        "sql/0001_ledger.sql",
        "BEFORE DELETE ON audit BEGIN",
        "BEFORE DELETE ON audit WHEN 0 BEGIN",
        ("tests/checkpoints/test_schema.py::test_what_happened_is_not_deleted[audit]",),
        "append_only",
    ),
    Guard(
        "turns are not changed",
        "sql/0001_ledger.sql",
        "BEFORE UPDATE ON turns BEGIN",
        "BEFORE UPDATE ON turns WHEN 0 BEGIN",
        ("tests/checkpoints/test_schema.py::test_what_happened_is_not_changed[turns-body]",),
        "append_only",
    ),
    Guard(
        "turns are not deleted",
        "sql/0001_ledger.sql",
        "BEFORE DELETE ON turns BEGIN",
        "BEFORE DELETE ON turns WHEN 0 BEGIN",
        ("tests/checkpoints/test_schema.py::test_what_happened_is_not_deleted[turns]",),
        "append_only",
    ),
    Guard(
        "commits are not changed",
        "sql/0001_ledger.sql",
        "BEFORE UPDATE ON commits BEGIN",
        "BEFORE UPDATE ON commits WHEN 0 BEGIN",
        ("tests/checkpoints/test_schema.py::test_what_happened_is_not_changed[commits-level]",),
        "append_only",
    ),
    Guard(
        "commits are not deleted",
        "sql/0001_ledger.sql",
        "BEFORE DELETE ON commits BEGIN",
        "BEFORE DELETE ON commits WHEN 0 BEGIN",
        ("tests/checkpoints/test_schema.py::test_what_happened_is_not_deleted[commits]",),
        "append_only",
    ),
    Guard(
        "events are not changed",
        "sql/0001_ledger.sql",
        "BEFORE UPDATE ON events BEGIN",
        "BEFORE UPDATE ON events WHEN 0 BEGIN",
        ("tests/checkpoints/test_schema.py::test_what_happened_is_not_changed[events-data]",),
        "append_only",
    ),
    Guard(
        "events are not deleted",
        "sql/0001_ledger.sql",
        "BEFORE DELETE ON events BEGIN",
        "BEFORE DELETE ON events WHEN 0 BEGIN",
        ("tests/checkpoints/test_schema.py::test_what_happened_is_not_deleted[events]",),
        "append_only",
    ),
    Guard(
        "verdicts are not changed",
        "sql/0001_ledger.sql",
        "BEFORE UPDATE ON verdicts BEGIN",
        "BEFORE UPDATE ON verdicts WHEN 0 BEGIN",
        ("tests/checkpoints/test_schema.py::test_what_happened_is_not_changed[verdicts-verdict]",),
        "append_only",
    ),
    Guard(
        "verdicts are not deleted",
        "sql/0001_ledger.sql",
        "BEFORE DELETE ON verdicts BEGIN",
        "BEFORE DELETE ON verdicts WHEN 0 BEGIN",
        ("tests/checkpoints/test_schema.py::test_what_happened_is_not_deleted[verdicts]",),
        "append_only",
    ),
    Guard(
        "writes are not changed",
        "sql/0001_ledger.sql",
        "BEFORE UPDATE ON writes BEGIN",
        "BEFORE UPDATE ON writes WHEN 0 BEGIN",
        ("tests/checkpoints/test_schema.py::test_what_happened_is_not_changed[writes-body]",),
        "append_only",
    ),
    Guard(
        "writes are not deleted",
        "sql/0001_ledger.sql",
        "BEFORE DELETE ON writes BEGIN",
        "BEFORE DELETE ON writes WHEN 0 BEGIN",
        ("tests/checkpoints/test_schema.py::test_what_happened_is_not_deleted[writes]",),
        "append_only",
    ),
    Guard(
        "passes are not changed",
        "sql/0001_ledger.sql",
        "BEFORE UPDATE ON passes BEGIN",
        "BEFORE UPDATE ON passes WHEN 0 BEGIN",
        ("tests/checkpoints/test_schema.py::test_what_happened_is_not_changed[passes-route]",),
        "append_only",
    ),
    Guard(
        "passes are not deleted",
        "sql/0001_ledger.sql",
        "BEFORE DELETE ON passes BEGIN",
        "BEFORE DELETE ON passes WHEN 0 BEGIN",
        ("tests/checkpoints/test_schema.py::test_what_happened_is_not_deleted[passes]",),
        "append_only",
    ),
    Guard(
        "decisions are not deleted",
        "sql/0001_ledger.sql",
        "BEFORE DELETE ON decisions\n  BEGIN",
        "BEFORE DELETE ON decisions\n  WHEN 0 BEGIN",
        ("tests/checkpoints/test_schema.py::test_what_happened_is_not_deleted[decisions]",),
        "append_only",
    ),
    Guard(
        "decisions are only spent",
        "sql/0001_ledger.sql",
        "WHEN NOT (OLD.spent = 0 AND",
        "WHEN 0 AND NOT (OLD.spent = 0 AND",
        ("tests/checkpoints/test_schema.py::test_what_happened_is_not_changed[decisions-reason]",),
        "append_only",
    ),
    Guard(
        "tokens never go back",
        "sql/0001_ledger.sql",
        "WHEN NEW.token < OLD.token",
        "WHEN 0",
        ("tests/checkpoints/test_schema.py::test_what_happened_is_not_changed[leases-token]",),
        "fenced",
    ),
    Guard(
        "pulls are not deleted",
        "sql/0003_pulls.sql",
        "BEFORE DELETE ON pulls BEGIN",
        "BEFORE DELETE ON pulls WHEN 0 BEGIN",
        ("tests/checkpoints/test_schema.py::test_what_happened_is_not_deleted[pulls]",),
        "append_only",
    ),
    Guard(
        "pulls are only released",
        "sql/0003_pulls.sql",
        "WHEN NOT (OLD.released_at IS NULL AND",
        "WHEN 0 AND NOT (OLD.released_at IS NULL AND",
        ("tests/checkpoints/test_schema.py::test_what_happened_is_not_changed[pulls-reason]",),
        "append_only",
    ),
    Guard(
        "alerts are not deleted",
        "sql/0003_pulls.sql",
        "BEFORE DELETE ON alerts BEGIN",
        "BEFORE DELETE ON alerts WHEN 0 BEGIN",
        ("tests/checkpoints/test_schema.py::test_what_happened_is_not_deleted[alerts]",),
        "append_only",
    ),
    Guard(
        "alerts are only cleared",
        "sql/0003_pulls.sql",
        "WHEN NOT (OLD.cleared_at IS NULL AND",
        "WHEN 0 AND NOT (OLD.cleared_at IS NULL AND",
        ("tests/checkpoints/test_schema.py::test_what_happened_is_not_changed[alerts-figure]",),
        "append_only",
    ),
    Guard(
        "one standing pull",
        "sql/0003_pulls.sql",
        "CREATE UNIQUE INDEX pulls_standing",
        "CREATE INDEX pulls_standing",
        (
            (
                "tests/checkpoints/test_schema.py::test_what_there_is_once_is_not_written_twice[pulls-seq"
                "-reason]"
            ),
        ),
        "pull",
    ),
    Guard(
        "one standing alert",
        "sql/0003_pulls.sql",
        "CREATE UNIQUE INDEX alerts_standing",
        "CREATE INDEX alerts_standing",
        (
            (
                "tests/checkpoints/test_schema.py::test_what_there_is_once_is_not_written_twice[alerts-se"
                "q-figure]"
            ),
        ),
        "alert",
    ),
    Guard(
        "one cases of a seq",
        "sql/0001_ledger.sql",
        "  seq INTEGER NOT NULL UNIQUE REFERENCES inbox (seq),",
        "  seq INTEGER NOT NULL REFERENCES inbox (seq),",
        (
            (
                "tests/checkpoints/test_schema.py::test_what_there_is_once_is_not_written_twice[cases-id-"
                "source_id]"
            ),
        ),
        "schema",
    ),
    Guard(
        "origin of cases",
        "sql/0001_ledger.sql",
        "  origin TEXT NOT NULL CHECK (origin IN ('text', 'fact', 'event', 'feed')),",
        "  origin TEXT NOT NULL,",
        ("tests/checkpoints/test_schema.py::test_a_row_that_cannot_be_is_refused[cases-origin]",),
        "schema",
    ),
    Guard(
        "depth of cases",
        "sql/0001_ledger.sql",
        "  depth INTEGER NOT NULL CHECK (depth >= 0),",
        "  depth INTEGER NOT NULL,",
        ("tests/checkpoints/test_schema.py::test_a_row_that_cannot_be_is_refused[cases-depth]",),
        "schema",
    ),
    Guard(
        "runnable of cases",
        "sql/0001_ledger.sql",
        "  runnable INTEGER NOT NULL CHECK (runnable IN (0, 1)),",
        "  runnable INTEGER NOT NULL,",
        ("tests/checkpoints/test_schema.py::test_a_row_that_cannot_be_is_refused[cases-runnable]",),
        "schema",
    ),
    Guard(
        "passes of cases",
        "sql/0001_ledger.sql",
        "  passes INTEGER NOT NULL CHECK (passes >= 0),",
        "  passes INTEGER NOT NULL,",
        ("tests/checkpoints/test_schema.py::test_a_row_that_cannot_be_is_refused[cases-passes]",),
        "schema",
    ),
    Guard(
        "rounds of cases",
        "sql/0001_ledger.sql",
        "  rounds INTEGER NOT NULL CHECK (rounds >= 0),",
        "  rounds INTEGER NOT NULL,",
        ("tests/checkpoints/test_schema.py::test_a_row_that_cannot_be_is_refused[cases-rounds]",),
        "schema",
    ),
    Guard(
        "clarify of cases",
        "sql/0001_ledger.sql",
        "  clarify INTEGER NOT NULL CHECK (clarify IN (0, 1)),",
        "  clarify INTEGER NOT NULL,",
        ("tests/checkpoints/test_schema.py::test_a_row_that_cannot_be_is_refused[cases-clarify]",),
        "schema",
    ),
    Guard(
        "duration_ms of cases",
        "sql/0001_ledger.sql",
        "  duration_ms INTEGER CHECK (duration_ms >= 0)",
        "  duration_ms INTEGER",
        ("tests/checkpoints/test_schema.py::test_a_row_that_cannot_be_is_refused[cases-duration_ms]",),
        "schema",
    ),
    Guard(
        "round of turns",
        "sql/0001_ledger.sql",
        "  case_id TEXT NOT NULL,\n  round INTEGER NOT NULL CHECK (round >= 0),",
        "  case_id TEXT NOT NULL,\n  round INTEGER NOT NULL,",
        ("tests/checkpoints/test_schema.py::test_a_row_that_cannot_be_is_refused[turns-round]",),
        "schema",
    ),
    Guard(
        "version of resources",
        "sql/0001_ledger.sql",
        (
            "CREATE TABLE resources (\n"
            "  type TEXT NOT NULL,\n"
            "  key TEXT NOT NULL,\n"
            "  version INTEGER NOT NULL CHECK (version >= 0),"
        ),
        (
            "CREATE TABLE resources (\n"
            "  type TEXT NOT NULL,\n"
            "  key TEXT NOT NULL,\n"
            "  version INTEGER NOT NULL,"
        ),
        ("tests/checkpoints/test_schema.py::test_a_row_that_cannot_be_is_refused[resources-version]",),
        "schema",
    ),
    Guard(
        "shared of claims",
        "sql/0001_ledger.sql",
        "  shared INTEGER NOT NULL CHECK (shared IN (0, 1)),",
        "  shared INTEGER NOT NULL,",
        ("tests/checkpoints/test_schema.py::test_a_row_that_cannot_be_is_refused[claims-shared]",),
        "schema",
    ),
    Guard(
        "version of writes",
        "sql/0001_ledger.sql",
        (
            "  seq INTEGER PRIMARY KEY,\n"
            "  type TEXT NOT NULL,\n"
            "  key TEXT NOT NULL,\n"
            "  version INTEGER NOT NULL CHECK (version >= 0),"
        ),
        (
            "  seq INTEGER PRIMARY KEY,\n"
            "  type TEXT NOT NULL,\n"
            "  key TEXT NOT NULL,\n"
            "  version INTEGER NOT NULL,"
        ),
        ("tests/checkpoints/test_schema.py::test_a_row_that_cannot_be_is_refused[writes-version]",),
        "schema",
    ),
    Guard(
        "pass_no of verdicts",
        "sql/0001_ledger.sql",
        ("  key TEXT NOT NULL,\n  case_id TEXT NOT NULL,\n  pass_no INTEGER NOT NULL CHECK (pass_no >= 0),"),
        ("  key TEXT NOT NULL,\n  case_id TEXT NOT NULL,\n  pass_no INTEGER NOT NULL,"),
        ("tests/checkpoints/test_schema.py::test_a_row_that_cannot_be_is_refused[verdicts-pass_no]",),
        "schema",
    ),
    Guard(
        "round of verdicts",
        "sql/0001_ledger.sql",
        (
            "  key TEXT NOT NULL,\n"
            "  case_id TEXT NOT NULL,\n"
            "  pass_no INTEGER NOT NULL CHECK (pass_no >= 0),\n"
            "  round INTEGER NOT NULL CHECK (round >= 0),"
        ),
        (
            "  key TEXT NOT NULL,\n"
            "  case_id TEXT NOT NULL,\n"
            "  pass_no INTEGER NOT NULL CHECK (pass_no >= 0),\n"
            "  round INTEGER NOT NULL,"
        ),
        ("tests/checkpoints/test_schema.py::test_a_row_that_cannot_be_is_refused[verdicts-round]",),
        "schema",
    ),
    Guard(
        "depth of events",
        "sql/0001_ledger.sql",
        ("  lane TEXT,\n  cause TEXT,\n  depth INTEGER NOT NULL CHECK (depth >= 0)"),
        "  lane TEXT,\n  cause TEXT,\n  depth INTEGER NOT NULL",
        ("tests/checkpoints/test_schema.py::test_a_row_that_cannot_be_is_refused[events-depth]",),
        "schema",
    ),
    Guard(
        "type of escalations",
        "sql/0001_ledger.sql",
        "  type TEXT NOT NULL CHECK (type IN ('approval', 'question')),",
        "  type TEXT NOT NULL,",
        ("tests/checkpoints/test_schema.py::test_a_row_that_cannot_be_is_refused[escalations-type]",),
        "schema",
    ),
    Guard(
        "version of escalations",
        "sql/0001_ledger.sql",
        ("  state TEXT NOT NULL,\n  version INTEGER NOT NULL CHECK (version >= 0),"),
        "  state TEXT NOT NULL,\n  version INTEGER NOT NULL,",
        ("tests/checkpoints/test_schema.py::test_a_row_that_cannot_be_is_refused[escalations-version]",),
        "schema",
    ),
    Guard(
        "option of decisions",
        "sql/0001_ledger.sql",
        "  option INTEGER CHECK (option >= 0),",
        "  option INTEGER,",
        ("tests/checkpoints/test_schema.py::test_a_row_that_cannot_be_is_refused[decisions-option]",),
        "schema",
    ),
    Guard(
        "pass_no of passes",
        "sql/0001_ledger.sql",
        ("CREATE TABLE passes (\n  case_id TEXT NOT NULL,\n  pass_no INTEGER NOT NULL CHECK (pass_no >= 0),"),
        ("CREATE TABLE passes (\n  case_id TEXT NOT NULL,\n  pass_no INTEGER NOT NULL,"),
        ("tests/checkpoints/test_schema.py::test_a_row_that_cannot_be_is_refused[passes-pass_no]",),
        "schema",
    ),
    Guard(
        "round of passes",
        "sql/0001_ledger.sql",
        (
            "CREATE TABLE passes (\n"
            "  case_id TEXT NOT NULL,\n"
            "  pass_no INTEGER NOT NULL CHECK (pass_no >= 0),\n"
            "  round INTEGER NOT NULL CHECK (round >= 0),"
        ),
        (
            "CREATE TABLE passes (\n"
            "  case_id TEXT NOT NULL,\n"
            "  pass_no INTEGER NOT NULL CHECK (pass_no >= 0),\n"
            "  round INTEGER NOT NULL,"
        ),
        ("tests/checkpoints/test_schema.py::test_a_row_that_cannot_be_is_refused[passes-round]",),
        "schema",
    ),
    Guard(
        "token of leases",
        "sql/0001_ledger.sql",
        "  token INTEGER NOT NULL CHECK (token > 0),",
        "  token INTEGER NOT NULL,",
        ("tests/checkpoints/test_schema.py::test_a_row_that_cannot_be_is_refused[leases-token]",),
        "schema",
    ),
    Guard(
        "leases with host, pid, started",
        "sql/0001_ledger.sql",
        "CHECK ((host IS NULL) = (pid IS NULL) AND (host IS NULL) = (started IS NULL))",
        "CHECK (1)",
        (
            "tests/checkpoints/test_schema.py::test_a_row_that_cannot_be_is_refused[leases-pid]",
            "tests/checkpoints/test_schema.py::test_a_row_that_cannot_be_is_refused[leases-started]",
        ),
        "schema",
    ),
    Guard(
        "failures of breakers",
        "sql/0002_breakers.sql",
        "  failures INTEGER NOT NULL CHECK (failures >= 0),",
        "  failures INTEGER NOT NULL,",
        ("tests/checkpoints/test_schema.py::test_a_row_that_cannot_be_is_refused[breakers-failures]",),
        "schema",
    ),
    Guard(
        "version of breakers",
        "sql/0002_breakers.sql",
        "  version INTEGER NOT NULL CHECK (version > 0),",
        "  version INTEGER NOT NULL,",
        ("tests/checkpoints/test_schema.py::test_a_row_that_cannot_be_is_refused[breakers-version]",),
        "schema",
    ),
    Guard(
        "pulls with released_by, released_at, release_reason",
        "sql/0003_pulls.sql",
        (
            "CHECK ((released_by IS NULL) = (released_at IS NULL) AND (released_by IS NULL) = "
            "(release_reason IS NULL))"
        ),
        "CHECK (1)",
        (
            "tests/checkpoints/test_schema.py::test_a_row_that_cannot_be_is_refused[pulls-released_by]",
            (
                "tests/checkpoints/test_schema.py::test_a_row_that_cannot_be_is_refused[pulls-released_by"
                "-released_at]"
            ),
        ),
        "schema",
    ),
    Guard(
        "alerts with cleared_at, cleared_figure",
        "sql/0003_pulls.sql",
        "CHECK ((cleared_at IS NULL) = (cleared_figure IS NULL))",
        "CHECK (1)",
        ("tests/checkpoints/test_schema.py::test_a_row_that_cannot_be_is_refused[alerts-cleared_at]",),
        "schema",
    ),
    Guard(
        "one lookup of a record",
        "sql/0001_ledger.sql",
        ("  key TEXT NOT NULL,\n  PRIMARY KEY (type, field, value, key)\n) STRICT, WITHOUT ROWID;"),
        "  key TEXT NOT NULL\n) STRICT;",
        ("tests/checkpoints/test_schema.py::test_what_there_is_once_is_not_written_twice[lookups-]",),
        "schema",
    ),
    Guard(
        "one good answer of a question",
        "sql/0002_breakers.sql",
        (
            "  at TEXT NOT NULL,\n"
            "  PRIMARY KEY (caller, callee, request, params_hash)\n"
            ") STRICT, WITHOUT ROWID;"
        ),
        "  at TEXT NOT NULL\n) STRICT;",
        (
            (
                "tests/checkpoints/test_schema.py::test_what_there_is_once_is_not_written_twice[good_answ"
                "ers-data]"
            ),
        ),
        "schema",
    ),
    Guard(
        "passes before an attempt",
        "sql/0004_attempts.sql",
        "passes INTEGER NOT NULL CHECK (passes >= 0),",
        "passes INTEGER NOT NULL,",
        ("tests/checkpoints/test_contract_attempts.py::test_schema_refuses_what_counts_nothing[passes]",),
        "attempts",
    ),
    Guard(
        "attempts are counted from one",
        "sql/0004_attempts.sql",
        "tries INTEGER NOT NULL CHECK (tries > 0)",
        "tries INTEGER NOT NULL",
        ("tests/checkpoints/test_contract_attempts.py::test_schema_refuses_what_counts_nothing[tries]",),
        "attempts",
    ),
)
