"""What PostgreSQL can say about a ledger: whether its tables, keys and triggers are as they were made."""

import hashlib
import re
import sqlite3
from collections.abc import Iterator
from functools import cache

from checkpoints.dialect import Connection
from checkpoints.named_sql import migration_files, named_queries, statements
from checkpoints.postgres_schema import REFUSE, SCHEMA, translated

_TRIGGER = re.compile(r"\s*CREATE TRIGGER (\w+) BEFORE \w+ ON (\w+)")
_TABLE = re.compile(r"(?:CREATE|ALTER) TABLE (\w+)")
_FUNCTION = re.compile(r"\s*CREATE FUNCTION (\w+)\(\).*?\$\$(.*)\$\$", re.DOTALL)
_TYPES = {"INTEGER": "bigint", "REAL": "double precision", "TEXT": "text", "BLOB": "bytea"}
_NONE_OF_OTHERS = ("column", "trigger")
"""Parts of our tables that nobody may add."""

Part = tuple[str, str, str]


def soundness(connection: Connection) -> Iterator[str]:
    """What is missing or changed, a sentence each. Tables of others in the schema are theirs."""
    queries, expected = named_queries("postgres_soundness"), _expected()
    ours = {name.partition(".")[0] for kind, name, _ in expected if kind == "column"}
    found = {tuple(part) for query in queries.values() for part in connection.execute(query, (SCHEMA,))}
    for kind, name, how in sorted(expected - found):
        yield f"the {kind} {name} is missing or not {how.partition(':')[0]}"
    known = {(kind, name) for kind, name, _ in expected}
    for kind, name, _ in sorted(found):
        if kind in _NONE_OF_OTHERS and name.partition(".")[0] in ours and (kind, name) not in known:
            yield f"the {kind} {name} is not of this schema"


@cache
def _expected() -> frozenset[Part]:
    """The parts that the migrations make."""
    parts: set[Part] = set(_of_text(REFUSE))
    checks: dict[str, int] = {}
    scratch = sqlite3.connect(":memory:")
    try:
        for statement in (s for file in migration_files() for s in statements(file.read_text("utf-8"))):
            scratch.execute(statement)
            for text in translated(statement):
                parts |= set(_of_text(text))
                if (table := _TABLE.match(text)) is not None:
                    checks[table[1]] = checks.get(table[1], 0) + len(re.findall(r"\bCHECK \(", text))
        for (name,) in scratch.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            parts |= set(_of_table(scratch, name))
    finally:
        scratch.close()
    return frozenset(parts | {("checks of table", table, str(n)) for table, n in checks.items() if n})


def _of_text(text: str) -> Iterator[Part]:
    if (trigger := _TRIGGER.match(text)) is not None:
        yield "trigger", f"{trigger[2]}.{trigger[1]}", "enabled"
    if (function := _FUNCTION.match(text)) is not None:
        body = hashlib.md5(function[2].encode(), usedforsecurity=False).hexdigest()
        yield "function", function[1], f"as it was made: {body}"


def _of_table(scratch: sqlite3.Connection, table: str) -> Iterator[Part]:
    """Its columns, keys, indexes and references, as SQLite has understood them."""
    key = []
    for _, column, type_, not_null, _, in_key in scratch.execute(f"PRAGMA table_info({table})"):
        yield "column", f"{table}.{column}", _TYPES[type_] + (" not null" if not_null or in_key else "")
        key += [(in_key, column)] if in_key else []
    yield "key", f"{table} ({', '.join(column for _, column in sorted(key))})", "unique"
    for _, name, unique, origin, partial in scratch.execute(f"PRAGMA index_list({table})").fetchall():
        columns = ", ".join(row[2] for row in scratch.execute(f"PRAGMA index_info({name})"))
        if origin == "u":
            yield "key", f"{table} ({columns})", "unique"
        if origin == "c":
            yield "index", name, f"{'unique ' * unique}{'partial ' * partial}({columns})"
    references: dict[int, tuple[str, list[str]]] = {}
    for number, _, parent, column, *_ in scratch.execute(f"PRAGMA foreign_key_list({table})"):
        references.setdefault(number, (parent, []))[1].append(column)
    for parent, columns_of in references.values():
        yield "reference", f"{table} ({', '.join(columns_of)})", f"to {parent}"
