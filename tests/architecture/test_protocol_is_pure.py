"""protocol/ decides and never reads a clock, randomness, environment, file or socket."""

import ast

import pytest

from tests.architecture.sources import Source, sources

ALLOWED = {
    *("abc", "base64", "bisect", "collections", "contextlib", "copy", "dataclasses", "datetime", "decimal"),
    *("enum", "functools", "hashlib", "heapq", "itertools", "json", "math", "operator", "re", "typing"),
    *("unicodedata", "zoneinfo", "protocol"),
    "jsonschema",  # checks params against the schema a manifest states; reads nothing
    "pydantic",  # parses manifests and floors that others have read
}
"""Whatever is not named here is not needed for deciding."""

FORBIDDEN_CALLS = {"open", "input", "print", "exec", "eval", "compile", "breakpoint", "__import__"}
FORBIDDEN_METHODS = {"now", "utcnow", "today", "fromtimestamp"}
"""Of datetime and date; the ports' ``now`` is a property and is not called."""


def complaints(source: Source) -> list[str]:
    """Everything in a file that would reach outside."""
    found = [
        f"{source.name}:{line} imports {module}"
        for line, module in source.imports()
        if module.partition(".")[0] not in ALLOWED
    ]
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FORBIDDEN_CALLS:
            found.append(f"{source.name}:{node.lineno} calls {node.func.id}()")
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _is_clock(node.func):
            found.append(f"{source.name}:{node.lineno} reads a clock")
    return found


def _is_clock(call: ast.Attribute) -> bool:
    return (
        call.attr in FORBIDDEN_METHODS
        and isinstance(call.value, ast.Name)
        and call.value.id in {"datetime", "date"}
    )


@pytest.mark.parametrize("source", sources("protocol"), ids=lambda s: s.name)
def test_rules_reach_nothing_outside(source: Source) -> None:
    assert complaints(source) == []


@pytest.mark.parametrize(
    "text",
    [
        "import os",
        "import random",
        "from time import time",
        "import socket",
        "from pathlib import Path",
        "open('x')",
        "from datetime import datetime\ndatetime.now()",
        "import langgraph.graph",
        "import graph.app",
    ],
)
def test_reaching_outside_is_noticed(text: str) -> None:
    source = Source(sources("protocol")[0].path)
    source.__dict__["tree"] = ast.parse(text)
    assert len(complaints(source)) == 1
