"""A ledger that is thrown away, made in memory from what a tape tells: what was read is put in, what was
written is written again. Nothing of it is ever on disk, and nothing of it is guarded: it proves nothing.
"""

import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from checkpoints import row_codec as codec
from checkpoints.dialect import Dialect
from checkpoints.ledger_file import FLOOR, SCHEMA
from checkpoints.migrations import migrate, schema_version
from checkpoints.named_sql import named_queries
from checkpoints.recordings import DamagedRecordingError
from checkpoints.sql_reads import CLOCK, SqlReads
from checkpoints.sql_tx import SqlTx
from checkpoints.taped_records import Supposed, Taped, is_find, read_in
from checkpoints.taping import Item, Statement, known_sql, tape
from protocol.canonical import dumps
from protocol.records import Claimed, Ref
from protocol.times import micros
from protocol.toolbox import ResourceType

T = TypeVar("T")

IN_MEMORY = Dialect("sqlite", named_queries, lambda _: ())
_SAVEPOINT = re.compile(r"(SAVEPOINT|ROLLBACK TO|RELEASE) \w+")
_SELECT = re.compile(r"SELECT (?P<columns>[\w\s,]+?)\s+FROM (?P<table>\w+)\s+(WHERE|ORDER)")
_TOLD = (
    "case", "case_by_source", "children", "commit_of", "commits", "event", "events", "events_of_case",
    "events_of_type", "events_of_both", "decisions", "unspent", "pulls", "pulls_standing", "breaker",
    "breakers", "good_answer", "lease",
)  # fmt: skip
"""Queries that show rows of a table as they are."""
_ALSO_LATER = ("case", "case_by_source", "event", "pulls_standing", "breaker", "breakers")
"""Those of them that tell of a ledger what it held before they were asked."""
_ESCALATIONS = (
    "escalation", "escalations", "escalations_open", "escalations_of_case", "escalations_open_of_case",
    "actions_like",
)  # fmt: skip
_AFTER_WHAT_WAS_ASKED: Mapping[str, tuple[str, Sequence[str]]] = {
    "meta": ("meta", ("name", "value")),
    "turn": ("turns", ("case_id", "round", "agent", "body")),
    "turn_slots": ("turn_slots", ("agent", "at_s")),
    "spending.spent": ("spending", ("scope", "tokens", "usd", "wall_ms", "exhausted")),
}
"""Queries whose rows stand behind what was asked for: the table, and the columns of both."""
_ASKED = {"turn": 3}
"""How many values were asked for, where it is not one."""
_ESCALATION = (
    "id", "case_id", "type", "state", "version", "kind", "action_hash", "requested_at", "due_at", "body",
)  # fmt: skip
_RESERVATION = ("id", "case_id", "agent", "day", "tokens", "usd", "made_s")
_NUMBERED = {"put_event": "events", "accept": "inbox"}
"""Rows that the ledger numbers: they keep the number they had."""


@dataclass(frozen=True, slots=True)
class Base:
    """What a ledger held of which a tape may tell nothing."""

    records: Sequence[Taped] = ()
    claims: Sequence[Claimed] = ()


@dataclass(slots=True)
class _Heard:
    """What of a tape's claims and records is known, and what was made later on it."""

    records: set[Ref] = field(default_factory=set)
    made: set[Ref] = field(default_factory=set)
    claimed: set[tuple[Any, ...]] = field(default_factory=set)
    released: set[tuple[Any, ...]] = field(default_factory=set)


class RebuiltLedger:
    """A ledger in memory. ``floor``: its id; ``types``: the floor's resource types; ``ticks``: whether its
    hour comes from outside (``hour``), or stands in it and moves by events alone.
    """

    def __init__(self, floor: str, types: Mapping[str, ResourceType], hour: str, *, ticks: bool) -> None:
        self.hour = hour
        self._types = types
        self._clock = (lambda: self.hour) if ticks else None
        self._heard = _Heard()
        self._connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        migrate(self._connection)
        self._do("PRAGMA foreign_keys = OFF")
        for (name,) in self._do("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            self._do(f"DROP TRIGGER {name}")
        for name, value in {FLOOR: floor, SCHEMA: str(schema_version()), CLOCK: hour}.items():
            self._do(_set_meta(), (name, value))

    def close(self) -> None:
        """Throw it away."""
        self._connection.close()

    def _do(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        with closing(self._connection.execute(sql, values)) as cursor:
            return cursor.fetchall()

    # What it is made from

    def begin_with(self, base: Base) -> None:
        """Put in what it held before anything else is known."""
        for record in base.records:
            self._put(record)
        for claim in base.claims:
            span = (micros(claim.start), micros(claim.end))
            row = (claim.resource, *span, claim.holder.type, claim.holder.key, int(claim.shared))
            self._claim(row)

    def follow(self, asked: Sequence[Statement]) -> None:
        """Let one job happen as it happened. DamagedRecordingError for what cannot have."""
        with _as_recorded():
            self._do("BEGIN")
            for statement in asked:
                self._follow(statement)
            self._do("COMMIT")

    def _follow(self, statement: Statement) -> None:
        name, values, answer = statement
        if _SAVEPOINT.fullmatch(name):
            self._do(name)
        elif is_find(name):
            self._found(statement)
        elif (sql := known_sql(name)) is None:
            raise DamagedRecordingError(f"it holds a statement that no recorder writes: {name[:60]!r}")
        elif sql.startswith("SELECT"):
            self._learn(statement, "REPLACE")
        else:
            made = self._do(sql, values)
            table = _NUMBERED.get(name)
            if table and made and answer and made[0][0] != answer[0][0]:
                renumber = f"UPDATE OR REPLACE {table} SET seq = ? WHERE seq = ?"  # noqa: S608 - a name of ours
                self._do(renumber, (answer[0][0], made[0][0]))

    def hear(self, case: str, jobs: Iterable[Sequence[Statement]], supposed: Supposed) -> None:
        """Put in what jobs of ``case`` show that come later, where nothing else is known of it.

        What they made themselves is not put in; of a record it is the oldest version that counts.
        """
        with _as_recorded():
            self._hear(case, jobs, supposed)

    def _hear(self, case: str, jobs: Iterable[Sequence[Statement]], supposed: Supposed) -> None:
        later = [statement for asked in jobs for statement in asked]
        for name, values, _ in later:
            match name:
                case "create_resource":
                    self._heard.made.add(Ref(values[0], values[1]))
                case "claim":
                    self._heard.claimed.add(tuple(values[:5]))
                case "release_all" | "release_one":
                    self._heard.released.add(tuple(values[:2]))
        self._hear_records(later, supposed)
        self._hear_claims(later)
        for statement in later:
            name, _, rows = statement
            if name in _ESCALATIONS or name in _ALSO_LATER:
                self._learn([name, statement[1], [r for r in rows if not _is_of(name, r, case)]], "IGNORE")

    def _hear_records(self, later: Sequence[Statement], supposed: Supposed) -> None:
        oldest: dict[Ref, Taped] = {}
        for record in (r for statement in later for r in read_in(statement)):
            if record.ref not in oldest or record.version < oldest[record.ref].version:
                oldest[record.ref] = record
        for ref, record in oldest.items():
            if ref not in self._heard.records | self._heard.made:
                self._put(supposed.changed(record))

    def _hear_claims(self, later: Sequence[Statement]) -> None:
        heard, stood, windows = self._heard, set(), []
        for _, values, rows in (s for s in later if s[0] == "claims"):
            windows.append(values)
            stood |= {tuple(row) for row in rows if tuple(row[:5]) not in _by_place(heard.claimed)}
        for resource, start, end in windows:
            for row in self._do(named_queries("queries")["claims"], (resource, start, end)):
                if row not in stood and tuple(row[3:5]) not in heard.released:
                    self._drop_claim(row)
        for row in stood:
            self._claim(row)

    def suppose(self, supposed: Supposed) -> None:
        """Set what somebody supposes, at the version that each record has."""
        for ref in supposed.fields:
            if (record := self.record(ref)) is not None:
                self._put(supposed.changed(record))

    def record(self, ref: Ref) -> Taped | None:
        """A record as it stands here."""
        rows = [list(r) for r in self._do(named_queries("queries")["get"], (ref.type, ref.key))]
        return next(read_in(["get", [ref.type, ref.key], rows]), None)

    def _put(self, record: Taped) -> None:
        ref, body = record.ref, dumps(dict(record.fields))
        self._forget(ref)
        hashed = codec.row_hash(ref.type, ref.key, record.version, body, dumps(dict(record.balances)))
        values = (ref.type, ref.key, record.version, body, hashed)
        self._do("INSERT INTO resources (type, key, version, body, row_hash) VALUES (?, ?, ?, ?, ?)", values)
        for name, value in record.balances.items():
            self._do(named_queries("queries")["set_balance"], (ref.type, ref.key, name, value))
        kind = self._types.get(ref.type)
        for name in kind.indexed if kind else ():
            lookup = (ref.type, name, dumps(record.fields.get(name)), ref.key)
            self._do(named_queries("queries")["put_lookup"], lookup)
        self._heard.records.add(ref)

    def _forget(self, ref: Ref) -> None:
        for table in ("resources", "balances", "lookups"):
            where = "type = ? AND key = ?"
            self._do(f"DELETE FROM {table} WHERE {where}", (ref.type, ref.key))  # noqa: S608 - names of ours

    def _found(self, search: Statement) -> None:
        """What a search found is there; what it would find beside that here is not."""
        _, values, _ = search
        found = {record.ref: record for record in read_in(search)}
        kind, looked_up = str(values[0]), [tuple(values[at : at + 3]) for at in range(1, len(values), 3)]
        keys = {key for (key,) in self._do("SELECT key FROM resources WHERE type = ?", (kind,))}
        for lookup in looked_up:
            keys &= {key for (key,) in self._do(named_queries("queries")["find_keys"], lookup)}
        for ref in {Ref(kind, key) for key in keys} - found.keys():
            self._forget(ref)
        for record in found.values():
            self._put(record)

    def _learn(self, statement: Statement, otherwise: str) -> None:
        """Put in the rows that a statement has shown. ``otherwise``: what is done when others are there."""
        name, values, rows = statement
        if name in ("get", "get_plain") and not rows:
            self._forget(Ref(*values))
        for record in read_in(statement):
            self._put(record)
        if name == "claims":
            self._do("DELETE FROM claims WHERE resource = ? AND end_us > ? AND start_us < ?", values)
        elif name == "turn_slots":
            self._do("DELETE FROM turn_slots WHERE agent = ? AND at_s > ?", values)
        for row in rows:
            self._learn_row(name, values, row, otherwise)

    def _learn_row(self, name: str, values: Sequence[Any], row: Sequence[Any], otherwise: str) -> None:
        if name in _TOLD or name == "session_cases":
            self._insert(*_columns("case" if name == "session_cases" else name), row, otherwise)
        elif name in _ESCALATIONS:
            values = codec.escalation_columns(codec.escalation_row(row), row[0])
            self._insert("escalations", _ESCALATION, values, otherwise)
        elif name == "claims":
            self._claim(row)
        elif name in _AFTER_WHAT_WAS_ASKED:
            self._insert(*_AFTER_WHAT_WAS_ASKED[name], (*values[: _ASKED.get(name, 1)], *row), otherwise)
        elif name == "spending.reservations":
            self._insert("reservations", _RESERVATION, row, otherwise)

    def _insert(self, table: str, columns: Sequence[str], row: Sequence[Any], otherwise: str) -> None:
        holes = ", ".join("?" * len(columns))
        names = ", ".join(columns)
        self._do(f"INSERT OR {otherwise} INTO {table} ({names}) VALUES ({holes})", row)  # noqa: S608 - names of ours

    def _claim(self, row: Sequence[Any]) -> None:
        self._do(named_queries("queries")["claim"], (*row, ""))

    def _drop_claim(self, row: Sequence[Any]) -> None:
        where = "resource = ? AND start_us = ? AND end_us = ? AND holder_type = ? AND holder_key = ?"
        self._do(f"DELETE FROM claims WHERE {where}", row[:5])  # noqa: S608 - a text of ours

    # What is done on it

    def hold(self, case: str, token: int) -> None:
        """Give the case to whoever drives it here, under that fence."""
        columns = ("case_id", "token", "host", "pid", "started", "expires")
        self._insert("leases", columns, (case, token, "fork", 1, "", 0.0), "REPLACE")

    def reach(self, hour: str) -> None:
        """Let it be that hour, unless it is later already."""
        self.hour = max(self.hour, hour)
        stored = str(self._do(named_queries("queries")["meta"], (CLOCK,))[0][0])
        if hour > stored:
            self._do(_set_meta(), (CLOCK, hour))

    def run(self, job: Callable[[Any], T], item: Item, *, writes: bool) -> T:
        """Do a job; what it asked and wrote is on ``item`` then. What it raises undoes it."""
        stored = str(self._do(named_queries("queries")["meta"], (CLOCK,))[0][0])
        make = SqlTx if writes else SqlReads
        tx = make(IN_MEMORY, self._connection, self._types, self._clock, stored)
        self._do("BEGIN")
        try:
            with tape(tx, item):
                value = job(tx)
            if isinstance(tx, SqlTx) and tx.recorded_clock != stored:
                self._do(_set_meta(), (CLOCK, tx.recorded_clock))
            self._do("COMMIT")
        finally:
            if self._connection.in_transaction:
                self._do("ROLLBACK")
        return value


@contextmanager
def _as_recorded() -> Iterator[None]:
    """What cannot be done in the block is not what a recorder wrote."""
    try:
        yield
    except DamagedRecordingError:
        raise
    except (sqlite3.Error, ValueError, TypeError, KeyError, IndexError) as error:
        raise DamagedRecordingError(f"what it did cannot be done again: {error}") from error


def _set_meta() -> str:
    return named_queries("queries")["set_meta"]


def _columns(name: str) -> tuple[str, list[str]]:
    """The table that a query shows, and its columns."""
    found = _SELECT.match(named_queries("queries")[name])
    assert found is not None, name
    return found["table"], [column.strip() for column in found["columns"].split(",")]


def _is_of(name: str, row: Sequence[Any], case: str) -> bool:
    """Whether a row that a query shows is of that case."""
    if name in _ESCALATIONS:
        return codec.escalation_row(row).case == case
    if name in ("case", "case_by_source"):
        return bool(row[0] == case)
    return name == "event" and bool(row[8] == case)


def _by_place(claimed: set[tuple[Any, ...]]) -> set[tuple[Any, ...]]:
    """Claims by resource, start, end and holder."""
    return {tuple(row[:5]) for row in claimed}
