"""``andon outbox``: what receivers outside have and lack; retry, skip or resend it."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from cli.options import Common, verb
from cli.output import Output
from cli.words import counted
from protocol.errors import AndonError, UsageError
from protocol.times import local

if TYPE_CHECKING:
    from graph.outbox import WantedMove

SHOWN = 20
"""Events listed for a person; ``--json`` has them all."""


@verb("outbox")
@click.argument(
    "move", metavar="[retry|skip|resend]", type=click.Choice(["retry", "skip", "resend"]), required=False
)
@click.argument("event", metavar="[EVENT]", required=False)
@click.option(
    "--all", "everything", is_flag=True, help="Retry whatever was given up, and start who was stopped."
)
@click.option("--to", "receiver", metavar="RECEIVER", help="Only at this receiver.")
@click.option("--from", "from_seq", metavar="SEQUENCE", type=click.IntRange(1), help="Resend from here on.")
@click.option("--reason", default="", metavar="TEXT", help="Why; it stands in the records.")
def command(
    common: Common,
    move: str | None,
    event: str | None,
    receiver: str | None,
    from_seq: int | None,
    reason: str,
    *,
    everything: bool,
) -> int:
    """Show what receivers of events have and lack, and what was given up; or decide about it.

    retry EVENT, or retry --all: try again. skip EVENT --reason TEXT: let its aggregate go on without it.
    resend --from SEQUENCE --to RECEIVER: send again, in order, what it says it has lost.
    """
    if move is None:
        return _list(common)
    from graph.outbox import WantedMove, check_move

    if move == "resend":
        if from_seq is None or receiver is None or event is not None:
            raise UsageError("Say from where on and to whom.", hint="andon outbox resend --from 1 --to NAME")
        wanted = WantedMove("resend", receiver, None, from_seq, reason)
    elif move == "retry":
        if (event is None) is not everything:
            raise UsageError("Name one event, or say --all.", hint="`andon outbox` lists what was given up.")
        wanted = WantedMove("retry", receiver, event, 0, reason)
    else:
        if event is None:
            raise UsageError("Say which event to skip.", hint="`andon outbox` lists what was given up.")
        wanted = WantedMove("skip", receiver, event, 0, reason)
    return asyncio.run(_move(common, check_move(wanted)))


async def _move(common: Common, wanted: "WantedMove") -> int:
    from cli.opening import open_floor
    from graph.outbox import record_move

    out = Output(common)
    async with open_floor(common) as (app, person):
        now_s = app.shared()
        done = await app.ledger.write(lambda tx: record_move(tx, app.world, wanted, person, now_s))
        if isinstance(done, AndonError):
            raise done
        shape = {"schema": "andon/outbox-move/v1", "move": wanted.move, "moved": done}
        out.answer(shape, lambda: out.text(_moved(wanted.move, done)))
    return 0


def _moved(move: str, count: int) -> str:
    if not count:
        return "There was nothing to do."
    what = {"retry": "will be tried again", "skip": "skipped", "resend": "will be sent again"}[move]
    return f"{counted(count, 'deliveries')} {what}."


def _list(common: Common) -> int:
    from cli.reading import look
    from graph.outbox import board
    from graph.secrets import environment_secret

    with look(common) as (world, tx):
        shape = {"schema": "andon/outbox/v1", **board(tx, world, environment_secret)}
        zone = world.config.zone
    out = Output(common)
    out.answer(shape, lambda: _print(out, shape, zone))
    return 0


def _print(out: Output, shape: Mapping[str, Any], zone: str) -> None:
    receivers: Sequence[Mapping[str, Any]] = shape["receivers"]
    if not receivers:
        out.text("This floor sends its events to nobody; docs/how-to/deliver.md says how to.")
        return
    head = ("receiver", "to", "acknowledged", "pending", "given up", "state")
    out.table(head, [_cells(row, zone) for row in receivers])
    for row in shape["dead"][:SHOWN]:
        out.text(
            f"{row['event']}  {row['type']} of {row['aggregate']} for {row['receiver']}: "
            f"{row['error']} ({counted(row['attempts'], 'attempts')})"
        )
    if len(shape["dead"]) > SHOWN:
        out.text(f"and {len(shape['dead']) - SHOWN} more; --json lists all of them")
    if shape["dead"]:
        out.note("next: andon outbox retry EVENT, or andon outbox skip EVENT --reason TEXT")


def receivers(common: Common) -> Iterator[tuple[str, str, bool]]:
    """Name, state in words, and whether it is well, of each receiver; none when nobody can look."""
    from cli.reading import look
    from graph.outbox import board
    from graph.secrets import environment_secret

    with suppress(AndonError), look(common) as (world, tx):
        for row in board(tx, world, environment_secret)["receivers"]:
            well = row["declared"] and row["key"] and not row["dead"] and row["stopped"] is None
            counts = f"{row['acknowledged']} acknowledged, {row['pending']} pending, {row['dead']} given up"
            yield row["name"], f"{counts}; {_state(row, world.config.zone)}", well


def _cells(row: Mapping[str, Any], zone: str) -> tuple[str, ...]:
    counts = (str(row["acknowledged"]), str(row["pending"]), str(row["dead"]))
    return (row["name"], row["to"] or "-", *counts, _state(row, zone))


def _state(row: Mapping[str, Any], zone: str) -> str:
    if not row["declared"]:
        return "not in floor.yaml any more"
    if row["stopped"]:
        return f"stopped: {row['stopped']}"
    if not row["key"]:
        return "its key is not set here"
    if row["next_at"] is not None:
        return f"next attempt {local(row['next_at'], zone)}"
    return "held by what was given up" if row["dead"] else "up to date"
