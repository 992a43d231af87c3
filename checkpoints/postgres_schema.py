"""The ledger's schema in PostgreSQL: the same migrations, translated as they are read: none can drift.

What SQLite's STRICT tables promise, PostgreSQL's types promise. Rows are numbered without a gap by a
trigger: a sequence of the database would leave one at each rollback (approvals.md, section 11).
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from checkpoints.dialect import Connection
from checkpoints.migrations import schema_version
from checkpoints.named_sql import migration_files, statements
from protocol.failpoints import Point, failpoint

SCHEMA = "andon"
"""Everything of Andon stands in this schema of the database."""

_TYPES = {"INTEGER": "bigint", "REAL": "double precision", "TEXT": 'text COLLATE "C"', "BLOB": "bytea"}
_TYPE = re.compile(r"(?<=\s)(INTEGER|REAL|TEXT|BLOB)\b")
_CHECKED_BY_TYPE = re.compile(r" CHECK \(typeof\(\w+\) = 'integer'\)")
_TABLE = re.compile(r"CREATE TABLE (\w+) ")
_NUMBERED = re.compile(r"\bseq INTEGER PRIMARY KEY\b")
_TRIGGER = re.compile(
    r"CREATE TRIGGER (?P<name>\w+) BEFORE (?P<what>UPDATE|DELETE) ON (?P<table>\w+)\s+"
    r"(?:WHEN (?P<when>.+?)\s+)?BEGIN SELECT RAISE\(ABORT, (?P<words>'[^']+')\); END;",
    re.DOTALL,
)
_IS = re.compile(r"\bIS (?=NEW\.)")

REFUSE = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION USING MESSAGE = TG_ARGV[0], ERRCODE = 'integrity_constraint_violation'; END $$
"""
_NUMBER = """
CREATE FUNCTION number_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN SELECT coalesce(max(seq), 0) + 1 INTO NEW.seq FROM {table}; RETURN NEW; END $$
"""
_NUMBERING = """
CREATE TRIGGER {table}_numbered BEFORE INSERT ON {table} FOR EACH ROW WHEN (NEW.seq IS NULL)
EXECUTE FUNCTION number_{table}()
"""


def translated(statement: str) -> Iterator[str]:
    """A statement of a migration in the words of PostgreSQL; ValueError for one nobody thought of."""
    if statement.startswith("CREATE TRIGGER"):
        yield _trigger(statement)
        return
    if re.match(r"(INSERT|UPDATE|DELETE|DROP|CREATE (UNIQUE )?INDEX)\b", statement):
        yield statement
        return
    if not re.match(r"(CREATE TABLE|ALTER TABLE)\b", statement):
        raise ValueError(f"no translation for PostgreSQL of: {statement[:80]}")
    text = re.sub(r"\) STRICT(, WITHOUT ROWID)?;$", ");", _CHECKED_BY_TYPE.sub("", statement))
    yield _TYPE.sub(lambda found: _TYPES[found[1]], text)
    table = _TABLE.match(statement)
    if table is not None and _NUMBERED.search(statement):
        yield _NUMBER.format(table=table[1])
        yield _NUMBERING.format(table=table[1])


def _trigger(statement: str) -> str:
    found = _TRIGGER.fullmatch(statement)
    if found is None:
        raise ValueError(f"no translation for PostgreSQL of: {statement[:80]}")
    when = "" if found["when"] is None else f"WHEN ({_IS.sub('IS NOT DISTINCT FROM ', found['when'])}) "
    return (
        f"CREATE TRIGGER {found['name']} BEFORE {found['what']} ON {found['table']} FOR EACH ROW {when}"
        f"EXECUTE FUNCTION refuse({found['words']})"
    )


def stored_version(connection: Connection) -> int:
    """The schema version of a database; 0 when Andon was never there."""
    if not connection.execute("SELECT to_regclass(?)", (f"{SCHEMA}.meta",)).fetchone()[0]:
        return 0
    found = connection.execute("SELECT value FROM meta WHERE name = 'schema'").fetchone()
    return 0 if found is None else int(found[0])


def migrate(connection: Connection, version: int, files: Sequence[Path] | None = None) -> int:
    """Apply what follows ``version``; the version then. The caller begins and commits: DDL is undone too."""
    if version == 0:
        if not connection.execute("SELECT to_regnamespace(?)", (SCHEMA,)).fetchone()[0]:
            connection.execute(f"CREATE SCHEMA {SCHEMA}")  # IF NOT EXISTS asks for the right to, all the same
        connection.execute(REFUSE)
    for file in files or migration_files():
        if int(file.name[:4]) > version:
            for statement in statements(file.read_text("utf-8")):
                for text in translated(statement):
                    connection.execute(text)
                    failpoint(Point.MIGRATING)
    return schema_version(files)
