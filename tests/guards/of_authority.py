"""Who may do what, at which level, and who may ask whom (R3)."""

from tests.guards.removal import Edit, Guard

GUARDS = (
    Guard(
        "minimum over requesters",
        "protocol.authority:effective_level",
        "return min([own, *(c for c in caps if c is not None)])",
        "return own",
        (
            (
                "tests/protocol/test_authority.py::test_what_arises_from_a_request_carries_the_askers_low"
                "er_level"
            ),
        ),
        "level",
    ),
    Guard(
        "level of an exchange",
        "protocol.hearing:_ask",
        "level=effective_level(level, [p.world.manifests[move.to].authority.level]),",
        "level=level,",
        ("tests/protocol/test_hearing.py::test_offer_is_put_to_the_asker_as_open_and_at_no_higher_level",),
        "level",
    ),
    Guard(
        "level of a proposal put to its owner",
        "protocol.asking:ask_owner",
        "level=min(item.level, p.world.manifests[owner].authority.level),",
        "level=item.level,",
        (("tests/protocol/test_asking.py::test_proposal_carried_to_its_owner_has_the_lower_of_both_levels"),),
        "level",
    ),
    Guard(
        "level of a request",
        "protocol.asking:request_trigger",
        '"level": exchange.level,',
        '"level": None,',
        (
            (
                "tests/protocol/test_authority.py::test_what_arises_from_a_request_carries_the_askers_low"
                "er_level"
            ),
        ),
        "level",
    ),
    Guard(
        "level of an offer",
        "protocol.asking:answer_trigger",
        (
            '"level": min(exchange.level, p.world.manifests[exchange.asker].authority.level)\n'
            "        if exchange.state is ExchangeState.OFFERED\n"
            "        else None,"
        ),
        '"level": None,',
        ("tests/protocol/test_hearing.py::test_offer_is_put_to_the_asker_as_open_and_at_no_higher_level",),
        "level",
    ),
    Guard(
        "level of the manifest",
        "protocol.hearing:hear",
        (
            'level = effective_level(p.world.manifests[agent].authority.level, (t.get("level") for t '
            "in triggers))"
        ),
        "level = 5",
        ("tests/protocol/test_asking.py::test_levels_and_not_names_decide_who_gets_an_interval",),
        "level",
    ),
    Guard(
        "quorum of a policy",
        "protocol.authority:passes",
        "return len(valid) >= policy.quorum",
        "return bool(valid)",
        ("tests/protocol/test_authority.py::test_signature_passes_a_policy",),
        "quorum",
    ),
    Guard(
        "asker does not sign",
        "protocol.authority:passes",
        "barred = signature.asker if policy.separate else None",
        "barred = None",
        ("tests/protocol/test_authority.py::test_signature_passes_a_policy",),
        "separate",
    ),
    Guard(
        "roles of a policy",
        "protocol.authority:passes",
        "if role in allowed and person != barred",
        "if person != barred",
        ("tests/protocol/test_authority.py::test_signature_passes_a_policy",),
        "not_authorised",
    ),
    Guard(
        "policy must exist",
        "protocol.authority:passes",
        "if signature is None or policy is None:",
        ("if policy is None:\n        return signature is not None\n    if signature is None:"),
        (("tests/protocol/test_authority.py::test_signature_passes_no_policy_that_the_floor_does_not_name"),),
        "no_policy",
    ),
    Guard(
        "higher level first",
        "protocol.authority:rank",
        "return (-item.level, not owns, order, item.age, item.agent, item.ordinal)",
        "return (not owns, order, item.age, item.agent, item.ordinal)",
        ("tests/protocol/test_authority.py::test_who_goes_first",),
        "rank",
    ),
    Guard(
        "owner of the claimed first",
        "protocol.authority:rank",
        "return (-item.level, not owns, order, item.age, item.agent, item.ordinal)",
        "return (-item.level, order, item.age, item.agent, item.ordinal)",
        (
            (
                "tests/protocol/test_authority.py::test_owner_of_what_is_written_but_not_claimed_does_not"
                "_go_first"
            ),
        ),
        "rank",
    ),
    Guard(
        "floor's order",
        "protocol.authority:rank",
        "return (-item.level, not owns, order, item.age, item.agent, item.ordinal)",
        "return (-item.level, not owns, item.age, item.agent, item.ordinal)",
        ("tests/protocol/test_authority.py::test_the_floors_order_goes_before_age_and_name",),
        "rank",
    ),
    Guard(
        "older request first",
        "protocol.authority:rank",
        "return (-item.level, not owns, order, item.age, item.agent, item.ordinal)",
        "return (-item.level, not owns, order, item.agent, item.ordinal)",
        ("tests/protocol/test_authority.py::test_who_goes_first",),
        "rank",
    ),
    Guard(
        "scope of a carried action",
        "protocol.hearing:_ask_refusal",
        "if carried is not None and (refusal := scope_refusal(p.world, carried)):",
        "if False:",
        ("tests/protocol/test_asking.py::test_request_is_put_when_both_manifests_allow_it",),
        "out_of_scope",
    ),
    Guard(
        "whom one may ask at all",
        "protocol.hearing:_ask_refusal",
        'if callee is None or move.to == agent or callee.mode != "active":',
        "if callee is None:",
        ("tests/protocol/test_asking.py::test_shadow_agent_is_not_asked",),
        "unknown_agent",
    ),
    Guard(
        "nothing to decide",
        "protocol.hearing:_ask_refusal",
        'None if carried is not None else Refusal("nothing_carried"',
        'None if True else Refusal("nothing_carried"',
        ("tests/protocol/test_asking.py::test_request_is_put_when_both_manifests_allow_it",),
        "nothing_carried",
    ),
    Guard(
        "asker may ask",
        "protocol.hearing:_ask_refusal",
        ("not p.world.manifests[agent].may_ask(move.to, move.request)\n        or answered is None"),
        "answered is None",
        ("tests/protocol/test_asking.py::test_request_is_put_when_both_manifests_allow_it",),
        "not_asked",
    ),
    Guard(
        "callee answers the asker",
        "protocol.hearing:_ask_refusal",
        "        or agent not in answered.from_\n",
        "",
        ("tests/protocol/test_asking.py::test_request_is_put_when_both_manifests_allow_it",),
        "not_asked",
    ),
    Guard(
        "whose word it is",
        "protocol.exchange:speak",
        "if party != exchange.speaker:",
        "if False:",
        ("tests/protocol/test_exchange.py::test_only_the_awaited_party_may_speak",),
        "illegal_say",
        also=(
            Edit(
                "protocol.hearing:_answer",
                "if exchange is None or exchange.speaker != turn.agent:",
                "if exchange is None:",
            ),
        ),
    ),
    Guard(
        "word of whoever is awaited",
        "protocol.hearing:_answer",
        "if exchange is None or exchange.speaker != turn.agent:",
        "if exchange is None:",
        ("tests/protocol/test_asking.py::test_word_of_whoever_is_not_awaited_is_not_heard",),
        "answer.ignored",
    ),
    Guard(
        "word out of turn",
        "protocol.exchange:speak",
        "if party != exchange.speaker:",
        "if False:",
        ("tests/protocol/test_exchange.py::test_only_the_awaited_party_may_speak",),
        "illegal_say",
    ),
    Guard(
        "refuse with a code",
        "protocol.hearing:_without_reason",
        "if asker > owner.authority.level and not known:",
        "if False:",
        ("tests/protocol/test_round.py::test_owner_cannot_refuse_a_higher_level_without_a_code",),
        "defer",
    ),
)
