"""The audit finds what somebody with the file in hand has changed: one row per way to cheat."""

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from checkpoints import row_codec
from checkpoints.audit import INVARIANTS, MOST_SHOWN, audit
from checkpoints.named_sql import named_queries
from checkpoints.sqlite_ledger import open_reader
from protocol.canonical import digest, dumps
from protocol.world import World
from tests.checkpoints.yard_ledger import START, build

BURN, FIRST, LAST = (f"(SELECT id FROM cases WHERE source_id = '{n}' AND source = 'line')" for n in (2, 1, 3))
SIGNED = f"(SELECT approval FROM commits WHERE case_id = {BURN})"
EVENT_OPENED = (
    "INSERT INTO events SELECT 99, 'evt_x', 'case.opened', source, source_id, occurred, recorded, subject,"
    f" data, {FIRST}, agent, lane, cause, depth FROM events WHERE seq = 1"
)
OPEN = "(SELECT id FROM escalations WHERE state = 'pending')"
SENT = (
    "INSERT INTO receivers VALUES ('erp', 0, (SELECT max(seq) FROM events), '[\"*\"]', 0, 0, NULL)",
    (
        "INSERT INTO deliveries SELECT 'erp', seq, subject,"
        " row_number() OVER (PARTITION BY subject ORDER BY seq), 'sent', 1, 1, NULL, 1.0, NULL FROM events"
    ),
)
"""A receiver that has got everything."""


@dataclass(frozen=True)
class Cheat:
    """Statements, run with every guard of the database off, and the invariant that must notice."""

    invariant: str
    says: str
    statements: tuple[str, ...]


def cheat(invariant: str, says: str, *statements: str) -> Cheat:
    return Cheat(invariant, says, statements)


def body(table: str, where: str, path: str, value: str) -> str:
    """Change one value inside a JSON column."""
    column = {"escalations": "body", "events": "data", "turns": "body", "audit": "body"}[table]
    return f"UPDATE {table} SET {column} = json_set({column}, '{path}', {value}) WHERE {where}"


CHEATS = [
    cheat("balances_in_bounds", "count is -5, outside 0 to None", "UPDATE balances SET value = -5"),
    cheat("balances_in_bounds", "has lost its balance count", "DELETE FROM balances"),
    cheat(
        "balances_in_bounds",
        "weight that its type",
        "INSERT INTO balances VALUES ('pile', 'P1', 'weight', 1)",
    ),
    cheat("conservation", "count is 500, its changes make 350", "UPDATE balances SET value = 500"),
    cheat(
        "conservation",
        "its changes make 399",
        "UPDATE writes SET deltas = '{\"count\":-101}' WHERE version = 1",
    ),
    cheat("no_lost_update", "stands at version 9", "UPDATE resources SET version = 9 WHERE type = 'pile'"),
    cheat("no_lost_update", "version 2 follows 0", "DELETE FROM writes WHERE type = 'pile' AND version = 1"),
    cheat("no_lost_update", "was written and is gone", "DELETE FROM resources WHERE type = 'booking'"),
    cheat("no_lost_update", "never written", "DELETE FROM writes WHERE type = 'booking'"),
    cheat("no_lost_update", "is not what was written", "UPDATE resources SET body = '{}' WHERE key = 'B1'"),
    cheat("row_hashes", "booking/B1@0 does not match", "UPDATE resources SET body = '{}' WHERE key = 'B1'"),
    cheat("row_hashes", "pile/P1@2 does not match", "UPDATE balances SET value = 351"),
    cheat(
        "row_hashes",
        "the written pile/P1@1",
        "UPDATE writes SET balances = '{\"count\":1}' WHERE version = 1",
    ),
    cheat("lookups", "cannot be found by frozen = true", "DELETE FROM lookups WHERE value = 'true'"),
    cheat(
        "lookups", "which it does not have", "INSERT INTO lookups VALUES ('crate', 'frozen', 'true', 'C1')"
    ),
    cheat(
        "claims_apart",
        "is held by",
        "UPDATE claims SET start_us = (SELECT min(start_us) FROM claims) WHERE holder_key = 'B2'",
    ),
    cheat(
        "written_by_owner",
        "made by crew; its owner is crane",
        "UPDATE writes SET author = 'crew' WHERE key = 'B1'",
    ),
    cheat("committed_once", "hash of its params", "UPDATE commits SET params = '{}' WHERE kind = 'take'"),
    cheat("committed_once", "no verdict on the same params", "DELETE FROM verdicts WHERE kind = 'reserve'"),
    cheat("committed_once", "there is no commit", "DELETE FROM commits WHERE kind = 'reserve'"),
    cheat(
        "committed_once",
        "was committed 2 times",
        "CREATE TABLE loose AS SELECT * FROM commits",
        "INSERT INTO loose SELECT * FROM commits WHERE kind = 'burn'",
        "DROP TABLE commits",
        "ALTER TABLE loose RENAME TO commits",
    ),
    cheat("one_turn", "is another agent's", body("turns", f"case_id = {FIRST}", "$.agent", "'crew'")),
    cheat(
        "one_turn",
        "crane has 2 turns in round 1",
        "CREATE TABLE loose AS SELECT * FROM turns",
        f"INSERT INTO loose SELECT * FROM turns WHERE case_id = {FIRST}",
        "DROP TABLE turns",
        "ALTER TABLE loose RENAME TO turns",
    ),
    cheat("approval_binding", "which does not exist", f"DELETE FROM escalations WHERE id = {SIGNED}"),
    cheat(
        "approval_binding",
        "which is pending",
        f"UPDATE escalations SET state = 'pending' WHERE id = {SIGNED}",
    ),
    cheat(
        "approval_binding",
        "which is rejected",
        f"UPDATE escalations SET state = 'rejected' WHERE id = {SIGNED}",
    ),
    cheat(
        "approval_binding",
        "is not the action that",
        body("escalations", f"id = {SIGNED}", "$.action.params.crate", "'C2'"),
    ),
    cheat(
        "approval_binding", "is not the action that", body("escalations", f"id = {SIGNED}", "$.key", "'k'")
    ),
    cheat(
        "approval_binding",
        "does not match the hash that was signed",
        body("escalations", f"id = {SIGNED}", "$.action_hash", "'sha256:x'"),
    ),
    cheat("approval_binding", "signed another action", "UPDATE decisions SET action_hash = 'sha256:x'"),
    cheat("approval_binding", "needs 1 signatures", "UPDATE decisions SET decision = 'reject'"),
    cheat("approval_binding", "needs 2 signatures", body("escalations", f"id = {SIGNED}", "$.quorum", "2")),
    cheat(
        "approval_binding", "as boss_of_all, who was not asked", "UPDATE decisions SET role = 'boss_of_all'"
    ),
    cheat("approval_binding", "was signed by the agent crew", "UPDATE decisions SET person = 'crew'"),
    cheat(
        "approval_binding",
        "asked for",
        body("escalations", f"id = {SIGNED}", "$.separate", "json('true')"),
        "UPDATE decisions SET person = 'guest'",
    ),
    cheat("approval_binding", "outside its time", "UPDATE decisions SET at = '2026-03-09T09:00:00Z'"),
    cheat("approval_binding", "outside its time", "UPDATE decisions SET at = '2026-03-01T09:00:00Z'"),
    cheat(
        "approval_binding",
        "was committed at 2026-03-09",
        f"UPDATE commits SET at = '2026-03-09T09:00:00Z' WHERE case_id = {BURN}",
    ),
    cheat(
        "approval_binding",
        "found version 0",
        body("escalations", f"id = {SIGNED}", '$.bound."crate/C1"', "7"),
    ),
    cheat(
        "approval_binding", "another ledger's lineage", "UPDATE meta SET value = 'x' WHERE name = 'lineage'"
    ),
    cheat("decided_once", "is not what was logged", "UPDATE decisions SET role = 'boss'"),
    cheat("decided_once", "was logged and is gone", "DELETE FROM decisions"),
    cheat(
        "decided_once",
        "was never logged",
        f"INSERT INTO decisions SELECT 9, {OPEN}, person, name, role, meaning, decision, at, action_hash,"
        " reason, option, text, channel, 0 FROM decisions",
    ),
    cheat(
        "decided_once",
        "was used by 3 commits",
        "CREATE TABLE loose AS SELECT * FROM commits",
        f"UPDATE loose SET approval = {SIGNED} WHERE kind = 'reserve'",
        "DROP TABLE commits",
        "ALTER TABLE loose RENAME TO commits",
    ),
    cheat("pulls_logged", "pull 2 on floor is not", "UPDATE pulls SET scope = 'floor' WHERE seq = 2"),
    cheat(
        "pulls_logged",
        "the release of the pull 2",
        f"UPDATE pulls SET released_by = 'x', released_at = '{START}', release_reason = '' WHERE seq = 2",
    ),
    cheat("pulls_logged", "the release of the pull 1", "UPDATE pulls SET release_reason = '' WHERE seq = 1"),
    cheat("pulls_logged", "pull.set 2 was logged and is gone", "DELETE FROM pulls WHERE seq = 2"),
    cheat(
        "pulls_logged",
        "the pull 9 on floor",
        f"INSERT INTO pulls VALUES (9, 'floor', 'x', 'boss', '', '{START}', NULL, NULL, NULL)",
    ),
    cheat(
        "nothing_forgotten",
        "nobody is asked",
        f"UPDATE cases SET status = 'waiting', runnable = 0 WHERE id = {FIRST}",
    ),
    cheat("nothing_forgotten", "and its case", f"UPDATE cases SET status = 'done' WHERE id = {LAST}"),
    cheat("nothing_forgotten", "is unknown", f"DELETE FROM cases WHERE id = {LAST}"),
    cheat(
        "nothing_forgotten", "still marked as having work", f"UPDATE cases SET runnable = 1 WHERE id = {BURN}"
    ),
    cheat("outbox_complete", "is not in the outbox", "DELETE FROM outbox WHERE event_seq = 3"),
    cheat(
        "outbox_complete",
        "numbered 1 to",
        "DELETE FROM outbox WHERE event_seq = 3",
        "DELETE FROM events WHERE seq = 3",
    ),
    cheat(
        "outbox_complete",
        "has no event",
        body("events", "type = 'action.committed'", "$.key", "'k'"),
    ),
    cheat("chain_whole", "entry 3 follows 1", "DELETE FROM audit WHERE seq = 2"),
    cheat("chain_whole", "entry 2 does not match its hash", body("audit", "seq = 2", "$.route", "'reply'")),
    cheat(
        "chain_whole",
        "does not follow the one before",
        "UPDATE audit SET prev_hash = 'sha256:x' WHERE seq = 4",
    ),
    cheat("changes_logged", "is not in the audit log", "DELETE FROM audit WHERE seq = 3"),
    cheat("changes_logged", "log and was written", body("audit", "seq > 1", "$.writes", "json('[]')")),
    cheat("changes_logged", "and was never written", "DELETE FROM writes WHERE key = 'B1'"),
    cheat("changes_logged", "is in the audit log and is gone", "DELETE FROM commits WHERE kind = 'reserve'"),
    cheat(
        "changes_logged",
        "is not in the audit log",
        "UPDATE commits SET params_hash = 'sha256:x' WHERE kind = 'burn'",
    ),
    cheat("fenced", "without a lease", "UPDATE passes SET token = NULL WHERE pass_no = 1"),
    cheat("fenced", "under token 1 after 2", f"UPDATE passes SET token = 3 - token WHERE case_id = {BURN}"),
    cheat("fenced", "the lease is at 1", f"UPDATE leases SET token = 1 WHERE case_id = {BURN}"),
    cheat("fenced", "the lease is at None", "DELETE FROM leases"),
    cheat("fenced", "counts 2 passes", f"DELETE FROM passes WHERE case_id = {BURN} AND pass_no = 1"),
    cheat(
        "writes_caused",
        "for case_x, which is no commit",
        "UPDATE writes SET cause = 'case_x' WHERE key = 'B1'",
    ),
    cheat(
        "floor_invariants",
        "pile/P1 breaks INV-01: too many",
        "UPDATE balances SET value = 900 WHERE key = 'P1'",
    ),
    cheat("authority", "never logged", body("audit", "seq > 2", "$.registry", "'sha256:x'")),
    cheat(
        "authority", "was made at level 5; crane had 3", "UPDATE commits SET level = 5 WHERE kind = 'burn'"
    ),
    cheat("authority", "stands in the name of crew", "UPDATE commits SET agent = 'crew' WHERE kind = 'burn'"),
    cheat(
        "authority", "which crane could not do", body("audit", "seq = 2", "$.agents.crane.can", "json('[]')")
    ),
    cheat("authority", "in mode shadow", body("audit", "seq = 2", "$.agents.crane.mode", "'shadow'")),
    cheat("authority", "did not know", body("audit", "seq = 2", "$.agents", "json('{}')")),
    cheat("authority", "without that role", body("audit", "seq = 2", "$.people", "json('{}')")),
    cheat(
        "authority",
        "under another manifest of crane",
        body("audit", "seq = 2", "$.agents.crane.hash", "'sha256:x'"),
    ),
    cheat("signed_when_asked", "asked for one", "UPDATE commits SET approval = NULL"),
    cheat(
        "pulls_respected",
        "while crane was pulled",
        body("audit", "seq = 1", "$.what", "'pull.set', '$.pull', 9, '$.scope', 'crane'"),
    ),
    cheat("shadow_apart", "was shadowed", "UPDATE verdicts SET verdict = 'shadowed' WHERE kind = 'burn'"),
    cheat("within_bounds", "its limits allow", body("audit", "seq = 4", "$.pass", "99")),
    cheat("within_bounds", "causes deep; 6 are allowed", "UPDATE cases SET depth = 7"),
    cheat(
        "people_exist",
        "and nobody of this floor is that",
        body("escalations", "true", "$.ladder", "json('[]')"),
    ),
    cheat("people_exist", "and expires at", body("escalations", "true", "$.expires_at", "'2026'")),
    cheat(
        "inbox_accounted",
        "nothing came of it",
        "INSERT INTO inbox (source, source_id, kind, body) VALUES ('line', '77', 'text', '{}')",
    ),
    cheat(
        "inbox_accounted",
        "accepted as fact",
        "INSERT INTO inbox (source, source_id, kind, body) VALUES ('sky', '77', 'fact', '{}')",
    ),
    cheat("verdicts_logged", "have changed", "UPDATE verdicts SET code = 'x' WHERE kind = 'burn'"),
    cheat("verdicts_logged", "are gone", "DELETE FROM verdicts WHERE kind = 'burn'"),
    cheat("verdicts_logged", "were never logged", "UPDATE verdicts SET pass_no = 7 WHERE kind = 'burn'"),
    cheat("verdicts_logged", "hash of its params", "UPDATE verdicts SET params = '{}' WHERE kind = 'burn'"),
    cheat("rows_as_logged", "in commits is not what was logged", "UPDATE commits SET result = '{}'"),
    cheat("rows_as_logged", "in writes is not what", "UPDATE writes SET cause = 'seed'"),
    cheat("rows_as_logged", "in events is not what", "UPDATE events SET subject = 'crate/C9'"),
    cheat("rows_as_logged", "in cases is not what", f"UPDATE cases SET reply = 'x' WHERE id = {BURN}"),
    cheat("rows_as_logged", "in escalations is not what", f"UPDATE escalations SET due_at = '{START}'"),
    cheat("rows_as_logged", "in decisions is not what", "UPDATE decisions SET reason = 'x'"),
    cheat("rows_as_logged", "in inbox is not what", "UPDATE inbox SET body = '{}' WHERE kind = 'fact'"),
    cheat("rows_as_logged", "in commits was logged and is gone", "DELETE FROM commits WHERE kind = 'burn'"),
    cheat("claims_as_logged", "on slot/S1 is gone", "DELETE FROM claims WHERE holder_key = 'B1'"),
    cheat("claims_as_logged", "was never taken", "UPDATE claims SET end_us = end_us + 1"),
    cheat("claims_as_logged", "has changed", "UPDATE claims SET shared = 1"),
    cheat("cases_as_accepted", "what its person said", f"UPDATE cases SET text = 'stop' WHERE id = {FIRST}"),
    cheat("cases_as_accepted", "not from the source", f"UPDATE cases SET source = 'x' WHERE id = {FIRST}"),
    cheat("cases_as_accepted", "has not the id", f"UPDATE cases SET id = 'case_x' WHERE id = {FIRST}"),
    cheat("cases_as_accepted", "and says", "UPDATE cases SET opened_at = '2026'", EVENT_OPENED),
    cheat(
        "breakers_move_on",
        "never moves on",
        "INSERT INTO breakers VALUES ('a>b', 'open', 3, '', 0, 9e18, NULL, NULL, '', NULL, 1)",
    ),
    cheat(
        "sizes_kept", "has 70002 characters", f"UPDATE events SET data = '\"{'x' * 70000}\"' WHERE seq = 1"
    ),
    cheat("sizes_kept", "entry 1 has", f"UPDATE audit SET body = '\"{'x' * 4200000}\"' WHERE seq = 1"),
    cheat("decided_once", "no pass applied it", body("audit", "seq > 2", "$.decisions", "json('[]')")),
    cheat("decided_once", "is not marked so", "UPDATE decisions SET spent = 0"),
    cheat(
        "nothing_forgotten",
        "has a decision to apply",
        f"UPDATE cases SET status = 'waiting', runnable = 0 WHERE id = {BURN}",
        "UPDATE decisions SET spent = 0",
    ),
    cheat(
        "outbox_complete",
        "tells of k, no commit",
        body("events", "type = 'action.committed'", "$.key", "'k'"),
    ),
    cheat(
        "deliveries_complete",
        "was never made a delivery to erp",
        *SENT,
        "DELETE FROM deliveries WHERE event_seq = (SELECT max(seq) FROM events)",
    ),
    cheat("deliveries_complete", "and the last one is", *SENT, "UPDATE receivers SET spread_seq = 99"),
    cheat("deliveries_complete", "under another subject", *SENT, "UPDATE deliveries SET subject = event_seq"),
    cheat(
        "deliveries_complete", "and should be", *SENT, "UPDATE deliveries SET subject_seq = subject_seq + 100"
    ),
    cheat(
        "delivered_in_order",
        "before an earlier one",
        *SENT,
        "UPDATE deliveries SET state = 'pending', next_s = 1.0",
    ),
    cheat("delivered_in_order", "waits at erp for nobody", *SENT, "UPDATE deliveries SET state = 'pending'"),
    cheat("delivered_in_order", "nobody ever tried", *SENT, "UPDATE deliveries SET claims = 0"),
    cheat("pulls_logged", "the pull 1 on crew is not", "UPDATE pulls SET role = 'x' WHERE seq = 1"),
    cheat("database_sound", "the trigger audit_no_delete is missing", "DROP TRIGGER audit_no_delete"),
    cheat(
        "database_sound",
        "is not of this schema",
        "CREATE TRIGGER mine AFTER INSERT ON audit BEGIN SELECT 1; END",
    ),
    cheat("database_sound", "names a row of events", "DELETE FROM events WHERE seq = 3"),
]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, World]:
    """A sound ledger and the world it belongs to."""
    path = tmp_path_factory.mktemp("audit") / "ledger.db"
    return path, asyncio.run(build(path))


@pytest.fixture
def copied(original: tuple[Path, World], tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Copies the ledger, does something to the copy, and audits it."""
    path, world = original
    copy = tmp_path / "ledger.db"
    shutil.copy(path, copy)

    def tampered(do: Callable[[sqlite3.Connection], object], audited: World = world) -> dict[str, Any]:
        connection = sqlite3.connect(copy, isolation_level=None)
        try:
            do(connection)
        finally:
            connection.close()
        with open_reader(copy, "yard", world.types) as tx:
            return audit(tx, audited)

    return tampered


def without_guards(connection: sqlite3.Connection, statements: tuple[str, ...]) -> None:
    """Run statements as somebody would who knows SQLite: no trigger, check or reference in the way."""
    connection.execute("PRAGMA ignore_check_constraints = ON")
    triggers = connection.execute(
        "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'"
    ).fetchall()
    mine = [s for s in statements if "TRIGGER" in s]
    for name, _, _ in () if mine else triggers:
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        connection.execute(statement)
    for _, _, sql in () if mine else triggers:
        connection.execute(sql)


def test_ledger_of_the_gate_is_sound(copied: Callable[..., dict[str, Any]]) -> None:
    found = copied(lambda c: None)
    assert found["violations"] == []
    assert found["ok"] is True
    assert found["schema"] == "andon/audit/v1"
    assert found["counts"] == {"cases": 3, "actions": 5, "events": 20, "decisions": 1, "audit_entries": 11}
    assert found["head"].startswith("sha256:")


def test_whoever_got_everything_in_order_is_no_violation(copied: Callable[..., dict[str, Any]]) -> None:
    assert copied(lambda c: without_guards(c, SENT))["violations"] == []


@pytest.mark.parametrize("trick", CHEATS, ids=lambda c: f"{c.invariant}: {c.says}")
def test_cheat_is_noticed(trick: Cheat, copied: Callable[..., dict[str, Any]]) -> None:
    found = copied(lambda c: without_guards(c, trick.statements))
    details = [v["detail"] for v in found["violations"] if v["invariant"] == trick.invariant]
    assert any(trick.says in detail for detail in details), found["violations"]
    assert found["ok"] is False


def test_every_invariant_has_a_cheat_that_it_notices() -> None:
    assert {c.invariant for c in CHEATS} == {i.name for i in INVARIANTS}


def test_every_query_of_the_audit_has_a_reader() -> None:
    texts = "".join(p.read_text("utf-8") for p in Path(row_codec.__file__).parent.glob("audit*.py"))
    assert [n for n in named_queries("audit") if f'"{n}"' not in texts] == []


def test_rewritten_chain_gives_another_head(copied: Callable[..., dict[str, Any]]) -> None:
    """A recomputed chain is whole: only a head kept elsewhere shows it (approvals.md, section 11)."""

    def rewrite(connection: sqlite3.Connection) -> None:
        entries = connection.execute("SELECT seq, body FROM audit ORDER BY seq").fetchall()
        previous = row_codec.GENESIS
        statements = []
        for seq, text in entries:
            changed = text.replace('"guest"', '"nobody"') + (" " if seq == 7 else "")
            hashed = row_codec.audit_hash(seq, previous, changed)
            row = (previous, hashed, changed)
            statements.append((f"UPDATE audit SET prev_hash = ?, hash = ?, body = ? WHERE seq = {seq}", row))
            previous = hashed
        connection.execute("DROP TRIGGER audit_no_update")
        for sql, row in statements:
            connection.execute(sql, row)

    before, after = copied(lambda c: None), copied(rewrite)
    assert {v["invariant"] for v in after["violations"]} == {"database_sound"}, after["violations"]
    assert after["head"] != before["head"]


def test_overlap_that_a_fact_made_is_no_violation(copied: Callable[..., dict[str, Any]]) -> None:
    overlaps: list[tuple[str, str]] = []

    def look(connection: sqlite3.Connection) -> None:
        sql = "SELECT holder_key, cause FROM claims WHERE holder_key IN ('B1', 'C1') ORDER BY seq"
        overlaps.extend(connection.execute(sql).fetchall())

    assert copied(look)["ok"] is True
    assert [key for key, _ in overlaps] == ["B1", "C1"]
    assert overlaps[1][1] == "sky/1"


@pytest.mark.parametrize("other", ["B3", "C1"])
def test_shared_claims_may_meet_each_other_and_a_holder_itself(
    copied: Callable[..., dict[str, Any]], other: str
) -> None:
    def share(connection: sqlite3.Connection) -> None:
        same = other == "C1"
        connection.execute("DELETE FROM claims WHERE holder_key = 'B1'")
        connection.execute(
            "UPDATE claims SET shared = ?, cause = 'seed' WHERE holder_key = 'C1'", (not same,)
        )
        connection.execute(
            "INSERT INTO claims SELECT 50, resource, start_us + 1, end_us, holder_type, ?, ?, 'seed'"
            " FROM claims WHERE holder_key = 'C1'",
            (other, not same),
        )

    found = copied(share)["violations"]
    assert [v for v in found if v["invariant"] == "claims_apart"] == []


def test_unreadable_row_is_a_violation_and_no_crash(copied: Callable[..., dict[str, Any]]) -> None:
    found = copied(
        lambda c: without_guards(c, ("UPDATE writes SET balances = 'not json' WHERE type = 'pile'",))
    )
    assert "a row cannot be read: JSONDecodeError" in str(found["violations"])
    assert found["ok"] is False


def test_flood_of_violations_is_cut(copied: Callable[..., dict[str, Any]]) -> None:
    values = ", ".join(f"('crate', 'X{n}', 1, '{{}}', 'h')" for n in range(3 * MOST_SHOWN))
    found = copied(lambda c: c.execute(f"INSERT INTO resources VALUES {values}"))
    assert sum(1 for v in found["violations"] if v["invariant"] == "no_lost_update") == MOST_SHOWN


def test_writes_of_a_type_without_an_owner_are_reported(
    copied: Callable[..., dict[str, Any]], original: tuple[Path, World]
) -> None:
    _, world = original
    nobody = replace(world, manifests={"crew": world.manifests["crew"]})
    found = copied(lambda c: None, nobody)
    assert any("its owner is None" in v["detail"] for v in found["violations"])


def test_question_signs_the_option_that_was_chosen(copied: Callable[..., dict[str, Any]]) -> None:
    """The signed approval is turned into a question whose option 1 is the action, and answered."""
    action = {"kind": "burn", "params": {"crate": "C1"}}
    options = dumps([{"title": "leave", "action": None}, {"title": "Burns C1", "action": action}])

    def ask(connection: sqlite3.Connection, option: int) -> None:
        state = f"UPDATE escalations SET type = 'question', state = 'answered' WHERE id = {SIGNED}"
        changes = f"json_set(body, '$.type', 'question', '$.options', json('{options}'))"
        asked = f"UPDATE escalations SET body = {changes}"
        chosen = f"UPDATE decisions SET decision = 'answer', option = {option}"
        without_guards(connection, (state, f"{asked} WHERE id = {SIGNED}", chosen))

    def details(option: int) -> list[str]:
        found = copied(lambda c: ask(c, option))
        return [v["detail"] for v in found["violations"] if v["invariant"] == "approval_binding"]

    assert details(1) == []
    assert ["is not the option that was chosen" in d for d in details(0)] == [True]


def test_hash_of_params_is_the_gates(original: tuple[Path, World]) -> None:
    path, world = original
    with open_reader(path, "yard", world.types) as tx:
        commits = [c for case in tx.cases() for c in tx.commits(case.id)]
    assert commits
    assert all(c.params_hash == digest([c.kind, dict(c.params)]) for c in commits)
