"""Endpoints and keys as the environment says: what is used, and what must not be shown, written or sent."""

import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from agents.backend import Endpoint
from cli.options import KEYS, Common

if TYPE_CHECKING:
    from protocol.floor import FloorConfig


def own_endpoint() -> Endpoint:
    """Where models are served that no endpoint of the floor names."""
    base_url = os.environ.get("OPENAI_BASE_URL") or os.environ.get("OPENAI_API_BASE")
    return Endpoint(base_url or None, os.environ.get(KEYS[0]) or None)


def model_keys(config: "FloorConfig") -> list[str]:
    """Of the endpoints of models, the environment's and the floor's."""
    from graph.secrets import environment_secret

    found = [
        os.environ.get(KEYS[0]),
        *(environment_secret(e.key_env) for e in config.models.endpoints.values()),
    ]
    return [key for key in found if key]


def known_keys(common: Common) -> list[str]:
    """Every one."""
    from agents.floor_loader import read_config
    from checkpoints.anchor import KEY
    from graph.secrets import environment_secret

    config = read_config(common.floor)
    found = [os.environ.get(name, "") for name in KEYS] + model_keys(config)
    if common.database is not None:
        found.append(urlsplit(common.database).password or "")
    found += [environment_secret(r.secret_env) or "" for r in config.deliver if r.secret_env]
    key = common.anchor_key or common.data / KEY
    if key.is_file():
        found.append(key.read_bytes().decode("utf-8", "replace").strip())
    return [secret for secret in found if secret]
