"""``andon db restored``: say that the ledger was restored from an older copy; what people signed is void."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from cli.exits import DONE
from cli.options import Common, verb
from cli.output import Output

if TYPE_CHECKING:
    from graph.restoring import Restored


@verb("restored", short_help="Say that the ledger was restored from an older copy.")
@click.option("--reason", default="", metavar="TEXT", help="Why; whoever audits the ledger reads it.")
def restored(common: Common, reason: str) -> int:
    """Say that the ledger was restored from an older copy, and go on from there.

    The ledger gets a new lineage. What waits for a person is void and asked anew, and decisions of before
    commit nothing. Ledgers, events and heads of the time that was lost belong to another lineage.
    """
    from graph.restoring import check_reason

    why = check_reason(reason)
    shape = asyncio.run(_restored(common, why))
    out = Output(common)
    out.answer(shape, lambda: _print(out, shape))
    return DONE


async def _restored(common: Common, reason: str) -> dict[str, Any]:
    from agents.floor_loader import load_floor
    from cli.identity import operating_user, who
    from cli.reading import look
    from graph.anchoring import anchor_files
    from graph.persistence import Place
    from graph.restoring import restore
    from protocol.errors import NotFoundError

    with look(common) as (_, tx):
        if tx is None:
            raise NotFoundError(
                f"There is no ledger {common.where} to speak of.", hint="Name its directory with --data DIR."
            )
    world = load_floor(common.floor).world
    person = who(world.config, common.as_person, operating_user())
    files = anchor_files(common.data, common.anchor, common.anchor_key)
    done: Restored = await restore(Place(common.data, common.database), world, files, person, reason)
    return {
        "schema": "andon/db-restored/v1",
        "by": person,
        "reason": reason,
        "lineage": done.lineage,
        "was": done.was,
        "kept": done.kept,
        "void": list(done.void),
    }


def _print(out: Output, shape: Mapping[str, Any]) -> None:
    from cli.words import counted

    out.text(f"The ledger goes on from audit entry {shape['kept']} as lineage {shape['lineage']}.")
    out.text(f"{counted(len(shape['void']), 'questions and approvals')} of before are void and asked anew.")
    out.note("next: andon inbox")
