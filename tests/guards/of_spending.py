"""What calls of models may take: reserved before, settled after, and bounded (R14)."""

from tests.guards.removal import Guard

_SCHEMA = "tests/checkpoints/test_schema.py::test_a_row_that_cannot_be_is_refused"
_HTTP = "tests/evals/model_server/test_tiers_and_budgets.py::"

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
    Guard(
        "retries of a case",
        "agents.retrying:CaseRetries.allows",
        "if before + used >= self._most:",
        "if False:",
        ("tests/evals/model_server/test_retries.py::test_turns_side_by_side_share_what_is_left[1]",),
        "budget",
    ),
    Guard(
        "retries of earlier rounds",
        "agents.retrying:CaseRetries.allows",
        "if before + used >= self._most:",
        "if used >= self._most:",
        (
            "tests/evals/model_server/test_retries.py::test_later_turns_have_what_earlier_ones_left[1-waiting-3-attempts1]",
        ),
        "budget",
    ),
    Guard(
        "budget of a day",
        "protocol.spending:beyond",
        "if budget.tokens is not None and spent.tokens + wanted.tokens > budget.tokens:",
        "if False:",
        (f"{_HTTP}test_cases_side_by_side_never_take_more_than_the_day_has[tokens: 6000]",),
        "budget",
    ),
    Guard(
        "money of a day",
        "protocol.spending:beyond",
        "if budget.usd is not None and spent.usd + wanted.usd > Decimal(budget.usd):",
        "if False:",
        (f"{_HTTP}test_cases_side_by_side_never_take_more_than_the_day_has[usd: '0.03']",),
        "budget",
    ),
    Guard(
        "no bound on unknown money",
        "agents.budgets:check_money",
        "if (found := unpriced(world.config.limits, world.manifests, chains, prices)) is not None:",
        "if (found := unpriced(world.config.limits, world.manifests, chains, prices)) and False:",
        (f"{_HTTP}test_nor_is_it_for_a_model_that_an_option_names",),
        "money_unpriced",
    ),
)
