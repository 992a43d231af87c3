"""The ledger's database: whether there is one, of which schema and floor; and making it current."""

from collections.abc import Callable, Mapping

from checkpoints.ledger_file import FLOOR, SCHEMA
from checkpoints.migrations import schema_version
from checkpoints.named_sql import named_queries
from checkpoints.postgres_connection import PostgresConnection, alone, place
from checkpoints.postgres_schema import migrate, stored_version
from checkpoints.postgres_trouble import opening_errors
from checkpoints.sql_reads import CLOCK
from protocol.errors import InvalidFloorError, NotFoundError

_MIGRATING = 0x414E444F
"""The key of the lock under which one process makes or migrates the schema, and the others wait."""


def make_current(
    url: str, connection: PostgresConnection, birth: Mapping[str, str], first_clock: Callable[[], str]
) -> None:
    """Bring the schema up to date in one transaction, while other processes wait for it.

    Raises InvalidFloorError when the database cannot be used, DependencyDownError when the server is away.
    """
    with opening_errors(place(url)):
        version = stored_version(connection)
        _refuse_newer(url, version)
        if version == schema_version():
            return
        with alone(url, connection, _MIGRATING):
            connection.execute("BEGIN ISOLATION LEVEL READ COMMITTED")
            if (version := stored_version(connection)) < schema_version():  # nobody else was faster
                put = named_queries("queries")["set_meta"]
                now = migrate(connection, version)
                connection.execute(put, (SCHEMA, str(now)))
                if version == 0:
                    for name, value in {**birth, CLOCK: first_clock()}.items():
                        connection.execute(put, (name, value))
            connection.execute("COMMIT")


def refuse_unreadable(url: str, connection: PostgresConnection) -> None:
    """Raise NotFoundError when there is no ledger, InvalidFloorError for one of another schema."""
    version = stored_version(connection)
    if version == 0:
        raise NotFoundError(
            f"There is no ledger at {place(url)} yet.",
            hint="`andon chat` or `andon run` makes one.",
            code="no_ledger",
        )
    _refuse_newer(url, version)
    if version < schema_version():
        raise InvalidFloorError(
            f"The ledger {place(url)} has schema {version}, and this Andon reads {schema_version()}.",
            hint="`andon db migrate`, or any command that writes, brings it up to date.",
            code="older_ledger",
        )


def refuse_other_floor(url: str, connection: PostgresConnection, floor: str) -> None:
    """Raise InvalidFloorError when the ledger was made for another floor."""
    found = connection.execute(named_queries("queries")["meta"], (FLOOR,)).fetchone()
    stored = None if found is None else found[0]
    if stored != floor:
        raise InvalidFloorError(
            f"The ledger {place(url)} belongs to the floor {stored}, not to {floor}.",
            hint="Choose another database with --database URL, or the other floor with --floor DIR.",
            code="other_floor",
        )


def _refuse_newer(url: str, version: int) -> None:
    if version > schema_version():
        raise InvalidFloorError(
            f"The ledger {place(url)} has schema {version}, and this Andon knows {schema_version()}.",
            hint="Use the Andon that wrote it, or a newer one.",
            code="newer_ledger",
        )
