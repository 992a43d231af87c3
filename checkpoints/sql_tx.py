"""Writing to a ledger in SQL: the port Tx, one job's savepoint in a transaction that jobs may share."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from checkpoints import row_codec as codec
from checkpoints.dialect import Connection, Cursor, Dialect, ask_ahead, settled
from checkpoints.ledger_file import LINEAGE
from checkpoints.sealing import Seals, case_parts, decision_key, decision_parts, escalation_parts
from checkpoints.sql_reads import CLOCK, Clock, SqlReads
from protocol import lease
from protocol.breaker import Breaker
from protocol.canonical import NotCanonicalError, dumps, problem
from protocol.errors import DependencyDownError
from protocol.failpoints import Point, failpoint
from protocol.records import Claimed, Record, Ref
from protocol.rows import (
    AlertRow,
    CaseRow,
    CommitRow,
    DecisionRow,
    EscalationRow,
    EventRow,
    GoodAnswer,
    LeaseHolder,
    LeaseRow,
    PassRow,
    PullRow,
    Verdict,
    VerdictRow,
)
from protocol.times import micros, whole
from protocol.toolbox import ResourceType


class ShadowWroteError(Exception):
    """A proposal that was only to be compared has changed something: nothing of its transaction is kept."""


ABSENT = -1
"""The version under which a read of nothing is remembered."""


class SqlTx(SqlReads):
    """Tx. Made by the ledger, inside a transaction that holds the write lock."""

    def __init__(
        self,
        dialect: Dialect,
        connection: Connection,
        types: Mapping[str, ResourceType],
        clock: Clock | None,
        stored_clock: str,
    ) -> None:
        super().__init__(dialect, connection, types, clock, stored_clock)
        self._depth = 0
        self._stands_at: str | None = None
        """The savepoint after which nothing was written yet."""
        self._pulls: Sequence[PullRow] | None = None
        self._reads: dict[str, int] = {}
        self._fences: dict[str, int] = {}
        self._cause = ""
        self._seals = Seals()
        self._read_rows: dict[tuple[str, str], list[Any]] = {}
        self._woken: dict[str, None] = {}
        self._rested: dict[str, None] = {}
        self._latest: Cursor | None = None

    def _do(self, sql: str, values: Sequence[Any] = (), /) -> Cursor:
        if not sql.startswith("SELECT"):
            self._stands_at = None
        self._latest = self._connection.execute(sql, values)
        return self._latest

    def settle(self) -> None:
        """Have run what was written so far and may wait. Raises the error of whatever fails."""
        if self._latest is not None:
            settled(self._latest)

    @property
    def recorded_clock(self) -> str:
        """The clock to record with this job: the hour it went by, or what was recorded before."""
        assert self._stored_clock is not None
        return self._stored_clock if self._now is None else self._now

    def stands(self) -> dict[str, Any]:
        seals = self._seals.kept()
        return {**super().stands(), "cause": self._cause, "seals": [list(seals[0]), list(seals[1])]}

    def stand_at(self, before: Mapping[str, Any]) -> None:
        super().stand_at(before)
        rows, claims = before.get("seals", ((), ()))
        self._cause = before.get("cause", "")
        self._seals.restore((tuple((t, k, d) for t, k, d in rows), tuple(claims)))

    def keep_part(self, case: str, drive: int, strand: str, body: bytes) -> None:
        """One part of a case's recording."""
        sql = self._dialect.queries("recordings")["put_part"]
        self._do(sql, (case, drive, strand, self.recorded_clock, body))

    def drop_parts(self, before: str) -> int:
        """Forget what was recorded before that hour; how many parts."""
        return self._do(self._dialect.queries("recordings")["drop_before"], (before,)).rowcount

    def meta(self, name: str) -> str | None:
        return self.recorded_clock if name == CLOCK else super().meta(name)

    def set_meta(self, name: str, value: str) -> None:
        self._do(self._sql["set_meta"], (name, value))

    def advance_clock(self, to: str) -> None:
        if self._clock is None:
            self._now = max(self.now, whole(to))

    def reads(self) -> dict[str, int]:
        return dict(self._reads)

    def _rows_of(self, name: str, type_: str, key: str) -> list[Any]:
        """Asked for once: nobody else writes while this transaction lasts."""
        if (type_, key) not in self._read_rows:
            self._read_rows[type_, key] = super()._rows_of(name, type_, key)
        return self._read_rows[type_, key]

    def _saw(self, type_: str, key: str, record: Record | None) -> None:
        # The first reading counts: later ones may see what this transaction wrote itself.
        self._reads.setdefault(f"{type_}/{key}", ABSENT if record is None else record.version)

    @contextmanager
    def mark(self) -> Iterator[Callable[[], None]]:
        is_new = self._stands_at is None  # else the mark around this one is the same state
        if is_new:
            self.settle()  # what fails of what came before the savepoint is not to be undone with it
        self._depth += 1
        kept, seals = (self._now, self._cause), self._seals.kept()
        name = self._stands_at or f"m{self._depth}"
        if is_new:
            self._do(f"SAVEPOINT {name}")
            self._stands_at = name

        def undo() -> None:
            self._do(f"ROLLBACK TO {name}")
            self._stands_at = name
            self._now, self._cause = kept
            self._read_rows.clear()
            self._pulls = None
            self._seals.restore(seals)

        def release() -> None:
            if is_new and self._connection.in_transaction:
                self._do(f"RELEASE {name}")

        try:
            try:
                yield undo
            finally:
                self.settle()
            release()
        except BaseException as error:
            if not self._connection.in_transaction:  # a full disk, or a lost connection, has undone it all
                raise DependencyDownError("The ledger's transaction is gone.", code="ledger_down") from error
            undo()
            release()
            raise
        finally:
            self._depth -= 1

    # Records and claims

    def write(
        self,
        ref: Ref,
        base: int | None,
        fields: Mapping[str, Any],
        deltas: Mapping[str, int],
        by: str,
        cause: str,
    ) -> int | None:
        if found := problem(dict(fields)):
            raise NotCanonicalError(f"{ref}: {found}")
        kind = self._types[ref.type]
        if stray := [n for n in deltas if n not in kind.balances]:
            raise ValueError(f"{ref} has no balance {', '.join(stray)}")
        self._cause = cause
        try:
            if base is None:
                return self._create(kind, ref, fields, deltas, by)
            return self._change(kind, ref, base, fields, deltas, by)
        finally:
            self._read_rows.pop((ref.type, ref.key), None)

    def _create(
        self, kind: ResourceType, ref: Ref, fields: Mapping[str, Any], deltas: Mapping[str, int], by: str
    ) -> int | None:
        body = {n: v for n, v in fields.items() if n not in kind.balances}
        balances = {n: fields.get(n, 0) + deltas.get(n, 0) for n in kind.balances}
        texts = dumps(body), dumps(balances)
        hashed = codec.row_hash(ref.type, ref.key, 0, *texts)
        if self._do(self._sql["create_resource"], (ref.type, ref.key, texts[0], hashed)).rowcount == 0:
            return None
        for name, value in balances.items():
            self._do(self._sql["set_balance"], (ref.type, ref.key, name, value))
        for name in kind.indexed:
            self._do(self._sql["put_lookup"], (ref.type, name, dumps(body.get(name)), ref.key))
        self._put_write(ref, 0, texts, deltas, by, hashed)
        return 0

    def _change(
        self,
        kind: ResourceType,
        ref: Ref,
        base: int,
        fields: Mapping[str, Any],
        deltas: Mapping[str, int],
        by: str,
    ) -> int | None:
        if stray := [n for n in fields if n in kind.balances]:
            raise ValueError(f"{ref}: balance {', '.join(stray)} changes only by deltas")
        old = self.get(ref.type, ref.key)
        if old is None or old.version != base:
            return None
        body = {n: v for n, v in old.body.items() if n not in kind.balances} | dict(fields)
        balances = {n: (old[n] or 0) + deltas.get(n, 0) for n in kind.balances}
        texts = dumps(body), dumps(balances)
        version = base + 1
        hashed = codec.row_hash(ref.type, ref.key, version, *texts)
        values = (texts[0], hashed, ref.type, ref.key, base)
        if self._do(self._sql["change_resource"], values).rowcount == 0:
            return None
        for name in deltas:
            self._do(self._sql["set_balance"], (ref.type, ref.key, name, balances[name]))
        for name in kind.indexed:
            self._move_lookup(ref, name, dumps(old[name]), dumps(body.get(name)))
        self._put_write(ref, version, texts, deltas, by, hashed)
        return version

    def _move_lookup(self, ref: Ref, field: str, old: str, new: str) -> None:
        if old != new:
            self._do(self._sql["drop_lookup"], (ref.type, field, old, ref.key))
            self._do(self._sql["put_lookup"], (ref.type, field, new, ref.key))

    def _put_write(
        self, ref: Ref, version: int, texts: tuple[str, str], deltas: Mapping[str, int], by: str, hashed: str
    ) -> None:
        values = (ref.type, ref.key, version, *texts, dumps(dict(deltas)), by, self._cause)
        self._do(self._sql["put_write"], (*values, hashed))
        self._seals.add("writes", f"{ref}@{version}", values)

    def put_seed(self, records: Iterable[tuple[Ref, Mapping[str, Any]]], by: Callable[[str], str]) -> None:
        for ref, body in records:
            if self.write(ref, None, body, {}, by(ref.type), codec.SEED) is None:
                raise ValueError(f"the seed names {ref} twice")

    def claim(self, claim: Claimed) -> None:
        holder, span = claim.holder, (micros(claim.start), micros(claim.end))
        values = (claim.resource, *span, holder.type, holder.key, claim.shared, self._cause)
        self._do(self._sql["claim"], values)
        self._seals.claimed(claim, self._cause)

    def release(self, holder: Ref, resource: str | None) -> None:
        if resource is None:
            self._do(self._sql["release_all"], (holder.type, holder.key))
        else:
            self._do(self._sql["release_one"], (holder.type, holder.key, resource))
        self._seals.released(holder, resource)

    # Cases

    def accept(self, source: str, source_id: str, kind: str, body: Mapping[str, Any]) -> int | None:
        values = (source, source_id, kind, dumps(dict(body)))
        new = self._one("accept", *values)
        failpoint(Point.ACCEPTED)
        self._cause = f"{source}/{source_id}"  # what follows is done for this, until a write says otherwise
        if new is None:
            return None
        self._seals.add("inbox", str(new[0]), values)
        return int(new[0])

    def open_case(self, row: CaseRow) -> None:
        columns = codec.case_columns(row)
        self._do(self._sql["open_case"], columns)
        self._seals.add("cases", row.id, case_parts(columns))
        self._note_due(row)

    def woken(self) -> list[str]:
        """Cases in which this transaction has left work due, and which nobody drives."""
        leases = ((case, self.lease(case)) for case in self._woken)
        return [case for case, row in leases if row is None or row.holder is None]

    def rested(self) -> list[str]:
        """Cases in which this transaction has left nothing due."""
        return list(self._rested)

    def _note_due(self, row: CaseRow) -> None:
        now, before = (self._woken, self._rested) if row.runnable else (self._rested, self._woken)
        now[row.id] = None
        before.pop(row.id, None)

    def save_case(self, row: CaseRow) -> None:
        saved = self._do(self._sql["save_case"], (*codec.saved_case_columns(row), row.id))
        ask_ahead(self._connection, self._sql["audit_head"])
        if saved.rowcount == 0:
            raise LookupError(f"there is no case {row.id}")
        self._seals.add("cases", row.id, case_parts(codec.case_columns(row)))
        self._note_due(row)

    def put_turn(self, case: str, round_no: int, agent: str, turn: Mapping[str, Any]) -> Mapping[str, Any]:
        self._do(self._sql["put_turn"], (case, round_no, agent, dumps(dict(turn))))
        stored = self.turn(case, round_no, agent)
        assert stored is not None
        return stored

    def put_verdict(self, row: VerdictRow) -> None:
        if row.verdict is Verdict.SHADOWED and self._one("written_for", row.key, row.key):
            raise ShadowWroteError(row.key)
        self._do(self._sql["put_verdict"], codec.verdict_columns(row))

    def put_commit(self, row: CommitRow) -> None:
        columns = codec.commit_columns(row)
        if self._do(self._sql["put_commit"], (*columns, row.case, row.key)).rowcount == 0:
            raise ShadowWroteError(row.key)
        self._seals.add("commits", row.key, columns)

    def put_event(self, row: EventRow) -> None:
        columns = codec.event_columns(row)
        self._do(self._sql["put_event"], columns)
        self._do(self._sql["outbox_event"], (row.id,))
        self._seals.add("events", row.id, columns)

    def put_pass(self, row: PassRow) -> None:
        values = (row.case, row.pass_no, row.round, row.at, dumps(dict(row.reads)), row.route, row.clock_s)
        self._do(self._sql["put_pass"], (*values, self._fences.get(row.case)))

    # Calls that go badly

    def save_breaker(self, row: Breaker, expected_version: int) -> bool:
        columns = codec.breaker_columns(row)
        if expected_version == 0:
            return self._do(self._sql["new_breaker"], (row.name, *columns)).rowcount == 1
        return self._do(self._sql["save_breaker"], (*columns, row.name, expected_version)).rowcount == 1

    def put_good_answer(self, row: GoodAnswer, keep_since: str) -> None:
        self._do(self._sql["drop_good_answers"], (row.caller, row.callee, keep_since))
        key = (row.caller, row.callee, row.request, row.params_hash)
        self._do(self._sql["put_good_answer"], (*key, dumps(dict(row.values)), row.at))

    def put_turn_slot(self, agent: str, at_s: float, forget_s: float) -> None:
        self._do(self._sql["drop_turn_slots"], (agent, forget_s))
        self._do(self._sql["put_turn_slot"], (agent, at_s))

    # People

    def put_escalation(self, row: EscalationRow) -> None:
        body = codec.escalation_body(row)
        self._do(self._sql["put_escalation"], codec.escalation_columns(row, body))
        self._seals.add("escalations", row.id, escalation_parts(row, row.version, body))

    def save_escalation(self, row: EscalationRow, expected_version: int) -> bool:
        body = codec.escalation_body(row)
        values = (str(row.state), row.due_at, body, row.id, expected_version)
        if self._do(self._sql["save_escalation"], values).rowcount == 0:
            return False
        self._seals.add("escalations", row.id, escalation_parts(row, expected_version + 1, body))
        return True

    def put_decision(self, row: DecisionRow) -> None:
        columns = codec.decision_columns(row)
        self._do(self._sql["put_decision"], columns)
        self._seals.add("decisions", decision_key(row), decision_parts(columns))

    def spend(self, decision: DecisionRow) -> bool:
        return self._do(self._sql["spend"], (decision.escalation, decision.person)).rowcount == 1

    def pulls(self, open_only: bool = False) -> Sequence[PullRow]:
        if open_only and self._pulls is None:
            self._pulls = super().pulls(open_only=True)
        found = self._pulls if open_only and self._pulls is not None else super().pulls(open_only)
        for row in found:
            if row.stands:
                self._reads.setdefault(f"pull/{row.scope}", row.seq)
        return found

    def put_pull(self, row: PullRow) -> bool:
        self._pulls = None
        values = (row.scope, row.by, row.role, row.reason, row.at)
        return self._do(self._sql["put_pull"], values).rowcount == 1

    def release_pull(self, scope: str, by: str, at: str, reason: str) -> bool:
        self._pulls = None
        return self._do(self._sql["release_pull"], (by, at, reason, scope)).rowcount == 1

    def put_alert(self, row: AlertRow) -> bool:
        values = (row.name, row.figure, row.limit, row.raised_at)
        return self._do(self._sql["put_alert"], values).rowcount == 1

    def clear_alert(self, name: str, at: str, figure: str) -> bool:
        return self._do(self._sql["clear_alert"], (at, figure, name)).rowcount == 1

    # Audit and leases

    def audit(self, body: Mapping[str, Any]) -> None:
        seq, prev_hash = self._one("audit_head") or (0, codec.GENESIS)
        text = dumps({**body, **self._seals.take()})
        values = (seq + 1, prev_hash, codec.audit_hash(seq + 1, prev_hash, text), text)
        self._do(self._sql["put_audit"], values)

    def take_lease(self, case: str, holder: LeaseHolder, now: float, ttl_s: float, ended: bool) -> int | None:
        taken = lease.take(self._lease(case), holder, now, ttl_s, ended=ended)
        if taken is None:
            return None
        values = (case, taken.token, holder.host, holder.pid, holder.started, taken.expires)
        return taken.token if self._do(self._sql["put_lease"], values).rowcount == 1 else None

    def renew_lease(self, case: str, token: int, now: float, ttl_s: float) -> bool:
        renewed = lease.renew(self._lease(case), token, now, ttl_s)
        if renewed is None:
            return False
        return self._do(self._sql["renew_lease"], (renewed.expires, case, token)).rowcount == 1

    def drop_lease(self, case: str, token: int) -> None:
        if lease.give_back(self._lease(case), token) is not None:
            self._do(self._sql["drop_lease"], (case, token))

    def begin_try(self, case: str, passes: int) -> int:
        return int(self._one("begin_try", case, passes)[0])

    def end_tries(self, case: str) -> None:
        self._do(self._sql["end_tries"], (case,))

    def pass_begins(self, case: str) -> None:
        for name, *values in (("lease", case), ("case", case), ("unspent", case), ("meta", LINEAGE)):
            ask_ahead(self._connection, self._sql[name], values)
        ask_ahead(self._connection, self._sql["pulls_standing"])

    def holds(self, case: str, token: int) -> bool:
        if not lease.holds(self._lease(case), token):
            return False
        self._fences[case] = token
        return True

    def _lease(self, case: str) -> LeaseRow:
        return self.lease(case) or lease.free(case)
