"""Reading a ledger in SQL: the port ReadTx on one connection, inside one transaction."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from checkpoints import row_codec as codec
from checkpoints.dialect import Connection, Cursor, Dialect
from checkpoints.floor_figures import read_figures
from checkpoints.sql_inbound import SqlInbound
from checkpoints.sql_outbox import SqlOutbox
from checkpoints.sql_spending import SqlSpending
from protocol.anomalies import Figures
from protocol.breaker import Breaker
from protocol.canonical import dumps
from protocol.records import Claimed, Record, Ref
from protocol.rows import (
    AlertRow,
    CaseRow,
    CommitRow,
    DecisionRow,
    EscalationRow,
    EventRow,
    GoodAnswer,
    LeaseRow,
    PassRow,
    PullRow,
    VerdictRow,
    WriteRow,
)
from protocol.times import micros, whole
from protocol.toolbox import ResourceType

_Row = TypeVar("_Row")

Clock = Callable[[], str]
"""The system's hour as whole seconds of UTC; a ledger without one has a floor clock."""

CLOCK = "clock"
"""The setting that holds the ledger clock: of a floor clock its hand, else the last hour recorded."""

_ALL = 2**62
"""A limit that limits nothing, on every database."""
_WHOLE = len("2026-03-02T09:00:00Z")


def later(stored: str, clock: Clock | None) -> str:
    """The ledger clock: never before what was recorded, so that a clock set back revives nothing.

    Whole seconds, so that instants of the ledger clock compare as text.
    """
    if clock is None:
        return stored
    read = clock()
    return max(stored, read if len(read) == _WHOLE else whole(read))


class SqlReads:
    """ReadTx. The owner has opened the transaction and ends it; ``types`` are the floor's resource types."""

    def __init__(
        self,
        dialect: Dialect,
        connection: Connection,
        types: Mapping[str, ResourceType],
        clock: Clock | None,
        stored_clock: str | None = None,
    ) -> None:
        self._dialect = dialect
        self._connection = connection
        self._sql = dialect.queries("queries")
        self._types = types
        self._clock = clock
        self._stored_clock = stored_clock
        self._now: str | None = None

    @property
    def now(self) -> str:
        """The ledger clock, read once, inside the transaction."""
        if self._now is None:
            if self._stored_clock is None:
                self._stored_clock = self._one("meta", CLOCK)[0]
            self._now = later(self._stored_clock, self._clock)
        return self._now

    @property
    def clock_step_s(self) -> int:
        """By how many seconds the clock has jumped away from elapsed time; 0 for one that nobody watches."""
        return int(getattr(self._clock, "step_s", 0)) if self.now else 0

    @property
    def connection(self) -> Connection:
        """What its statements go through."""
        return self._connection

    @property
    def clock(self) -> Clock | None:
        """Where its hour comes from."""
        return self._clock

    def go_through(self, connection: Connection, clock: Clock | None) -> tuple[Connection, Clock | None]:
        """Ask another connection and another clock from now on; those it asked so far."""
        before = (self._connection, self._clock)
        self._connection, self._clock = connection, clock
        return before

    def stands(self) -> dict[str, Any]:
        """What it knows already and does not ask again: the recorded clock, and the hour."""
        return {"clock": self._stored_clock, "now": self._now}

    def stand_at(self, before: Mapping[str, Any]) -> None:
        """Know what another one knew, of which :meth:`stands` told."""
        self._stored_clock, self._now = before["clock"], before["now"]

    def _do(self, sql: str, values: Sequence[Any] = (), /) -> Cursor:
        return self._connection.execute(sql, values)

    def _one(self, name: str, *values: Any) -> Any:
        return self._do(self._sql[name], values).fetchone()

    def _all(self, name: str, *values: Any) -> list[Any]:
        return self._do(self._sql[name], values).fetchall()

    def rows(self, sql: str, *values: Any) -> Iterable[tuple[Any, ...]]:
        """The rows of any SELECT: for auditing, which looks at the tables themselves."""
        return self._do(sql, values)

    def soundness(self) -> Iterable[str]:
        """What the database itself finds wrong, a sentence each."""
        return self._dialect.soundness(self._connection)

    @property
    def outbox(self) -> SqlOutbox:
        """What is, or is not, delivered to receivers outside."""
        return SqlOutbox(self._do, self._dialect.queries("outbox"))

    @property
    def inbound(self) -> SqlInbound:
        """Reports from outside that wait for others, and those that were refused."""
        return SqlInbound(self._do, self._dialect.queries("inbound"))

    @property
    def spending(self) -> SqlSpending:
        """What calls of models have taken."""
        return SqlSpending(self._do, self._dialect.queries("spending"))

    def meta(self, name: str) -> str | None:
        found = self._one("meta", name)
        return None if found is None else str(found[0])

    # Records and claims

    def get(self, type: str, key: str) -> Record | None:  # noqa: A002 - the design's word
        kind = self._types.get(type)
        plain = kind is not None and not kind.balances
        rows = self._rows_of("get_plain" if plain else "get", type, key)
        if plain:
            record = Record(Ref(type, key), rows[0][0], json.loads(rows[0][1])) if rows else None
        else:
            record = next(_merged(type, ((key, *r) for r in rows)), None)
        self._saw(type, key, record)
        return record

    def _rows_of(self, name: str, type_: str, key: str) -> list[Any]:
        """The rows of one record."""
        return self._all(name, type_, key)

    def _saw(self, type_: str, key: str, record: Record | None) -> None:
        """What a writing transaction remembers of its reads."""

    def find(self, type: str, **equals: str | int | bool | None) -> Sequence[Record]:  # noqa: A002
        kind = self._types.get(type)
        indexed = [n for n in equals if kind is not None and n in kind.indexed]
        where, values = "r.type = ?", [type]
        if indexed:
            where += f" AND r.key IN ({' INTERSECT '.join([self._sql['find_keys']] * len(indexed))})"
            for name in indexed:
                values += [type, name, dumps(equals[name])]
        rows = self._do(f"{self._sql['find']} WHERE {where} ORDER BY r.key, b.field", values)
        rest = {n: v for n, v in equals.items() if n not in indexed}
        found = [r for r in _merged(type, rows) if all(_same(r[n], v) for n, v in rest.items())]
        for record in found:
            self._saw(type, record.key, record)
        return found

    def claims(self, resource: str, start: str, end: str) -> Sequence[Claimed]:
        return [codec.claimed(c) for c in self._all("claims", resource, micros(start), micros(end))]

    def writes(self, ref: Ref) -> Sequence[WriteRow]:
        return [codec.write_row(c) for c in self._all("writes", ref.type, ref.key)]

    # Cases

    def case(self, case: str) -> CaseRow | None:
        return _maybe(codec.case_row, self._one("case", case))

    def case_by_source(self, source: str, source_id: str) -> CaseRow | None:
        return _maybe(codec.case_row, self._one("case_by_source", source, source_id))

    def cases(self, status: str | None = None, limit: int | None = None) -> Sequence[CaseRow]:
        most = _ALL if limit is None else limit
        found = (
            self._all("cases", most) if status is None else self._all("cases_by_status", str(status), most)
        )
        return [codec.case_row(c) for c in found]

    def runnable(self) -> Sequence[str]:
        return [c[0] for c in self._all("runnable")]

    def of_other_versions(self, fingerprint: str) -> Sequence[str]:
        return [c[0] for c in self._all("of_other_versions", fingerprint)]

    def session_cases(self, session: str, limit: int) -> Sequence[CaseRow]:
        return [codec.case_row(c) for c in self._all("session_cases", session, limit)]

    def children(self, case: str) -> Sequence[CaseRow]:
        return [codec.case_row(c) for c in self._all("children", case)]

    def turn(self, case: str, round_no: int, agent: str) -> Mapping[str, Any] | None:
        return _maybe(_body, self._one("turn", case, round_no, agent))

    def turns(self, case: str, round_no: int | None = None) -> Sequence[tuple[int, Mapping[str, Any]]]:
        found = self._all("turns", case) if round_no is None else self._all("turns_of_round", case, round_no)
        return [(c[0], json.loads(c[1])) for c in found]

    def commit_of(self, key: str) -> CommitRow | None:
        return _maybe(codec.commit_row, self._one("commit_of", key))

    def commits(self, case: str) -> Sequence[CommitRow]:
        return [codec.commit_row(c) for c in self._all("commits", case)]

    def verdicts(self, case: str) -> Sequence[VerdictRow]:
        return [codec.verdict_row(c) for c in self._all("verdicts", case)]

    def passes(self, case: str) -> Sequence[PassRow]:
        return [codec.pass_row(c) for c in self._all("passes", case)]

    def lease(self, case: str) -> LeaseRow | None:
        return _maybe(codec.lease_row, self._one("lease", case))

    def undone(self) -> Sequence[tuple[str, LeaseRow | None]]:
        found = self._all("undone")
        return [(c[0], None if c[1] is None else codec.lease_row(c[1:])) for c in found]

    def tries(self, case: str) -> int:
        found = self._one("tries", case)
        return 0 if found is None else int(found[0])

    # Calls that go badly

    def breaker(self, name: str) -> Breaker | None:
        return _maybe(codec.breaker_row, self._one("breaker", name))

    def breakers(self) -> Sequence[Breaker]:
        return [codec.breaker_row(c) for c in self._all("breakers")]

    def good_answer(self, caller: str, callee: str, request: str, params_hash: str) -> GoodAnswer | None:
        return _maybe(codec.good_answer_row, self._one("good_answer", caller, callee, request, params_hash))

    def turn_slots(self, agent: str, after_s: float) -> Sequence[float]:
        return [c[0] for c in self._all("turn_slots", agent, after_s)]

    # Events

    def event(self, event: str) -> EventRow | None:
        return _maybe(codec.event_row, self._one("event", event))

    def events(self, case: str | None = None, type: str | None = None) -> Sequence[EventRow]:  # noqa: A002
        match case, type:
            case None, None:
                found = self._all("events")
            case str(), None:
                found = self._all("events_of_case", case)
            case None, str():
                found = self._all("events_of_type", type)
            case _:
                found = self._all("events_of_both", case, type)
        return [codec.event_row(c) for c in found]

    # People

    def escalation(self, escalation: str) -> EscalationRow | None:
        return _maybe(codec.escalation_row, self._one("escalation", escalation))

    def escalations(self, case: str | None = None, open_only: bool = False) -> Sequence[EscalationRow]:
        name = "escalations_open" if open_only else "escalations"
        found = self._all(name) if case is None else self._all(f"{name}_of_case", case)
        return [codec.escalation_row(c) for c in found]

    def decisions(self, escalation: str) -> Sequence[DecisionRow]:
        return [codec.decision_row(c) for c in self._all("decisions", escalation)]

    def unspent(self, case: str) -> Sequence[DecisionRow]:
        return [codec.decision_row(c) for c in self._all("unspent", case)]

    def due(self, now: str) -> Sequence[EscalationRow]:
        return [codec.escalation_row(c) for c in self._all("due", now)]

    def actions_like(self, kind: str, params_hash: str) -> Sequence[EscalationRow]:
        return [codec.escalation_row(c) for c in self._all("actions_like", kind, params_hash)]

    def pulls(self, open_only: bool = False) -> Sequence[PullRow]:
        return [codec.pull_row(c) for c in self._all("pulls_standing" if open_only else "pulls")]

    def alerts(self, open_only: bool = False) -> Sequence[AlertRow]:
        return [codec.alert_row(c) for c in self._all("alerts_standing" if open_only else "alerts")]

    def figures(self, window_turns: int) -> Figures:
        return read_figures(
            self._do, self._dialect.queries("watch"), self.now, window_turns, clock_stands=self._clock is None
        )

    def counts(self) -> Mapping[str, int]:
        names = ("cases", "actions", "events", "decisions", "audit_entries")
        return dict(zip(names, self._one("counts"), strict=True))


def _merged(type_: str, rows: Iterable[Sequence[Any]]) -> Iterator[Record]:
    """Records from rows of (key, version, body, balance, value): one row per balance, keys together."""
    key, version, body = None, 0, {}
    for row_key, row_version, text, balance, value in rows:
        if row_key != key:
            if key is not None:
                yield Record(Ref(type_, key), version, body)
            key, version, body = row_key, row_version, json.loads(text)
        if balance is not None:
            body[balance] = value
    if key is not None:
        yield Record(Ref(type_, key), version, body)


def _same(found: object, wanted: object) -> bool:
    """Equal as JSON: true is not 1."""
    return found == wanted and isinstance(found, bool) == isinstance(wanted, bool)


def _body(columns: Sequence[Any]) -> Mapping[str, Any]:
    body: Mapping[str, Any] = json.loads(columns[0])
    return body


def _maybe(make: Callable[[Sequence[Any]], _Row], columns: Sequence[Any] | None) -> _Row | None:
    return None if columns is None else make(columns)
