"""Invariants of resources: balances, versions, claims, owners, and the hashes that tie rows together."""

import json
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

from checkpoints.audit_compare import Comparison
from checkpoints.audit_port import AuditTx
from checkpoints.named_sql import named_queries
from checkpoints.row_codec import SEED, claimed, row_hash
from protocol.canonical import dumps
from protocol.records import Claimed
from protocol.world import World

_SQL = "audit"
_resource = itemgetter(0, 1)


def balances_in_bounds(tx: AuditTx, world: World) -> Iterator[str]:
    """Balances are integers within the bounds of their type, and there is one for each (1)."""
    sql = named_queries(_SQL)
    found: dict[tuple[str, str], set[str]] = {}
    for type_, key, field, value in tx.rows(sql["balances"]):
        found.setdefault((type_, key), set()).add(field)
        bound = world.types[type_].balances.get(field) if type_ in world.types else None
        if bound is None:
            yield f"{type_}/{key} has a balance {field} that its type does not know"
        elif type(value) is not int:
            yield f"{type_}/{key}: {field} is {value!r}, not an integer"
        elif value < bound.minimum or (bound.maximum is not None and value > bound.maximum):
            yield f"{type_}/{key}: {field} is {value}, outside {bound.minimum} to {bound.maximum}"
    for type_, key, *_ in tx.rows(sql["resources"]):
        wanted = set(world.types[type_].balances) if type_ in world.types else set()
        for field in sorted(wanted - found.get((type_, key), set())):
            yield f"{type_}/{key} has lost its balance {field}"


def conservation(tx: AuditTx, world: World) -> Iterator[str]:
    """Every balance is its opening value plus all recorded changes (2)."""
    sql = named_queries(_SQL)
    totals: dict[tuple[str, str, str], int] = {}
    for (type_, key), versions in groupby(tx.rows(sql["writes"]), _resource):
        for _, _, version, _, balances, deltas, _ in versions:
            changes = json.loads(deltas)
            for field, value in json.loads(balances).items():
                expected = totals.get((type_, key, field), value) + (changes.get(field, 0) if version else 0)
                if value != expected:
                    yield f"{type_}/{key}@{version}: {field} is {value}, its changes make {expected}"
                totals[type_, key, field] = value
    for type_, key, field, value in tx.rows(sql["balances"]):
        if totals.get((type_, key, field), value) != value:
            yield f"{type_}/{key}: {field} is {value}, its changes make {totals[type_, key, field]}"


def no_lost_update(tx: AuditTx, world: World) -> Iterator[str]:
    """The versions of every resource are 0 to n without a gap, and it stands at the last one written (4)."""
    sql = named_queries(_SQL)
    for (type_, key), versions in groupby(tx.rows(sql["writes"]), _resource):
        before = -1
        for _, _, version, *_ in versions:
            if version != before + 1:
                yield f"{type_}/{key}: version {version} follows {before}"
            before = version
    with Comparison() as records:
        records.expect(
            (f"{t}/{k}", dumps([version, body])) for t, k, version, body, *_ in tx.rows(sql["writes"])
        )
        records.find(
            (f"{t}/{k}", dumps([version, body])) for t, k, version, body, _ in tx.rows(sql["resources"])
        )
        for name, written, stands in records.differences():
            yield _lost(name, written, stands)


def _lost(name: str, written: str | None, stands: str | None) -> str:
    if stands is None:
        return f"{name} was written and is gone"
    if written is None:
        return f"{name} stands there and was never written"
    last, now = json.loads(written)[0], json.loads(stands)[0]
    if last != now:
        return f"{name} stands at version {now}, the last one written is {last}"
    return f"{name}@{last} is not what was written"


def row_hashes(tx: AuditTx, world: World) -> Iterator[str]:
    """Every resource and every version of it matches its hash (23)."""
    sql = named_queries(_SQL)
    for type_, key, version, body, balances, _, stored in tx.rows(sql["writes"]):
        if row_hash(type_, key, version, body, balances) != stored:
            yield f"the written {type_}/{key}@{version} does not match its hash"
    balances_of: dict[tuple[str, str], dict[str, Any]] = {}
    for type_, key, field, value in tx.rows(sql["balances"]):
        balances_of.setdefault((type_, key), {})[field] = value
    for type_, key, version, body, stored in tx.rows(sql["resources"]):
        if row_hash(type_, key, version, body, dumps(balances_of.get((type_, key), {}))) != stored:
            yield f"{type_}/{key}@{version} does not match its hash"


def lookups(tx: AuditTx, world: World) -> Iterator[str]:
    """The look-up table holds exactly the indexed fields of the resources (23)."""
    sql = named_queries(_SQL)
    with Comparison() as places:
        places.expect(
            (dumps([type_, key, field, dumps(json.loads(body).get(field))]), "")
            for type_, key, _, body, _ in tx.rows(sql["resources"])
            if type_ in world.types
            for field in world.types[type_].indexed
        )
        places.find(
            (dumps([type_, key, field, value]), "") for type_, field, value, key in tx.rows(sql["lookups"])
        )
        for name, expected, _ in places.differences():
            type_, key, field, value = json.loads(name)
            if expected is not None:
                yield f"{type_}/{key} cannot be found by {field} = {value}"
            else:
                yield f"{type_}/{key} is found by {field} = {value}, which it does not have"


def claims_apart(tx: AuditTx, world: World) -> Iterator[str]:
    """No action took an interval that another holder had; shared ones may meet shared ones (10).

    Facts may: what happened is recorded even where it breaks a plan.
    """
    open_claims: list[tuple[Any, ...]] = []
    for row in tx.rows(named_queries(_SQL)["claims"]):
        open_claims = [c for c in open_claims if c[0] == row[0] and c[2] > row[1]]
        for other in open_claims:
            later = max(row, other, key=itemgetter(7))
            excused = (row[5] and other[5]) or row[3:5] == other[3:5] or _taken_by_fact(tx, later[6])
            if not excused:
                yield _overlap(claimed(other[:6]), claimed(row[:6]))
        open_claims.append(row)


def _overlap(one: Claimed, two: Claimed) -> str:
    return f"{one.resource} is held by {one.holder} until {one.end} and by {two.holder} from {two.start}"


def _taken_by_fact(tx: AuditTx, cause: str) -> bool:
    return cause not in ("", SEED) and tx.commit_of(cause) is None


def written_by_owner(tx: AuditTx, world: World) -> Iterator[str]:
    """Every write was made in the name of its type's one owner (R2), today's or one the registry named."""
    earlier = _earlier_owners(tx)
    for type_, author, count in tx.rows(named_queries(_SQL)["authors"]):
        owner = world.owners.get(type_)
        owned = owner is not None or type_ not in world.types  # a type that is left out has no owner now
        if author != owner and not (owned and (type_, author) in earlier):
            yield f"{count} writes of {type_} were made by {author}; its owner is {owner}"


def _earlier_owners(tx: AuditTx) -> set[tuple[str, str]]:
    """Types and the agents that have owned them, in any version that the ledger was opened by."""
    found = tx.rows(named_queries(_SQL)["registries"], '%"what":"registry"%')
    noted = (json.loads(body)["agents"] for (body,) in found)
    return {(type_, name) for agents in noted for name, a in agents.items() for type_ in a.get("owns", ())}
