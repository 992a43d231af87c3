"""What happens in a case of a suite: lines, events, decisions, the cord, time, files, a worker that stops."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from evals.durations import LedgerOffset, LedgerTime
from protocol.floor import PersonId
from protocol.manifest import EventType, Name, Strict

ARGS = "args."
"""Before the name of an action's parameter, where a person's item is picked."""

Chat = Literal["chat"]
Feed = Literal["feed"]
ExitCode = Annotated[int, Field(ge=0, le=255)]


class UserStep(Strict):
    """A person's line. Without ``expect_exit`` any status will do, but no error."""

    text: str
    as_: PersonId = Field(default="guest", alias="as")
    session: str | None = Field(default=None, min_length=1, max_length=100)
    expect_exit: ExitCode | None = None


class EventStep(Strict):
    """A fact from outside, ``repeat`` times under ids of its own; ``duplicate`` delivers each twice.

    It occurred at ``occurred``, or ``at`` after the ledger clock, which is where it stands by default.
    """

    type: EventType
    subject: str = Field(min_length=1, max_length=200)
    occurred: str | None = None
    at: LedgerOffset | None = None
    data: dict[str, Any] = Field(default_factory=dict)
    duplicate: bool = False
    repeat: int = Field(default=1, ge=1, le=1000)
    source_id: str | None = Field(default=None, min_length=1, max_length=100)
    expect_exit: ExitCode | None = None

    @model_validator(mode="after")
    def _one_time(self) -> Self:
        if self.occurred is not None and self.at is not None:
            raise ValueError("state occurred or at, not both")
        return self


class Match(Strict):
    """Which open item: all that is stated must fit. ``args.NAME`` compares a parameter of its action."""

    action: Name | None = None
    type: Literal["approval", "question"] | None = None
    role: Name | None = None
    args: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, data: object) -> object:
        if not isinstance(data, Mapping) or not any(str(key).startswith(ARGS) for key in data):
            return data
        plain = {key: value for key, value in data.items() if not str(key).startswith(ARGS)}
        named = {key.removeprefix(ARGS): value for key, value in data.items() if str(key).startswith(ARGS)}
        if "args" in plain:
            raise ValueError("write args.NAME: VALUE, or args: {NAME: VALUE}, not both")
        return {**plain, "args": named}

    @model_validator(mode="after")
    def _args_of_something(self) -> Self:
        if self.args and self.action is None:
            raise ValueError("args belong to an action; state which")
        return self


class ApprovalStep(Strict):
    """A person decides. ``after``: how long they take, on the ledger clock. ``process: new``: elsewhere,
    with the command line, while no application is open here. ``ignore``: they see it and do nothing.
    """

    as_: PersonId = Field(alias="as")
    match: Match = Match()
    decision: Literal["approve", "reject", "answer", "ignore"]
    reason: str = ""
    option: int | None = Field(default=None, ge=0)
    text: str = ""
    after: LedgerTime = 0
    process: Literal["same", "new"] = "same"
    expect_exit: ExitCode | None = None

    @model_validator(mode="after")
    def _fits_its_decision(self) -> Self:
        answers = self.decision == "answer"
        if answers != (self.option is not None or bool(self.text)):
            raise ValueError("an answer, and only an answer, states option or text")
        if self.decision == "ignore" and (self.expect_exit is not None or self.process == "new"):
            raise ValueError("whoever ignores an item starts no process and gets no exit code")
        return self


class CordStep(Strict):
    """A person stops agents on a scope, or lets them go on there."""

    scope: str = Field(min_length=1, max_length=150)
    as_: PersonId = Field(alias="as")
    reason: str = Field(min_length=1, max_length=500)
    expect_exit: ExitCode | None = None


class FeedStep(Strict):
    """A file of events. Paths are relative to the suite's file."""

    file: str
    map: str | None = None
    expect_exit: ExitCode | None = None


def _as_user(value: object) -> object:
    return {"text": value} if isinstance(value, str) else value


class Step(Strict):
    """Exactly one thing that happens. ``events``: facts that all come in before anything is done about
    one of them, in an order that the seed decides.
    """

    user: Annotated[UserStep, BeforeValidator(_as_user, json_schema_input_type=str | UserStep)] | None = None
    event: EventStep | None = None
    events: Annotated[list[EventStep], Field(min_length=2, max_length=1000)] | None = None
    approval: ApprovalStep | None = None
    pull: CordStep | None = None
    release: CordStep | None = None
    wait: LedgerTime | None = None
    feed: FeedStep | None = None
    restart: Literal["worker"] | None = None
    delete_checkpoints: Literal[True] | None = None

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        if len(self.model_fields_set) != 1 or getattr(self, self.kind) is None:
            raise ValueError(f"a step is exactly one of {', '.join(type(self).model_fields)}")
        if any(event.expect_exit is not None for event in self.events or ()):
            raise ValueError("an event that must be refused is a step of its own")
        return self

    @property
    def kind(self) -> str:
        """Which of its fields it states."""
        return next(iter(self.model_fields_set), "user")

    @property
    def opens(self) -> Chat | Feed | None:
        """By which entry it opens cases; None when it does not."""
        match self.kind:
            case "user":
                return "chat"
            case "event" | "events" | "feed":
                return "feed"
            case _:
                return None
