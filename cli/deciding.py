"""A person's decision from the terminal: what is wanted, asked for if it must be, recorded, told."""

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from agents.floor_loader import read_config
from cli.exits import DONE, FAILED, WAITING
from cli.identity import GUEST
from cli.opening import open_floor
from cli.options import Common
from cli.output import Output
from cli.page_layout import print_page
from cli.pages import Page, page_of
from cli.reading import ledger_clock
from cli.show import read_page, unknown
from cli.visible import one_line
from cli.wanted import Wanted
from cli.words import decision_words
from graph.app import App
from graph.texts import check_text
from protocol.deciding import ANSWER, APPROVE
from protocol.errors import NotAuthorisedError, UsageError
from protocol.ports import ReadTx
from protocol.rows import Verdict

_STANDS = frozenset({Verdict.COMMITTED, Verdict.DUPLICATE, Verdict.ESCALATED, Verdict.ASKED})
"""Verdicts on a signed action that are no refusal; the last two stood before it was decided."""

MAX_WORDS = 2000
"""Characters of a signature with its reason, in one line."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a decision: the verb's shape, its exit code, and the words for a person."""

    shape: dict[str, Any]
    code: int
    text: str


def decide(common: Common, wanted: Wanted, *, given: bool) -> int:
    """Decide one escalation; the exit code. ``given``: the flags say enough, nothing is asked.

    Where they do not, a person at a terminal sees the page and is asked; leaving is exit 75.
    """
    if wanted.reason:
        wanted = replace(wanted, reason=check_text(wanted.reason))
    page = read_page(common, wanted.escalation)
    out = Output(common)
    asks = not given and not common.no_input and sys.stdin.isatty() and sys.stdout.isatty()
    if asks and page.open:
        from cli.panel import Panel

        print_page(out, page)
        chosen = Panel(page, ledger_clock(read_config(common.floor))).ask(wanted)
        if chosen is None:
            out.note(f"{page.row.id} still waits; nothing was decided")
            return WAITING
        wanted = replace(chosen, seen=page.row.action_hash)
    elif page.irreversible and wanted.decision == APPROVE and wanted.seen is None:
        raise must_be_seen(page)
    return asyncio.run(_decide(common, out, wanted))


def must_be_seen(page: Page) -> UsageError:
    """An action that cannot be undone is not approved by its id alone."""
    return UsageError(
        f"{page.row.id} cannot be undone: say which action you saw.",
        hint=f"andon approve {page.row.id} --expect-hash {page.row.action_hash}",
        code="hash_missing",
    )


async def _decide(common: Common, out: Output, wanted: Wanted) -> int:
    async with open_floor(common) as (app, person):
        recorded = await carry_out(app, wanted, person, "cli")
    out.answer(recorded.shape, lambda: out.text(recorded.text))
    return recorded.code


async def carry_out(app: App, wanted: Wanted, person: str, channel: str) -> Recorded:
    """Record the decision and go on with its case. Raises what refused it."""
    page = await app.ledger.read(lambda tx: page_of(tx, app.world, wanted.escalation, person))
    if page is None:
        raise unknown(wanted.escalation)
    if page.irreversible and wanted.decision == APPROVE and wanted.seen is None:
        raise must_be_seen(page)
    try:
        shape = await app.decide(
            wanted.escalation,
            wanted.decision,
            person=person,
            reason=wanted.reason,
            option=wanted.option,
            text=wanted.text,
            expect_hash=wanted.seen or page.row.action_hash,
            channel=channel,
        )
    except NotAuthorisedError as error:
        raise _told_guest(error, page) if person == GUEST else error from None
    words = await app.ledger.read(lambda tx: _words(tx, wanted.escalation, person, app.world.config.zone))
    return Recorded(shape, code_of(shape, page, wanted), _text(shape, words))


def _told_guest(error: NotAuthorisedError, page: Page) -> NotAuthorisedError:
    holders = [p for role in page.roles for p in page.holders[role]]
    who = f" (now: {', '.join(holders)})" if holders else ""
    return NotAuthorisedError(
        f"A guest may not decide {page.row.id}: it needs {', '.join(page.roles)}.",
        hint=f"Say who you are with --as PERSON{who}.",
        code=error.error_code,
    )


def code_of(shape: Mapping[str, Any], page: Page, wanted: Wanted) -> int:
    """0 recorded, 75 more signatures needed, 1 stale or refused at the gate."""
    if shape["signatures"]["have"] < shape["signatures"]["need"]:
        return WAITING
    key = _signed_key(page, wanted)
    last = next((v["verdict"] for v in reversed(shape["verdicts"]) if v["key"] == key), None)
    stale = shape["superseded_by"] is not None
    return FAILED if stale or (key is not None and last is not None and last not in _STANDS) else DONE


def _signed_key(page: Page, wanted: Wanted) -> str | None:
    """The key of the action this decision signs; None when it signs none."""
    if wanted.decision == APPROVE:
        return page.row.key
    if wanted.decision == ANSWER and wanted.option is not None and wanted.option < len(page.row.options):
        item = page.row.options[wanted.option].get("item")
        return str(item["key"]) if item else None
    return None


def _words(tx: ReadTx, escalation: str, person: str, zone: str) -> str:
    row = next(d for d in reversed(tx.decisions(escalation)) if d.person == person)
    return decision_words(row, zone)


def _text(shape: Mapping[str, Any], words: str) -> str:
    lines = [f"{shape['id']} {one_line(words, MAX_WORDS)}"]
    have, need = shape["signatures"]["have"], shape["signatures"]["need"]
    if have < need:
        lines.append(f"{have} of {need} signatures: somebody else must sign, too")
    if shape["superseded_by"]:
        lines.append(
            f"It had changed since it was shown, and is asked anew: andon show {shape['superseded_by']}"
        )
    if shape.get("reply"):
        lines.append(str(shape["reply"]))
    lines.append(f"{shape['case']}: {shape['status']}")
    return "\n".join(lines)
