"""``andon chat``: a conversation of many cases. Each line opens one; what waits blocks nothing."""

import asyncio
import sys
from collections.abc import Sequence

import click

from cli.options import Common, verb


@verb("chat")
@click.option(
    "-p", "--prompt", "lines", multiple=True, metavar="TEXT", help="Say this and leave; may be repeated."
)
@click.option("-r", "--resume", "session", metavar="SESSION", help="Go on with an earlier conversation.")
def command(common: Common, lines: Sequence[str], session: str | None) -> int:
    """Talk to the floor. Without a terminal each line of stdin is one request; /help lists commands."""
    from cli.typed_text import given_text

    checked = [line if line.startswith("/") else given_text(line) for line in lines]
    return asyncio.run(_chat(common, checked, session))


async def _chat(common: Common, lines: Sequence[str], session: str | None) -> int:
    from cli.conversation import begin
    from cli.opening import open_floor
    from cli.output import Output
    from cli.piped_chat import chat_lines, chat_piped

    interactive = (
        not (lines or common.as_json or common.no_input) and sys.stdin.isatty() and sys.stdout.isatty()
    )
    async with open_floor(common) as (app, person):
        talk = await begin(app, Output(common), person, session)
        if lines:
            return await chat_lines(talk, lines)
        if not interactive:
            return await chat_piped(talk)
        from cli.terminal_chat import chat_at_terminal

        return await chat_at_terminal(talk)
