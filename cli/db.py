"""``andon db``: the ledger as a database: where it is, its schema, its move to a server."""

import asyncio
from collections.abc import Mapping
from typing import Any

import click

from cli.db_restored import restored
from cli.exits import DONE
from cli.options import HELP, Common, common_options, verb
from cli.output import Output
from protocol.errors import UsageError


@click.group("db", context_settings=HELP)
@common_options
def command() -> None:
    """Look after the ledger as a database."""


@verb("status", short_help="Say where the ledger is, its schema and its size.")
def status(common: Common) -> int:
    """Say where the ledger is, its schema and its size. Reads only."""
    from checkpoints.ledger_file import LINEAGE, SCHEMA
    from checkpoints.migrations import schema_version
    from cli.reading import look

    with look(common) as (world, tx):
        found = tx is not None
        shape: dict[str, Any] = {
            "schema": "andon/db-status/v1",
            "where": common.where,
            "kind": "sqlite" if common.database is None else "postgres",
            "exists": found,
            "floor": world.config.floor,
            "schema_version": int(tx.meta(SCHEMA) or 0) if tx is not None else None,
            "known_version": schema_version(),
            "lineage": tx.meta(LINEAGE) if tx is not None else None,
            "counts": dict(tx.counts()) if tx is not None else None,
        }
    out = Output(common)
    out.answer(shape, lambda: _print_status(out, shape))
    return DONE


def _print_status(out: Output, shape: Mapping[str, Any]) -> None:
    from cli.words import counted

    if not shape["exists"]:
        out.text(f"There is no ledger at {shape['where']} yet; the first request makes it.")
        return
    out.text(f"{shape['where']}: floor {shape['floor']}, schema {shape['schema_version']}.")
    out.text(", ".join(counted(n, name.replace("_", " ")) for name, n in shape["counts"].items()) + ".")


@verb("migrate", short_help="Make the ledger, or bring its schema up to date.")
def migrate(common: Common) -> int:
    """Make the ledger, or bring its schema up to date. Changes no case."""
    asyncio.run(_migrate(common))
    from checkpoints.migrations import schema_version

    out = Output(common)
    shape = {"schema": "andon/db-migrate/v1", "where": common.where, "schema_version": schema_version()}
    out.answer(shape, lambda: out.text(f"{common.where} has schema {shape['schema_version']}."))
    return DONE


async def _migrate(common: Common) -> None:
    from agents.floor_loader import load_floor
    from graph.persistence import Place, open_ledger

    async with open_ledger(Place(common.data, common.database), load_floor(common.floor).world):
        pass


@verb("copy", short_help="Copy the ledger from its file into a PostgreSQL database.")
def copy(common: Common) -> int:
    """Copy the ledger in the data directory into the empty database that --database names.

    Every row is counted and compared; what does not arrive as it was leaves nothing behind. The file is
    kept, and refuses to be written from then on. Nobody can write to it meanwhile.
    """
    from agents.floor_loader import load_floor
    from checkpoints.copying import copy_ledger

    if common.database is None:
        raise UsageError("Where the ledger is to go is missing.", hint="Name it with --database URL.")
    out = Output(common)
    floor = load_floor(common.floor).world.config.floor
    rows = copy_ledger(common.ledger, common.database, floor)
    shape = {
        "schema": "andon/db-copy/v1",
        "from": str(common.ledger),
        "to": common.where,
        "rows": dict(rows),
        "total": sum(rows.values()),
    }
    out.answer(shape, lambda: _print_copy(out, shape))
    return DONE


def _print_copy(out: Output, shape: Mapping[str, Any]) -> None:
    out.table(("table", "rows"), [(name, str(n)) for name, n in shape["rows"].items() if n])
    out.text(
        f"{shape['total']} rows are at {shape['to']}, each compared. {shape['from']} can only be read now."
    )


for _verb in (status, migrate, copy, restored):
    command.add_command(_verb)
