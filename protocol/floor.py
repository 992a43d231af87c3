"""``floor.yaml`` as data: lanes, roles, people, limits, approval policies, rules, clock."""

from datetime import datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, StringConstraints

from protocol.breaker import BreakerPolicy
from protocol.manifest import Budget, Name, Strict, Usd
from protocol.times import parse

PersonId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9._-]{0,63}$")]
HourMinute = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class Hours(Strict):
    """A daily span in the site's zone, half-open; ``to`` before ``from`` runs over midnight."""

    from_: HourMinute = Field(alias="from")
    to: HourMinute


class PersonEntry(Strict):
    """One person: roles hold always, or only within ``hours`` of the site's day (on shift)."""

    id: PersonId
    name: str
    roles: list[Name] = Field(min_length=1)
    os_user: str | None = None
    hours: Hours | None = None


class Rung(Strict):
    """One step of an approval's ladder: who is asked, for how long."""

    role: Name
    answer_s: int = Field(ge=1)


class RejectOption(Strict):
    """A named reason to reject."""

    code: Name
    title: str


class ApprovalPolicy(Strict):
    """Who may sign, how many, by when, and what follows on silence (R12).

    ``ladder``: asked in order; whoever holds the role of a rung reached so far may sign. A ladder of
    ``role: subject`` takes the role the action itself names (a hold's release role).
    """

    ladder: list[Rung] = Field(min_length=1)
    quorum: int = Field(default=1, ge=1, le=2)
    separate: bool = False
    edit: Literal["self", "ask", "never"] = "never"
    expires_s: int = Field(default=86400, ge=1)
    on_exhausted: Literal["reject", "hold"] = "reject"
    meaning: Literal["review", "approval", "responsibility", "authorship"] = "approval"
    irreversible: bool = False
    reject_options: list[RejectOption] = Field(default_factory=list)
    repeat_after_s: int = Field(default=3600, ge=0)


class Limits(Strict):
    """Per case (R14). ``per_agent`` and ``per_day`` bound a day, by the site's clock."""

    rounds: int = Field(default=8, ge=1, le=100)
    answers_per_exchange: int = Field(default=3, ge=1, le=20)
    rereads: int = Field(default=3, ge=0, le=20)
    proposals: int = Field(default=20, ge=1, le=1000)
    open_escalations: int = Field(default=5, ge=1, le=50)
    causal_depth: int = Field(default=6, ge=1, le=50)
    attempts: int = Field(default=3, ge=1, le=100)
    retries: int = Field(default=10, ge=0, le=1000)
    per_case: Budget = Budget()
    per_agent: Budget = Budget()
    per_day: Budget = Budget()


class BreakerSettings(Strict):
    """When breakers open, and for how long (R6)."""

    failures: int = Field(
        default=3, ge=1, le=20, description="failed calls in a row; fewer would open on one bad minute"
    )
    cooldown_s: int = Field(
        default=30, ge=1, le=3600, description="seconds until a probe; a restart or a failover takes as long"
    )
    window: int = Field(default=20, ge=1, le=100, description="calls remembered; more would forget too late")
    min_calls: int = Field(
        default=10, ge=1, le=100, description="calls before their share counts; fewer tell too little"
    )
    bad_percent: int = Field(
        default=50, ge=1, le=100, description="failed or slow calls in the window that open it"
    )

    def policy(self, lease_s: float) -> BreakerPolicy:
        """The policy towards one callee. ``lease_s``: its timeout, after which a probe is given up."""
        return BreakerPolicy(
            failures=self.failures,
            cooldown_s=self.cooldown_s,
            window=self.window,
            min_calls=self.min_calls,
            bad_percent=self.bad_percent,
            lease_s=lease_s,
        )


class Engine(Strict):
    """Settings of the questions the engine opens itself, and of its breakers."""

    answer_s: int = Field(default=900, ge=1, description="seconds per rung of an escalation path")
    breaker: BreakerSettings = BreakerSettings()
    keep_recordings_days: int = Field(
        default=30, ge=0, le=36500, description="days of the ledger clock; 0: cases are not recorded"
    )


class Thresholds(Strict):
    """What the watch for anomalies takes for ordinary: more than that raises an alert (R10).

    It clears at four fifths of the limit, so that a figure at the limit raises no alert each second.
    """

    events_per_minute: int = Field(
        default=1200, ge=1, description="events of cases; an ordinary one writes 3 to 10: 120 cases and more"
    )
    causal_depth: int = Field(
        default=4, ge=1, description="of the last events; limits.causal_depth (6) stops a chain"
    )
    retry_percent: int = Field(
        default=5, ge=0, le=100, description="retried attempts per hundred calls between agents"
    )
    min_calls: int = Field(
        default=20, ge=1, description="fewer calls tell no rate: one retry of 20 is the limit itself"
    )
    window_turns: int = Field(
        default=200, ge=1, le=2000, description="the last turns, whose calls, retries and cuts are counted"
    )
    loops_cut: int = Field(default=3, ge=0, description="in the window; one now and then is how R4 works")
    open_breakers: int = Field(default=0, ge=0, description="each of them is somebody who does not answer")
    case_age_s: int = Field(
        default=28_800, ge=1, description="seconds a case is open: a shift, so whoever asked has gone home"
    )


class Receiver(Strict):
    """A system outside that events are sent to, until it has acknowledged each. Nothing is sent without one.

    ``secret_env`` names the environment variable with the key that signs what is sent, or, with ``_FILE``
    behind it, the one with the path of a file that holds the key.
    """

    name: Name
    url: str
    secret_env: str
    events: list[str] = Field(min_length=1)
    timeout_s: int = Field(
        default=10, ge=1, le=120, description="seconds for one attempt, its answer included"
    )
    attempts: int = Field(
        default=20, ge=1, le=1000, description="attempts before it is given up: 20 are nine hours or so"
    )
    history: bool = Field(
        default=False, description="whether what happened before it was declared is sent, too"
    )


class Price(Strict):
    """US dollars for a million tokens. Without a price of its own, input from a cache costs as any other."""

    input_usd: Usd
    output_usd: Usd
    cached_input_usd: Usd | None = None


class ModelEndpoint(Strict):
    """An address where models are served, beside the one that the environment names.

    ``key_env`` names the environment variable with its key, or, with ``_FILE`` behind it, the one with the
    path of a file that holds the key.
    """

    url: str
    key_env: str
    stream: bool | None = Field(
        default=None, description="whether it is asked for streams; without it as `stream` says for all"
    )


class Models(Strict):
    """Model tiers mapped to backends: ``offline``, or ``ENDPOINT:NAME`` for a model at an endpoint.

    ``endpoints``: addresses by name, beside ``openai``, which is the environment's. ``agents``: the tier of
    agents whose manifest names none; without it ``large``, or else the router's. ``fallback``: the tier that
    plays instead while the endpoint of a tier is down. ``prices``: of backends that no public table knows, or
    knows wrongly; 0 is a known price.
    """

    endpoints: dict[Name, ModelEndpoint] = Field(default_factory=dict)
    tiers: dict[Name, str] = Field(default_factory=lambda: {"small": "offline", "large": "offline"})
    router: Name = "small"
    agents: Name | None = None
    fallback: dict[Name, Name] = Field(default_factory=dict)
    prices: dict[str, Price] = Field(default_factory=dict)
    stream: bool = Field(
        default=False, description="ask endpoints for streams; not every one says what a streamed call took"
    )

    @property
    def tier_of_agents(self) -> str:
        """The tier of agents whose manifest names none."""
        return self.agents or ("large" if "large" in self.tiers else self.router)

    def chain(self, tier: str) -> tuple[str, ...]:
        """The backends of a tier and of those it falls back on, in order, each once."""
        tiers: list[str] = []
        while tier in self.tiers and tier not in tiers:
            tiers.append(tier)
            tier = self.fallback.get(tier, "")
        return tuple(dict.fromkeys(self.tiers[name] for name in tiers))


class FloorConfig(Strict):
    """A floor. ``seed`` names a YAML file of opening resources beside ``floor.yaml``."""

    floor: Name
    version: int = Field(ge=1)
    purpose: str
    zone: str = "UTC"
    clock: Literal["system", "floor"] = "system"
    clock_start: str | None = None
    identity: Literal["os", "claimed"] = "os"
    lanes: list[Name] = Field(min_length=1)
    roles: list[Name] = Field(min_length=1)
    people: list[PersonEntry] = Field(min_length=1)
    limits: Limits = Limits()
    engine: Engine = Engine()
    watch: Thresholds = Thresholds()
    deliver: list[Receiver] = Field(default_factory=list)
    approvals: dict[Name, ApprovalPolicy] = Field(default_factory=dict)
    rules: list[str] = Field(default_factory=list)
    models: Models = Models()
    topology: Literal["hybrid"] = "hybrid"
    seed: str | None = None
    fact_window_s: int = Field(default=86400, ge=0)

    def person(self, person: str) -> PersonEntry | None:
        """The entry of a person, or None for a guest."""
        for entry in self.people:
            if entry.id == person:
                return entry
        return None

    def roles_of(self, person: str, now: str) -> frozenset[str]:
        """The roles a person holds at ``now`` (ledger clock), shifts considered."""
        entry = self.person(person)
        if entry is None or not self._is_there(entry, now):
            return frozenset()
        return frozenset(entry.roles)

    def holders(self, role: str, now: str) -> list[str]:
        """The people who hold ``role`` at ``now``, in the order of the file."""
        return [p.id for p in self.people if role in p.roles and self._is_there(p, now)]

    def _is_there(self, person: PersonEntry, now: str) -> bool:
        return person.hours is None or on_shift(person.hours, now, self.zone)


def on_shift(hours: Hours, now: str, zone: str) -> bool:
    """Whether ``now`` lies in the daily span, in the site's zone."""
    local: datetime = parse(now).astimezone(ZoneInfo(zone))
    at, start, end = local.strftime("%H:%M"), hours.from_, hours.to
    return start <= at < end if start < end else at >= start or at < end


def schema() -> dict[str, Any]:
    """The JSON Schema of ``floor.yaml``."""
    return FloorConfig.model_json_schema(by_alias=True)
