"""``andon answer``: choose one of a question's options, or say it in words where that is allowed."""

import click

from cli.options import Common, verb
from cli.wanted import Wanted
from graph.texts import check_text


@verb("answer")
@click.argument("escalation", metavar="ID")
@click.option("--option", type=click.IntRange(min=0), metavar="N", help="The number of an option.")
@click.option("--text", default="", metavar="T", help="An answer in words, where the question takes one.")
@click.option("--reason", default="", metavar="TEXT", help="Why; kept with the answer.")
@click.option("--expect-hash", metavar="H", help="The hash of the question as you saw it.")
def command(
    common: Common, escalation: str, option: int | None, text: str, reason: str, expect_hash: str | None
) -> int:
    """Answer a question: choose an option or say it in words."""
    from cli.deciding import decide

    said = check_text(text) if text else ""
    wanted = Wanted(escalation, "answer", reason=reason, option=option, text=said, seen=expect_hash)
    return decide(common, wanted, given=option is not None or bool(said))
