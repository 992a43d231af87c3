"""``andon show``: one escalation, everything needed to decide it. Reads only."""

from typing import TYPE_CHECKING

import click

from cli.options import Common, verb
from cli.output import Output
from protocol.errors import NotFoundError

if TYPE_CHECKING:
    from cli.pages import Page


@verb("show")
@click.argument("escalation", metavar="ID")
def command(common: Common, escalation: str) -> int:
    """Show one item of the inbox: effect, evidence, who may sign."""
    from cli.page_layout import print_page
    from cli.pages import page_shape

    page = read_page(common, escalation)
    out = Output(common)
    out.answer(page_shape(page), lambda: print_page(out, page))
    if page.open:
        out.note(f"next: {next_step(page)}")
    return 0


def read_page(common: Common, escalation: str) -> "Page":
    """The page for the person of this run; raises NotFoundError for an id nobody knows."""
    from cli.identity import operating_user, who
    from cli.pages import page_of
    from cli.reading import look_at

    with look_at(common, f"escalation {escalation}") as (world, tx):
        person = who(world.config, common.as_person, operating_user())
        page = page_of(tx, world, escalation, person)
    if page is None:
        raise unknown(escalation)
    return page


def unknown(escalation: str) -> NotFoundError:
    """The error for an id nobody knows."""
    return NotFoundError(
        f"There is no escalation {escalation}.", hint="`andon inbox` lists what is open.", code="unknown_id"
    )


def next_step(page: "Page") -> str:
    """The commands that decide what the page shows."""
    identifier = page.row.id
    if page.row.type == "question":
        return f"andon answer {identifier} --option N"
    return f"andon approve {identifier}   or   andon reject {identifier} --reason TEXT"
