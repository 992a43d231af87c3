"""Every guard of the engine, what it reads like without it, and the tests that must turn red then.

A guard says no, counts to a bound, or keeps two things apart. Whoever adds one adds it here: a code that
no guard names, or a constraint of the schema that none removes, fails the build (test_guards.py).
``python -m tests.guards.sweep`` removes them in turn.

Of the table in faults.md, section 6, these belong to later versions, which have what they guard: the
waiting-age bound, the attempt and restart limit of workers, the socket guard of shadows, and namespaces.
"""

from collections.abc import Mapping

from tests.guards import (
    of_anchor,
    of_audit,
    of_authority,
    of_calls,
    of_commit,
    of_copying,
    of_exchanges,
    of_gate,
    of_ledger,
    of_outbox,
    of_parsing,
    of_people,
    of_postgres,
    of_recordings,
    of_schema,
    of_shell,
    of_spending,
    of_storage,
    of_streams,
)
from tests.guards.removal import Guard

GUARDS: tuple[Guard, ...] = (
    *of_gate.GUARDS,
    *of_commit.GUARDS,
    *of_authority.GUARDS,
    *of_exchanges.GUARDS,
    *of_people.GUARDS,
    *of_calls.GUARDS,
    *of_shell.GUARDS,
    *of_parsing.GUARDS,
    *of_ledger.GUARDS,
    *of_schema.GUARDS,
    *of_audit.GUARDS,
    *of_storage.GUARDS,
    *of_anchor.GUARDS,
    *of_copying.GUARDS,
    *of_outbox.GUARDS,
    *of_spending.GUARDS,
    *of_streams.GUARDS,
    *of_recordings.GUARDS,
    *of_postgres.GUARDS,
)

_FAMILY = "the family of its errors: each of them says its own code, or says no more than that"
_TRANSLATED = "an error of the system, told in one sentence; without that it would be one all the same"
NOT_REMOVED: Mapping[str, str] = {
    "decision_refused": _FAMILY,
    "dependency_down": _FAMILY,
    "invalid_floor": _FAMILY,
    "not_found": _FAMILY,
    "ledger_down": _TRANSLATED,
    "unreadable": _TRANSLATED,
    "checkpoints_down": _TRANSLATED,
    "no_room_to_sort": _TRANSLATED,
    "not_utf8": _TRANSLATED,
    "no_file": _TRANSLATED,
    "no_lease": "without it there is no token, and nothing to go on with",
    "withdrawn": "the end that its asker gives an exchange; nothing is kept from anybody",
}
"""Codes that no guard refuses with, and why nothing can be removed."""

SCHEMA_NOT_REMOVED: tuple[str, ...] = (
    "PRIMARY KEY (type, key)",  # of resources: balances refer to it, and without it nothing can be written
    "id TEXT NOT NULL UNIQUE,",  # of escalations: decisions refer to it, the same
)
"""Constraints that other constraints need."""
