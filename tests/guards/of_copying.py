"""Guards of a ledger's move from its file to a server."""

from tests.guards.removal import Guard

_TESTS = "tests/checkpoints/test_copying.py::"

GUARDS = (
    Guard(
        "a ledger goes on in one place",
        "checkpoints.ledger_file:refuse_moved",
        "if found is not None:",
        "if False:",
        (f"{_TESTS}test_the_file_is_only_read_from_then_on",),
        "ledger_moved",
    ),
    Guard(
        "nothing is copied over a ledger",
        "checkpoints.copying:_fill",
        "if _is_used(target):",
        "if False:",
        (f"{_TESTS}test_a_database_in_use_is_left_as_it_is",),
        "database_not_empty",
    ),
    Guard(
        "what arrives is compared",
        "checkpoints.copying:_fill",
        "if differing := _differing(source, target):",
        "if differing := []:",
        (f"{_TESTS}test_what_does_not_arrive_as_it_was_leaves_nothing",),
        "copy_differs",
    ),
)
