"""People decide once, in their role, in time, on what they saw (R12)."""

from tests.guards.removal import Guard

GUARDS = (
    Guard(
        "roles asked",
        "protocol.deciding:may_sign",
        "held = sorted(world.config.roles_of(person, now) & allowed)",
        "held = sorted(world.config.roles_of(person, now))",
        ("tests/protocol/test_deciding.py::test_who_holds_a_role_of_a_rung_reached_may_sign",),
        "not_authorised",
    ),
    Guard(
        "rung reached",
        "protocol.deciding:may_sign",
        "for r in row.ladder[: row.rung + 1]}",
        "for r in row.ladder}",
        ("tests/protocol/test_deciding.py::test_who_holds_a_role_of_a_rung_reached_may_sign",),
        "not_authorised",
    ),
    Guard(
        "first of two signatures",
        "protocol.deciding:apply_decisions",
        "if row is None or state is DecisionState.RECORDED:",
        "if row is None:",
        ("tests/protocol/test_deciding.py::test_first_signature_of_two_leaves_the_case_waiting",),
        "quorum",
    ),
    Guard(
        "lapsed decisions",
        "protocol.deciding:apply_decisions",
        "if state is DecisionState.LAPSED or row.id not in p.waiting:",
        "if row.id not in p.waiting:",
        (
            (
                "tests/protocol/test_decision.py::test_one_signature_of_two_lapses_when_nobody_else_signs"
                "_in_time"
            ),
        ),
        "lapsed",
    ),
    Guard(
        "expired escalations close",
        "protocol.deciding:_expired",
        "if row is not None and row.state is EscalationState.EXPIRED:",
        "if False:",
        ("tests/protocol/test_deciding.py::test_silence_refuses_and_commits_nothing",),
        "expired",
    ),
    Guard(
        "a no is a no",
        "protocol.deciding:apply_decisions",
        "case EscalationState.APPROVED if item is not None:",
        "case EscalationState.APPROVED | EscalationState.REJECTED if item is not None:",
        ("tests/protocol/test_deciding.py::test_rejection_names_who_rejected_not_who_signed_before",),
        "rejected",
    ),
    Guard(
        "left as it is",
        "protocol.deciding:_answered",
        "elif item is not None:",
        "elif False:",
        ("tests/protocol/test_calling.py::test_left_as_it_is_the_action_is_refused_and_never_done",),
        "left_as_it_is",
    ),
    Guard(
        "hash of the action",
        "protocol.deciding:_unbound",
        "if row.action_hash != action_hash(item.kind, item.params, shape):",
        "if False:",
        ("tests/protocol/test_deciding.py::test_approval_of_something_else_is_refused_in_the_commit",),
        "hash_mismatch",
    ),
    Guard(
        "manifest of the asker",
        "protocol.deciding:_unbound",
        'if row.manifest_hash != p.world.manifest_hashes.get(item.agent, ""):',
        "if False:",
        ("tests/protocol/test_deciding.py::test_approval_of_something_else_is_refused_in_the_commit",),
        "manifest_changed",
    ),
    Guard(
        "manifests of a question",
        "protocol.deciding:_outdated",
        "if not row.manifest_hash or row.manifest_hash == manifests_hash(p.world, agents):",
        "if True:",
        ("tests/graph/test_adopting.py::test_position_of_another_manifest_is_refused_in_the_commit",),
        "manifest_changed",
    ),
    Guard(
        "lineage of the ledger",
        "protocol.deciding:unsigned",
        "if row.lineage != p.lineage:",
        "if False:",
        ("tests/protocol/test_deciding.py::test_approval_of_something_else_is_refused_in_the_commit",),
        "lineage_changed",
    ),
    Guard(
        "expiry at the commit",
        "protocol.deciding:unsigned",
        "if p.now >= row.expires_at:",
        "if False:",
        ("tests/protocol/test_deciding.py::test_approval_counts_until_it_expires",),
        "expired",
    ),
    Guard(
        "clock at the commit",
        "protocol.deciding:unsigned",
        "if p.clock_step_s:",
        "if False:",
        ("tests/graph/test_clock_steps.py::test_what_was_signed_before_a_jump_is_not_done_after_it",),
        "clock_stepped",
    ),
    Guard(
        "clock at the decision",
        "graph.deciding:_refusal",
        "if tx.clock_step_s:",
        "if False:",
        ("tests/graph/test_clock_steps.py::test_after_a_jump_nothing_is_decided_ends_or_is_recorded",),
        "clock_stepped",
    ),
    Guard(
        "jump is not followed",
        "checkpoints.steady_clock:SteadyClock.believed",
        "if self.step_s:",
        "if False:",
        ("tests/checkpoints/test_steady_clock.py::test_jump_is_told_and_not_followed",),
        "clock_stepped",
    ),
    Guard(
        "quorum at the commit",
        "protocol.deciding:unsigned",
        "if len(valid) < row.quorum:",
        "if False:",
        ("tests/protocol/test_deciding.py::test_quorum_counts_different_people_who_may",),
        "not_authorised",
    ),
    Guard(
        "asker at the commit",
        "protocol.deciding:unsigned",
        "barred = row.asker if row.separate else None",
        "barred = None",
        ("tests/protocol/test_deciding.py::test_where_signatures_are_separate_the_askers_is_not_one",),
        "not_authorised",
    ),
    Guard(
        "roles at the commit",
        "protocol.deciding:unsigned",
        "{d.person for d in signed if may_sign(p.world, row, d.person, d.at)}",
        "{d.person for d in signed}",
        ("tests/protocol/test_deciding.py::test_quorum_counts_different_people_who_may",),
        "not_authorised",
    ),
    Guard(
        "bound versions",
        "protocol.deciding:moved",
        "if record is None or record.version != version:",
        "if record is None:",
        ("tests/protocol/test_deciding.py::test_stale_approval_of_what_has_become_impossible_is_refused",),
        "stale",
    ),
    Guard(
        "bound record gone",
        "protocol.deciding:moved",
        "if record is None or record.version != version:",
        "if record is not None and record.version != version:",
        ("tests/protocol/test_deciding.py::test_approval_of_what_is_gone_meanwhile_is_stale",),
        "stale",
    ),
    Guard(
        "what refuses a decision",
        "protocol.decision:checked",
        "if refusal is not None:",
        "if False:",
        ("tests/protocol/test_decision.py::test_what_refuses_a_decision_weighs_more_than_what_changed",),
        "refused",
    ),
    Guard(
        "what makes it stale",
        "protocol.decision:checked",
        "if changed:",
        "if False:",
        ("tests/protocol/test_decision.py::test_what_refuses_a_decision_weighs_more_than_what_changed",),
        "stale",
    ),
    Guard(
        "earlier approval stands",
        "protocol.deciding:_stands",
        "and earlier.state is EscalationState.APPROVED",
        "and True",
        (
            (
                "tests/protocol/test_deciding.py::test_earlier_signature_counts_while_it_stands_for_the_s"
                "ame_action"
            ),
        ),
        "approval",
    ),
    Guard(
        "earlier approval of this",
        "protocol.deciding:_stands",
        "and same == (row.case, row.key, row.lineage, row.manifest_hash)",
        "and True",
        (
            (
                "tests/protocol/test_deciding.py::test_earlier_signature_counts_while_it_stands_for_the_s"
                "ame_action"
            ),
        ),
        "approval",
    ),
    Guard(
        "earlier approval in time",
        "protocol.deciding:_stands",
        "and p.now < earlier.expires_at",
        "and True",
        (
            (
                "tests/protocol/test_deciding.py::test_earlier_signature_counts_while_it_stands_for_the_s"
                "ame_action"
            ),
        ),
        "expired",
    ),
    Guard(
        "earlier approval is fresh",
        "protocol.deciding:_stands",
        "and not moved(p, earlier)",
        "and True",
        (
            (
                "tests/protocol/test_deciding.py::test_signature_on_ground_that_changed_is_not_counted_be"
                "side_a_later_one"
            ),
        ),
        "stale",
    ),
    Guard(
        "rungs end in time",
        "protocol.ladder:due",
        "or row.due_at > now",
        "",
        ("tests/protocol/test_ladder.py::test_silence_asks_the_next_and_then_ends_without_a_yes",),
        "expired",
    ),
    Guard(
        "only what is open moves on",
        "protocol.ladder:due",
        "if row.state is not EscalationState.PENDING or row.due_at > now:",
        "if row.due_at > now:",
        ("tests/protocol/test_ladder.py::test_what_is_decided_stays_decided",),
        "expired",
    ),
    Guard(
        "expiry ends a ladder",
        "protocol.ladder:due",
        "or row.due_at >= row.expires_at",
        "",
        ("tests/protocol/test_ladder.py::test_nobody_is_asked_when_no_time_is_left",),
        "expired",
    ),
    Guard(
        "later rungs within the expiry",
        "protocol.ladder:step",
        'due_at = min(plus(row.due_at, seconds=int(rung["answer_s"])), row.expires_at)',
        'due_at = plus(row.due_at, seconds=int(rung["answer_s"]))',
        ("tests/protocol/test_ladder.py::test_no_rung_lasts_longer_than_the_approval",),
        "expired",
    ),
    Guard(
        "closed escalations",
        "graph.deciding:_refusal",
        "if error := _closed(tx, world, row):",
        "if error := None:",
        ("tests/graph/test_record_decision.py::test_second_decision_names_who_decided",),
        "already_decided",
    ),
    Guard(
        "superseded escalations",
        "graph.deciding:_closed",
        "case EscalationState.SUPERSEDED | EscalationState.WITHDRAWN:",
        (
            "case EscalationState.SUPERSEDED:\n"
            "            return None\n"
            "        case EscalationState.WITHDRAWN:"
        ),
        ("tests/graph/test_record_decision.py::test_what_was_asked_anew_is_decided_there",),
        "superseded",
    ),
    Guard(
        "expiry at the decision",
        "graph.deciding:_refusal",
        "if tx.now >= row.expires_at:",
        "if False:",
        ("tests/graph/test_record_decision.py::test_after_its_time_nobody_decides_and_the_case_goes_on",),
        "expired",
    ),
    Guard(
        "role of the person",
        "graph.deciding:_refusal",
        "if role is None:",
        "if role is None:\n        role = row.role\n    if False:",
        ("tests/graph/test_record_decision.py::test_who_holds_a_role_that_is_asked_decides",),
        "not_authorised",
    ),
    Guard(
        "asker does not decide",
        "graph.deciding:_refusal",
        "if row.separate and wanted.person == row.asker:",
        "if False:",
        (
            (
                "tests/graph/test_record_decision.py::test_where_signatures_are_separate_the_asker_decide"
                "s_nothing"
            ),
        ),
        "separate",
    ),
    Guard(
        "one decision of a person",
        "graph.deciding:_refusal",
        "if any(d.person == wanted.person for d in tx.decisions(row.id)):",
        "if False:",
        (
            (
                "tests/graph/test_record_decision.py::test_two_signatures_of_different_people_close_an_ap"
                "proval_of_two"
            ),
        ),
        "already_decided",
    ),
    Guard(
        "hash the person saw",
        "graph.deciding:_misfit",
        "if wanted.expect_hash is not None and wanted.expect_hash != row.action_hash:",
        "if False:",
        ("tests/graph/test_record_decision.py::test_decision_fits_the_approval",),
        "hash_mismatch",
    ),
    Guard(
        "approvals are approved",
        "graph.deciding:_misfit",
        'if row.type == "approval" and wanted.decision == ANSWER:',
        "if False:",
        ("tests/graph/test_record_decision.py::test_approval_that_is_answered_is_pointed_to_its_verbs",),
        "usage",
    ),
    Guard(
        "questions are answered",
        "graph.deciding:_misfit",
        'if row.type == "question" and wanted.decision == APPROVE:',
        "if False:",
        ("tests/graph/test_record_decision.py::test_answer_is_one_of_the_options",),
        "usage",
    ),
    Guard(
        "reason of a rejection",
        "graph.deciding:_misfit",
        "if wanted.decision == REJECT and not wanted.reason.strip():",
        "if False:",
        ("tests/graph/test_record_decision.py::test_decision_fits_the_approval",),
        "reason_missing",
    ),
    Guard(
        "option chosen",
        "graph.deciding:_misfit",
        "if wanted.option is None and not (row.allow_text and wanted.text.strip()):",
        "if False:",
        ("tests/graph/test_record_decision.py::test_answer_is_one_of_the_options",),
        "usage",
    ),
    Guard(
        "option that exists",
        "graph.deciding:_misfit",
        "if wanted.option is not None and not 0 <= wanted.option < len(row.options):",
        "if False:",
        ("tests/graph/test_record_decision.py::test_answer_is_one_of_the_options",),
        "usage",
    ),
    Guard(
        "signatures counted",
        "graph.deciding:_record",
        "have = signed if wanted.decision == APPROVE else row.quorum",
        "have = row.quorum",
        (
            (
                "tests/graph/test_record_decision.py::test_two_signatures_of_different_people_close_an_ap"
                "proval_of_two"
            ),
        ),
        "quorum",
    ),
    Guard(
        "known escalation",
        "graph.deciding:record_decision",
        "if row is None:",
        "if row is None:\n        row = tx.escalations()[0]\n    if False:",
        ("tests/graph/test_record_decision.py::test_unknown_id_is_not_found",),
        "unknown_id",
    ),
)
