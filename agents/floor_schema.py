"""The JSON Schema of a manifest, for editors."""

from typing import Any

from protocol.manifest import Manifest


def manifest_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of ``agents/NAME/manifest.yaml``."""
    schema = Manifest.model_json_schema(by_alias=True)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "Andon agent manifest",
    }
