"""The rest of the audit: seals, authority, what is open; the anchor, and ledgers that were restored."""

from tests.guards.removal import Guard

GUARDS = (
    Guard(
        "cause of a write",
        "checkpoints.audit_open:writes_caused",
        "if expected is None:",
        "if False:",
        (
            (
                "tests/checkpoints/test_audit.py::test_cheat_is_noticed[writes_caused: for case_x, which "
                "is no commit]"
            ),
        ),
        "writes_caused",
    ),
    Guard(
        "invariants of the floor",
        "checkpoints.audit_open:floor_invariants",
        "(found := invariant.check(record, tx))",
        "(found := None)",
        (
            (
                "tests/checkpoints/test_audit.py::test_cheat_is_noticed[floor_invariants: pile/P1 breaks "
                "INV-01: too many]"
            ),
        ),
        "floor_invariants",
    ),
    Guard(
        "registry of an entry",
        "checkpoints.audit_authority:authority",
        "if not registry:",
        "if not registry:\n            continue\n        elif False:",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[authority: never logged]",),
        "authority",
    ),
    Guard(
        "level of a commit",
        "checkpoints.audit_authority:_beyond_authority",
        'if level > known["level"]:',
        "if False:",
        (
            (
                "tests/checkpoints/test_audit.py::test_cheat_is_noticed[authority: was made at level 5; "
                "crane had 3]"
            ),
        ),
        "authority",
    ),
    Guard(
        "name on a commit",
        "checkpoints.audit_authority:_beyond_authority",
        'if key.split("/")[2:3] != [agent] or kind_of_row != kind:',
        "if False:",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[authority: stands in the name of crew]",),
        "authority",
    ),
    Guard(
        "scope of a commit",
        "checkpoints.audit_authority:_beyond_authority",
        'if kind not in known["can"]:',
        "if False:",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[authority: which crane could not do]",),
        "authority",
    ),
    Guard(
        "mode of who commits",
        "checkpoints.audit_authority:_beyond_authority",
        'if known["mode"] != "active":',
        "if False:",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[authority: in mode shadow]",),
        "authority",
    ),
    Guard(
        "known to the registry",
        "checkpoints.audit_authority:_beyond_authority",
        "if known is None:",
        "if known is None:\n        return\n    if False:",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[authority: did not know]",),
        "authority",
    ),
    Guard(
        "role of who decided",
        "checkpoints.audit_authority:authority",
        'if role not in registry["people"].get(person, ()):',
        "if False:",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[authority: without that role]",),
        "authority",
    ),
    Guard(
        "manifest of a signed commit",
        "checkpoints.audit_authority:_beyond_authority",
        'row.manifest_hash != known["hash"]',
        "False",
        (
            (
                "tests/checkpoints/test_audit.py::test_cheat_is_noticed[authority: under another manifest "
                "of crane]"
            ),
        ),
        "authority",
    ),
    Guard(
        "signature that was asked for",
        "checkpoints.audit_authority:signed_when_asked",
        "if commit is not None and commit[2] is None:",
        "if False:",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[signed_when_asked: asked for one]",),
        "signed_when_asked",
    ),
    Guard(
        "commit under a pull",
        "checkpoints.audit_authority:_under_pull",
        "for scope in sorted(scopes & there):",
        "for scope in ():",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[pulls_respected: while crane was pulled]",),
        "pulls_respected",
    ),
    Guard(
        "commit of what was shadowed",
        "checkpoints.audit_authority:shadow_apart",
        'tx.rows(named_queries(_SQL)["shadowed_and_committed"])',
        "()",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[shadow_apart: was shadowed]",),
        "shadow_apart",
    ),
    Guard(
        "bound on passes",
        "checkpoints.audit_authority:within_bounds",
        'if entry["pass"] > most:',
        "if False:",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[within_bounds: its limits allow]",),
        "within_bounds",
    ),
    Guard(
        "bound on depth",
        "checkpoints.audit_authority:within_bounds",
        'tx.rows(sql["deep_cases"], deepest)',
        "()",
        (
            (
                "tests/checkpoints/test_audit.py::test_cheat_is_noticed[within_bounds: causes deep; 6 are "
                "allowed]"
            ),
        ),
        "within_bounds",
    ),
    Guard(
        "somebody to ask",
        "checkpoints.audit_open:people_exist",
        "if not any(role in held for role in roles):",
        "if False:",
        (
            (
                "tests/checkpoints/test_audit.py::test_cheat_is_noticed[people_exist: and nobody of this "
                "floor is that]"
            ),
        ),
        "people_exist",
    ),
    Guard(
        "deadlines of what is asked",
        "checkpoints.audit_open:people_exist",
        "if not (is_instant(row.due_at) and is_instant(row.expires_at) and row.due_at <= row.expires_at):",
        "if False:",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[people_exist: and expires at]",),
        "people_exist",
    ),
    Guard(
        "outcome of what was accepted",
        "checkpoints.audit_open:inbox_accounted",
        'if kind != "fact" or not next(iter(tx.rows(sql["has_event"], event)), None):',
        "if False:",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[inbox_accounted: nothing came of it]",),
        "inbox_accounted",
    ),
    Guard(
        "verdicts in the log",
        "checkpoints.audit_log:verdicts_logged",
        "for name, expected, found in passes.differences():",
        "for name, expected, found in ():",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[verdicts_logged: have changed]",),
        "verdicts_logged",
    ),
    Guard(
        "params of a verdict",
        "checkpoints.audit_log:verdicts_logged",
        "if params_hash and digest([kind, json.loads(params)]) != params_hash:",
        "if False:",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[verdicts_logged: hash of its params]",),
        "verdicts_logged",
    ),
    Guard(
        "seals of rows",
        "checkpoints.audit_seals:rows_as_logged",
        "if expected is not None:",
        "if False:",
        (
            (
                "tests/checkpoints/test_audit.py::test_cheat_is_noticed[rows_as_logged: in commits is not "
                "what was logged]"
            ),
        ),
        "rows_as_logged",
    ),
    Guard(
        "claims in the log",
        "checkpoints.audit_seals:claims_as_logged",
        "for name, expected, found in claims.differences():",
        "for name, expected, found in ():",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[claims_as_logged: on slot/S1 is gone]",),
        "claims_as_logged",
    ),
    Guard(
        "words of a case",
        "checkpoints.audit_open:cases_as_accepted",
        'if (said.get("person"), said.get("text")) != (person, text):',
        "if False:",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[cases_as_accepted: what its person said]",),
        "cases_as_accepted",
    ),
    Guard(
        "source of a case",
        "checkpoints.audit_open:cases_as_accepted",
        "if accepted[0] != source or accepted[1] != source_id:",
        "if False:",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[cases_as_accepted: not from the source]",),
        "cases_as_accepted",
    ),
    Guard(
        "id of a case",
        "checkpoints.audit_open:cases_as_accepted",
        "if case != case_id(floor, source, source_id):",
        "if False:",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[cases_as_accepted: has not the id]",),
        "cases_as_accepted",
    ),
    Guard(
        "opening of a case",
        "checkpoints.audit_open:cases_as_accepted",
        "if recorded is not None and recorded != opened_at:",
        "if False:",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[cases_as_accepted: and says]",),
        "cases_as_accepted",
    ),
    Guard(
        "next step of a breaker",
        "checkpoints.audit_open:breakers_move_on",
        "if until is None or not isfinite(until) or until > latest:",
        "if False:",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[breakers_move_on: never moves on]",),
        "breakers_move_on",
    ),
    Guard(
        "size of events",
        "checkpoints.audit_open:sizes_kept",
        'tx.rows(sql["large_events"], MAX_EVENT)',
        "()",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[sizes_kept: has 70002 characters]",),
        "sizes_kept",
    ),
    Guard(
        "size of entries",
        "checkpoints.audit_open:sizes_kept",
        'tx.rows(sql["large_entries"], MAX_ENTRY)',
        "()",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[sizes_kept: entry 1 has]",),
        "sizes_kept",
    ),
    Guard(
        "applied by nobody",
        "checkpoints.audit_people:decided_once",
        "sorted(spent - applied)",
        "()",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[decided_once: no pass applied it]",),
        "decided_once",
    ),
    Guard(
        "applied and not marked",
        "checkpoints.audit_people:decided_once",
        "sorted(applied - spent)",
        "()",
        ("tests/checkpoints/test_audit.py::test_cheat_is_noticed[decided_once: is not marked so]",),
        "decided_once",
    ),
    Guard(
        "asleep with a decision",
        "checkpoints.audit_cases:nothing_forgotten",
        'tx.rows(sql["decided_and_asleep"])',
        "()",
        (
            (
                "tests/checkpoints/test_audit.py::test_cheat_is_noticed[nothing_forgotten: has a decision "
                "to apply]"
            ),
        ),
        "nothing_forgotten",
    ),
    Guard(
        "whole line of an anchor",
        "checkpoints.anchor:Anchor._read",
        'if length != b"%06d" % len(body) or checksum != _checksum(body):',
        "if False:",
        ("tests/checkpoints/test_anchor.py::test_damaged_line_is_told_from_a_forged_one",),
        "anchor_damaged",
    ),
    Guard(
        "signature of a head",
        "checkpoints.anchor:Anchor._read",
        "if not hmac.compare_digest(str(mac), self._mac(head)):",
        "if False:",
        ("tests/checkpoints/test_anchor.py::test_head_signed_with_another_key_is_refused",),
        "anchor_damaged",
    ),
    Guard(
        "torn last line of an anchor",
        "checkpoints.anchor:Anchor.append",
        "file.truncate(end - len(tail) + whole)",
        "pass",
        (
            (
                "tests/checkpoints/test_anchor.py::test_line_cut_at_any_byte_is_forgive"
                "n_and_cut_off_by_the_next_head"
            ),
        ),
        "anchor_damaged",
    ),
    Guard(
        "older head",
        "checkpoints.anchor:Anchor.append",
        "if last is not None and last.lineage == head.lineage and last.seq >= head.seq:",
        "if False:",
        ("tests/checkpoints/test_anchor.py::test_heads_come_back_in_order_and_only_newer_ones_are_added",),
        "older head",
    ),
    Guard(
        "heads without a key",
        "checkpoints.anchor:open_anchor",
        "if path.exists() and path.stat().st_size > 0:",
        "if False:",
        ("tests/checkpoints/test_anchor.py::test_heads_without_their_key_are_refused[None]",),
        "anchor_key_missing",
    ),
    Guard(
        "key that is too short",
        "checkpoints.anchor:open_anchor",
        "if len(key) < _KEY_BYTES:",
        "if False:",
        ("tests/checkpoints/test_anchor.py::test_heads_without_their_key_are_refused[short]",),
        "anchor_key_missing",
    ),
    Guard(
        "anchor ahead of the ledger",
        "checkpoints.audit_anchor:disagreement",
        "if found is None:",
        "if False:",
        ("tests/graph/test_restoring.py::test_cut_tail_and_rewritten_chain_are_found",),
        "ledger_behind_anchor",
    ),
    Guard(
        "another chain than the anchor's",
        "checkpoints.audit_anchor:disagreement",
        "if found != head.hash:",
        "if False:",
        ("tests/graph/test_restoring.py::test_cut_tail_and_rewritten_chain_are_found",),
        "ledger_rewritten",
    ),
    Guard(
        "ledger that is frozen",
        "graph.anchoring:refuse_older",
        "if found is not None:",
        "if False:",
        (
            (
                "tests/graph/test_restoring.py::test_restored_copy_is_refused_until_dec"
                "lared_and_old_signatures_are_void"
            ),
        ),
        "ledger_behind_anchor",
    ),
    Guard(
        "who speaks for a ledger",
        "graph.restoring:declare_restored",
        "if world.config.person(person) is None:",
        "if False:",
        (
            (
                "tests/graph/test_restoring.py::test_restored_copy_is_refused_until_dec"
                "lared_and_old_signatures_are_void"
            ),
        ),
        "not_authorised",
    ),
    Guard(
        "signatures of before",
        "graph.restoring:declare_restored",
        "for e in _void(tx, world, case, clock_s)",
        "for e in ()",
        (
            (
                "tests/graph/test_restoring.py::test_restored_copy_is_refused_until_dec"
                "lared_and_old_signatures_are_void"
            ),
        ),
        "superseded",
    ),
)
