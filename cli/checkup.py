"""The checks of ``andon doctor``: each looks at one thing, changes nothing, and never raises."""

import os
import platform
import sys
from collections.abc import Iterable, Iterator

from agents.floor_catalogue import errors_in
from agents.floor_loader import check_floor
from checkpoints.library_floor import installed
from checkpoints.migrations import schema_version
from cli.checkup_models import models
from cli.checkup_storage import storage
from cli.exits import DEPENDENCY, INVALID
from cli.findings import FAIL, OK, WARN, Check
from cli.notices import alerts_json, alerts_line
from cli.options import Common
from cli.reading import look
from protocol.anomalies import ADVICE, CLOCK_ADVICE, CLOCK_STEP
from protocol.breaker import BreakerState
from protocol.delivery import ALERT as DELIVERY
from protocol.errors import AndonError

OUTBOX_ADVICE = "andon outbox shows what a receiver does not get; retry or skip it"
MIN_PYTHON = (3, 11)
_NEEDED = (
    "langgraph",
    "langgraph-checkpoint-sqlite",
    "langchain-core",
    "pydantic",
    "sqlite-utils",
    "rich",
    "click",
    "prompt_toolkit",
    "ruamel.yaml",
    "pyyaml",
    "jsonschema",
    "tzdata",
)


def checkup(common: Common) -> list[Check]:
    """All checks, in the order in which one depends on another."""
    return [
        _python(),
        _packages(),
        _floor(common),
        *storage(common),
        _ledger(common),
        _watch(common),
        _breakers(common),
        *_receivers(common),
        *models(common),
        _terminal(),
    ]


def _python() -> Check:
    found = platform.python_version()
    if sys.version_info[:2] < MIN_PYTHON:
        return Check("python", FAIL, found, "Andon needs Python 3.11 or newer.", DEPENDENCY)
    return Check("python", OK, f"{found} at {sys.executable}")


def _packages() -> Check:
    missing = [name for name in _NEEDED if installed(name) is None]
    if missing:
        return Check(
            "packages", FAIL, f"missing: {', '.join(missing)}", "Run `make chat`: it sets up.", DEPENDENCY
        )
    return Check("packages", OK, ", ".join(f"{name} {installed(name)}" for name in _NEEDED[:3]))


def _floor(common: Common) -> Check:
    problems = check_floor(common.floor)
    if errors := errors_in(problems):
        many = "1 problem" if len(errors) == 1 else f"{len(errors)} problems"
        return Check("floor", FAIL, f"{common.floor}: {many}", "`andon check` lists them.", INVALID)
    many = "1 warning" if len(problems) == 1 else f"{len(problems)} warnings"
    return Check("floor", OK, f"{common.floor}: {many} of `andon check`" if problems else str(common.floor))


def _ledger(common: Common) -> Check:
    try:
        with look(common) as (world, tx):
            if tx is None:
                return Check("ledger", OK, "none yet; the first request makes it")
            counts = ", ".join(_counted(tx.counts().items()))
            return Check("ledger", OK, f"schema {schema_version()}, floor {world.config.floor}: {counts}")
    except AndonError as error:
        return Check("ledger", FAIL, error.message, error.hint, error.exit_code)


def _breakers(common: Common) -> Check:
    try:
        with look(common) as (_, tx):
            stored = tx.breakers() if tx is not None else ()
    except AndonError:
        return Check("breakers", OK, "no ledger to look at")  # the check of the ledger says why
    stopped = [f"{b.name} ({b.cause})" for b in stored if b.state is not BreakerState.CLOSED]
    if not stopped:
        return Check("breakers", OK, "all closed")
    hint = "`andon breakers` shows what stands in meanwhile, and when they are tried again."
    return Check("breakers", WARN, f"open: {', '.join(stopped)}", hint)


def _receivers(common: Common) -> Iterator[Check]:
    """One for each receiver of events; none without any."""
    from cli.outbox import receivers

    for name, state, well in receivers(common):
        hint = "" if well else "`andon outbox` shows what was given up and what to do about it."
        yield Check(f"receiver {name}", OK if well else WARN, state, hint)


def _watch(common: Common) -> Check:
    try:
        with look(common) as (_, tx):
            alerts = tx.alerts(open_only=True) if tx is not None else ()
    except AndonError:
        return Check("watch", OK, "no ledger to look at")  # the check before this one says why
    if not alerts:
        return Check("watch", OK, "nothing out of the ordinary")
    raised = {row.name for row in alerts}
    known: dict[str, str] = {**{str(name): text for name, text in ADVICE.items()}, CLOCK_STEP: CLOCK_ADVICE}
    known |= {name: OUTBOX_ADVICE for name in sorted(raised) if name.startswith(DELIVERY)}
    advice = "; ".join(text for name, text in known.items() if name in raised)
    return Check("watch", WARN, alerts_line(alerts_json(alerts)), f"{advice}.")


def _counted(counts: Iterable[tuple[str, int]]) -> Iterator[str]:
    for name, number in counts:
        yield f"{number} {name.replace('_', ' ')}"


def _terminal() -> Check:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return Check("terminal", OK, "none: lines are read from a pipe, nothing is asked")
    encoding, kind = sys.stdout.encoding or "unknown", os.environ.get("TERM", "")
    if "utf" not in encoding.lower():
        return Check("terminal", WARN, f"{kind}, {encoding}", "Use a UTF-8 locale to see every character.")
    if kind in ("", "dumb"):
        return Check("terminal", WARN, "TERM is not set or dumb", "Set TERM to see the chat as it is meant.")
    return Check("terminal", OK, f"{kind}, {encoding}")
