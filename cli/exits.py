"""Exit codes, and how an error ends a verb: one sentence, what to do, the code of the design."""

import json
import sys
import traceback
from collections.abc import Iterable
from typing import Any

import click

from cli.visible import visible
from protocol.errors import AndonError

DONE, FAILED, USAGE, INVALID, NOT_FOUND, INTERNAL = 0, 1, 2, 3, 4, 5
BUDGET, DEPENDENCY, WAITING, DEADLINE, NOT_AUTHORISED, DECIDED, INTERRUPTED = 6, 69, 75, 76, 77, 78, 130

MEANINGS = {
    DONE: "done",
    FAILED: "a check, a gate or a case failed or was refused",
    USAGE: "usage, or malformed text",
    INVALID: "invalid floor, manifest, suite or settings",
    NOT_FOUND: "not found",
    INTERNAL: "internal error",
    BUDGET: "budget exhausted",
    DEPENDENCY: "a dependency is down",
    WAITING: "waiting for a person",
    DEADLINE: "the deadline passed; nothing was approved",
    NOT_AUTHORISED: "not authorised",
    DECIDED: "already decided by somebody else",
    INTERRUPTED: "interrupted",
}

_BY_STATUS = {"done": DONE, "refused": FAILED, "failed": FAILED, "waiting": WAITING}


def of_status(status: str) -> int:
    """The exit code of a case. One that is still open is driven by somebody else: nothing failed."""
    return _BY_STATUS.get(status, DONE)


def of_several(codes: Iterable[int]) -> int:
    """The exit code of several lines: the first error, else 1 before 75 before 0."""
    given = list(codes)
    errors = (c for c in given if c not in (DONE, FAILED, WAITING))
    return next(errors, FAILED if FAILED in given else WAITING if WAITING in given else DONE)


def tell(error: AndonError, *, as_json: bool) -> int:
    """Print an error on stderr; its exit code."""
    _print(error.to_json(), as_json)
    return error.exit_code


def tell_usage(error: click.ClickException, *, as_json: bool) -> int:
    """Print what Click found wrong with the command's words."""
    context = getattr(error, "ctx", None)
    hint = f"See `{context.command_path} --help`." if context is not None else "See `andon --help`."
    _print({"error": {"code": "usage", "message": error.format_message(), "hint": hint}}, as_json)
    return USAGE


def tell_internal(error: Exception, *, as_json: bool, verbose: bool) -> int:
    """Print what nobody expected; the traceback only when it was asked for."""
    if verbose:
        traceback.print_exception(error)
    what = " ".join(f"{type(error).__name__}: {error}".split())[:500]
    hint = "Report it with what you typed." if verbose else "Run it again with -v for the traceback."
    message = f"Something went wrong inside Andon: {what}"
    _print({"error": {"code": "internal", "message": message, "hint": hint}}, as_json)
    return INTERNAL


def _print(body: dict[str, Any], as_json: bool) -> None:
    error = body["error"]
    if as_json:
        lines = [json.dumps(body)]
    else:
        lines = [f"error: {visible(str(error['message']))}"]
        lines += [f"hint: {visible(str(error['hint']))}"] if error["hint"] else []
        lines += [f"  {_problem(p)}" for p in error.get("details", {}).get("problems", ())]
    try:
        click.echo("\n".join(lines), file=sys.stderr)
    except BrokenPipeError:  # nobody reads errors any more; the exit code still tells
        return


def _problem(problem: dict[str, Any]) -> str:
    return visible(f"{problem['file']}:{problem['line']}: {problem['message']} [{problem['code']}]")
