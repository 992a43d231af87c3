"""``andon approve``: sign one action, once, as shown."""

import click

from cli.options import Common, verb
from cli.wanted import Wanted


@verb("approve")
@click.argument("escalation", metavar="ID")
@click.option("--reason", default="", metavar="TEXT", help="Why; kept with the signature.")
@click.option("--expect-hash", metavar="H", help="The hash of the action as you saw it.")
@click.option("--yes", is_flag=True, help="Do not ask again on a terminal.")
def command(common: Common, escalation: str, reason: str, expect_hash: str | None, yes: bool) -> int:
    """Approve one action, once, as shown."""
    from cli.deciding import decide

    wanted = Wanted(escalation, "approve", reason=reason, seen=expect_hash)
    return decide(common, wanted, given=yes or expect_hash is not None)
