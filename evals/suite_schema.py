"""The JSON Schema of suites, as a file that editors find: ``python -m evals.suite_schema`` writes it."""

import json
from pathlib import Path

from evals.suite import schema

FILE = Path(__file__).parent / "suites_schema.json"


def text() -> str:
    """What the file holds."""
    return json.dumps(schema(), indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), "utf-8")
