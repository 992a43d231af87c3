"""Where in the code the failpoints stand, read off the code."""

import re
from collections.abc import Mapping
from pathlib import Path

from protocol.failpoints import Point

ROOT = Path(__file__).resolve().parents[3]
FOLDERS = ("protocol", "checkpoints", "telemetry", "agents", "graph", "evals", "cli")
_CALL = re.compile(r"\bfailpoint\(([^()]*)\)")
_NAME = re.compile(r"\bPoint\.([A-Z_]+)")


def placed() -> Mapping[Point, list[str]]:
    """{point: the files that call it}, in the order of both."""
    found: dict[Point, set[str]] = {}
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for call in _CALL.findall(path.read_text("utf-8")):
                for name in _NAME.findall(call):
                    found.setdefault(Point[name], set()).add(path.relative_to(ROOT).as_posix())
    return {point: sorted(found[point]) for point in Point if point in found}
