"""Which databases can be ledgers: the URL, the session, the server's settings, rights, schema and floor."""

import os
import traceback
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from checkpoints import postgres_connection, postgres_schema
from checkpoints.migrations import schema_version
from checkpoints.named_sql import migration_files
from checkpoints.postgres_connection import connect, place, session_of
from checkpoints.postgres_ledger import PostgresLedger, open_reader
from checkpoints.postgres_schema import translated
from protocol.errors import AndonError, DependencyDownError, InvalidFloorError, NotFoundError
from tests.checkpoints.kit import START, TYPES, put
from tests.postgres import server, some_database, url_of

SETTINGS: dict[str, Any] = {"floor": "yard", "clock": None, "clock_start": START, "world_types": TYPES}


@pytest.fixture(scope="module")
def shared() -> Iterator[str]:
    """A database of this module with no ledger in it."""
    with some_database() as url:
        yield url


def said(url: str, name: str) -> str:
    """A setting of a session of Andon's."""
    with closing(connect(url)) as connection:
        found = connection.execute(f"SHOW {name}").fetchone()
        assert found is not None
        return str(found[0])


async def opened(url: str, **options: Any) -> None:
    """Open a ledger, and close it."""
    await (await PostgresLedger.open(url, **SETTINGS | options)).close()


async def refusal(url: str, **options: Any) -> AndonError:
    """Why it cannot be opened."""
    with pytest.raises(AndonError) as caught:
        await opened(url, **options)
    return caught.value


@pytest.mark.parametrize(
    "url", ["", "ledger.db", "mysql://x/y", "postgresql://h:p%zz/x", "postgresql:///x?no=1"]
)
def test_what_is_no_url_of_postgresql_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(InvalidFloorError) as caught:
        session_of(url)
    assert caught.value.error_code == "bad_database"
    assert caught.value.__context__ is None
    assert not url or url not in str(caught.value)


def test_place_tells_everything_but_the_password() -> None:
    url = "postgresql://ann:se%20cret@db.example:5433/plant?sslmode=require"
    assert place(url) == "postgresql://ann@db.example:5433/plant"


async def test_password_is_in_no_error(shared: str) -> None:
    host = conninfo_to_dict(shared)["host"]
    for url in (
        f"postgresql://ann:se-cret@/nowhere?host={host}",
        "postgresql://ann:se-cret@127.0.0.1:1/nowhere",
        "postgresql://ann@127.0.0.1:1/nowhere?password=se-cret",
    ):
        error = await refusal(url)
        assert isinstance(error, DependencyDownError)
        assert error.error_code == "ledger_down"
        assert "se-cret" not in "".join(traceback.format_exception(error))


def test_what_the_url_and_the_environment_say_is_kept_where_andon_does_not_care(shared: str) -> None:
    with patch.dict(os.environ, {"PGOPTIONS": "-c work_mem=5MB -c synchronous_commit=off"}):
        assert said(shared, "work_mem") == "5MB"
        assert said(shared, "synchronous_commit") == "on"
        asked = f"{shared}&options=-c%20work_mem%3D6MB%20-c%20search_path%3Dpublic"
        assert (said(asked, "work_mem"), said(asked, "search_path")) == ("6MB", "andon")


def test_what_a_role_is_set_to_does_not_weaken_a_session(shared: str) -> None:
    weak = {
        "synchronous_commit": "off",
        "statement_timeout": "50",
        "extra_float_digits": "0",
        "client_encoding": "LATIN1",
    }
    with psycopg.connect(shared, autocommit=True) as raw:
        for name, value in weak.items():
            raw.execute(f"ALTER DATABASE {raw.info.dbname} SET {name} = '{value}'".encode())
    strong = {name: said(shared, name) for name in weak}
    with psycopg.connect(shared, autocommit=True) as raw:
        raw.execute(f"ALTER DATABASE {raw.info.dbname} RESET ALL".encode())
    assert strong == {
        "synchronous_commit": "on",
        "statement_timeout": "0",
        "extra_float_digits": "1",
        "client_encoding": "UTF8",
    }


def test_values_come_back_as_they_were_given(shared: str) -> None:
    with closing(connect(shared)) as connection:
        assert connection.execute("SELECT ?::float8", (0.1 + 0.2,)).fetchone() == (0.1 + 0.2,)
        assert connection.execute("SELECT ? % 4, 'ä€' LIKE 'ä%'", (7,)).fetchone() == (3, True)
        assert connection.execute("SELECT 7 % 4").fetchone() == (3,)
        assert connection.execute("SELECT ?", ("a\0b",)).fetchone() == ("a\u2400b",)


@pytest.mark.parametrize("name", ["fsync", "full_page_writes"])
def test_server_that_would_lose_what_it_acknowledged_is_refused(shared: str, name: str) -> None:
    with psycopg.connect(server(), autocommit=True) as raw:

        def change(statement: str, value: str) -> None:
            raw.execute(statement.encode())
            raw.execute("SELECT pg_reload_conf()")
            while raw.execute(f"SHOW {name}".encode()).fetchone() != (value,):
                pass

        change(f"ALTER SYSTEM SET {name} = off", "off")
        try:
            with pytest.raises(InvalidFloorError) as caught:
                connect(shared)
        finally:
            change(f"ALTER SYSTEM RESET {name}", "on")
    assert caught.value.error_code == "unsafe_postgres"
    assert name in str(caught.value)
    connect(shared).close()


def test_setting_that_a_session_cannot_have_is_looked_at_again(shared: str) -> None:
    as_a_pooler_would = patch.dict(postgres_connection._SESSION, {"synchronous_commit": "off"})
    with as_a_pooler_would, pytest.raises(InvalidFloorError) as caught:
        connect(shared)
    assert caught.value.error_code == "unsafe_postgres"


def test_database_that_has_not_every_character_is_refused() -> None:
    with psycopg.connect(server(), autocommit=True) as raw:
        name = f"latin_{uuid4().hex[:8]}"
        raw.execute(f"CREATE DATABASE {name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0".encode())
        try:
            with pytest.raises(InvalidFloorError) as caught:
                connect(url_of(name))
            assert (caught.value.error_code, "LATIN1" in str(caught.value)) == ("unsafe_postgres", True)
        finally:
            raw.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture
def stranger(shared: str) -> Iterator[str]:
    """The database's URL for somebody without any right to it."""
    role = f"stranger_{uuid4().hex[:8]}"
    with psycopg.connect(shared, autocommit=True) as raw:
        raw.execute(f"CREATE ROLE {role} LOGIN".encode())
        yield url_of(raw.info.dbname, role)
        raw.execute(f"DROP OWNED BY {role} CASCADE".encode())
        raw.execute(f"DROP ROLE {role}".encode())


def _user(url: str) -> str:
    return str(conninfo_to_dict(url)["user"])


async def test_user_who_may_not_make_a_schema_is_told_so(shared: str, stranger: str) -> None:
    error = await refusal(stranger)
    assert (error.error_code, error.exit_code) == ("database_not_writable", 3)
    assert "GRANT CREATE ON DATABASE" in error.hint
    with psycopg.connect(shared, autocommit=True) as raw:
        raw.execute(f"CREATE SCHEMA andon AUTHORIZATION {_user(stranger)}".encode())
    await opened(stranger)  # a schema of their own is enough


async def test_schema_that_is_no_ledger_is_refused(stranger: str, shared: str) -> None:
    with psycopg.connect(shared, autocommit=True) as raw:
        raw.execute(f"CREATE SCHEMA andon AUTHORIZATION {_user(stranger)}".encode())
        raw.execute("CREATE TABLE andon.meta (something text)")
        raw.execute(f"GRANT SELECT ON andon.meta TO {_user(stranger)}".encode())
        assert (await refusal(stranger)).error_code == "not_a_ledger"
        raw.execute("DROP SCHEMA andon CASCADE")


async def test_ledger_of_another_floor_or_a_newer_schema_is_refused_by_reader_and_writer() -> None:
    with some_database() as url:
        with pytest.raises(NotFoundError), open_reader(url, "yard", TYPES):
            pass
        await opened(url)
        assert (await refusal(url, floor="plant")).error_code == "other_floor"
        with pytest.raises(InvalidFloorError) as caught, open_reader(url, "plant", TYPES):
            pass
        assert caught.value.error_code == "other_floor"
        with psycopg.connect(url) as raw:
            raw.execute("UPDATE andon.meta SET value = '9999' WHERE name = 'schema'")
        assert (await refusal(url)).error_code == "newer_ledger"
        with pytest.raises(InvalidFloorError) as caught, open_reader(url, "yard", TYPES):
            pass
        assert caught.value.error_code == "newer_ledger"


async def test_older_schema_is_refused_by_a_reader_and_brought_up_to_date_by_a_writer() -> None:
    first = migration_files()[:1]
    with some_database() as url:
        with (
            patch.object(postgres_schema, "migration_files", lambda: first),
            patch.object(postgres_schema, "schema_version", lambda files=None: 1),
        ):
            await opened(url)
        with pytest.raises(InvalidFloorError) as caught, open_reader(url, "yard", TYPES):
            pass
        assert caught.value.error_code == "older_ledger"
        ledger = await PostgresLedger.open(url, **SETTINGS)
        try:
            await ledger.write(put("crate", "C1"))
            assert await ledger.read(lambda tx: list(tx.soundness())) == []  # type: ignore[attr-defined]
            assert await ledger.read(lambda tx: tx.meta("schema")) == str(schema_version())
        finally:
            await ledger.close()


async def test_migration_that_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    wrong = tmp_path / "9999_wrong.sql"
    wrong.write_text("CREATE TABLE half (a INTEGER NOT NULL) STRICT;\nDROP TABLE no_such_table;\n")
    with some_database() as url:
        with (
            patch.object(postgres_schema, "migration_files", lambda: [*migration_files(), wrong]),
            pytest.raises(InvalidFloorError),
        ):
            await opened(url)
        with psycopg.connect(url) as raw:
            assert raw.execute("SELECT to_regnamespace('andon')").fetchone() == (None,)
        await opened(url)


def test_statement_of_a_migration_that_nobody_thought_of_is_an_error() -> None:
    for statement in ("VACUUM;", "CREATE TRIGGER t AFTER INSERT ON x BEGIN SELECT 1; END;"):
        with pytest.raises(ValueError, match="no translation"):
            list(translated(statement))
