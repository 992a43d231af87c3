"""The page a person decides from (approvals.md 4): the effect first, what an agent said last."""

import sys
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from cli.output import Output
from cli.pages import Page
from cli.visible import one_line
from cli.words import action_words, decision_words, value_words
from protocol.rows import EscalationState
from protocol.times import local

LABEL = 12
"""Columns of the label in front of each line."""
MAX_PROSE = 400
"""Characters shown of what an agent or the asker wrote."""
MAX_LINE = 1_000_000
"""No line of the page is cut: what is decided is shown whole. But it stays one line."""
_STYLES = {"-": "red", "+": "green", "!": "bold yellow"}


class Part(NamedTuple):
    """One part of the page."""

    label: str
    lines: Sequence[str]


def print_page(out: Output, page: Page) -> None:
    """The page on stdout: framed on a terminal, plain lines elsewhere."""
    parts = [
        Part(label, [one_line(line, MAX_LINE) for line in lines]) for label, lines in parts_of(page) if lines
    ]
    if out.styled:
        _print_framed(_title(page), parts)
        return
    out.text(_title(page))
    for label, lines in parts:
        for n, line in enumerate(lines):
            out.text(f"  {label if n == 0 else '':<{LABEL}}{line}".rstrip())


def parts_of(page: Page) -> Iterator[Part]:
    """The parts in the order in which they are read."""
    row, zone = page.row, page.zone
    yield Part("Effect", list(_effect(page)))
    yield Part("Evidence", list(_evidence(page)))
    if row.action is not None:
        yield Part("Action", [action_words(row.action["kind"], row.action["params"], zone)])
    yield Part("Options", [f"{n}  {o['title']}" for n, o in enumerate(row.options)])
    yield Part("Why", [row.reason if row.policy == row.reason else f"{row.reason} [policy {row.policy}]"])
    yield Part("Who", list(_who(page)))
    yield Part("Then", list(_then(page)))
    yield Part("Decided", [decision_words(d, zone) for d in page.decisions])
    yield Part("Asked by", [f"{row.agent}, level {row.level}" if row.level else row.agent, row.case])
    yield Part("Hash", [row.action_hash])
    yield Part("Untrusted", list(_untrusted(page)))


def _title(page: Page) -> str:
    row = page.row
    if not page.open:
        after = f", see {row.superseded_by}" if row.superseded_by else ""
        return f"{row.type.upper()} {row.id}: {row.state}{after}"
    signatures = f", signature {len(page.decisions) + 1} of {row.quorum}" if row.quorum > 1 else ""
    return f"{row.type.upper()} NEEDED {row.id}{signatures}"


def _effect(page: Page) -> Iterator[str]:
    yield page.row.summary
    for change in page.row.diff:
        where = f"{change['ref']} {change['field']}"
        if change["was"] is not None:
            yield f"- {where} {value_words(change['was'], page.zone)}"
        yield f"+ {where} {value_words(change['now'], page.zone)}"
    yield from (f"also: {text}" for text in page.row.shown.get("also", ()))


def _evidence(page: Page) -> Iterator[str]:
    if not page.inspectable:
        yield "! UNINSPECTABLE: what would be done is not what was hashed. It cannot be approved."
    for ref, version in page.row.bound.items():
        now = page.versions[ref]
        if now == version:
            yield f"{ref} version {version}, unchanged since it was asked"
        elif page.open:
            yield f"! {ref} version {version} has changed since (now {now}): approving will ask anew"
        else:
            yield f"{ref} version {version}, now {now if now is not None else 'gone'}"


def _who(page: Page) -> Iterator[str]:
    for role in page.roles:
        yield f"{role}: {', '.join(page.holders[role]) or 'nobody at this hour'}"
    if page.open:
        yield f"you are {page.person}: {f'yes, as {page.role}' if page.role else 'no'}"


def _then(page: Page) -> Iterator[str]:
    row, zone = page.row, page.zone
    if not page.open:
        if row.state is EscalationState.EXPIRED:
            yield "nobody decided: nothing was approved"
        return
    yield f"{row.role} until {local(row.due_at, zone)}"
    for rung in row.ladder[row.rung + 1 :]:
        yield f"then {rung['role']} for {rung['answer_s']} s"
    end = "the action is refused" if row.on_exhausted == "reject" else "it is left as it is"
    yield f"else {end}; last use {local(row.expires_at, zone)}"


def _untrusted(page: Page) -> Iterator[str]:
    if page.asked:
        yield f'the request: "{one_line(page.asked, MAX_PROSE)}"'
    for text in page.prose:
        yield f'{page.row.agent} says: "{one_line(text, MAX_PROSE)}"'


def _print_framed(title: str, parts: Sequence[Part]) -> None:
    from rich import box
    from rich.console import Console
    from rich.panel import Panel
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=LABEL, no_wrap=True)
    grid.add_column(ratio=1)
    for label, lines in parts:
        for n, line in enumerate(lines):
            grid.add_row(Text(label if n == 0 else "", "bold"), Text(line, _STYLES.get(line[:1], "")))
    unicode = "utf" in (sys.stdout.encoding or "").lower()
    frame = box.ROUNDED if unicode else box.ASCII
    Console(file=sys.stdout, highlight=False).print(
        Panel(grid, title=Text(title), box=frame, title_align="left")
    )
