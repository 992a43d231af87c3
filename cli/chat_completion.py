"""What Tab offers in a chat: commands, then the ids and names a command takes."""

from collections.abc import Iterable, Sequence

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from cli.slash import COMMANDS


class ChatCompleter(Completer):
    """``cases`` and ``escalations`` are set anew before each prompt."""

    def __init__(self, agents: Sequence[str]) -> None:
        self.agents = agents
        self.cases: Sequence[str] = ()
        self.escalations: Sequence[str] = ()

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """Words that go on where the cursor stands."""
        before = document.text_before_cursor
        word = before.rpartition(" ")[2]
        for candidate in self._candidates(before):
            if candidate.startswith(word):
                help_ = COMMANDS[candidate].help if candidate in COMMANDS else ""
                yield Completion(candidate, -len(word), display_meta=help_)

    def _candidates(self, before: str) -> Sequence[str]:
        name, space, rest = before.partition(" ")
        if name.startswith("/"):
            if not space:
                return list(COMMANDS)
            if " " in rest or name not in COMMANDS:
                return ()
            takes = {"escalation": self.escalations, "case": self.cases, "agent": self.agents}
            return takes.get(COMMANDS[name].takes, ())
        word = before.rpartition(" ")[2]
        return [*self.agents, *self.cases, *self.escalations] if word else ()
