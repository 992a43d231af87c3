"""Who may do what, and who goes first (R2, R3)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from protocol.effects import Effects, Refusal
from protocol.fields import KeyOf, Maybe, Shape
from protocol.floor import ApprovalPolicy
from protocol.position import Item
from protocol.records import Snapshot
from protocol.world import World

SUBJECT = "subject"
"""A ladder role that stands for the role the action itself names."""


@dataclass(frozen=True, slots=True)
class Signature:
    """People's valid decisions on one action, and the escalation that asked last.

    ``signers``: (person, role signed as); ``asker``: the person whose request it came from, if any.
    """

    escalation: str
    signers: tuple[tuple[str, str], ...]
    asker: str | None = None

    @property
    def persons(self) -> tuple[str, ...]:
        """Who signed, each once."""
        return tuple(dict.fromkeys(person for person, _ in self.signers))

    @property
    def roles(self) -> frozenset[str]:
        """The roles they signed as."""
        return frozenset(role for _, role in self.signers)


def effective_level(own: int, caps: Iterable[int | None]) -> int:
    """The lower of the agent's own level and every level it acts for: no confused deputy."""
    return min([own, *(c for c in caps if c is not None)])


def scope_refusal(world: World, item: Item) -> Refusal | None:
    """Why ``item`` lies outside its agent's published scope, or None."""
    scope = world.manifests[item.agent].capability_scope
    if item.kind in scope.cannot:
        return Refusal("out_of_scope", f"{item.agent} states that it cannot {item.kind}")
    if item.kind not in scope.can or item.kind not in world.kinds:
        return Refusal("out_of_scope", f"{item.kind} is not in what {item.agent} can do")
    return None


def key_params(shape: Shape, params: Mapping[str, Any]) -> dict[str, str]:
    """The params that name resources: what an action is about."""
    found = {}
    for name, field in shape.items():
        inner = field.field if isinstance(field, Maybe) else field
        if isinstance(inner, KeyOf) and isinstance(params.get(name), str):
            found[name] = params[name]
    return found


def signer_roles(policy: ApprovalPolicy, rung: int, subject_role: str | None) -> frozenset[str]:
    """The roles that may sign once the ladder has reached ``rung``."""
    roles = (r.role for r in policy.ladder[: rung + 1])
    return frozenset(subject_role if r == SUBJECT and subject_role else r for r in roles)


def passes(
    world: World, policy_name: str, signature: Signature | None, subject_role: str | None = None
) -> bool:
    """Whether ``signature`` satisfies the approval policy of that name: who, how many, and not the asker.

    The signature may have been given under another policy, or with the answer to a question.
    """
    policy = world.config.approvals.get(policy_name)
    if signature is None or policy is None:
        return False
    allowed = signer_roles(policy, len(policy.ladder), subject_role)
    barred = signature.asker if policy.separate else None
    valid = {person for person, role in signature.signers if role in allowed and person != barred}
    return len(valid) >= policy.quorum


def rank(world: World, item: Item, effects: Effects | None, snapshot: Snapshot) -> tuple[Any, ...]:
    """The sort key of R3 between actions of one round that overlap: smaller goes first."""
    claimed = {c.resource.partition("/")[0] for c in effects.claims} if effects else set()
    owns = any(world.owners.get(t) == item.agent for t in claimed)
    sortable = effects is not None and world.toolbox.order is not None
    order = world.toolbox.order(item.kind, item.params, snapshot) if sortable and world.toolbox.order else ()
    return (-item.level, not owns, order, item.age, item.agent, item.ordinal)
