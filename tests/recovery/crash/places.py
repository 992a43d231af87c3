"""Where a case is played: a directory with the client's notes and the data, on SQLite or on PostgreSQL."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from uuid import uuid4

from checkpoints.sqlite_saver import discard

Backend = Literal["sqlite", "postgres"]
Checkpoints = Literal["kept", "deleted", "spoilt"]
TREATMENTS: tuple[Checkpoints, ...] = ("kept", "deleted", "spoilt")
"""What may happen to the checkpoints between a crash and whoever goes on."""
_RUBBISH = b"this was a database once, and it is none any more. " * 100
_CHECKPOINTS = "checkpoints.db"


@dataclass(frozen=True, slots=True)
class Place:
    """One copy of a world. ``database``: the URL of its own PostgreSQL database, None on SQLite."""

    home: Path
    database: str | None = None

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.home / "data"

    @property
    def notes(self) -> Path:
        """What the client knows."""
        return self.home / "client.json"

    @property
    def faults(self) -> Path:
        """What a process has seen that must not be, a line each: it may not live to say so otherwise."""
        return self.home / "faults"

    def copied(self, to: Path) -> "Place":
        """The same world elsewhere; nobody may be at work in it."""
        shutil.copytree(self.home, to)
        return Place(to, None if self.database is None else _cloned(self.database))

    def removed(self) -> None:
        """Throw it away."""
        shutil.rmtree(self.home)
        if self.database is not None:
            from tests.postgres import drop_database

            drop_database(self.database)

    def treat_checkpoints(self, how: Checkpoints) -> None:
        """Let that happen to them."""
        if how == "kept":
            return
        if self.database is not None:
            _treat_tables(self.database, how)
            return
        file = self.data / _CHECKPOINTS
        there = file.exists()
        discard(file)
        if how == "spoilt" and there:
            file.write_bytes(_RUBBISH)


def new_place(home: Path, backend: Backend) -> Place:
    """A world in which nothing has happened."""
    home.mkdir(parents=True)
    if backend == "sqlite":
        return Place(home)
    from tests.postgres import new_database

    return Place(home, new_database())


def _cloned(url: str) -> str:
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    from tests.postgres import server, url_of

    name = f"andon_{uuid4().hex[:12]}"
    with psycopg.connect(server(), autocommit=True) as connection:
        source = conninfo_to_dict(url)["dbname"]
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (source,)
        )
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {source}")
    return url_of(name)


def _treat_tables(url: str, how: Checkpoints) -> None:
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute(
            "SELECT table_schema, table_name FROM information_schema.tables WHERE table_name IN"
            " ('checkpoints', 'checkpoint_blobs', 'checkpoint_writes')"
        ).fetchall()
        for schema, table in found:
            name = f'"{schema}"."{table}"'
            if how == "deleted":
                connection.execute(f"TRUNCATE {name}")
            elif table == "checkpoint_blobs":
                connection.execute(f"UPDATE {name} SET blob = '\\x00ff00ff'")
