"""Conversations as colleagues have them: two agents, every matter new, and each of them gets settled.

Generated from a seed and played by whoever is awake, from the triggers a model is shown. They are polite,
use the same words all the time, and make use of what R4 and R14 allow, up to the last answer and round.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from protocol.exchange import ExchangeState
from protocol.turns import Answer, AnswerKind, Ask, Carried, Move, Proposal

from .ring import POSITIONS

ROUNDS, PROPOSALS = 8, 20
"""The default limits of a case."""
AGREE, REFUSE, COUNTER, DEFER = AnswerKind.AGREE, AnswerKind.REFUSE, AnswerKind.COUNTER, AnswerKind.DEFER
TALKS: Mapping[tuple[AnswerKind, ...], ExchangeState] = {
    (AGREE,): ExchangeState.AGREED,
    (REFUSE,): ExchangeState.REFUSED,
    (COUNTER, AGREE): ExchangeState.ACCEPTED,
    (COUNTER, REFUSE): ExchangeState.WITHDRAWN,
    (COUNTER, COUNTER, AGREE): ExchangeState.AGREED,
    (COUNTER, COUNTER, REFUSE): ExchangeState.REFUSED,
    (DEFER, AGREE): ExchangeState.AGREED,
    (DEFER, REFUSE): ExchangeState.REFUSED,
    (DEFER, COUNTER, AGREE): ExchangeState.ACCEPTED,
}
"""What is said after the request, and how that ends: owner and asker speak in turn, a deferrer twice."""
FORMS = ("own", "theirs", "proposal", "question")
SAME_WORDS = "after you, please"


@dataclass(frozen=True)
class Conversation:
    """One matter. ``form``: how it is asked, one of FORMS; ``part``: the key of the record it is about."""

    asker: str
    owner: str
    form: str
    part: str
    talk: tuple[AnswerKind, ...]

    @property
    def carries(self) -> bool:
        """Whether an action depends on it."""
        return self.form != "question"

    @property
    def kind(self) -> str:
        """The action it is for."""
        return f"fit_{self.asker if self.form == 'own' else self.owner}"

    @property
    def ends(self) -> ExchangeState:
        """Where its exchange ends."""
        return TALKS[self.talk]

    @property
    def start(self) -> str | None:
        """The start that is committed; None when nothing is."""
        if not self.carries or self.ends not in (ExchangeState.AGREED, ExchangeState.ACCEPTED):
            return None
        if self.talk[-1] is AGREE and self.ends is ExchangeState.ACCEPTED:
            return POSITIONS[len(self.talk) - 2]  # the owner's offer
        return POSITIONS[len(self.talk) - 1]  # the owner's agreement says it

    def opening(self) -> Move:
        """The request."""
        asked = {"text": SAME_WORDS, "part": self.part}
        whole = {"part": self.part, "start": POSITIONS[-1], "why": SAME_WORDS}
        match self.form:
            case "own":
                return Ask(self.owner, "settle", asked, Carried(self.kind, {"part": self.part}, ("start",)))
            case "theirs":
                return Ask(self.owner, "settle", asked, Carried(self.kind, whole))
            case "proposal":
                return Proposal(self.kind, whole)
            case _:
                return Ask(self.owner, "settle", asked)

    def word(self, step: int, exchange: str) -> Answer:
        """Answer number ``step`` (from 0)."""
        said = self.talk[step]
        states = said is COUNTER or (said is AGREE and self.ends is ExchangeState.AGREED)
        values = {"part": self.part, "start": POSITIONS[step], "why": SAME_WORDS} if states else {}
        return Answer(exchange, said, values, "unwilling" if said is REFUSE else None, SAME_WORDS)


def conversations(seed: int, number: int, agents: Sequence[str]) -> Iterator[Conversation]:
    """So many conversations, no two about the same part."""
    rolls = random.Random(seed)
    for n in range(number):
        asker, owner = rolls.sample(list(agents), 2)
        yield Conversation(asker, owner, rolls.choice(FORMS), f"P{n}", rolls.choice(list(TALKS)))


@dataclass
class Talkers:
    """The agents of one case. ``waiting``: conversations that nobody has opened yet; those a case has no
    room for stay there.

    ``most``: how many are opened in a round, at most; ``proposals``: how many the case may still make.
    """

    waiting: list[Conversation]
    most: int
    proposals: int = PROPOSALS
    opened: list[Conversation] = field(default_factory=list)
    steps: dict[str, int] = field(default_factory=dict)

    def moves(self, me: str, round_no: int, triggers: Sequence[Mapping[str, Any]]) -> list[Move]:
        """Answer whatever is open, then begin what there is room for."""
        by_part = {c.part: c for c in self.opened}
        said: list[Move] = []
        for trigger in triggers:
            if trigger["type"] == "request" or (trigger["type"] == "answer" and trigger["open"]):
                conversation = by_part[_part(trigger)]
                step = self.steps.get(conversation.part, 0)
                self.steps[conversation.part] = step + 1
                said.append(conversation.word(step, str(trigger["exchange"])))
        return said + [c.opening() for c in self._begin(me, round_no)]

    def _begin(self, me: str, round_no: int) -> list[Conversation]:
        begun: list[Conversation] = []
        for conversation in self.waiting:
            # A no and an answer to a question are told to the asker, which takes a round of its own.
            last = round_no + len(conversation.talk) + 1
            if conversation.asker != me or last > ROUNDS or len(begun) == self.most:
                continue
            if conversation.carries and self.proposals == 0:
                continue
            self.proposals -= conversation.carries
            begun.append(conversation)
        self.waiting = [c for c in self.waiting if c not in begun]
        self.opened += begun
        return begun


def _part(trigger: Mapping[str, Any]) -> str:
    """The part a trigger is about, wherever its form says it."""
    carried = (trigger.get("carries") or {}).get("params", {})
    return str({**trigger["params"], **trigger.get("values", {}), **carried}["part"])
