"""What a suite may expect: the types of checks, closed. What each one finds is said in evals/judging.py.

Counts are explicit: without ``count`` at least one is expected, so a misspelt filter fails.
"""

import re
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from evals.suite_steps import ExitCode
from protocol.manifest import ErrorCode, EventType, Name, Strict

VerdictName = Literal[
    "committed", "duplicate", "asked", "conflict", "refused", "overruled", "shadowed", "escalated"
]
EscalationStateName = Literal[
    "pending", "approved", "edited", "rejected", "answered", "expired", "withdrawn", "superseded"
]
RefText = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*/.+$")]
"""A record, ``TYPE/KEY``."""
StatusName = Literal["waiting", "done", "refused", "failed"]


class Check(Strict):
    """``gate`` False: scored and shown, never a reason to fail."""

    id: str | None = Field(default=None, min_length=1, max_length=100)
    weight: float = Field(default=1.0, ge=0, le=1000)
    gate: bool = True


def _step_or_all(value: object) -> object:
    if value == "all" or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
        return value
    raise ValueError("the number of a step, from 0, or all")


StepOrAll = Annotated[
    int | Literal["all"], BeforeValidator(_step_or_all, json_schema_input_type=int | Literal["all"])
]


class ScopedCheck(Check):
    """``at``: the step (from 0) whose cases are looked at, or ``all`` of them."""

    at: StepOrAll | None = None


class CaseCheck(ScopedCheck):
    """About cases, by default those of the last step that opens any."""


class CountCheck(ScopedCheck):
    """About what there is of something, by default anywhere; ``at`` includes what its cases opened."""

    count: int | None = Field(default=None, ge=0, description="exactly so many; else at least one")


class StateCheck(Check):
    """A field of a record, a record that must not be there, or how many records there are."""

    type: Literal["state"]
    ref: RefText | None = None
    field: Name | None = None
    equals: Any = None
    absent: Literal[True] | None = None
    find: dict[str, Any] | None = None
    count: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        stated = self.model_fields_set & {"ref", "field", "equals", "absent", "find", "count"}
        forms = ({"ref", "field", "equals"}, {"ref", "absent"}, {"ref", "field", "absent"}, {"find", "count"})
        if stated not in forms:
            raise ValueError(
                "state {ref, field, equals}, {ref, absent}, {ref, field, absent} or {find, count}"
            )
        if self.find is not None and "type" not in self.find:
            raise ValueError("find needs the type of the records")
        return self


class UnchangedCheck(Check):
    """No record was made or written: in no step, or not in the step ``at``. ``ref``: not this one."""

    type: Literal["unchanged"]
    ref: RefText | None = None
    at: int | None = Field(default=None, ge=0)


class VerdictsCheck(CountCheck):
    """Verdicts of the gate. ``resource``: the record's ref."""

    type: Literal["verdicts"]
    action: Name | None = None
    verdict: VerdictName | None = None
    code: ErrorCode | None = None
    agent: Name | None = None
    resource: RefText | None = None
    args: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _args_of_something(self) -> Self:
        if self.args and self.action is None:
            raise ValueError("args belong to an action; state which")
        return self


class EscalationsCheck(CountCheck):
    """Items ever put to people. ``role``: who is asked now; ``action``: to be signed, or an option."""

    type: Literal["escalations"]
    kind: Literal["approval", "question"] | None = None
    role: Name | None = None
    action: Name | None = None
    args: dict[str, Any] = Field(default_factory=dict)
    state: EscalationStateName | None = None

    @model_validator(mode="after")
    def _args_of_something(self) -> Self:
        if self.args and self.action is None:
            raise ValueError("args belong to an action; state which")
        return self


class EventsCheck(CountCheck):
    """Events in the ledger."""

    type: Literal["events"]
    event: EventType
    subject: str | None = None
    where: dict[str, Any] = Field(default_factory=dict)


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"this is not a regular expression: {error}") from None
    return pattern


Texts = Annotated[
    list[Annotated[str, Field(min_length=1)]],
    BeforeValidator(_listed, json_schema_input_type=str | list[str]),
]


class ReplyCheck(CaseCheck):
    """The words for the person who asked; all that is stated must hold, in every case looked at."""

    type: Literal["reply"]
    contains: Texts = Field(default_factory=list)
    not_contains: Texts = Field(default_factory=list)
    regex: Annotated[str, AfterValidator(_compiles)] | None = None
    equals: str | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not (self.contains or self.not_contains or self.regex or self.equals is not None):
            raise ValueError("state contains, not_contains, regex or equals")
        return self


class RoundsCheck(CaseCheck):
    """How many rounds each case took."""

    type: Literal["rounds"]
    max: int | None = Field(default=None, ge=0)
    equals: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        if (self.max is None) == (self.equals is None):
            raise ValueError("state max or equals")
        return self


class StatusCheck(CaseCheck):
    """Where each case stands. ``clarify``: whether it ended with a question back."""

    type: Literal["status"]
    equals: StatusName
    clarify: bool | None = None


class CodeCheck(CaseCheck):
    """The code each case ended with; null for none."""

    type: Literal["code"]
    equals: ErrorCode | None


class ExitCodeCheck(Check):
    """How an approval step ended: the last one, or the step ``at`` (from 0)."""

    type: Literal["exit_code"]
    at: int | None = Field(default=None, ge=0)
    equals: ExitCode


class SideEffectCountCheck(ScopedCheck):
    """Commits of one kind of action: exactly ``equals``."""

    type: Literal["side_effect_count"]
    action: Name
    equals: int = Field(ge=0)
    args: dict[str, Any] = Field(default_factory=dict)


FEED_COUNTS = (
    "rows",
    "accepted",
    "duplicates",
    "rejected",
    "history",
    "cases",
    "done",
    "refused",
    "waiting",
    "failed",
    "committed",
)
"""Counts of the shape ``feed``; of ``rejected`` the length."""


class FeedCheck(Check):
    """What a feed step counted: the last one, or the step ``at`` (from 0)."""

    type: Literal["feed"]
    at: int | None = Field(default=None, ge=0)
    rows: int | None = Field(default=None, ge=0)
    accepted: int | None = Field(default=None, ge=0)
    duplicates: int | None = Field(default=None, ge=0)
    rejected: int | None = Field(default=None, ge=0)
    history: int | None = Field(default=None, ge=0)
    cases: int | None = Field(default=None, ge=0)
    done: int | None = Field(default=None, ge=0)
    refused: int | None = Field(default=None, ge=0)
    waiting: int | None = Field(default=None, ge=0)
    failed: int | None = Field(default=None, ge=0)
    committed: int | None = Field(default=None, ge=0)

    @property
    def stated(self) -> dict[str, int]:
        """The counts that are expected, by name."""
        return {name: value for name in FEED_COUNTS if (value := getattr(self, name)) is not None}

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.stated:
            raise ValueError("state at least one count")
        return self


class AuditCheck(Check):
    """The ledger is sound. Every attempt is audited anyway; the check gives it a weight."""

    type: Literal["audit"]
    ok: Literal[True] = True


AnyCheck: TypeAlias = Annotated[
    StateCheck
    | UnchangedCheck
    | VerdictsCheck
    | EscalationsCheck
    | EventsCheck
    | ReplyCheck
    | RoundsCheck
    | StatusCheck
    | CodeCheck
    | ExitCodeCheck
    | SideEffectCountCheck
    | FeedCheck
    | AuditCheck,
    Field(discriminator="type"),
]
