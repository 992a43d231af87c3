"""``andon reject``: say no to one action, or leave a question as it is."""

import click

from cli.options import Common, verb
from cli.wanted import Wanted


@verb("reject")
@click.argument("escalation", metavar="ID")
@click.option("--reason", default="", metavar="TEXT", help="Why; needed, and told to whoever asked.")
@click.option("--expect-hash", metavar="H", help="The hash of the action as you saw it.")
def command(common: Common, escalation: str, reason: str, expect_hash: str | None) -> int:
    """Reject one action or leave a question, with a reason."""
    from cli.deciding import decide

    return decide(
        common, Wanted(escalation, "reject", reason=reason, seen=expect_hash), given=bool(reason.strip())
    )
