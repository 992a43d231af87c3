"""The audit: what a finished ledger must show (faults.md, section 5)."""

from tests.guards.removal import Guard

GUARDS = (
    Guard(
        "stored within bounds",
        "checkpoints.audit_records:balances_in_bounds",
        "elif value < bound.minimum or (bound.maximum is not None and value > bound.maximum):",
        "elif False:",
        (
            (
                "tests/checkpoints/test_audit.py::test_cheat_is_noticed[balances_in_bounds: count is -5, "
                "outside 0 to None]"
            ),
        ),
        "balances_in_bounds",
    ),
    Guard(
        "stored at all",
        "checkpoints.audit_records:balances_in_bounds",
        "for field in sorted(wanted - found.get((type_, key), set())):",
        "for field in ():",
        (
            (
                "tests/checkpoints/test_audit.py::test_cheat_is_noticed[balances_in_bounds: has lost its "
                "balance count]"
            ),
        ),
        "balances_in_bounds",
    ),
    Guard(
        "sum of changes",
        "checkpoints.audit_records:conservation",
        "if value != expected:",
        "if False:",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[conservation: its changes make 399]",),
        "conservation",
    ),
    Guard(
        "sum of all changes",
        "checkpoints.audit_records:conservation",
        "if totals.get((type_, key, field), value) != value:",
        "if False:",
        (
            (
                "tests/checkpoints/test_audit.py::test_cheat_is_noticed[conservation: count is 500, its "
                "changes make 350]"
            ),
        ),
        "conservation",
    ),
    Guard(
        "gap in versions",
        "checkpoints.audit_records:no_lost_update",
        "if version != before + 1:",
        "if False:",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[no_lost_update: version 2 follows 0]",),
        "no_lost_update",
    ),
    Guard(
        "written and gone",
        "checkpoints.audit_records:_lost",
        "if stands is None:",
        'if stands is None:\n        return ""\n    if False:',
        (
            (
                "tests/checkpoints/test_audit.py::test_cheat_is_noticed[no_lost_update: was written and "
                "is gone]"
            ),
        ),
        "no_lost_update",
    ),
    Guard(
        "last version",
        "checkpoints.audit_records:_lost",
        "if last != now:",
        "if False:",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[no_lost_update: stands at version 9]",),
        "no_lost_update",
    ),
    Guard(
        "last body",
        "checkpoints.audit_records:no_lost_update",
        "for name, written, stands in records.differences():",
        "for name, written, stands in ():",
        (
            (
                "tests/checkpoints/test_audit.py::test_cheat_is_noticed[no_lost_update: is not what was "
                "written]"
            ),
        ),
        "no_lost_update",
    ),
    Guard(
        "never written",
        "checkpoints.audit_records:_lost",
        "if written is None:",
        'if written is None:\n        return ""\n    if False:',
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[no_lost_update: never written]",),
        "no_lost_update",
    ),
    Guard(
        "hash of a version",
        "checkpoints.audit_records:row_hashes",
        "if row_hash(type_, key, version, body, balances) != stored:",
        "if False:",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[row_hashes: the written pile/P1@1]",),
        "row_hashes",
    ),
    Guard(
        "hash of a row",
        "checkpoints.audit_records:row_hashes",
        "if row_hash(type_, key, version, body, dumps(balances_of.get((type_, key), {}))) != stored:",
        "if False:",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[row_hashes: pile/P1@2 does not match]",),
        "row_hashes",
    ),
    Guard(
        "lookup lost",
        "checkpoints.audit_records:lookups",
        "if expected is not None:",
        "if expected is not None:\n                pass\n            elif False:",
        (
            (
                "tests/checkpoints/test_audit.py::test_cheat_is_noticed[lookups: cannot be found by "
                "frozen = true]"
            ),
        ),
        "lookups",
    ),
    Guard(
        "lookup too many",
        "checkpoints.audit_records:lookups",
        "else:",
        "elif False:",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[lookups: which it does not have]",),
        "lookups",
    ),
    Guard(
        "claims that meet",
        "checkpoints.audit_records:claims_apart",
        "if not excused:",
        "if False:",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[claims_apart: is held by]",),
        "claims_apart",
    ),
    Guard(
        "author of a write",
        "checkpoints.audit_records:written_by_owner",
        "if author != owner and not (owned and (type_, author) in earlier):",
        "if False:",
        (
            (
                "tests/checkpoints/test_audit.py::test_cheat_is_noticed[written_by_owner: made by crew; "
                "its owner is crane]"
            ),
        ),
        "written_by_owner",
    ),
    Guard(
        "hash of a commit",
        "checkpoints.audit_cases:committed_once",
        "if digest([kind, json.loads(params)]) != params_hash:",
        "if False:",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[committed_once: hash of its params]",),
        "committed_once",
    ),
    Guard(
        "verdict of a commit",
        "checkpoints.audit_cases:committed_once",
        "else:",
        "elif False:",
        (
            (
                "tests/checkpoints/test_audit.py::test_cheat_is_noticed[committed_once: no verdict on "
                "the same params]"
            ),
        ),
        "committed_once",
    ),
    Guard(
        "commit of a verdict",
        "checkpoints.audit_cases:committed_once",
        "if found is None:",
        "if found is None:\n                pass\n            elif False:",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[committed_once: there is no commit]",),
        "committed_once",
    ),
    Guard(
        "another agent's turn",
        "checkpoints.audit_cases:one_turn",
        'if json.loads(body).get("agent") != agent:',
        "if False:",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[one_turn: is another agent's]",),
        "one_turn",
    ),
    Guard(
        "stuck cases",
        "checkpoints.audit_cases:nothing_forgotten",
        'tx.rows(sql["stuck_cases"])',
        "()",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[nothing_forgotten: nobody is asked]",),
        "nothing_forgotten",
    ),
    Guard(
        "orphaned escalations",
        "checkpoints.audit_cases:nothing_forgotten",
        'tx.rows(sql["orphaned_escalations"])',
        "()",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[nothing_forgotten: is unknown]",),
        "nothing_forgotten",
    ),
    Guard(
        "ended at work",
        "checkpoints.audit_cases:nothing_forgotten",
        'tx.rows(sql["ended_at_work"])',
        "()",
        (
            (
                "tests/checkpoints/test_audit.py::test_cheat_is_noticed[nothing_forgotten: still marked "
                "as having work]"
            ),
        ),
        "nothing_forgotten",
    ),
    Guard(
        "event in the outbox",
        "checkpoints.audit_cases:outbox_complete",
        'tx.rows(sql["events_without_outbox"])',
        "()",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[outbox_complete: is not in the outbox]",),
        "outbox_complete",
    ),
    Guard(
        "event of a commit",
        "checkpoints.audit_cases:outbox_complete",
        "for key, _, found in told.differences():",
        "for key, _, found in ():",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[outbox_complete: has no event]",),
        "outbox_complete",
    ),
    Guard(
        "gap in events",
        "checkpoints.audit_cases:outbox_complete",
        "if (first, last) != (1, count):",
        "if False:",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[outbox_complete: numbered 1 to]",),
        "outbox_complete",
    ),
    Guard(
        "pass without a fence",
        "checkpoints.audit_cases:fenced",
        "if token is None:",
        "if token is None:\n                pass\n            elif False:",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[fenced: without a lease]",),
        "fenced",
    ),
    Guard(
        "fence that goes back",
        "checkpoints.audit_cases:fenced",
        "elif token < highest:",
        "elif False:",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[fenced: under token 1 after 2]",),
        "fenced",
    ),
    Guard(
        "fence ahead of its lease",
        "checkpoints.audit_cases:fenced",
        "elif newest is None or token > newest:",
        "elif False:",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[fenced: the lease is at 1]",),
        "fenced",
    ),
    Guard(
        "gap in passes",
        "checkpoints.audit_cases:fenced",
        "if not claims == count == last:",
        "if False:",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[fenced: counts 2 passes]",),
        "fenced",
    ),
    Guard(
        "gap in the chain",
        "checkpoints.audit_log:chain_whole",
        "if seq != expected:",
        "if False:",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[chain_whole: entry 3 follows 1]",),
        "chain_whole",
    ),
    Guard(
        "link of the chain",
        "checkpoints.audit_log:chain_whole",
        "if prev_hash != previous:",
        "if False:",
        (
            (
                "tests/checkpoints/test_audit.py::test_cheat_is_noticed[chain_whole: does not follow the "
                "one before]"
            ),
        ),
        "chain_whole",
    ),
    Guard(
        "hash of the chain",
        "checkpoints.audit_log:chain_whole",
        "if audit_hash(seq, prev_hash, body) != stored:",
        "if False:",
        (
            (
                "tests/checkpoints/test_audit.py::test_cheat_is_noticed[chain_whole: entry 2 does not "
                "match its hash]"
            ),
        ),
        "chain_whole",
    ),
    Guard(
        "write not logged",
        "checkpoints.audit_log:changes_logged",
        "for name, _, found in written.differences():",
        "for name, _, found in (d for d in written.differences() if d[1] is not None):",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[changes_logged: log and was written]",),
        "changes_logged",
    ),
    Guard(
        "logged and not written",
        "checkpoints.audit_log:changes_logged",
        "for name, _, found in written.differences():",
        "for name, _, found in (d for d in written.differences() if d[2] is not None):",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[changes_logged: and was never written]",),
        "changes_logged",
    ),
    Guard(
        "commit not logged",
        "checkpoints.audit_log:changes_logged",
        "for key, _, found in committed.differences():",
        "for key, _, found in (d for d in committed.differences() if d[2] is None):",
        (
            (
                "tests/checkpoints/test_audit.py::test_cheat_is_noticed[changes_logged: is not in the "
                "audit log1]"
            ),
        ),
        "changes_logged",
    ),
    Guard(
        "logged and not committed",
        "checkpoints.audit_log:changes_logged",
        "for key, _, found in committed.differences():",
        "for key, _, found in (d for d in committed.differences() if d[2] is not None):",
        (
            (
                "tests/checkpoints/test_audit.py::test_cheat_is_noticed[changes_logged: is in the audit "
                "log and is gone]"
            ),
        ),
        "changes_logged",
    ),
    Guard(
        "decision not logged",
        "checkpoints.audit_people:decided_once",
        "if noted != columns:",
        "if False:",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[decided_once: was never logged]",),
        "decided_once",
    ),
    Guard(
        "logged and not decided",
        "checkpoints.audit_people:decided_once",
        "for escalation, person in logged:",
        "for escalation, person in ():",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[decided_once: was logged and is gone]",),
        "decided_once",
    ),
    Guard(
        "pull not logged",
        "checkpoints.audit_people:pulls_logged",
        'if logged.pop(("pull.set", seq), None) != (scope, by, reason, at, role):',
        'if logged.pop(("pull.set", seq), None) and False:',
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[pulls_logged: the pull 9 on floor]",),
        "pulls_logged",
    ),
    Guard(
        "state of an approval",
        "checkpoints.audit_people:approval_binding",
        "if row.state is not state:",
        "if False:",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[approval_binding: which is pending]",),
        "approval_binding",
    ),
    Guard(
        "lineage of an approval",
        "checkpoints.audit_people:approval_binding",
        'if row.lineage != tx.meta("lineage"):',
        "if False:",
        (
            (
                "tests/checkpoints/test_audit.py::test_cheat_is_noticed[approval_binding: another "
                "ledger's lineage]"
            ),
        ),
        "approval_binding",
    ),
    Guard(
        "action of an approval",
        "checkpoints.audit_people:_action",
        "if row.key != signed.key or row.action != wanted:",
        "if False:",
        (
            (
                "tests/checkpoints/test_audit.py::test_cheat_is_noticed[approval_binding: is not the "
                "action that0]"
            ),
        ),
        "approval_binding",
    ),
    Guard(
        "hash of an approval",
        "checkpoints.audit_people:_action",
        "if action_hash(signed.kind, signed.params, shape) != row.action_hash:",
        "if False:",
        (
            (
                "tests/checkpoints/test_audit.py::test_cheat_is_noticed[approval_binding: does not match "
                "the hash that was signed]"
            ),
        ),
        "approval_binding",
    ),
    Guard(
        "option of a question",
        "checkpoints.audit_people:_action",
        'if wanted not in [o.get("action") for o in chosen]:',
        "if False:",
        ("tests/checkpoints/test_audit.py::test_question_signs_the_option_that_was_chosen",),
        "approval_binding",
    ),
    Guard(
        "quorum of an approval",
        "checkpoints.audit_people:_signers",
        "if len(people) < row.quorum:",
        "if False:",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[approval_binding: needs 1 signatures]",),
        "approval_binding",
    ),
    Guard(
        "hash of a decision",
        "checkpoints.audit_people:_signers",
        "if decision.action_hash != row.action_hash:",
        "if False:",
        (
            (
                "tests/checkpoints/test_audit.py::test_cheat_is_noticed[approval_binding: signed another "
                "action]"
            ),
        ),
        "approval_binding",
    ),
    Guard(
        "role of a decision",
        "checkpoints.audit_people:_signers",
        "if decision.role not in asked:",
        "if False:",
        (
            (
                "tests/checkpoints/test_audit.py::test_cheat_is_noticed[approval_binding: as "
                "boss_of_all, who was not asked]"
            ),
        ),
        "approval_binding",
    ),
    Guard(
        "agents do not decide",
        "checkpoints.audit_people:_signers",
        "if decision.person in world.manifests:",
        "if False:",
        (
            (
                "tests/checkpoints/test_audit.py::test_cheat_is_noticed[approval_binding: was signed by "
                "the agent crew]"
            ),
        ),
        "approval_binding",
    ),
    Guard(
        "asker did not decide",
        "checkpoints.audit_people:_signers",
        "if row.separate and row.asker in people:",
        "if False:",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[approval_binding: asked for]",),
        "approval_binding",
    ),
    Guard(
        "committed in time",
        "checkpoints.audit_people:_times",
        "if signed.at >= row.expires_at:",
        "if False:",
        (
            (
                "tests/checkpoints/test_audit.py::test_cheat_is_noticed[approval_binding: was committed "
                "at 2026-03-09]"
            ),
        ),
        "approval_binding",
    ),
    Guard(
        "decided in time",
        "checkpoints.audit_people:_times",
        "if not row.requested_at <= decision.at < row.expires_at:",
        "if False:",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[approval_binding: outside its time0]",),
        "approval_binding",
    ),
    Guard(
        "versions of an approval",
        "checkpoints.audit_people:_bound_versions",
        "if stood != version:",
        "if False:",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[approval_binding: found version 0]",),
        "approval_binding",
    ),
)
