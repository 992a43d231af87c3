"""The options every verb takes, before or after its name, and where a floor and its data lie.

Flags beat the environment, the environment beats the floor's own file.
"""

import functools
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from protocol.errors import InvalidFloorError

HELP = {"help_option_names": ["-h", "--help"]}
CONFIG = "floor.yaml"
DATA = ".andon"
LEDGER = "ledger.db"
KEYS = ("OPENAI_API_KEY", "PGPASSWORD")
"""Variables of the environment whose values are keys, beside those that a floor names."""
TOPOLOGY = "hybrid"
_GIVEN = "cli.given"
_PLANT = Path(__file__).resolve().parent.parent
_ENVIRONMENT = {
    "floor": "ANDON_FLOOR",
    "data": "ANDON_DATA",
    "database": "ANDON_DATABASE",
    "model": "ANDON_MODEL",
    "as_person": "ANDON_AS",
    "anchor": "ANDON_ANCHOR",
    "anchor_key": "ANDON_ANCHOR_KEY",
}

Verb = Callable[..., int]


@dataclass(frozen=True, slots=True)
class Common:
    """What a verb is told beside its own arguments. ``as_person`` None: whoever the terminal's user is."""

    floor: Path
    data: Path
    as_person: str | None = None
    as_json: bool = False
    no_input: bool = False
    quiet: bool = False
    color: bool = True
    verbose: int = 0
    database: str | None = None
    model: str | None = None
    """The one model that plays every role; None: the floor's tiers say which plays which."""
    anchor: Path | None = None
    anchor_key: Path | None = None
    """The files of the audit chain's heads and of their key; None: in the data directory."""

    @property
    def ledger(self) -> Path:
        """The file that is the truth, unless a database is; it may not exist yet."""
        return self.data / LEDGER

    @property
    def where(self) -> str:
        """Where the ledger is, for people: a file, or a database without its password."""
        if self.database is None:
            return str(self.ledger)
        from checkpoints.postgres_connection import place

        return place(self.database)


def verb(name: str, **settings: Any) -> Callable[[Verb], click.Command]:
    """Make a function a verb: its first argument is ``Common``, its result the exit code."""

    def wrap(function: Verb) -> click.Command:
        @click.pass_context
        @functools.wraps(function)
        def invoked(ctx: click.Context, *args: Any, **kwargs: Any) -> int:
            common = common_of(ctx)
            _start_logging(common.verbose)
            return function(common, *args, **kwargs)

        make: Callable[[Verb], click.Command] = click.command(name, context_settings=HELP, **settings)
        return make(common_options(invoked))

    return wrap


def common_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the common options to a verb or a group of verbs. They are kept aside, not passed on."""
    for declare in reversed(_OPTIONS):
        function = declare(function)
    return function


def common_of(ctx: click.Context) -> Common:
    """What was given before and after the verb, filled in from the environment and the defaults."""
    return resolve(ctx.meta.get(_GIVEN, {}), os.environ, Path.cwd())


def given(name: str) -> Any:
    """What was given on the command line itself; None when it was not."""
    return click.get_current_context().meta.get(_GIVEN, {}).get(name)


def resolve(given: Mapping[str, Any], environment: Mapping[str, str], here: Path) -> Common:
    """Raises InvalidFloorError (exit 3) for what this version cannot do, rather than ignore it."""
    chosen: dict[str, Any] = {
        name: environment[variable] for name, variable in _ENVIRONMENT.items() if environment.get(variable)
    }
    chosen |= given
    _refuse_later(chosen)
    floor = Path(chosen["floor"]) if "floor" in chosen else _default_floor(here)
    data = Path(chosen["data"]) if "data" in chosen else floor / DATA
    plain = bool(environment.get("NO_COLOR")) or environment.get("TERM") == "dumb"
    return Common(
        floor=floor,
        data=data,
        as_person=chosen.get("as_person"),
        as_json=chosen.get("as_json", False),
        no_input=chosen.get("no_input", False),
        quiet=chosen.get("quiet", False),
        color=not (plain or chosen.get("no_color", False)),
        verbose=chosen.get("verbose", 0),
        anchor=Path(chosen["anchor"]) if "anchor" in chosen else None,
        anchor_key=Path(chosen["anchor_key"]) if "anchor_key" in chosen else None,
        database=chosen.get("database"),
        model=chosen.get("model"),
    )


def _start_logging(verbose: int) -> None:
    """Without ``-v`` no library speaks: what a user has to know is told as an error."""
    import logging

    if not verbose:
        logging.getLogger().addHandler(logging.NullHandler())
        return
    from telemetry.log import start_logging

    start_logging(verbose, secrets=[os.environ.get(name, "") for name in KEYS])


def _default_floor(here: Path) -> Path:
    return here if (here / CONFIG).is_file() else _PLANT


def _refuse_later(chosen: Mapping[str, Any]) -> None:
    wanted = {"topology": TOPOLOGY}
    for name, only in wanted.items():
        if chosen.get(name, only) != only:
            raise InvalidFloorError(
                f"--{name} {chosen[name]} is not available in this version; only {only} is.",
                hint=f"Leave out --{name}{_variable_hint(name)}.",
                code="bad_settings",
            )


def _variable_hint(name: str) -> str:
    variable = _ENVIRONMENT.get(name)
    return f" and {variable}" if variable else ""


def _keep(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    name = str(param.name)
    if ctx.get_parameter_source(name) is not ParameterSource.COMMANDLINE:
        return
    given = ctx.meta.setdefault(_GIVEN, {})
    given[name] = value + given.get(name, 0) if name == "verbose" else value


def _option(*names: str, **settings: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.option(*names, expose_value=False, callback=_keep, **settings)


_OPTIONS = (
    _option(
        "--floor", metavar="DIR", help="The floor (default: here if it has a floor.yaml, else the plant)."
    ),
    _option("--data", metavar="DIR", help="Where its ledger lives (default: .andon in the floor)."),
    _option("--database", metavar="URL", help="A PostgreSQL that holds the ledger, for many machines."),
    _option(
        "--model",
        metavar="MODEL",
        help="offline (the default), or openai:NAME; NAME:MODEL at an endpoint of the floor.",
    ),
    _option("--topology", metavar="T", help="hybrid (the default); others in a later version."),
    _option("--as", "as_person", metavar="PERSON", help="Who asks or decides (default: you)."),
    _option("--json", "as_json", is_flag=True, help="One JSON object per answer on stdout."),
    _option("--no-input", is_flag=True, help="Never ask anything on the terminal."),
    _option("-q", "--quiet", is_flag=True, help="No progress on stderr."),
    _option("--no-color", is_flag=True, help="No colours."),
    _option("-v", "--verbose", count=True, help="Log to stderr as JSON lines; -vv logs more."),
)
