"""The gate: what an action must pass before it commits (R2, R3, R7, R8, R10, R11)."""

from tests.guards.removal import Guard

GUARDS = (
    Guard(
        "commit key",
        "protocol.judging:_admissible",
        "if (done := p.store.commit_of(item.key)) is not None:",
        "if (done := None) is not None:",
        ("tests/protocol/test_judging.py::test_other_kind_under_the_same_key_is_refused",),
        "duplicate",
    ),
    Guard(
        "commit key's params",
        "protocol.judging:_admissible",
        "if done.params_hash == digest([item.kind, dict(item.params)]):",
        "if True:",
        ("tests/protocol/test_judging.py::test_other_kind_under_the_same_key_is_refused",),
        "key_reused",
    ),
    Guard(
        "scope of an action",
        "protocol.judging:_admissible",
        "if refusal := scope_refusal(p.world, item):",
        "if refusal := None:",
        ("tests/protocol/test_round.py::test_refusals_name_the_guard",),
        "out_of_scope",
    ),
    Guard(
        "stated boundary",
        "protocol.authority:scope_refusal",
        "if item.kind in scope.cannot:",
        "if False:",
        ("tests/protocol/test_authority.py::test_stated_boundary_beats_what_is_listed",),
        "out_of_scope",
    ),
    Guard(
        "what the manifest lists",
        "protocol.authority:scope_refusal",
        "if item.kind not in scope.can or item.kind not in world.kinds:",
        "if item.kind not in world.kinds:",
        ("tests/protocol/test_authority.py::test_scope_lets_through_what_the_manifest_lists",),
        "out_of_scope",
    ),
    Guard(
        "params of an action",
        "protocol.judging:_admissible",
        "if problems := check_shape(kind.params, item.params):",
        "if problems := []:",
        ("tests/protocol/test_round.py::test_refusals_name_the_guard",),
        "bad_params",
    ),
    Guard(
        "shadow",
        "protocol.judging:_admissible",
        'if p.world.manifests[item.agent].mode == "shadow":',
        "if False:",
        ("tests/protocol/test_authority.py::test_shadow_agent_commits_nothing",),
        "shadowed",
    ),
    Guard(
        "ownership",
        "protocol.judging:_admissible",
        "if owner not in (item.agent, _settled_by(p, item)) and signature is None:",
        "if False:",
        ("tests/protocol/test_asking.py::test_action_whose_matter_is_open_is_told_so_and_not_left_asked",),
        "asked",
    ),
    Guard(
        "whose yes settles it",
        "protocol.judging:_admissible",
        "if owner not in (item.agent, _settled_by(p, item)) and signature is None:",
        "if owner != item.agent and item.exchange is None and signature is None:",
        ("tests/protocol/test_authority.py::test_only_the_owners_agreement_counts_for_what_it_owns",),
        "asked",
    ),
    Guard(
        "pull",
        "protocol.judging:_waits",
        "if signature is None and is_pulled(p, item, kind, effects):",
        "if False:",
        ("tests/protocol/test_pulled.py::test_cord_goes_before_the_signature_that_an_action_needs",),
        "pulled",
    ),
    Guard(
        "pull before ownership",
        "protocol.judging:_admissible",
        "if not is_possible_and_pulled(p, item, kind):",
        "if True:",
        ("tests/protocol/test_pulled.py::test_cord_goes_before_ownership",),
        "pulled",
    ),
    Guard(
        "pull reached by consequences",
        "protocol.judging:_commit",
        ("pulls = reached(p, item, kind, done) if signature is None and isinstance(done, Applied) else []"),
        "pulls = []",
        (
            (
                "tests/protocol/test_pulled.py::test_consequence_that_reaches_the_scope_stops_the_action_"
                "and_is_undone"
            ),
        ),
        "pulled",
    ),
    Guard(
        "several pulls",
        "protocol.pulled:_covering",
        "standing = p.store.pulls(open_only=True)",
        "standing = p.store.pulls(open_only=True)[:1]",
        ("tests/protocol/test_pulled.py::test_question_says_who_pulled_why_and_what_is_wanted",),
        "pulled",
    ),
    Guard(
        "one question about a pulled action",
        "protocol.pulled:put_to_person",
        "if (earlier := _asked(p, item, kind)) is not None:",
        "if (earlier := None) is not None:",
        ("tests/protocol/test_pulled.py::test_same_action_is_put_to_people_once_whatever_its_wording",),
        "already_asked",
    ),
    Guard(
        "scope by name",
        "protocol.pulls:covers",
        "if scope.text in (FLOOR, item.agent, world.lane(item.agent), item.kind):",
        "if False:",
        ("tests/protocol/test_pulls.py::test_lift_lies_where_it_is_named_writes_claims_and_stands",),
        "pulled",
    ),
    Guard(
        "scope by record",
        "protocol.pulls:_at",
        "if str(ref) == scope.text:",
        "if False:",
        ("tests/protocol/test_pulls.py::test_names_inside_lists_objects_and_whole_texts_count",),
        "pulled",
    ),
    Guard(
        "scope by claim",
        "protocol.pulls:_there",
        "touched |= {_claimed(claim.resource), claim.holder}",
        "pass",
        ("tests/protocol/test_pulls.py::test_lift_lies_where_it_is_named_writes_claims_and_stands",),
        "pulled",
    ),
    Guard(
        "scope by what records name",
        "protocol.pulls:_there",
        "touched |= set(_named(world, kind.fields, body))",
        "pass",
        ("tests/protocol/test_pulls.py::test_names_inside_lists_objects_and_whole_texts_count",),
        "pulled",
    ),
    Guard(
        "form of a scope",
        "protocol.pulls:unknown",
        "if not _FORM.fullmatch(scope.text):",
        "if False:",
        ("tests/protocol/test_pulls.py::test_scope_of_nothing_is_told_with_what_is_possible",),
        "unknown_scope",
    ),
    Guard(
        "record written twice in a round",
        "protocol.judging:_waits",
        "if winner := _written_by_other(p, item, effects):",
        "if winner := None:",
        (
            (
                "tests/protocol/test_asking.py::test_second_write_of_the_same_record_in_a_round_is_overru"
                "led_with_the_winner"
            ),
        ),
        "overruled",
    ),
    Guard(
        "supervisor rules",
        "protocol.judging:_lawful",
        "refusal = rule.check(attempt, p.store)",
        "refusal = None",
        ("tests/protocol/test_judging.py::test_first_rule_that_says_no_is_the_one_that_is_told",),
        "rule",
    ),
    Guard(
        "signature a rule accepts",
        "protocol.judging:_lawful",
        "if refusal is None or passes(p.world, refusal.code, signature, refusal.role):",
        "if refusal is None or signature is not None:",
        (
            (
                "tests/protocol/test_deciding.py::test_signature_on_ground_that_changed_is_not_counted_be"
                "side_a_later_one"
            ),
        ),
        "rule",
    ),
    Guard(
        "signature needed",
        "protocol.judging:_signed",
        "if role is None:",
        "if True:",
        (("tests/protocol/test_round.py::test_action_that_needs_a_signature_waits_for_it_and_commits_once"),),
        "approval",
    ),
    Guard(
        "signature that passes",
        "protocol.judging:_signed",
        "if passes(p.world, kind.name, signature, subject):",
        "if signature is not None:",
        (
            (
                "tests/protocol/test_deciding.py::test_signature_under_one_policy_is_counted_by_the_other"
                "_policys_quorum"
            ),
        ),
        "approval",
    ),
    Guard(
        "no policy",
        "protocol.judging:_signed",
        "if kind.name not in p.world.config.approvals:",
        ("if kind.name not in p.world.config.approvals:\n        return True\n    if False:"),
        ("tests/protocol/test_escalating.py::test_action_without_a_policy_for_its_signature_is_refused",),
        "no_policy",
    ),
    Guard(
        "winner's level",
        "protocol.judging:_blocked",
        "if winner is not None and winner.level >= item.level:",
        "if winner is not None:",
        (
            (
                "tests/protocol/test_judging.py::test_holder_that_takes_its_interval_again_at_a_lower_lev"
                "el_is_asked"
            ),
        ),
        "overruled",
    ),
    Guard(
        "own interval taken",
        "protocol.judging:_blocked",
        "if owner == item.agent or asked_already or signature is not None:",
        "if asked_already or signature is not None:",
        ("tests/protocol/test_judging.py::test_own_claim_in_the_way_refuses_and_asks_nobody",),
        "occupied",
    ),
    Guard(
        "interval asked about before",
        "protocol.judging:_blocked",
        "if owner == item.agent or asked_already or signature is not None:",
        "if owner == item.agent or signature is not None:",
        ("tests/protocol/test_judging.py::test_owner_that_agrees_but_frees_nothing_is_not_asked_again",),
        "occupied",
    ),
    Guard(
        "refused effects undone",
        "protocol.judging:_commit",
        "if pulls or not isinstance(done, Applied):",
        "if pulls:",
        ("tests/protocol/test_judging.py::test_action_that_breaks_half_way_leaves_nothing",),
        "undo",
    ),
    Guard(
        "pulled effects undone",
        "protocol.judging:_commit",
        "if pulls or not isinstance(done, Applied):",
        "if not isinstance(done, Applied):",
        (
            (
                "tests/protocol/test_pulled.py::test_consequence_that_reaches_the_scope_stops_the_action_"
                "and_is_undone"
            ),
        ),
        "undo",
    ),
    Guard(
        "stale reading",
        "protocol.judging:_refuse_precondition",
        "if signature is None and (changed := _changed_reads(p, item)):",
        "if False:",
        ("tests/protocol/test_judging.py::test_rereads_of_one_matter_are_not_counted_against_another",),
        "conflict",
    ),
    Guard(
        "signed actions are not read again",
        "protocol.judging:_refuse_precondition",
        "if signature is None and (changed := _changed_reads(p, item)):",
        "if changed := _changed_reads(p, item):",
        (
            (
                "tests/protocol/test_staleness.py::test_signed_action_that_has_become_impossible_is_refus"
                "ed_and_not_asked_again"
            ),
        ),
        "conflict",
    ),
    Guard(
        "rereads",
        "protocol.judging:_conflict",
        "if count > p.world.config.limits.rereads:",
        "if False:",
        ("tests/protocol/test_staleness.py::test_rereads_are_bounded_and_end_at_a_person",),
        "rereads",
    ),
    Guard(
        "level of a reread",
        "protocol.judging:_conflict",
        '"level": item.level,',
        '"level": None,',
        ("tests/protocol/test_staleness.py::test_agent_that_is_asked_again_acts_at_no_higher_level",),
        "level",
    ),
    Guard(
        "level of an overruled",
        "protocol.judging:_overrule",
        '"level": item.level,',
        '"level": None,',
        ("tests/protocol/test_judging.py::test_loser_of_an_interval_is_asked_again_at_no_higher_level",),
        "level",
    ),
)
