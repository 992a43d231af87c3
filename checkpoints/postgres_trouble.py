"""What an error of PostgreSQL means: run the transaction again, try later, or a mistake of a person's.

An error of a statement stays what it is: whoever wrote the statement hears of it.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import psycopg

from protocol.errors import AndonError, DependencyDownError, InvalidFloorError

_OF_SERVER = (psycopg.OperationalError, psycopg.InternalError, psycopg.errors.InsufficientPrivilege)


class LostError(Exception):
    """The transaction is gone: the server ended it or is away, or it met another one. It may be run again."""


class UnsureError(DependencyDownError):
    """The server went away in COMMIT and cannot say what became of it: nothing may be done twice for that."""

    code = "ledger_down"


def is_of_server(error: BaseException) -> bool:
    """Whether an error is the server's, or of its rights, and not that of a statement."""
    return isinstance(error, _OF_SERVER)


def words(error: BaseException) -> str:
    """The first line of what libpq says, which holds no password."""
    lines: Iterable[str] = str(error).strip().splitlines()
    return next(iter(lines), type(error).__name__).rstrip(".")


def away(where: str, error: Exception) -> DependencyDownError:
    """Nobody answers, or not for long enough."""
    return DependencyDownError(
        f"The ledger {where} cannot be reached: {words(error)}.",
        hint="Check that the server runs and that the database exists, and try again.",
        code="ledger_down",
    )


def unsure(where: str) -> UnsureError:
    """A COMMIT got no answer, and none can be had."""
    return UnsureError(
        f"The ledger {where} went away while it was committed to, and cannot say whether the step was kept.",
        hint="Look with `andon cases` before repeating it; `andon resume` goes on with what was kept.",
    )


def down(where: str, error: Exception) -> AndonError:
    """Why nothing of a transaction remains, or why nothing can be read."""
    if isinstance(error, AndonError):
        return error
    told: AndonError
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        told = InvalidFloorError(
            f"The database {where} refuses this user: {words(error)}.",
            hint="GRANT CREATE ON DATABASE … TO the user, or make the schema andon theirs.",
            code="database_not_writable",
        )
    elif isinstance(error, psycopg.errors.LockNotAvailable):
        told = DependencyDownError(
            f"Another process has kept the ledger {where} locked for too long.",
            hint="Look in pg_stat_activity for a session that hangs on it, and try again.",
            code="ledger_locked",
        )
    elif isinstance(error, psycopg.errors.DiskFull):
        told = DependencyDownError(
            f"The disk of the ledger {where} is full. Nothing of this step was kept.",
            hint="Make room and run `andon resume`: what was accepted before is safe and goes on.",
            code="disk_full",
        )
    else:
        told = DependencyDownError(
            f"The ledger {where} cannot be used: {words(error)}. Nothing of this step was kept.",
            hint="Look into the server's log, and try again.",
            code="ledger_down",
        )
    told.__cause__ = error
    return told


@contextmanager
def opening_errors(where: str) -> Iterator[None]:
    """Tell in one sentence why a database cannot be opened as a ledger."""
    try:
        yield
    except LostError as error:
        raise away(where, error) from error
    except psycopg.Error as error:
        if is_of_server(error):
            raise down(where, error) from error
        raise InvalidFloorError(
            f"The schema andon of {where} is no ledger: {words(error)}.",
            hint="Name another database with --database URL.",
            code="not_a_ledger",
        ) from error
