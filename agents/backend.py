"""How a backend of models is named, and where one is served. Light: settings are read by every command."""

from dataclasses import dataclass, field

OFFLINE = "offline"
"""The name of the backend that plays each role by its policy."""
TIERS = "tiers"
"""What stands for the floor's own choice where one backend could stand."""
OPENAI = "openai:"
"""What the name of a model at an endpoint begins with."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where models are served. ``base_url`` None: OpenAI's own. The key shows in nothing that prints this."""

    base_url: str | None = None
    key: str | None = field(default=None, repr=False)
