"""Carrying out effects: ownership, claims, balances, invariants (R2, R9)."""

from tests.guards.removal import Guard

GUARDS = (
    Guard(
        "owner writes",
        "protocol.commit:_write",
        "if world.owners.get(ref.type) != by:",
        "if False:",
        ("tests/protocol/test_commit.py::test_consequence_writes_what_its_owner_owns_and_nothing_else",),
        "not_owner",
    ),
    Guard(
        "fields of facts",
        "protocol.commit:_write",
        (
            "if not pending.is_free and (refusal := _set_by_others(store, world.types[ref.type], "
            "ref, effects)):"
        ),
        "if False:",
        (
            (
                "tests/protocol/test_commit.py::test_consequence_of_an_unsigned_action_does_not_change_wh"
                "at_facts_set_either"
            ),
        ),
        "facts_only",
    ),
    Guard(
        "undeclared claim",
        "protocol.commit:perform",
        "if not is_fact and claimed not in may_claim:",
        "if False:",
        ("tests/protocol/test_commit.py::test_an_action_claims_only_what_its_kind_declares",),
        "undeclared_claim",
    ),
    Guard(
        "overlap of claims",
        "protocol.commit:perform",
        "if not is_fact and (held := _overlap(store, claim)):",
        "if held := None:",
        ("tests/protocol/test_commit.py::test_claims_do_not_overlap",),
        "claims_apart",
    ),
    Guard(
        "a share excludes the whole",
        "protocol.commit:_overlap",
        "not (held.shared and claim.shared)",
        "not (held.shared or claim.shared)",
        ("tests/protocol/test_commit.py::test_shared_claims_exclude_exclusive_ones_only",),
        "claims_apart",
    ),
    Guard(
        "invariants",
        "protocol.commit:perform",
        "if not is_fact and (refusal := _broken_invariant(store, world, pending)):",
        "if refusal := None:",
        ("tests/protocol/test_commit.py::test_invariant_is_checked_on_what_a_consequence_wrote",),
        "invariant",
    ),
    Guard(
        "invariants of consequences",
        "protocol.commit:_broken_invariant",
        "for ref in pending.written:",
        "for ref in list(pending.written)[:1]:",
        ("tests/protocol/test_commit.py::test_invariant_is_checked_on_what_a_consequence_wrote",),
        "invariant",
    ),
    Guard(
        "chain of consequences",
        "protocol.commit:_consequences",
        "if depth >= MAX_CHAIN:",
        "if depth >= 2 * MAX_CHAIN:",
        ("tests/protocol/test_commit.py::test_consequences_chain_up_to_a_bound",),
        "consequence_chain",
    ),
    Guard(
        "created twice",
        "protocol.commit:_write_one",
        "if create and record is not None:",
        "if False:",
        ("tests/protocol/test_commit.py::test_write_fits_the_type",),
        "exists",
    ),
    Guard(
        "unknown resource",
        "protocol.commit:_write_one",
        "if not create and record is None:",
        "if False:",
        ("tests/protocol/test_commit.py::test_write_fits_the_type",),
        "unknown_resource",
    ),
    Guard(
        "version written from",
        "protocol.commit:_write_one",
        'return Refusal("stale", f"{ref} changed meanwhile") if version is None else version',
        "return version or 0",
        ("tests/protocol/test_commit.py::test_record_that_changed_between_reading_and_writing_is_stale",),
        "stale",
    ),
    Guard(
        "balance by deltas",
        "protocol.commit:_bad_value",
        "if record is not None:",
        "if False:",
        ("tests/protocol/test_commit.py::test_write_fits_the_type",),
        "bad_field",
    ),
    Guard(
        "whole balance",
        "protocol.commit:_bad_value",
        "if not isinstance(value, int) or isinstance(value, bool):",
        "if False:",
        ("tests/protocol/test_commit.py::test_write_fits_the_type",),
        "bad_field",
    ),
    Guard(
        "true is no balance",
        "protocol.commit:_bad_value",
        "if not isinstance(value, int) or isinstance(value, bool):",
        "if not isinstance(value, int):",
        ("tests/protocol/test_commit.py::test_write_fits_the_type",),
        "bad_field",
    ),
    Guard(
        "unknown field",
        "protocol.commit:_bad_value",
        "elif name not in kind.fields:",
        ("elif name not in kind.fields:\n            continue\n        elif False:"),
        ("tests/protocol/test_commit.py::test_write_fits_the_type",),
        "bad_field",
    ),
    Guard(
        "value of a field",
        "protocol.commit:_bad_value",
        "elif found := kind.fields[name].problem(value):",
        "elif found := None:",
        ("tests/protocol/test_commit.py::test_write_fits_the_type",),
        "bad_field",
    ),
    Guard(
        "unknown balance",
        "protocol.commit:_bad_value",
        "if unknown := deltas.keys() - kind.balances.keys():",
        "if unknown := None:",
        ("tests/protocol/test_commit.py::test_write_fits_the_type",),
        "bad_field",
    ),
    Guard(
        "bounds of a balance",
        "protocol.commit:_bad_value",
        "if not bound.minimum <= value <=",
        "if False and not bound.minimum <= value <=",
        ("tests/protocol/test_commit.py::test_new_balance_opens_within_its_bounds",),
        "out_of_bounds",
    ),
)
