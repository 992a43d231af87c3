"""Asking a person at the terminal, below the page. No answer is a default; leaving decides nothing."""

from collections.abc import Callable
from dataclasses import replace

from prompt_toolkit import PromptSession
from prompt_toolkit.application import get_app
from prompt_toolkit.input import Input
from prompt_toolkit.output import Output

from cli.pages import Page
from cli.wanted import Wanted
from protocol.errors import DeadlineError
from protocol.records import Ref
from protocol.times import parse

REDRAW_S = 0.5
LEAVE = frozenset({"q", "quit", "leave"})


class Panel:
    """The prompt. ``now`` reads the ledger clock when it is the system's; None when it stands still."""

    def __init__(
        self,
        page: Page,
        now: Callable[[], str] | None,
        source: Input | None = None,
        screen: Output | None = None,
    ) -> None:
        self._page = page
        self._now = now
        self._session: PromptSession[str] = PromptSession(
            input=source, output=screen, bottom_toolbar=self._toolbar, refresh_interval=REDRAW_S
        )
        self._help = ""

    def ask(self, wanted: Wanted) -> Wanted | None:
        """The decision; None when the person leaves (q, Ctrl-C, Ctrl-D). DeadlineError when it expires."""
        try:
            match wanted.decision:
                case "approve":
                    return self._approve(wanted)
                case "reject":
                    return self._with_reason(wanted)
                case "answer":
                    return self._answer(wanted)
        except (KeyboardInterrupt, EOFError):
            return None

    def _approve(self, wanted: Wanted) -> Wanted | None:
        if not self._page.inspectable:
            return self._refuse_only(wanted)
        if self._page.irreversible:
            subject = subject_of(self._page)
            said = self._line(f"type {subject} to approve, q to leave> ", "cannot be undone")
            return wanted if said == subject else None
        while True:
            said = self._line("decision> ", "a approve   r reject   q leave").lower()
            if said in ("a", "approve"):
                return wanted
            if said in ("r", "reject"):
                return self._with_reason(replace(wanted, decision="reject"))
            if said in LEAVE:
                return None

    def _refuse_only(self, wanted: Wanted) -> Wanted | None:
        said = self._line("it cannot be approved; r rejects it> ", "r reject   q leave").lower()
        return self._with_reason(replace(wanted, decision="reject")) if said in ("r", "reject") else None

    def _with_reason(self, wanted: Wanted) -> Wanted | None:
        while not wanted.reason.strip():
            said = self._line("reason> ", "why it is rejected   q leave")
            if said.lower() in LEAVE:
                return None
            wanted = replace(wanted, reason=said)
        return wanted

    def _answer(self, wanted: Wanted) -> Wanted | None:
        last, takes_text = len(self._page.row.options) - 1, self._page.row.allow_text
        while True:
            said = self._line("answer> ", f"0-{last} an option{' or words' if takes_text else ''}   q leave")
            if said.lower() in LEAVE:
                return None
            if said.isdecimal() and int(said) <= last:
                return replace(wanted, option=int(said))
            if takes_text and said:
                return replace(wanted, text=said)

    def _line(self, prompt: str, keys: str) -> str:
        self._help = keys
        return self._session.prompt(prompt).strip()

    def _toolbar(self) -> str:
        if self._now is None:
            return f" {self._help}"
        left = parse(self._page.row.expires_at) - parse(self._now())
        if left.total_seconds() <= 0:
            error = DeadlineError(
                f"{self._page.row.id} expired while you were reading: nothing was approved."
            )
            get_app().exit(exception=error)
            return ""
        hours, rest = divmod(int(left.total_seconds()), 3600)
        return f" {hours:02}:{rest // 60:02}:{rest % 60:02} left   {self._help}"


def subject_of(page: Page) -> str:
    """What a person types to approve an action that cannot be undone: the key of what it writes."""
    written = [str(change["ref"]) for change in page.row.diff] or list(page.row.bound)
    return Ref.parse(written[0]).key if written else page.row.id
