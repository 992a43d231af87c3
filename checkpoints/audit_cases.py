"""Invariants of cases: commits and turns once each, nothing forgotten, events to deliver, fences kept."""

import json
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

from checkpoints.audit_compare import Comparison
from checkpoints.audit_port import AuditTx
from checkpoints.named_sql import named_queries
from protocol.canonical import digest
from protocol.rows import Verdict
from protocol.world import World

_SQL = "audit"
_COMMITTED_EVENT = f"action.{Verdict.COMMITTED}"


def committed_once(tx: AuditTx, world: World) -> Iterator[str]:
    """One commit per key, with the hash of its own params, and a verdict that says so (3)."""
    sql = named_queries(_SQL)
    for key, count in tx.rows(sql["repeated_commits"]):
        yield f"{key} was committed {count} times"
    for key, kind, params, params_hash, *_ in tx.rows(sql["commits"]):
        if digest([kind, json.loads(params)]) != params_hash:
            yield f"the commit {key} does not match the hash of its params"
    with Comparison() as ruled:
        ruled.expect(tx.rows(sql["committed_verdicts"]))
        ruled.find((key, params_hash) for key, _, _, params_hash, *_ in tx.rows(sql["commits"]))
        for key, _, found in ruled.differences():
            if found is None:
                yield f"{key} was ruled committed, and there is no commit"
            else:
                yield f"the commit {key} has no verdict on the same params"


def one_turn(tx: AuditTx, world: World) -> Iterator[str]:
    """One turn per case, round and agent, and it is that agent's (3)."""
    sql = named_queries(_SQL)
    for case, round_no, agent, count in tx.rows(sql["repeated_turns"]):
        yield f"{agent} has {count} turns in round {round_no} of {case}"
    for case, round_no, agent, body in tx.rows(sql["turns"]):
        if json.loads(body).get("agent") != agent:
            yield f"the turn of {agent} in round {round_no} of {case} is another agent's"


def nothing_forgotten(tx: AuditTx, world: World) -> Iterator[str]:
    """Whatever is open has work due, or a person is asked and a deadline runs (8).

    A deadline that has passed is work: the next sweep ends it.
    """
    sql = named_queries(_SQL)
    for case, status in tx.rows(sql["stuck_cases"]):
        yield f"{case} is {status}, has no work due, and nobody is asked"
    for escalation, case, status in tx.rows(sql["orphaned_escalations"]):
        yield f"{escalation} is open, and its case {case} is {status or 'unknown'}"
    for case, _ in tx.rows(sql["decided_and_asleep"]):
        yield f"{case} has a decision to apply and is not marked as having work due"
    for case, status in tx.rows(sql["ended_at_work"]):
        yield f"{case} is {status} and still marked as having work due"


def outbox_complete(tx: AuditTx, world: World) -> Iterator[str]:
    """Events are numbered without a gap, each has its outbox row, and each commit its event (12)."""
    sql = named_queries(_SQL)
    for (event,) in tx.rows(sql["events_without_outbox"]):
        yield f"{event} is not in the outbox"
    for count, first, last in tx.rows(sql["event_range"]):
        if (first, last) != (1, count):
            yield f"there are {count} events, numbered {first} to {last}"
    with Comparison() as told:
        told.expect((key, "") for (key,) in tx.rows(sql["commit_keys"]))
        told.find(
            (str(json.loads(d).get("key")), "") for (d,) in tx.rows(sql["commit_events"], _COMMITTED_EVENT)
        )
        for key, _, found in told.differences():
            yield f"the commit {key} has no event" if found is None else f"an event tells of {key}, no commit"


def fenced(tx: AuditTx, world: World) -> Iterator[str]:
    """Every gate pass checked the fence of its case; tokens never go back, passes leave no gap (17)."""
    sql = named_queries(_SQL)
    for case, passes in groupby(tx.rows(sql["passes"]), itemgetter(0)):
        highest = 0
        for _, number, token, newest in passes:
            if token is None:
                yield f"pass {number} of {case} was written without a lease"
            elif token < highest:
                yield f"pass {number} of {case} was written under token {token} after {highest}"
            elif newest is None or token > newest:
                yield f"pass {number} of {case} was written under token {token}, the lease is at {newest}"
            highest = max(highest, token or 0)
    for case, claims, count, last in tx.rows(sql["pass_counts"]):
        if not claims == count == last:
            yield f"{case} counts {claims} passes; {count} are stored, the last is number {last}"
