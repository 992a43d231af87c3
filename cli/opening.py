"""Opening a floor for work: who is here first, then the application, built once per run."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from agents.floor_loader import load_floor, read_config
from cli.identity import operating_user, who
from cli.keys import own_endpoint
from cli.options import Common
from graph.app import App, open_app
from graph.settings import Settings
from protocol.errors import DependencyDownError, InvalidFloorError
from protocol.floor import FloorConfig

LAST_S = 3.0
"""For how long a command that has ended still begins to send what it brought about; workers send the rest."""


@asynccontextmanager
async def open_floor(common: Common, *, host: str | None = None) -> AsyncIterator[tuple[App, str]]:
    """The application and the person of this run; whoever may not be here is told before it is built.

    ``host``: how this host is called in leases, when its own name will not do.
    """
    person = who(_config(common), common.as_person, operating_user())
    settings = Settings(
        common.floor,
        common.data,
        model=common.model,
        endpoint=own_endpoint(),
        database=common.database,
        host=host,
        anchor=common.anchor,
        anchor_key=common.anchor_key,
    )
    async with open_app(settings) as app:
        yield app, person
        with suppress(DependencyDownError):  # what is not sent stays in the ledger, for whoever sweeps next
            await app.deliver(LAST_S)


def _config(common: Common) -> FloorConfig:
    try:
        return read_config(common.floor)
    except InvalidFloorError:
        load_floor(common.floor)  # says everything that is wrong, not only with floor.yaml
        raise
