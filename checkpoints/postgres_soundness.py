"""What PostgreSQL can say about a ledger: whether its tables, checks and triggers are all there."""

import re
import sqlite3
from collections.abc import Iterable, Iterator
from functools import cache

from checkpoints.dialect import Connection
from checkpoints.named_sql import migration_files, statements
from checkpoints.postgres_schema import SCHEMA, translated

_COLUMNS = """
SELECT 'column', c.relname || '.' || a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r' AND c.relnamespace = to_regnamespace(?)
WHERE a.attnum > 0 AND NOT a.attisdropped
"""
_INDEXES = """
SELECT 'index', c.relname, CASE WHEN i.indisvalid THEN 'valid' ELSE 'invalid' END FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid AND c.relnamespace = to_regnamespace(?) WHERE NOT i.indisprimary
"""
_TRIGGERS = """
SELECT 'trigger', t.tgname, CASE t.tgenabled WHEN 'O' THEN 'enabled' ELSE 'disabled' END FROM pg_trigger t
JOIN pg_class c ON c.oid = t.tgrelid AND c.relnamespace = to_regnamespace(?) WHERE NOT t.tgisinternal
"""
_CHECKS = """
SELECT 'checks of table', c.relname, count(*)::text FROM pg_constraint k
JOIN pg_class c ON c.oid = k.conrelid AND c.relnamespace = to_regnamespace(?)
WHERE k.contype = 'c' AND k.convalidated GROUP BY c.relname
"""
_INDEX = re.compile(r"CREATE (?:UNIQUE )?INDEX (\w+)")
_TRIGGER = re.compile(r"\s*CREATE TRIGGER (\w+)")
_TABLE = re.compile(r"(?:CREATE|ALTER) TABLE (\w+)")
_TYPES = {"INTEGER": "bigint", "REAL": "double precision", "TEXT": "text"}

Part = tuple[str, str, str]


def soundness(connection: Connection) -> Iterator[str]:
    """What is missing or changed, a sentence each. Tables of others in the schema are theirs."""
    expected = _expected()
    ours = {name for kind, name, _ in expected if kind == "table"}
    found = {
        part
        for query in (_COLUMNS, _INDEXES, _TRIGGERS, _CHECKS)
        for part in connection.execute(query, (SCHEMA,))
    }
    for kind, name, how in sorted(expected - found):
        if kind != "table":
            yield f"the {kind} {name} is missing or not {how}"
    known = {(kind, name) for kind, name, _ in expected}
    for kind, name, _ in sorted(found):
        if kind == "column" and name.partition(".")[0] in ours and (kind, name) not in known:
            yield f"the {kind} {name} is not of this schema"


@cache
def _expected() -> frozenset[Part]:
    """The parts that the migrations make."""
    parts: set[Part] = set()
    checks: dict[str, int] = {}
    scratch = sqlite3.connect(":memory:")
    try:
        for statement in (s for file in migration_files() for s in statements(file.read_text("utf-8"))):
            scratch.execute(statement)
            for text in translated(statement):
                parts |= set(_named(text))
                if (table := _TABLE.match(text)) is not None:
                    checks[table[1]] = checks.get(table[1], 0) + len(re.findall(r"\bCHECK \(", text))
        for (table,) in scratch.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            parts.add(("table", table, ""))
            for _, column, type_, *_ in scratch.execute(f"PRAGMA table_info({table})"):
                parts.add(("column", f"{table}.{column}", _TYPES[type_]))
    finally:
        scratch.close()
    parts |= {("checks of table", table, str(count)) for table, count in checks.items() if count}
    return frozenset(parts)


def _named(text: str) -> Iterable[Part]:
    if (index := _INDEX.match(text)) is not None:
        yield "index", index[1], "valid"
    if (trigger := _TRIGGER.match(text)) is not None:
        yield "trigger", trigger[1], "enabled"
