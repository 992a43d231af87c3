"""An exchange: one agent asks another for a decision on one matter, and it ends (R4).

The owner speaks while the state is ASKED or INSISTED, the asker while it is OFFERED. Every path
through the table is finite: counters are bounded by the number of answers, an owner's first
``defer`` is answered "you decide" and its second ends the exchange, and a position said before,
by the same party on unchanged reads, cuts it at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from protocol import deference
from protocol.canonical import digest
from protocol.copies import changed
from protocol.deference import Deference, Owner
from protocol.machine import IllegalStepError, Machine
from protocol.turns import Answer, AnswerKind, Carried, carried_from, carried_json

ALREADY_ASKED = "already_asked"
"""The code of an action whose matter somebody is being asked about."""


class ExchangeState(StrEnum):
    """Where an exchange stands."""

    ASKED = "asked"
    INSISTED = "insisted"
    OFFERED = "offered"
    AGREED = "agreed"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    CUT = "cut"
    FAILED = "failed"

    @property
    def open(self) -> bool:
        """Whether somebody still has to speak."""
        return self in OPEN


OPEN = frozenset({ExchangeState.ASKED, ExchangeState.INSISTED, ExchangeState.OFFERED})
"""The states of exchanges in which somebody still has to speak; their stored forms are in it, too."""


class Say(StrEnum):
    """What can happen to an exchange: four answers, a cut by the engine, a party that failed."""

    AGREE = "agree"
    """The party agrees to what is on the table."""
    REFUSE = "refuse"
    """The party says no."""
    COUNTER = "counter"
    """The party puts another position on the table."""
    DEFER = "defer"
    """The party leaves it to the other."""
    CUT = "cut"
    """The engine ends it: a repetition, a bound, or deference without end."""
    FAIL = "fail"
    """The party failed to speak: no answer in time, or none that counts."""


_S, _A = ExchangeState, Say
TABLE: Mapping[tuple[ExchangeState, Say], ExchangeState] = {
    (_S.ASKED, _A.AGREE): _S.AGREED,
    (_S.ASKED, _A.REFUSE): _S.REFUSED,
    (_S.ASKED, _A.COUNTER): _S.OFFERED,
    (_S.ASKED, _A.DEFER): _S.INSISTED,
    (_S.ASKED, _A.CUT): _S.CUT,
    (_S.ASKED, _A.FAIL): _S.FAILED,
    (_S.INSISTED, _A.AGREE): _S.AGREED,
    (_S.INSISTED, _A.REFUSE): _S.REFUSED,
    (_S.INSISTED, _A.COUNTER): _S.OFFERED,
    (_S.INSISTED, _A.DEFER): _S.CUT,
    (_S.INSISTED, _A.CUT): _S.CUT,
    (_S.INSISTED, _A.FAIL): _S.FAILED,
    (_S.OFFERED, _A.AGREE): _S.ACCEPTED,
    (_S.OFFERED, _A.REFUSE): _S.WITHDRAWN,
    (_S.OFFERED, _A.COUNTER): _S.ASKED,
    (_S.OFFERED, _A.DEFER): _S.ACCEPTED,
    (_S.OFFERED, _A.CUT): _S.CUT,
    (_S.OFFERED, _A.FAIL): _S.FAILED,
}
"""(state, what was said) -> next state. A pair that is absent is not a legal event."""

MACHINE = Machine(
    "exchange", _S, _A, TABLE, initial=_S.ASKED, finals=frozenset(state for state in _S if not state.open)
)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One matter between an asker and the owner of the request.

    ``key``: the action key of the ask, under which a carried action commits. ``level``: the lower
    authority of both. ``position``: the asker's latest word on the carried params; ``offer``: the
    owner's latest. ``seen``: hashes of positions said. ``answers`` counts over all exchanges of the
    matter in this case. ``cut_by``: ``defer``, ``repeat`` or ``bound`` when a loop ended it.
    """

    matter: str
    asker: str
    owner: str
    request: str
    params: Mapping[str, Any]
    carries: Carried | None
    key: str
    level: int
    opened: int
    state: ExchangeState = ExchangeState.ASKED
    answers: int = 0
    defers: int = 0
    position: Mapping[str, Any] | None = None
    offer: Mapping[str, Any] | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    code: str | None = None
    text: str = ""
    seen: tuple[str, ...] = ()
    cut_by: str | None = None

    @property
    def deference(self) -> Deference:
        """Where the owner's deference stands; ``defers`` counts over all exchanges of the matter."""
        if self.state is ExchangeState.CUT and self.cut_by == "defer":
            return Deference.ENDED
        return Deference.TOLD if self.defers else Deference.NONE

    @property
    def speaker(self) -> str | None:
        """Whose word is awaited, or None when the exchange has ended."""
        if not self.state.open:
            return None
        return self.asker if self.state is ExchangeState.OFFERED else self.owner

    def asked_params(self) -> dict[str, Any] | None:
        """The carried action as the asker last stated it, when nothing is left open in it."""
        if self.carries is None:
            return None
        params = {**self.carries.params, **(self.position or {})}
        return params if all(h in params for h in self.carries.holes) else None

    def settled_params(self) -> dict[str, Any] | None:
        """The carried action as both settled it, or None while a hole stays open.

        The owner's yes fills what the asker left open and changes nothing the asker stated; an offer
        that the asker accepted, or that a cut falls back on, stands as it was made.
        """
        if self.carries is None:
            return None
        asked, offered = {**self.carries.params, **(self.position or {})}, self.offer or {}
        if self.state is ExchangeState.AGREED:
            params = {**offered, **self.values, **asked}
        else:
            params = {**asked, **offered}
        return params if all(h in params for h in self.carries.holes) else None

    def changes(self, values: Mapping[str, Any]) -> bool:
        """Whether ``values`` differ from what the asker stated of the carried action."""
        asked = {} if self.carries is None else {**self.carries.params, **(self.position or {})}
        return any(name in asked and asked[name] != value for name, value in values.items())


class IllegalSayError(IllegalStepError):
    """It is not that party's turn; names the party, the state and the request."""


def advance(state: ExchangeState, say: Say) -> ExchangeState:
    """One step of the table. Raises IllegalStepError when the exchange has ended."""
    return MACHINE.advance(state, say)


def matter_of(asker: str, owner: str, request: str, carries: Carried | None, keys: Mapping[str, str]) -> str:
    """What the exchange is about: never its wording. ``keys`` are the key params of the carried action."""
    kind = carries.kind if carries else ""
    return digest([asker, owner, request, kind, dict(sorted(keys.items()))])[7:23]


def speak(
    exchange: Exchange,
    party: str,
    answer: Answer,
    reads: Mapping[str, int],
    max_answers: int,
    position: Mapping[str, Any] | None = None,
) -> Exchange:
    """What ``party`` said, applied. Raises IllegalSayError when it is not that party's turn.

    ``position``: the answer's values without their wording, by which a repetition is known; None: all.
    """
    if party != exchange.speaker:
        raise IllegalSayError(f"{party} is not awaited in a {exchange.state} exchange of {exchange.request}")
    if party == exchange.owner and answer.kind is AnswerKind.AGREE and exchange.changes(answer.values):
        answer = changed(answer, kind=AnswerKind.COUNTER)  # a yes to something else is an offer
    stated = dict(answer.values if position is None else position)
    hashed = digest([party, str(answer.kind), stated, dict(sorted(reads.items()))])
    said = changed(
        exchange,
        answers=exchange.answers + 1,
        seen=(*exchange.seen, hashed),
        values=answer.values,
        code=answer.code,
        text=answer.text,
    )
    repeated = answer.kind is AnswerKind.COUNTER and hashed in exchange.seen
    heard = _asker_said(said, answer) if party == exchange.asker else _owner_said(said, answer)
    if repeated:
        return changed(heard, state=advance(exchange.state, Say.CUT), cut_by="repeat")
    if heard.state.open and heard.answers >= max_answers:
        return changed(heard, state=advance(heard.state, Say.CUT), cut_by="bound")
    return heard


def _owner_said(said: Exchange, answer: Answer) -> Exchange:
    if answer.kind is AnswerKind.AGREE and said.carries is not None:
        agreed = changed(said, state=advance(said.state, Say.AGREE))
        # An agreement that leaves a hole open decides nothing: it counts as a defer.
        return agreed if agreed.settled_params() is not None else _owner_deferred(said)
    if answer.kind is AnswerKind.DEFER:
        return _owner_deferred(said)
    offer = {**(said.offer or {}), **answer.values} if answer.kind is AnswerKind.COUNTER else said.offer
    return changed(said, state=advance(said.state, Say(answer.kind)), offer=offer)


def _owner_deferred(said: Exchange) -> Exchange:
    defers = said.defers + 1
    if deference.advance(said.deference, Owner.DEFER) is Deference.ENDED:
        return changed(said, defers=defers, state=advance(said.state, Say.CUT), cut_by="defer")
    return changed(said, defers=defers, state=advance(said.state, Say.DEFER))


def _asker_said(said: Exchange, answer: Answer) -> Exchange:
    state = advance(said.state, Say(answer.kind))
    match answer.kind:
        case AnswerKind.COUNTER:
            return changed(said, state=state, position={**(said.position or {}), **answer.values})
        case AnswerKind.DEFER:
            return changed(said, state=state, cut_by="defer")
        case _:
            return changed(said, state=state)


def fail(exchange: Exchange, code: str) -> Exchange:
    """A party failed to speak: nothing is decided, and silence is no yes."""
    return changed(exchange, state=advance(exchange.state, Say.FAIL), code=code)


def cut(exchange: Exchange, by: str) -> Exchange:
    """Ended by the engine: a bound was reached."""
    return changed(exchange, state=advance(exchange.state, Say.CUT), cut_by=by)


def exchange_json(x: Exchange) -> dict[str, Any]:
    """The stored form."""
    return {
        "matter": x.matter,
        "asker": x.asker,
        "owner": x.owner,
        "request": x.request,
        "params": dict(x.params),
        "carries": carried_json(x.carries),
        "key": x.key,
        "level": x.level,
        "opened": x.opened,
        "state": str(x.state),
        "answers": x.answers,
        "defers": x.defers,
        "position": None if x.position is None else dict(x.position),
        "offer": None if x.offer is None else dict(x.offer),
        "values": dict(x.values),
        "code": x.code,
        "text": x.text,
        "seen": list(x.seen),
        "cut_by": x.cut_by,
    }


def exchange_from(data: Mapping[str, Any]) -> Exchange:
    """The inverse of :func:`exchange_json`."""
    parsed = {
        "carries": carried_from(data["carries"]),
        "state": ExchangeState(data["state"]),
        "seen": tuple(data["seen"]),
    }
    return Exchange(**{**data, **parsed})
