"""What an agent may do in one turn: everything its manifest and the question let it, and every failure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

from evals.proving.abstract_floor import FORGED_LEVEL, KEY, PLACES
from evals.proving.matters import Question
from evals.proving.model_ledger import as_stored
from evals.proving.scenes import Scene
from protocol.turns import Answer, AnswerKind, Ask, Carried, Move, Proposal, Turn, to_json


@dataclass(frozen=True, slots=True)
class Choice:
    """One turn, in letters the story can tell: ``answers`` by exchange, an initiative, or a failure."""

    agent: str
    failure: str | None = None
    answers: tuple[tuple[str, str, str], ...] = ()
    """(exchange, what is said, place or code)."""
    starts: tuple[str, str] | None = None
    """(propose | ask, place or ``hole``)."""


OFFERS = (("counter", "p1"), ("counter", "p2"))
REFUSALS = (("refuse", "known"), ("refuse", ""))
DEFER = ("defer", "")


@dataclass(frozen=True, slots=True)
class Spoken:
    """An exchange in which an agent has the word. ``stated``: the asker has left no place open."""

    exchange: str
    as_owner: bool
    stated: bool

    def words(self, *, terse: bool = False) -> tuple[tuple[str, str], ...]:
        """What can be said there, each thing once; ``terse``: one refusal and one other place.

        A yes to a stated place fills nothing, and one with another place is an offer; a yes that leaves
        the place open is a defer. What an agent leaves unanswered is a defer, too.
        """
        offers, refusals = (OFFERS[1:], REFUSALS[:1]) if terse else (OFFERS, REFUSALS)
        if not self.as_owner:
            return (("agree", ""), ("refuse", ""), *offers, DEFER)
        yes = (("agree", ""),) if self.stated else (("agree", "p1"), ("agree", "p2"))
        return (*yes, *refusals, *offers, DEFER)


def choices(
    question: Question, agent: str, spoken: Sequence[Spoken], starts_left: int, scene: Scene
) -> Iterator[Choice]:
    """All turns of ``agent``: each way of failing, and each word with each thing it may begin."""
    for failure in scene.failures:
        yield Choice(agent, failure=failure)
    begins = (s for s in _starts(question, agent) if scene.asks or s[0] != "ask")
    starts = [None, *(begins if starts_left > 0 else ())]
    for start in starts:
        said: list[list[tuple[str, str, str] | None]] = [
            [(x.exchange, *words) for words in x.words(terse=scene.terse)] for x in spoken
        ]
        if start is not None and start[0] == "ask":
            said = [[*options, None] for options in said]  # who asks others first leaves nothing unanswered
        for answers in product(*said):
            yield Choice(agent, answers=tuple(a for a in answers if a is not None), starts=start)


def _starts(question: Question, agent: str) -> Iterator[tuple[str, str]]:
    kind = question.acts.get(agent)
    if kind is not None:
        yield from (("propose", place) for place in PLACES)
    if agent == question.matter.asker:
        if question.matter.kind is None:
            yield ("ask", "")
        else:
            yield from (("ask", place) for place in ("hole", *PLACES))


def turn_of(
    question: Question, choice: Choice, reads: tuple[tuple[str, int], ...], known_code: str | None
) -> dict[str, Any]:
    """The stored form of the turn a choice stands for, having read ``reads``, by name.

    ``known_code``: a code with which the owner may refuse; None when it has none.
    """
    matter = question.matter
    act = question.acts.get(choice.agent)
    return _turn(matter.owner, matter.request, act, known_code, choice, reads)


@cache
def _turn(
    owner: str,
    request: str,
    kind: str | None,
    known_code: str | None,
    choice: Choice,
    reads: tuple[tuple[str, int], ...],
) -> dict[str, Any]:
    if choice.failure is not None:
        return to_json(Turn(choice.agent, failure=choice.failure))
    moves: list[Move] = [
        Answer(
            exchange,
            AnswerKind(said),
            {"at": place} if place in PLACES else {},
            code=known_code if place == "known" else None,
        )
        for exchange, said, place in choice.answers
    ]
    if choice.starts is not None:
        moves.append(_start(owner, request, kind, *choice.starts))
    return as_stored(to_json(Turn(choice.agent, tuple(moves), dict(reads))))


def _start(owner: str, request: str, kind: str | None, how: str, place: str) -> Move:
    params: dict[str, Any] = {"record": KEY, "level": FORGED_LEVEL}
    if place in PLACES:
        params["at"] = place
    if how == "propose":
        assert kind is not None
        return Proposal(kind, params)
    carried = None
    if place:
        assert kind is not None
        carried = Carried(kind, params, ("at",) if place == "hole" else ())
    return Ask(owner, request, {}, carried)
