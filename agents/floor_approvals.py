"""The checks on approvals: who is asked, for what, and whether anybody could ever sign."""

import dis
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, pairwise
from types import FunctionType
from typing import Any

from agents.floor_catalogue import Code
from agents.floor_checks import config_holders
from agents.floor_drafts import Draft
from agents.floor_parts import Parts
from protocol.authority import SUBJECT
from protocol.errors import Problem
from protocol.floor import ApprovalPolicy, FloorConfig
from protocol.toolbox import ActionKind, Toolbox

_POLICY = "policy"
"""What a signature function returns for the role that the floor's approval policy names."""


def check_approvals(parts: Parts) -> Iterator[Problem]:
    """Every problem of the approval policies and of the actions that need one."""
    config = parts.config
    for name, policy in config.value.approvals.items():
        yield from _ladder(config, name, policy)
    if parts.toolbox is None:
        return
    for action in parts.toolbox.actions:
        yield from _signature(parts, action)
    if "approvals" not in config.touched:
        yield from _unused(parts, parts.toolbox)


def _ladder(draft: Draft[FloorConfig], name: str, policy: ApprovalPolicy) -> Iterator[Problem]:
    config, roles = draft.value, [rung.role for rung in policy.ladder]
    path = ("approvals", name, "ladder")
    known = not draft.touched & {"roles", "people"}
    for number, role in enumerate(roles):
        if role in roles[:number]:
            message = f"the ladder of {name} comes back to {role}, who did not answer before"
            yield draft.problem(Code.APPROVAL_ROLE_REPEATED, message, *path, number, "role")
        elif role == SUBJECT or not known:
            continue
        elif role not in config.roles:
            message = f"the ladder of {name} asks the role {role}, which roles does not list"
            yield draft.problem(Code.APPROVAL_ROLE_UNKNOWN, message, *path, number)
        elif not config_holders(config, role):
            message = f"the ladder of {name} asks the role {role}, which nobody holds"
            yield draft.problem(Code.APPROVAL_ROLE_UNHELD, message, *path, number)
    begins = accumulate((rung.answer_s for rung in policy.ladder), initial=0)
    for number, ((before_s, after_s), role) in enumerate(zip(pairwise(begins), roles, strict=True)):
        if before_s >= policy.expires_s and after_s:
            message = f"{name} expires after {policy.expires_s} s, before {role} is asked"
            yield draft.problem(Code.APPROVAL_RUNG_UNREACHED, message, *path, number)
    signers = {person for role in roles for person in config_holders(config, role)}
    if known and SUBJECT not in roles and 0 < len(signers) < policy.quorum:
        message = f"{name} needs {policy.quorum} signatures and its ladder reaches {len(signers)} person"
        yield draft.problem(Code.APPROVAL_QUORUM_UNREACHABLE, message, "approvals", name, "quorum")


def _signature(parts: Parts, action: ActionKind) -> Iterator[Problem]:
    config = parts.config
    if action.signature is None:
        return
    policy = config.value.approvals.get(action.name)
    if policy is None and "approvals" not in config.touched:
        message = (
            f"{action.name} can need a signature and approvals has no entry for it, so it would be refused"
        )
        yield config.problem(Code.SIGNATURE_WITHOUT_POLICY, message, "approvals")
    given = set(_returned(action.signature))
    named = {role for role in given if isinstance(role, str)} - {_POLICY}
    if "roles" not in config.touched:
        for role in sorted(named - set(config.value.roles)):
            message = f"the signature of {action.name} asks the role {role}, which floor.yaml does not list"
            yield Problem(Code.TOOLBOX_ROLE, *parts.sources.where(action.signature), message)
    if policy is not None and _UNKNOWN not in given and not named:
        for number, rung in enumerate(policy.ladder):
            if rung.role == SUBJECT:
                message = f"the ladder of {action.name} asks {SUBJECT}, and its signature never names a role"
                path = ("approvals", action.name, "ladder", number)
                yield config.problem(Code.APPROVAL_SUBJECT_UNNAMED, message, *path)


_UNKNOWN = object()
"""A value that a function computes."""


def _returned(function: Callable[..., Any]) -> Iterator[object]:
    """Everything a function can return, as far as its code shows: constants, and constants of its module.

    Whatever else it returns gives ``_UNKNOWN``.
    """
    if not isinstance(function, FunctionType):
        yield _UNKNOWN
        return
    steps = list(dis.get_instructions(function))
    for number, step in enumerate(steps):
        if step.opname == "RETURN_CONST":
            yield step.argval
        elif step.opname == "RETURN_VALUE":
            for before in _before(steps, number):
                yield _constant(function, before)


def _before(steps: Sequence[dis.Instruction], number: int) -> Iterator[dis.Instruction]:
    """The instructions that can stand before one: the one above it, and those above jumps to it."""
    target = steps[number].offset
    if steps[number - 1].opname not in _JUMPS:
        yield steps[number - 1]
    for place, step in enumerate(steps):
        if step.argval == target and step.opcode in _JUMP_CODES:
            yield steps[place - 1] if step.opname in _JUMPS else step


_JUMPS = frozenset({"JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT"})
"""Jumps that are always taken."""
_JUMP_CODES = frozenset((*dis.hasjrel, *dis.hasjabs))


def _constant(function: FunctionType, step: dis.Instruction) -> object:
    if step.opname == "LOAD_CONST":
        return step.argval
    if step.opname == "LOAD_GLOBAL":
        return function.__globals__.get(step.argval, _UNKNOWN)
    return _UNKNOWN


def _unused(parts: Parts, toolbox: Toolbox) -> Iterator[Problem]:
    """Entries for which nothing ever asks: neither an action's signature nor the code of a refusal."""
    signed = {action.name for action in toolbox.actions if action.signature}
    kinds = {action.name for action in toolbox.actions}
    for name in parts.config.value.approvals:
        if name in signed:
            continue
        said = rf"[\"']{re.escape(name)}[\"']"
        pattern = rf"\bRefusal\(\s*(?:code\s*=\s*)?{said}" if name in kinds else said
        if not any(re.search(pattern, text) for text in parts.sources.texts.values()):
            message = f"nothing asks for {name}: no action's signature and no code of a refusal"
            yield parts.config.problem(Code.APPROVAL_UNUSED, message, "approvals", name)
