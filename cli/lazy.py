"""A Click group that imports a verb only when that verb runs: ``--help`` stays at Click's own speed."""

import importlib
from collections.abc import Mapping
from typing import Any, NamedTuple, cast

import click
from click.exceptions import NoSuchCommand
from click.shell_completion import CompletionItem


class Verb(NamedTuple):
    """Where a verb lives, and its line in the list of verbs."""

    module: str
    help: str


class LazyGroup(click.Group):
    """``verbs`` maps a name to its module, which defines ``command``."""

    def __init__(self, *args: Any, verbs: Mapping[str, Verb], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.verbs = verbs

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the table's order: what people begin with comes first."""
        return list(self.verbs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the verb that is wanted, and no other."""
        verb = self.verbs.get(cmd_name)
        return cast(click.Command, importlib.import_module(verb.module).command) if verb else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Click suggests near names of eager commands only; here every verb is a candidate."""
        try:
            return super().resolve_command(ctx, args)
        except NoSuchCommand as error:
            raise NoSuchCommand(error.command_name, possibilities=list(self.verbs), ctx=ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The inherited one would import every verb for its help."""
        with formatter.section("Verbs"):
            formatter.write_dl([(name, verb.help) for name, verb in self.verbs.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The inherited one would import every verb at each Tab."""
        found = [CompletionItem(n, help=v.help) for n, v in self.verbs.items() if n.startswith(incomplete)]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]
