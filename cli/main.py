"""``andon``: the verbs by name, and how a run of the program ends."""

import os
import sys
from collections.abc import Sequence

import click

from cli.exits import DONE, INTERRUPTED, MEANINGS, tell, tell_internal, tell_usage
from cli.lazy import LazyGroup, Verb
from cli.options import HELP, common_options
from protocol.errors import AndonError

VERSION = "0.1.0"

VERBS = {
    "chat": Verb("cli.chat", "Talk to the floor; lines from -p or a pipe are taken one by one."),
    "run": Verb("cli.run", "Make one request and print its outcome."),
    "feed": Verb("cli.feed", "Record floor events from a CSV or JSONL file."),
    "inbox": Verb("cli.inbox", "List what waits for a person."),
    "show": Verb("cli.show", "Show one item of the inbox: effect, evidence, who may sign."),
    "approve": Verb("cli.approve", "Approve one action, once, as shown."),
    "reject": Verb("cli.reject", "Reject one action or leave a question, with a reason."),
    "answer": Verb("cli.answer", "Answer a question: choose an option or say it in words."),
    "pull": Verb("cli.pull", "Stop agents on a scope until it is released; or list what is stopped."),
    "release": Verb("cli.release", "Let agents go on in a scope."),
    "resume": Verb("cli.resume", "Go on with what waits and can go on."),
    "inbound": Verb(
        "cli.inbound", "List reports from outside that wait for one before them, or were not recorded."
    ),
    "outbox": Verb("cli.outbox", "Show what receivers of events have and lack; retry, skip, resend."),
    "worker": Verb("cli.worker", "Drive cases as they come, until SIGTERM or Ctrl-C."),
    "cases": Verb("cli.cases", "List the cases, newest first."),
    "trace": Verb("cli.trace", "Tell a case step by step."),
    "replay": Verb("cli.replay", "Run a recorded case again, and name what differs."),
    "breakers": Verb("cli.breakers", "List the breakers of calls; or trip or reset one."),
    "agents": Verb("cli.agents", "Show the agents' contracts as published."),
    "check": Verb("cli.check", "Report every problem of the floor's contracts."),
    "matrix": Verb("cli.matrix", "Show who expects what from whom."),
    "audit": Verb("cli.audit", "Verify the ledger's invariants and its audit chain."),
    "eval": Verb("cli.eval", "Play suites of examples and check what comes of them."),
    "model-server": Verb("cli.model_server", "Serve the offline roles as a model endpoint to rehearse with."),
    "db": Verb("cli.db", "Look after the ledger as a database; status, migrate, copy, restored."),
    "doctor": Verb("cli.doctor", "Look whether this machine and this ledger are fit."),
}

_CODES = " · ".join(f"{code} {meaning}" for code, meaning in MEANINGS.items())


@click.group(
    "andon",
    cls=LazyGroup,
    verbs=VERBS,
    context_settings=HELP,
    epilog=f"Exit codes: {_CODES}. Common options may stand before or after the verb.",
)
@click.version_option(VERSION, message="andon %(version)s")
@common_options
def andon() -> None:
    """Agents propose, the floor disposes: ask the agents of a floor, and decide what they may not."""


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the program on ``arguments`` (the command line's own by default); the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    as_json, verbose = _says(words, "--json"), any(w.startswith(("-v", "--verbose")) for w in words)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # text streams since 3.7
    try:
        code = _invoke(words)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        code = error.exit_code
    except click.ClickException as error:
        code = tell_usage(error, as_json=as_json)
    except AndonError as error:
        code = tell(error, as_json=as_json)
    except (KeyboardInterrupt, click.Abort):
        click.echo("", err=True)
        code = INTERRUPTED
    except BrokenPipeError:
        code = DONE
    except Exception as error:  # noqa: BLE001 - the last line of defence: one sentence instead of a traceback
        code = tell_internal(error, as_json=as_json, verbose=verbose)
    _close()
    return code


def _invoke(words: list[str]) -> int:
    try:
        code = andon.main(words, prog_name="andon", standalone_mode=False)
    except click.exceptions.Exit as ended:
        code = ended.exit_code
    return code if isinstance(code, int) else DONE


def _says(words: Sequence[str], flag: str) -> bool:
    """Whether a flag stands among the options: errors of parsing are told in its mode, too."""
    end = words.index("--") if "--" in words else len(words)
    return flag in words[:end]


def _close() -> None:
    """Flush what is left; a reader that has gone is no error, nor a reason for Python to complain."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
