"""The commands inside a chat. Each does what the verb of its name does, as the chat's person."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from cli.agents import agents_shape, manifests_of, print_agents
from cli.cases import cases_shape, print_cases
from cli.exits import DONE, of_several, of_status
from cli.inbox import Inbox, inbox_shape, print_inbox
from cli.notices import Notices
from cli.outcome import standing_line
from cli.trace import print_trace, traced
from cli.wanted import Wanted
from protocol.errors import UsageError

if TYPE_CHECKING:
    from cli.conversation import Conversation

CASES = 20
"""Cases listed by ``/cases``."""


@dataclass(frozen=True, slots=True)
class Slash:
    """``takes``: what its first word names: escalation, case or agent; empty when it takes none."""

    usage: str
    help: str
    run: Callable[["Conversation", str], Awaitable[int]]
    takes: str = ""


async def run_slash(talk: "Conversation", line: str) -> int:
    """Run one command line; its exit code. Raises UsageError for a command there is not."""
    name, _, rest = line.partition(" ")
    command = COMMANDS.get(name)
    if command is None:
        near = get_close_matches(name, COMMANDS)
        hint = f"Did you mean {near[0]}?" if near else "/help lists the commands."
        raise UsageError(f"There is no command {name}.", hint=hint, code="unknown_command")
    return await command.run(talk, rest.strip())


async def _help(talk: "Conversation", rest: str) -> int:
    shape = {
        "schema": "andon/chat-help/v1",
        "commands": [{"usage": c.usage, "help": c.help} for c in COMMANDS.values()],
    }
    talk.out.answer(
        shape, lambda: talk.out.table(("command", ""), [(c.usage, c.help) for c in COMMANDS.values()])
    )
    return DONE


async def _agents(talk: "Conversation", rest: str) -> int:
    chosen = manifests_of(talk.app.world, rest or None)
    shape = agents_shape(talk.app.world, chosen)
    talk.out.answer(shape, lambda: print_agents(talk.out, chosen, whole=bool(rest)))
    return DONE


async def _approvals(talk: "Conversation", rest: str) -> int:
    inbox = await talk.app.ledger.read(Inbox.read)
    talk.out.answer(inbox_shape(inbox), lambda: print_inbox(talk.out, inbox, talk.zone, show="/show"))
    return DONE


async def _show(talk: "Conversation", rest: str) -> int:
    from cli.page_layout import print_page
    from cli.pages import page_of, page_shape
    from cli.show import unknown

    page = await talk.app.ledger.read(lambda tx: page_of(tx, talk.app.world, rest, talk.person))
    if page is None:
        raise unknown(rest)
    talk.out.answer(page_shape(page), lambda: print_page(talk.out, page))
    return DONE


async def _approve(talk: "Conversation", rest: str) -> int:
    escalation, _, reason = _split(rest, "/approve")
    return await _decide(talk, Wanted(escalation, "approve", reason=reason))


async def _reject(talk: "Conversation", rest: str) -> int:
    escalation, _, reason = _split(rest, "/reject")
    return await _decide(talk, Wanted(escalation, "reject", reason=reason))


async def _answer(talk: "Conversation", rest: str) -> int:
    escalation, _, said = _split(rest, "/answer")
    if said.isdecimal():
        return await _decide(talk, Wanted(escalation, "answer", option=int(said)))
    return await _decide(talk, Wanted(escalation, "answer", text=said))


def _split(rest: str, command: str) -> tuple[str, str, str]:
    escalation, space, more = rest.partition(" ")
    if not escalation:
        raise UsageError(
            f"{command} needs an id.", hint=f"{COMMANDS[command].usage}; /approvals lists what waits."
        )
    return escalation, space, more.strip()


async def _decide(talk: "Conversation", wanted: Wanted) -> int:
    from cli.deciding import carry_out

    recorded = await carry_out(talk.app, wanted, talk.person, "chat")
    talk.pending.discard(recorded.shape["case"])  # told here, not again by the watch
    talk.out.answer(recorded.shape, lambda: talk.out.text(recorded.text))
    return recorded.code


async def _pull(talk: "Conversation", rest: str) -> int:
    from cli.pull import print_pull, print_pulls, pulls_shape

    if not rest:
        shape = await talk.app.ledger.read(lambda tx: pulls_shape(tx, talk.app.world))
        talk.out.answer(shape, lambda: print_pulls(talk.out, shape["items"], talk.zone))
        return DONE
    scope, _, reason = rest.partition(" ")
    shape = await talk.app.pull(scope, person=talk.person, reason=reason)
    talk.notices = await talk.app.ledger.read(Notices.read)  # told here, not again by the watch
    talk.out.answer(shape, lambda: print_pull(talk.out, shape, talk.zone, release="/release {} reason"))
    return DONE


async def _release(talk: "Conversation", rest: str) -> int:
    from cli.release import print_release

    scope, _, reason = rest.partition(" ")
    if not scope:
        raise UsageError("/release needs a scope.", hint="/pull lists what is pulled.", code="usage")
    shape = await talk.app.release(scope, person=talk.person, reason=reason)
    talk.notices = await talk.app.ledger.read(Notices.read)
    talk.out.answer(shape, lambda: print_release(talk.out, shape))
    return DONE


async def _trace(talk: "Conversation", rest: str) -> int:
    case = rest or talk.last_case
    if case is None:
        raise UsageError(
            "Nothing has been asked yet.", hint="/trace CASE; /cases lists them.", code="no_case"
        )
    shape = await talk.app.ledger.read(lambda tx: traced(tx, talk.zone, case))
    talk.out.answer(shape, lambda: print_trace(talk.out, shape, talk.zone))
    return DONE


async def _cases(talk: "Conversation", rest: str) -> int:
    shape = await talk.app.ledger.read(lambda tx: cases_shape(tx, None, CASES))
    talk.out.answer(shape, lambda: print_cases(talk.out, shape, talk.zone, trace="/trace"))
    return DONE


async def _resume(talk: "Conversation", rest: str) -> int:
    shapes = await talk.app.resume(rest or None)

    def human() -> None:
        if not shapes:
            talk.out.text("Nothing can go on now.")
        for shape in shapes:
            talk.out.text(f"{standing_line(shape)}\n{shape['reply']}")

    talk.out.answer({"schema": "andon/resume/v1", "cases": shapes}, human)
    return of_several(of_status(shape["status"]) for shape in shapes)


async def _exit(talk: "Conversation", rest: str) -> int:
    talk.left = True
    return DONE


COMMANDS: Mapping[str, Slash] = {
    "/help": Slash("/help", "this list", _help),
    "/agents": Slash("/agents [NAME]", "who they are and what they may do", _agents, "agent"),
    "/approvals": Slash("/approvals", "what waits for a person", _approvals),
    "/show": Slash("/show ID", "everything needed to decide it", _show, "escalation"),
    "/approve": Slash("/approve ID [reason]", "sign one action", _approve, "escalation"),
    "/reject": Slash("/reject ID reason", "say no to it", _reject, "escalation"),
    "/answer": Slash("/answer ID N|text", "answer a question", _answer, "escalation"),
    "/pull": Slash("/pull [SCOPE reason]", "stop agents there; or list where they are stopped", _pull),
    "/release": Slash("/release SCOPE reason", "let agents go on there", _release),
    "/trace": Slash("/trace [CASE]", "what happened, step by step (the last case)", _trace, "case"),
    "/cases": Slash("/cases", "the latest cases", _cases),
    "/resume": Slash("/resume [CASE]", "go on with what can go on", _resume, "case"),
    "/exit": Slash("/exit", "leave; what waits goes on waiting", _exit),
}
