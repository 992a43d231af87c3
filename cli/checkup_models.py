"""The checks of ``andon doctor`` on models: which are asked where, and whether the key is there."""

from collections.abc import Iterator

from agents.backend import OFFLINE, OPENAI, chains_of, endpoints_of, split_backend
from agents.floor_loader import load_floor
from cli.exits import INVALID
from cli.findings import FAIL, OK, Check
from cli.keys import own_endpoint
from cli.options import Common
from protocol.errors import AndonError
from protocol.world import World


def models(common: Common) -> Iterator[Check]:
    """One for each endpoint that this floor, or ``--model``, would ask."""
    from graph.secrets import environment_secret

    try:
        world = load_floor(common.floor).world
    except AndonError:
        yield Check("model", OK, "no floor to look at")  # the check of the floor says why
        return
    endpoints, asked = (
        endpoints_of(world.config.models, own_endpoint(), environment_secret),
        _asked(common, world),
    )
    if not asked:
        yield Check("model", OK, "offline: each role is played by its policy; no key, no network")
    for at, names in asked.items():
        name = "model" if at == OPENAI else f"model {at}"
        if at not in endpoints:
            yield Check(
                name, FAIL, f"there is no endpoint {at}", "`andon check` says where it is named.", INVALID
            )
            continue
        found = endpoints[at]
        what = f"{', '.join(names)} at {found.base_url or 'its maker'}"
        if found.key:
            yield Check(name, OK, f"{what}; {found.key_env} is set")
        else:
            hint = f"Set {found.key_env}; for an endpoint that asks for none, set it to any word."
            yield Check(name, FAIL, f"{what}: no key", hint, INVALID)


def _asked(common: Common, world: World) -> dict[str, list[str]]:
    """The models that may play a role or route a line, by endpoint."""
    models = world.config.models
    chains = list(chains_of(models, world.manifests, common.model).values())
    chains.append([common.model] if common.model else list(models.chain(models.router)[:1]))
    found: dict[str, list[str]] = {}
    for backend in sorted({backend for chain in chains for backend in chain} - {OFFLINE}):
        at, model = split_backend(backend) or (backend, "")
        found.setdefault(at, []).append(model)
    return found
