"""What calls of models may take: reserved before, settled after, and bounded (R14)."""

from tests.guards.removal import Guard

_SCHEMA = "tests/checkpoints/test_schema.py::test_a_row_that_cannot_be_is_refused"

GUARDS = (
    Guard(
        "tokens taken",
        "sql/0006_spending.sql",
        "  tokens INTEGER NOT NULL CHECK (tokens >= 0),\n  usd TEXT NOT NULL,\n  wall_ms",
        "  tokens INTEGER NOT NULL,\n  usd TEXT NOT NULL,\n  wall_ms",
        (f"{_SCHEMA}[spending-tokens]",),
        "budget",
    ),
    Guard(
        "time taken",
        "sql/0006_spending.sql",
        " CHECK (wall_ms >= 0)",
        "",
        (f"{_SCHEMA}[spending-wall_ms]",),
        "budget",
    ),
    Guard(
        "tokens reserved",
        "sql/0006_spending.sql",
        "  tokens INTEGER NOT NULL CHECK (tokens >= 0),\n  usd TEXT NOT NULL,\n  made_s",
        "  tokens INTEGER NOT NULL,\n  usd TEXT NOT NULL,\n  made_s",
        (f"{_SCHEMA}[reservations-tokens]",),
        "budget",
    ),
)
