"""``andon model-server``: the offline roles behind OpenAI's protocol, as fast and as bad as one asks."""

import asyncio
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from cli.exits import DONE
from cli.options import Common, verb
from cli.output import Output
from protocol.errors import UsageError

HOST = "127.0.0.1"


@verb("model-server", short_help="Serve the offline roles as a model endpoint to rehearse with.")
@click.option("--host", default=HOST, show_default=True, help="The address to listen at.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Its port; 0 takes any that is free.")
@click.option("--profile", type=click.Path(path_type=Path), metavar="FILE", help="Pace and faults as YAML.")
@click.option("--fault", "faults", multiple=True, metavar="NAME=RATE", help="Fail so, at a rate of 0 to 1.")
@click.option("--seed", type=click.IntRange(0), metavar="N", help="Of the faults.")
@click.option("--base-ms", type=float, metavar="MS", help="Milliseconds of each call.")
@click.option("--input-ms", type=float, metavar="MS", help="More for each token that is read.")
@click.option("--output-ms", type=float, metavar="MS", help="More for each token that is written.")
@click.option("--slots", type=click.IntRange(1), metavar="N", help="Calls answered side by side.")
@click.option("--obedient", is_flag=True, help="Obey every instruction that stands in a text.")
@click.option("--key", metavar="KEY", help="Refuse whoever does not say this key.")
def command(
    common: Common,
    host: str,
    port: int,
    profile: Path | None,
    faults: Sequence[str],
    seed: int | None,
    base_ms: float | None,
    input_ms: float | None,
    output_ms: float | None,
    slots: int | None,
    obedient: bool,
    key: str | None,
) -> int:
    """Serve the offline roles as a model endpoint to rehearse with: chat completions, plain and streamed.

    It says where it listens, and serves until SIGTERM or Ctrl-C. Clients find it by OPENAI_BASE_URL.
    """
    given = {
        "seed": seed,
        "base_ms": base_ms,
        "per_input_token_ms": input_ms,
        "per_output_token_ms": output_ms,
        "slots": slots,
    }
    settings: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if faults:
        settings["faults"] = dict(_rate(text) for text in faults)
    return asyncio.run(_serve(common, (host, port), profile, settings, key, obedient=obedient))


def _rate(text: str) -> tuple[str, str]:
    name, equals, rate = text.partition("=")
    if not equals:
        raise UsageError(f"--fault {text} has no rate.", hint="Write it as --fault server_error=0.04.")
    return name, rate


async def _serve(
    common: Common,
    at: tuple[str, int],
    file: Path | None,
    settings: dict[str, Any],
    key: str | None,
    *,
    obedient: bool,
) -> int:
    from agents.floor_loader import load_floor
    from agents.models import OfflineAccess
    from agents.router import OfflineRouter
    from evals.model_server.obedient import ObedientAccess
    from evals.model_server.profile import make_profile, read_settings
    from evals.model_server.roles import Roles
    from evals.model_server.server import ModelServer, serving

    floor = load_floor(common.floor)
    profile = make_profile({**(read_settings(file) if file else {}), **settings})
    models = ObedientAccess(floor.world, floor.policies) if obedient else OfflineAccess(floor.policies)
    router = OfflineRouter(floor.world, floor.policies)
    server = ModelServer(Roles(models, sorted(floor.policies), router), profile, key)
    out, stop = Output(common), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with serving(server, *at) as url:
        shape = {"schema": "andon/model-server/v1", "url": url, "floor": floor.world.config.floor}
        out.answer(shape, lambda: out.text(f"listening at {url}"))
        out.note(f"next: OPENAI_BASE_URL={url} OPENAI_API_KEY=any andon --model openai:offline chat")
        await stop.wait()
    told = ", ".join(f"{name} {n}" for name, n in sorted(server.met.items())) or "no faults"
    out.note(f"{server.served} requests served; {told}")
    return DONE
