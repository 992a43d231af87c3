"""How a backend of models is named, and where one is served. Light: settings are read by every command."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from protocol.floor import Models
    from protocol.manifest import Manifest

OFFLINE = "offline"
"""The name of the backend that plays each role by its policy."""
TIERS = "tiers"
"""What stands for the floor's own choice where one backend could stand."""
OPENAI = "openai"
"""The endpoint that the environment names; floors declare others."""
RESERVED = (OPENAI, OFFLINE, TIERS)
"""Names that no endpoint of a floor has."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where models are served. ``base_url`` None: OpenAI's own. The key shows in nothing that prints this.

    ``streams``: whether they are asked for their answers in streams. ``key_env``: the variable of the key.
    ``silence_s``: seconds without a word after which a call has failed, whatever its deadline allows.
    """

    base_url: str | None = None
    key: str | None = field(default=None, repr=False)
    streams: bool = False
    key_env: str = "OPENAI_API_KEY"
    silence_s: float = 600.0


def split_backend(name: str) -> tuple[str, str] | None:
    """Endpoint and model of a backend's name; None for ``offline``, and for what names no model."""
    endpoint, _, model = name.partition(":")
    return (endpoint, model) if endpoint and model and not any(c.isspace() for c in name) else None


def endpoints_of(models: "Models", own: Endpoint, secret: Callable[[str], str | None]) -> dict[str, Endpoint]:
    """Every endpoint that a floor may name. ``own``: the environment's; ``secret``: the key of a variable."""
    found = {OPENAI: replace(own, streams=models.stream)}
    for name, entry in models.endpoints.items():
        streams = models.stream if entry.stream is None else entry.stream
        found[name] = Endpoint(entry.url, secret(entry.key_env), streams, entry.key_env, own.silence_s)
    return found


def patient(own: Endpoint, manifests: "Mapping[str, Manifest]") -> Endpoint:
    """The endpoint for a time in which no deadline ends a call: its silence is the longest one of a turn."""
    return replace(own, silence_s=float(max(m.timeout_policy.call_s for m in manifests.values())))


def urls_of(models: "Models", own: str | None = None) -> dict[str, str | None]:
    """Where each endpoint is; None: OpenAI's own address. ``own``: the environment's."""
    return {OPENAI: own, **{name: entry.url for name, entry in models.endpoints.items()}}


def chains_of(
    models: "Models", manifests: "Mapping[str, Manifest]", name: str | None = None
) -> dict[str, list[str]]:
    """The backends of each role, in order. ``name``: of the one backend that plays all of them instead."""
    tiers = {a: m.model.tier if m.model is not None else models.tier_of_agents for a, m in manifests.items()}
    return {a: [name] if name is not None else list(models.chain(tier)) for a, tier in tiers.items()}
