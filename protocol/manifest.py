"""The manifest: the machine-readable contract an agent publishes before it may join (R1)."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
EventType = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$")]
ErrorCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
JsonSchema = dict[str, Any]

DECIDE = "decide"
"""The built-in request every owner answers: a non-owner's proposal, carried to it (R2)."""


class Strict(BaseModel):
    """Strict types, unknown keys refused, frozen."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)


class CapabilityScope(Strict):
    """What the agent can and cannot do."""

    can: list[Name] = Field(description="action kinds it may propose")
    cannot: list[Name] = Field(description="stated boundaries, refused with this as the reason")
    reads: list[Name] = Field(description="resource types it may read")
    asks: dict[Name, list[Name]] = Field(default_factory=dict, description="requests it may make, by agent")


class RequestInput(Strict):
    """One request the agent answers."""

    from_: list[Name] = Field(alias="from", min_length=1, description="agents, or person")
    schema_: JsonSchema = Field(alias="schema", description="JSON Schema of the request's params")


class EventInput(Strict):
    """Events that reach the agent: ``hear`` wakes it, ``project`` only shows."""

    hear: list[EventType] = Field(default_factory=list)
    project: list[EventType] = Field(default_factory=list)


class InputSchema(Strict):
    """What the agent accepts, and from whom."""

    requests: dict[Name, RequestInput] = Field(default_factory=dict)
    events: EventInput = Field(default_factory=EventInput)


class OutputSchema(Strict):
    """What the agent answers and emits, and its error codes."""

    answers: dict[Name, JsonSchema] = Field(default_factory=dict)
    events: list[EventType] = Field(default_factory=list)
    errors: list[ErrorCode] = Field(default_factory=list)


class Authority(Strict):
    """Level 1 (lowest) to 5, and the resource types the agent owns."""

    level: int = Field(ge=1, le=5)
    owns: list[Name] = Field(default_factory=list)


class EscalationPath(Strict):
    """Human roles, asked in this order; the last rung is a person by definition."""

    after_retries: int = Field(ge=0, le=5)
    to: list[Name] = Field(min_length=1)


class TimeoutPolicy(Strict):
    """Seconds on the process clock for a synchronous call and for handling events."""

    call_s: int = Field(ge=1, le=3600)
    event_s: int = Field(ge=1, le=86400)


class DegradedMode(Strict):
    """What applies while the breaker to this agent is open."""

    when_open: Literal["cached", "default", "escalate"]
    max_age_s: int = Field(default=0, ge=0)
    default: JsonSchema | None = None
    then: Literal["escalate"] = "escalate"


class Rate(Strict):
    """Turns per minute."""

    per_minute: int = Field(ge=1)


Usd = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,9}(\.[0-9]{1,12})?$")]
"""US dollars as a decimal number, in quotes: no binary fraction stands for a price."""


class Budget(Strict):
    """What calls of models may take (R14). What is left out has no bound.

    ``wall_s``: seconds that calls take, added up; calls side by side count each.
    """

    tokens: int | None = Field(default=None, ge=1)
    usd: Usd | None = None
    wall_s: int | None = Field(default=None, ge=1)

    @property
    def bounds(self) -> bool:
        """Whether it says anything."""
        return any(bound is not None for bound in (self.tokens, self.usd, self.wall_s))


class ModelChoice(Strict):
    """A tier; settings map tiers to models."""

    tier: Name


class ContextBudget(Strict):
    """Tokens the view may use."""

    budget_tokens: int = Field(ge=200)


class Manifest(Strict):
    """One agent's contract. Six fields, beside the first four, are required."""

    agent: Name
    version: int = Field(ge=1)
    purpose: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    lane: Name
    capability_scope: CapabilityScope
    input_schema: InputSchema
    output_schema: OutputSchema
    authority: Authority
    escalation_path: EscalationPath
    timeout_policy: TimeoutPolicy
    mode: Literal["active", "shadow"] = "active"
    degraded_mode: DegradedMode | None = None
    reflexes: dict[EventType, Name] = Field(default_factory=dict)
    rate: Rate | None = None
    model: ModelChoice | None = None
    context: ContextBudget = ContextBudget(budget_tokens=4000)
    budget: Budget | None = None

    def hears(self) -> frozenset[str]:
        """Event types that wake the agent, its reflexes' included."""
        return frozenset(self.input_schema.events.hear) | frozenset(self.reflexes)

    def may_ask(self, other: str, request: str) -> bool:
        """Whether its scope lists ``other.request``."""
        return request in self.capability_scope.asks.get(other, ())
