"""How a backend of models is named, and where one is served. Light: settings are read by every command."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from protocol.floor import Models
    from protocol.manifest import Manifest

OFFLINE = "offline"
"""The name of the backend that plays each role by its policy."""
TIERS = "tiers"
"""What stands for the floor's own choice where one backend could stand."""
OPENAI = "openai:"
"""What the name of a model at an endpoint begins with."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where models are served. ``base_url`` None: OpenAI's own. The key shows in nothing that prints this.

    ``streams``: whether they are asked for their answers in streams.
    """

    base_url: str | None = None
    key: str | None = field(default=None, repr=False)
    streams: bool = False


def chains_of(
    models: "Models", manifests: "Mapping[str, Manifest]", name: str | None = None
) -> dict[str, list[str]]:
    """The backends of each role, in order. ``name``: of the one backend that plays all of them instead."""
    tiers = {a: m.model.tier if m.model is not None else models.tier_of_agents for a, m in manifests.items()}
    return {a: [name] if name is not None else list(models.chain(tier)) for a, tier in tiers.items()}
