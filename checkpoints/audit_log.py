"""Invariants of the audit log: its chain, and that every change stands in it (approvals.md, section 11)."""

import json
from collections.abc import Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any

from checkpoints.audit_compare import Comparison
from checkpoints.audit_port import AuditTx
from checkpoints.named_sql import named_queries
from checkpoints.row_codec import GENESIS, SEED, audit_hash
from protocol.canonical import digest, dumps
from protocol.records import Ref
from protocol.rows import Verdict
from protocol.world import World

_SQL = "audit"


def entries(tx: AuditTx) -> Iterator[dict[str, Any]]:
    """The bodies of the log, oldest first."""
    return (json.loads(body) for _, _, _, body in tx.rows(named_queries(_SQL)["audit"]))


def head(tx: AuditTx) -> str | None:
    """The hash of the last entry; None for an empty log."""
    last = next(iter(tx.rows(named_queries(_SQL)["audit_head"])), None)
    return None if last is None else str(last[0])


def chain_whole(tx: AuditTx, world: World) -> Iterator[str]:
    """Entries are numbered without a gap, name their predecessor, and match their hashes (14)."""
    expected, previous = 1, GENESIS
    for seq, prev_hash, stored, body in tx.rows(named_queries(_SQL)["audit"]):
        if seq != expected:
            yield f"audit entry {seq} follows {expected - 1}"
        if prev_hash != previous:
            yield f"audit entry {seq} does not follow the one before it"
        if audit_hash(seq, prev_hash, body) != stored:
            yield f"audit entry {seq} does not match its hash"
        expected, previous = seq + 1, stored


def changes_logged(tx: AuditTx, world: World) -> Iterator[str]:
    """Every write and every commit stands in an entry, and what entries name exists (14).

    An action that writes a record twice logs the last version; opening records are logged as one.
    """
    sql = named_queries(_SQL)
    with Comparison() as written, Comparison() as committed:
        written.expect(pair for entry in entries(tx) for pair in _written(entry))
        if any(entry.get("what") == SEED for entry in entries(tx)):
            written.expect((_named(*row), "") for row in tx.rows(sql["last_writes"]) if row[2] == SEED)
        written.find((_named(*row), "") for row in tx.rows(sql["last_writes"]))
        for name, _, found in written.differences():
            said = "is in the audit log and was never" if found is None else "is not in the audit log and was"
            yield f"{name} {said} written"
        committed.expect(pair for entry in entries(tx) for pair in _committed(entry))
        committed.find((key, params_hash) for key, _, _, params_hash, *_ in tx.rows(sql["commits"]))
        for key, _, found in committed.differences():
            said = "is in the audit log and is gone" if found is None else "is not in the audit log"
            yield f"the commit {key} {said}"


def _named(type_: str, key: str, _: str, version: int) -> str:
    return f"{Ref(type_, key)}@{version}"


def _written(entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    return ((f"{ref}@{version}", "") for ref, version in entry.get("writes", ()))


def _committed(entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    verdicts = entry.get("verdicts", ())
    return ((key, hashed) for key, _, verdict, _, hashed in verdicts if verdict == Verdict.COMMITTED)


def verdicts_logged(tx: AuditTx, world: World) -> Iterator[str]:
    """Every verdict is on the params it names, and stands in the entry of its pass as it is (14)."""
    with Comparison() as passes:
        passes.expect(pair for entry in entries(tx) for pair in _ruled(entry))
        passes.find(_found_verdicts(tx))
        for name, expected, found in passes.differences():
            said = (
                "were never logged" if expected is None else "are gone" if found is None else "have changed"
            )
            yield f"the verdicts of {name} {said}"
    for _, _, key, kind, _, _, params_hash, params, _ in tx.rows(named_queries(_SQL)["shown_verdicts"]):
        if params_hash and digest([kind, json.loads(params)]) != params_hash:
            yield f"a verdict on {key} does not match the hash of its params"


def _ruled(entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if entry.get("verdicts"):
        yield f"{entry['case']}, pass {entry['pass']}", dumps(entry["verdicts"])


def _found_verdicts(tx: AuditTx) -> Iterator[tuple[str, str]]:
    rows = tx.rows(named_queries(_SQL)["shown_verdicts"])
    for (case, pass_no), verdicts in groupby(rows, itemgetter(0, 1)):
        yield f"{case}, pass {pass_no}", dumps([list(v[2:7]) for v in verdicts])
