"""Exchanges, rounds and questions are finite, and nothing is asked twice (R4, R14)."""

from tests.guards.removal import Guard

GUARDS = (
    Guard(
        "answers counted",
        "protocol.exchange:speak",
        "answers=exchange.answers + 1,",
        "answers=exchange.answers,",
        ("tests/protocol/test_exchange.py::test_every_conversation_ends_within_the_bound_of_answers",),
        "bound",
    ),
    Guard(
        "answers bounded",
        "protocol.exchange:speak",
        "if heard.state.open and heard.answers >= max_answers:",
        "if False:",
        ("tests/protocol/test_exchange.py::test_every_conversation_ends_within_the_bound_of_answers",),
        "bound",
    ),
    Guard(
        "position repeated",
        "protocol.exchange:speak",
        "if repeated:",
        "if False:",
        ("tests/protocol/test_exchange.py::test_wording_never_makes_a_position_new",),
        "repeat",
    ),
    Guard(
        "a changed yes is an offer",
        "protocol.exchange:speak",
        (
            "if party == exchange.owner and answer.kind is AnswerKind.AGREE and "
            "exchange.changes(answer.values):"
        ),
        "if False:",
        ("tests/protocol/test_exchange.py::test_yes_to_something_else_is_an_offer",),
        "counter",
    ),
    Guard(
        "holes left open",
        "protocol.exchange:_owner_said",
        "return agreed if agreed.settled_params() is not None else _owner_deferred(said)",
        "return agreed",
        ("tests/protocol/test_exchange.py::test_agreement_that_leaves_a_hole_is_a_defer",),
        "defer",
    ),
    Guard(
        "second defer ends it",
        "protocol.exchange:_owner_deferred",
        "if deference.advance(said.deference, Owner.DEFER) is Deference.ENDED:",
        "if False:",
        ("tests/protocol/test_exchange.py::test_second_deference_of_the_owner_ends_the_exchange",),
        "defer",
    ),
    Guard(
        "stated params stand",
        "protocol.exchange:Exchange.settled_params",
        "params = {**offered, **self.values, **asked}",
        "params = {**asked, **offered, **self.values}",
        (
            (
                "tests/protocol/test_exchange.py::test_yes_to_a_counter_takes_the_askers_word_and_not_the"
                "_offer_before"
            ),
        ),
        "agree",
    ),
    Guard(
        "silence is a defer",
        "protocol.hearing:_silent",
        "if any(isinstance(m, Answer) and m.exchange == identifier for m in turn.moves):",
        "if True:",
        ("tests/protocol/test_hearing.py::test_silent_asker_defers_to_the_offer",),
        "defer",
    ),
    Guard(
        "a failed party ends it",
        "protocol.hearing:_failed",
        'ended = fail(exchange, turn.failure or "error")',
        "ended = exchange",
        (("tests/protocol/test_hearing.py::test_person_is_offered_what_was_wanted_of_an_agent_that_failed"),),
        "timeout",
    ),
    Guard(
        "matter is open",
        "protocol.asking:open_exchange",
        "if earlier.state.open:",
        "if False:",
        ("tests/protocol/test_asking.py::test_same_matter_is_not_asked_twice_while_it_is_open",),
        "already_asked",
    ),
    Guard(
        "answers of a matter",
        "protocol.asking:open_exchange",
        "changed(exchange, answers=earlier.answers, seen=earlier.seen, defers=earlier.defers)",
        "changed(exchange, seen=earlier.seen, defers=earlier.defers)",
        ("tests/protocol/test_asking.py::test_same_matter_asked_again_keeps_its_count_of_answers",),
        "bound",
    ),
    Guard(
        "positions of a matter",
        "protocol.asking:open_exchange",
        "changed(exchange, answers=earlier.answers, seen=earlier.seen, defers=earlier.defers)",
        "changed(exchange, answers=earlier.answers, defers=earlier.defers)",
        ("tests/protocol/test_used_up.py::test_asking_again_forgets_no_defer_and_no_position",),
        "repeat",
    ),
    Guard(
        "defers of a matter",
        "protocol.asking:open_exchange",
        "changed(exchange, answers=earlier.answers, seen=earlier.seen, defers=earlier.defers)",
        "changed(exchange, answers=earlier.answers, seen=earlier.seen)",
        ("tests/protocol/test_used_up.py::test_asking_again_forgets_no_defer_and_no_position",),
        "defer",
    ),
    Guard(
        "matter used up",
        "protocol.asking:open_exchange",
        "if exchange.answers >= p.world.config.limits.answers_per_exchange:",
        "if False:",
        ("tests/protocol/test_used_up.py::test_owner_is_asked_about_a_matter_as_often_as_the_bound_says",),
        "bound",
    ),
    Guard(
        "params of a settled action",
        "protocol.asking:concrete",
        "params={n: v for n, v in params.items() if n in shape},",
        "params=dict(params),",
        (
            (
                "tests/protocol/test_hearing.py::test_params_of_an_answer_that_the_action_does_not_take_a"
                "re_left_out"
            ),
        ),
        "bad_params",
    ),
    Guard(
        "rank decides a cut",
        "protocol.round:resolve_cut",
        "candidates = list(positions) if asker > owner else []",
        "candidates = list(positions)",
        (
            (
                "tests/protocol/test_round.py::test_repeated_position_is_cut_at_once_and_the_outranked_as"
                "ker_gets_the_offer"
            ),
        ),
        "undecided",
    ),
    Guard(
        "undecided goes to a person",
        "protocol.round:resolve_cut",
        "_put_undecided(p, identifier, exchange, exchange.carries, positions)",
        "pass",
        ("tests/protocol/test_round.py::test_two_defers_of_the_owner_end_at_one_person",),
        "undecided",
    ),
    Guard(
        "proposals",
        "protocol.hearing:_counted",
        "if p.proposals > p.world.config.limits.proposals:",
        "if False:",
        ("tests/protocol/test_round.py::test_limit_of_proposals_refuses_the_rest",),
        "limit_proposals",
    ),
    Guard(
        "rounds",
        "protocol.round:_limit",
        "if p.position.round < limit and p.exhausted is None:",
        "if True:",
        ("tests/protocol/test_round.py::test_limit_of_rounds_asks_no_agent_again",),
        "limit_rounds",
    ),
    Guard(
        "nothing after a limit",
        "protocol.round:_limit",
        "if p.position.round < limit and p.exhausted is None:",
        "if p.position.round < limit:",
        ("tests/protocol/test_limits.py::test_used_up_proposals_end_the_model_calls",),
        "limit_proposals",
    ),
    Guard(
        "causal depth",
        "protocol.round:_spread",
        "if openings and p.case.depth + 1 > p.world.config.limits.causal_depth:",
        "if False:",
        ("tests/protocol/test_hearing_events.py::test_causes_reach_a_depth_and_then_a_person",),
        "causal_depth",
    ),
    Guard(
        "nobody hears itself",
        "protocol.round:_spread",
        "if agent == actor and event.type not in p.world.manifests[agent].reflexes:",
        "if False:",
        ("tests/protocol/test_hearing_events.py::test_own_event_is_heard_when_a_reflex_answers_it",),
        "loop",
    ),
    Guard(
        "no exchange is forgotten",
        "protocol.round:_keep_exchanges_moving",
        "nobody = not p.next",
        "nobody = False",
        ("tests/protocol/test_hearing.py::test_owner_whose_own_request_is_refused_is_asked_once_more",),
        "forgotten",
    ),
    Guard(
        "passes of a case",
        "protocol.bound:pass_bound",
        "return limits.rounds + escalations",
        "return limits.rounds + escalations + 1",
        (
            (
                "tests/protocol/test_bound.py::test_a_case_makes_a_pass_a_round_and_one_for_each_time_peo"
                "ple_were_asked"
            ),
        ),
        "step_bound",
    ),
    Guard(
        "approvals open",
        "protocol.escalating:ask_approval",
        "if len(p.waiting) >= p.world.config.limits.open_escalations:",
        "if False:",
        (
            (
                "tests/protocol/test_escalating.py::test_at_the_limit_of_open_escalations_an_action_is_re"
                "fused_and_told"
            ),
        ),
        "limit_escalations",
    ),
    Guard(
        "questions open",
        "protocol.escalating:ask_question",
        "if len(p.waiting) >= p.world.config.limits.open_escalations:",
        "if False:",
        ("tests/protocol/test_pulled.py::test_at_the_limit_of_open_questions_the_rest_joins_the_last",),
        "limit_escalations",
    ),
    Guard(
        "role the action names",
        "protocol.escalating:ask_approval",
        "if role is None and any(rung.role == SUBJECT for rung in policy.ladder):",
        "if False:",
        (
            (
                "tests/protocol/test_escalating.py::test_nobody_is_asked_where_the_action_should_name_a_r"
                "ole_and_names_none"
            ),
        ),
        "no_policy",
    ),
    Guard(
        "asked already",
        "protocol.escalating:_suppressed",
        "if earlier.state is EscalationState.PENDING:",
        "if False:",
        ("tests/protocol/test_escalating.py::test_same_action_of_another_case_is_not_asked_twice",),
        "already_asked",
    ),
    Guard(
        "rejected before",
        "protocol.escalating:_suppressed",
        "if earlier.state is EscalationState.REJECTED and recent and earlier.bound == bound:",
        "if False:",
        (
            (
                "tests/protocol/test_escalating.py::test_rejected_action_is_asked_again_on_new_ground_or_"
                "after_a_while"
            ),
        ),
        "rejected_before",
    ),
    Guard(
        "first rung within the expiry",
        "protocol.escalating:ask_approval",
        'due_at=min(plus(p.now, seconds=ladder[0]["answer_s"]), expires_at),',
        'due_at=plus(p.now, seconds=ladder[0]["answer_s"]),',
        ("tests/protocol/test_escalating.py::test_approval_says_who_until_when_and_what_it_would_do",),
        "expired",
    ),
    Guard(
        "positions are bound",
        "protocol.escalating:ask_question",
        "bound, shown = _positions_seen(p, positions)",
        "bound, shown = {}, {}",
        ("tests/protocol/test_escalating.py::test_chosen_position_on_changed_ground_is_asked_anew",),
        "stale",
    ),
    Guard(
        "what is written is bound",
        "protocol.escalating:_seen",
        "refs = set(effects.written()) |",
        "refs =",
        ("tests/protocol/test_escalating.py::test_what_its_turn_showed_of_its_subject_is_bound_too",),
        "stale",
    ),
    Guard(
        "what was shown is bound",
        "protocol.escalating:_seen",
        "refs = set(effects.written()) | {r for r in map(Ref.parse, item.reads) if r.key in named}",
        "refs = set(effects.written())",
        ("tests/protocol/test_escalating.py::test_what_its_turn_showed_of_its_subject_is_bound_too",),
        "stale",
    ),
)
