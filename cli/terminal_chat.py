"""The chat at a terminal: line editing, history, completion, and a bar that says what waits."""

import asyncio
import os
import signal
from contextlib import suppress

from prompt_toolkit import PromptSession
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.patch_stdout import patch_stdout

from cli.cases import cases_shape
from cli.chat_completion import ChatCompleter
from cli.chat_history import history_of
from cli.conversation import Conversation
from cli.exits import DONE, INTERRUPTED
from protocol.times import local

PROMPT = "you> "
COMPLETED_CASES = 50


async def chat_at_terminal(talk: Conversation) -> int:
    """Until the person leaves: /exit or Ctrl-D ends with 0, Ctrl-C on an empty line with 130."""
    completer = ChatCompleter(agents=sorted(talk.app.world.manifests))
    session: PromptSession[str] = PromptSession(
        history=history_of(talk.app.world.config.floor, os.environ),
        completer=completer,
        complete_while_typing=False,
        key_bindings=_keys(),
        bottom_toolbar=lambda: toolbar(talk),
        refresh_interval=1.0,
    )
    with patch_stdout(raw=True):
        watch = asyncio.create_task(talk.keep_watch())
        try:
            while not talk.left:
                completer.cases = await _case_ids(talk)
                completer.escalations = [row.id for row in talk.waiting]
                line = await session.prompt_async(PROMPT)
                if line.strip():
                    await _interruptible(talk, line)
        except EOFError:
            return DONE
        except KeyboardInterrupt:
            return INTERRUPTED
        finally:
            watch.cancel()
            with suppress(asyncio.CancelledError):
                await watch
    return DONE


def toolbar(talk: Conversation) -> str:
    """What waits for a person, the oldest in words."""
    if not talk.waiting:
        return f" nothing waits for a person   you are {talk.person}   /help"
    row, many = talk.waiting[0], len(talk.waiting)
    items = "1 item waits" if many == 1 else f"{many} items wait"
    return f" {items} for a person: {row.id}, {row.role}, due {local(row.due_at, talk.zone)}   /approvals"


async def _case_ids(talk: Conversation) -> list[str]:
    shape = await talk.app.ledger.read(lambda tx: cases_shape(tx, None, COMPLETED_CASES))
    return [item["id"] for item in shape["items"]]


async def _interruptible(talk: Conversation, line: str) -> None:
    """Take a line; Ctrl-C stops it between two steps. What was committed stands, the rest can be resumed."""
    task = asyncio.ensure_future(talk.take(line))
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        if not task.cancelled():  # the whole chat is being ended, not this line
            raise
        talk.out.note("stopped; what was done stands. /resume goes on, Ctrl-C on an empty line leaves")
    finally:
        loop.remove_signal_handler(signal.SIGINT)


def _keys() -> KeyBindings:
    keys = KeyBindings()

    @keys.add("c-c")
    def clear_or_leave(event: KeyPressEvent) -> None:
        if event.current_buffer.text:
            event.current_buffer.reset()
        else:
            event.app.exit(exception=KeyboardInterrupt)

    return keys
