"""Ledgers as earlier versions left them, as SQL: the harbour, with cases that wait in three ways.

``python -m tests.recovery.change.ledger`` adds one of the present schema. Do so before a migration is added;
a file that is there is never written again.
"""

import asyncio
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from checkpoints.migrations import schema_version
from tests.graph.harbour_app import LAY, SHIFT, WHERE, announced, opened

LEDGERS = Path(__file__).parent / "ledgers"


def ledgers() -> list[Path]:
    """Those there are, oldest first."""
    return sorted(LEDGERS.glob("schema_*.sql"))


def restored(dump: Path, to: Path) -> Path:
    """The ledger in a directory ``to``, as the version that made it had left it."""
    to.mkdir()
    with closing(sqlite3.connect(to / "ledger.db")) as connection:
        connection.executescript(dump.read_text("utf-8"))
    return to


async def _fill(data: Path) -> None:
    async with opened(data) as app:
        await app.ask(WHERE, person="guest")
        await app.ask(SHIFT, person="guest")  # an approval waits
        await app.pull("berthing", person="a.vos", reason="fog")
        await app.ask(LAY, person="guest")  # a question waits
        await app.release("berthing", person="a.vos", reason="clear")
        await app.accept(
            [announced(occurred="2026-05-04T04:00:00Z")]
        )  # a fact waits, whose case nobody has driven


def main() -> None:
    """Add the ledger of the present schema."""
    version = schema_version()
    file = LEDGERS / f"schema_{version:04d}.sql"
    if file.exists():
        raise SystemExit(f"{file} is there")
    with tempfile.TemporaryDirectory() as data:
        asyncio.run(_fill(Path(data)))
        with closing(sqlite3.connect(Path(data) / "ledger.db")) as connection:
            application = connection.execute("PRAGMA application_id").fetchone()[0]
            dump = "\n".join(connection.iterdump())
    head = f"-- A ledger of schema {version}: the harbour of the tests, by its own Andon. Never edited."
    pragmas = f"PRAGMA application_id = {application};\nPRAGMA user_version = {version};"
    file.write_text(f"{head}\n{pragmas}\n{dump}\n", "utf-8")


if __name__ == "__main__":
    main()
