"""What a ledger held when a recorded case began: records by their history, claims as now."""

import json
from collections.abc import Iterable, Sequence

from checkpoints.named_sql import named_queries
from checkpoints.rebuilding import Base
from checkpoints.recordings import LooksTx
from checkpoints.row_codec import claimed
from checkpoints.taped_records import Taped, read_in, written_in
from checkpoints.taping import Statement
from protocol.records import Ref

_ALL = 2**62


def as_it_was(tx: LooksTx, case: str, statements: Iterable[Statement]) -> Base:
    """The records as they stood before anything was written that ``case`` has not seen at first.

    Of claims no history is kept: those count that stand now, whose holder was there then, and which the
    case has not taken itself.
    """
    before = _first_unseen(tx, list(statements))
    found = tx.rows(named_queries("history")["records"], before, before)
    records = [
        Taped(Ref(kind, key), int(version), json.loads(body), json.loads(balances))
        for kind, key, version, body, balances in found
    ]
    there = {record.ref for record in records}
    claims = [
        claimed(row)
        for *row, cause in tx.rows(named_queries("history")["claims"])
        if not str(cause).startswith(f"{case}/")
    ]
    return Base(records, [claim for claim in claims if claim.holder in there])


def _first_unseen(tx: LooksTx, statements: Sequence[Statement]) -> int:
    """The place of the first write after what the case saw first of each record, or that it did itself."""
    seen: dict[Ref, int] = {}
    for record in (record for statement in statements for record in read_in(statement)):
        seen[record.ref] = min(record.version, seen.get(record.ref, record.version))
    later = {(ref, version + 1) for ref, version in seen.items()}
    for record in (record for statement in statements for record, _ in written_in(statement)):
        later.add((record.ref, record.version))
    sql = named_queries("history")["written"]
    places = [int(seq) for ref, version in later for (seq,) in tx.rows(sql, ref.type, ref.key, version)]
    return min(places, default=_ALL)
