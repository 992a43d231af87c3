"""Invariants of the audit log: its chain, and that every change stands in it (approvals.md, section 11)."""

import json
from collections.abc import Iterator

from checkpoints.audit_port import AuditTx
from checkpoints.named_sql import named_queries
from checkpoints.row_codec import GENESIS, SEED, audit_hash
from protocol.records import Ref
from protocol.rows import Verdict
from protocol.world import World

_SQL = "audit"


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
    written: set[tuple[str, int]] = set()
    committed: dict[str, str] = {}
    seeded = False
    for _, _, _, body in tx.rows(sql["audit"]):
        entry = json.loads(body)
        seeded = seeded or entry.get("what") == SEED
        written |= {(ref, version) for ref, version in entry.get("writes", ())}
        verdicts = entry.get("verdicts", ())
        committed |= {key: hashed for key, _, verdict, _, hashed in verdicts if verdict == Verdict.COMMITTED}
    for type_, key, cause, version in tx.rows(sql["last_writes"]):
        ref = str(Ref(type_, key))
        logged = seeded if cause == SEED else (ref, version) in written
        written.discard((ref, version))
        if not logged:
            yield f"{ref}@{version} was written for {cause} and is not in the audit log"
    for ref, version in sorted(written):
        yield f"{ref}@{version} is in the audit log and was never written"
    for key, _, _, params_hash, *_ in tx.rows(sql["commits"]):
        if committed.pop(key, None) != params_hash:
            yield f"the commit {key} is not in the audit log"
    for key in sorted(committed):
        yield f"the commit {key} is in the audit log and is gone"
