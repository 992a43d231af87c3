"""SQL from files: named queries, read once, and the statements of migrations."""

import sqlite3
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "sql"
_NAME = "-- name: "
_COLUMNS = "_columns"


@cache
def named_queries(file: str) -> Mapping[str, str]:
    """The queries of ``sql/FILE.sql`` by name, column lists put in.

    SQLite keeps a prepared statement per text, so one text per query is also what makes them fast.
    """
    text = (FOLDER / f"{file}.sql").read_text("utf-8")
    blocks: dict[str, str] = {}
    for block in f"\n{text}".split(f"\n{_NAME}")[1:]:
        name, _, body = block.partition("\n")
        lines = (line for line in body.splitlines() if not line.startswith("--"))
        blocks[name.strip()] = "\n".join(lines).strip()
    columns = {name: body for name, body in blocks.items() if name.endswith(_COLUMNS)}
    for name, body in blocks.items():
        for list_name, listed in columns.items():
            body = body.replace(f"{{{list_name}}}", listed)  # noqa: PLW2901 - filled in step by step
        blocks[name] = body
    return {name: body for name, body in blocks.items() if name not in columns}


def migration_files() -> list[Path]:
    """``0001_ledger.sql`` and its successors, in order."""
    return sorted(FOLDER.glob("[0-9][0-9][0-9][0-9]_*.sql"))


def statements(script: str) -> Iterator[str]:
    """The statements of a script, one by one: ``executescript`` would commit the open transaction first."""
    statement = ""
    for line in script.splitlines(keepends=True):
        if not statement and (not line.strip() or line.startswith("--")):
            continue
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement.strip()
            statement = ""
    if statement.strip():
        raise ValueError(f"unfinished statement: {statement.strip()[:80]}")
