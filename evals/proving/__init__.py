"""The exhaustive search of a floor's protocol: ``andon check --prove``."""
