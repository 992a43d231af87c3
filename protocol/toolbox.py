"""The small types a floor's tools are written against, and the registry that holds them.

A floor's ``tools/floor.py`` defines ``TOOLBOX = Toolbox(...)``. Everything in it is data and pure
functions: ``decide`` and ``apply`` read a Snapshot and return Effects or a Refusal; they run inside
the round's transaction and must not be slow. Searches and solvers are queries, run in the turn.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from protocol.effects import Effects, Emit, Put, Refusal
from protocol.fields import Shape
from protocol.ids import derive_key
from protocol.records import Record, Ref, Snapshot

Params = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Bound:
    """The inclusive bounds of an integer balance; ``maximum`` None means unbounded."""

    minimum: int = 0
    maximum: int | None = None


@dataclass(frozen=True, slots=True)
class ResourceType:
    """A type of shared record. ``fields`` exclude balances; ``indexed`` fields serve ``find``.

    ``restricts``: a record of this type is a hold. ``versioned`` False: telemetry, never bound by
    an approval and never a reason for a conflict. ``facts_only`` fields change only by a fact or
    under a person's signature (the design's dagger).
    """

    name: str
    fields: Shape
    balances: Mapping[str, Bound] = field(default_factory=dict)
    indexed: tuple[str, ...] = ()
    restricts: bool = False
    versioned: bool = True
    facts_only: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ActionContext:
    """What an action may know beside its params: who proposes it, under which key, signed by whom."""

    key: str
    agent: str
    signed_by: tuple[str, ...] = ()
    approval: str | None = None

    def new_key(self, prefix: str, ordinal: int = 0) -> str:
        """The key of a record this action creates: the same on every re-run."""
        return derive_key(prefix, self.key, ordinal)


@dataclass(frozen=True, slots=True)
class ActionKind:
    """A kind of action. ``writes`` names the resource types it writes outside consequences.

    ``summary`` names the effect in at most 200 characters, from the params. ``signature`` returns
    the role that must sign, ``"policy"`` for the role the floor's approval policy names, or None;
    its absence means no signature is needed. ``protective`` passes a pull.

    ``claims`` names whose intervals it may take, itself or through consequences (the part before the
    slash of a claim's resource): with ``writes`` it says who can contend with whom, before anything
    runs. A claim on anything else is refused.
    """

    name: str
    purpose: str
    params: Shape
    writes: tuple[str, ...]
    decide: Callable[[Params, Snapshot, ActionContext], Effects | Refusal]
    summary: Callable[[Params], str]
    events: tuple[str, ...] = ()
    signature: Callable[[Params, Snapshot], str | None] | None = None
    protective: bool = False
    claims: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Query:
    """A read an agent may make in its turn when it may read every type in ``reads``.

    ``answer`` returns canonical JSON (no floats). It may be slow; it runs outside the gate.
    """

    name: str
    purpose: str
    params: Shape
    reads: tuple[str, ...]
    answer: Callable[[Params, Snapshot], Any]


@dataclass(frozen=True, slots=True)
class Fact:
    """A report from outside. Identity is (source, source_id)."""

    type: str
    source: str
    source_id: str
    occurred: str
    subject: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FactKind:
    """A type of fact and the owner's plain function that records it. No model, no level.

    Recording a fact publishes an event of its own type with its data; ``apply`` returns the writes
    (and further events). ``subject`` names the resource type of the fact's subject.
    """

    type: str
    owner: str
    data: Shape
    apply: Callable[[Fact, Snapshot], Effects] | None = None


@dataclass(frozen=True, slots=True)
class Consequence:
    """What an owner's plain function writes when an event is published, in the same transaction.

    ``on``: event types. ``owner``: the agent that answers for these writes.
    """

    name: str
    on: tuple[str, ...]
    owner: str
    apply: Callable[[Emit, Snapshot], Effects]


@dataclass(frozen=True, slots=True)
class Attempt:
    """An action about to be committed, as rules see it."""

    kind: str
    params: Params
    agent: str
    effects: Effects
    signed_roles: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Rule:
    """A supervisor rule: checked at every commit of the kinds in ``kinds`` (empty: all).

    ``lanes`` True restricts it to actions whose request came from another lane.
    """

    name: str
    check: Callable[[Attempt, Snapshot], Refusal | None]
    kinds: tuple[str, ...] = ()
    handoff_only: bool = False


@dataclass(frozen=True, slots=True)
class Invariant:
    """A truth about every record of a type, checked after each action inside the transaction."""

    code: str
    type: str
    check: Callable[[Record, Snapshot], str | None]


@dataclass(frozen=True, slots=True)
class Reflex:
    """The plain function behind a manifest's reflex: the params of the action, or None for nothing."""

    kind: str
    params: Callable[[Emit, Snapshot], Params | None]


@dataclass(frozen=True, slots=True)
class Toolbox:
    """Everything a floor's tools provide."""

    resources: Sequence[ResourceType]
    actions: Sequence[ActionKind]
    events: Mapping[str, Shape] = field(default_factory=dict)
    queries: Sequence[Query] = ()
    facts: Sequence[FactKind] = ()
    consequences: Sequence[Consequence] = ()
    rules: Sequence[Rule] = ()
    invariants: Sequence[Invariant] = ()
    reflexes: Sequence[Reflex] = ()
    order: Callable[[str, Params, Snapshot], tuple[Any, ...]] | None = None
    """Sort key of an action among equals (R3); smaller goes first. Comparable across all kinds."""
    mentions: Callable[[str, Snapshot], Sequence[Ref]] | None = None
    """Records a text speaks of, for the view of the agent that gets it."""
    readers: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    """Feed readers by the name a mapping gives (``reader:``)."""


def put(type: str, key: str, **fields: Any) -> Put:  # noqa: A002 - the design's word
    """A change of the named fields of one record."""
    return Put(Ref(type, key), fields)


def create(type: str, key: str, **fields: Any) -> Put:  # noqa: A002
    """A new record; refused by the engine when the key exists."""
    return Put(Ref(type, key), fields, create=True)
