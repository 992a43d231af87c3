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

AGREE, REFUSE, COUNTER, DEFER = AnswerKind.AGREE, AnswerKind.REFUSE, AnswerKind.COUNTER, AnswerKind.DEFER
Talk = tuple[AnswerKind, ...]
"""What is said after the request: owner and asker speak in turn, and an owner that deferred speaks again."""


def talks(answers: int) -> list[Talk]:
    """Every talk of so many answers at most: a deference or none, then offers, then a yes or a no."""
    return [
        (*(DEFER,) * defers, *(COUNTER,) * counters, end)
        for defers in (0, 1)
        for counters in range(answers - defers)
        for end in (AGREE, REFUSE)
    ]


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
        """Where its exchange ends: the owner has the last word, or the asker on an owner's offer."""
        if self.talk.count(COUNTER) % 2 == 0:
            return ExchangeState.AGREED if self.talk[-1] is AGREE else ExchangeState.REFUSED
        return ExchangeState.ACCEPTED if self.talk[-1] is AGREE else ExchangeState.WITHDRAWN

    @property
    def start(self) -> str | None:
        """The start that is committed: the last one stated and agreed to; None when nothing is."""
        if not self.carries or self.talk[-1] is REFUSE:
            return None
        return position(self._agreed_step())

    def _agreed_step(self) -> int:
        """Which answer stated what is agreed to: an owner's yes takes the asker's word, if there is one."""
        last = len(self.talk) - 1
        if self.ends is ExchangeState.ACCEPTED:
            return last - 1
        if COUNTER in self.talk:
            return max(i for i, said in enumerate(self.talk) if said is COUNTER)
        return last if self.form == "own" else -1

    def opening(self) -> Move:
        """The request."""
        asked = {"text": SAME_WORDS, "part": self.part}
        whole = {"part": self.part, "start": position(-1), "why": SAME_WORDS}
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
        stated = self._agreed_step() if said is AGREE and states else step
        values = {"part": self.part, "start": position(stated), "why": SAME_WORDS} if states else {}
        return Answer(exchange, said, values, "unwilling" if said is REFUSE else None, SAME_WORDS)


def position(step: int) -> str:
    """The start that answer number ``step`` states: no two alike."""
    return f"2026-03-03T{10 + step:02}:00:00Z"


def conversations(seed: int, number: int, agents: Sequence[str], answers: int) -> Iterator[Conversation]:
    """So many conversations of so many answers at most, no two about the same part."""
    rolls, possible = random.Random(seed), talks(answers)
    for n in range(number):
        asker, owner = rolls.sample(list(agents), 2)
        yield Conversation(asker, owner, rolls.choice(FORMS), f"P{n}", rolls.choice(possible))


@dataclass
class Talkers:
    """The agents of one case. ``waiting``: conversations that nobody has opened yet; those a case has no
    room for stay there.

    ``most``: how many are opened in a round, at most; ``rounds``: the last round of the case;
    ``proposals``: how many it may still make.
    """

    waiting: list[Conversation]
    most: int
    rounds: int
    proposals: int
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
            if conversation.asker != me or last > self.rounds or len(begun) == self.most:
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
