"""The repository's own sources, as the architecture tests see them."""

import ast
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENGINE = ("protocol", "checkpoints", "telemetry", "agents", "graph", "evals", "cli")
"""Import names of the engine; ``tools`` is the plant's."""
PACKAGES = (*ENGINE, "tools")

_NOT_OURS = {"build", "dist", "results", "__pycache__"}


@dataclass(frozen=True)
class Source:
    """One Python file."""

    path: Path

    @property
    def name(self) -> str:
        """The path as the repository writes it."""
        return self.path.relative_to(ROOT).as_posix()

    @cached_property
    def tree(self) -> ast.Module:
        """Its syntax tree."""
        return ast.parse(self.path.read_text("utf-8"), self.name)

    def imports(self) -> Iterator[tuple[int, str]]:
        """(line, module) of every import, absolute ones only; ``from a import b`` gives ``a.b``."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((node.lineno, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


@cache
def _tree() -> list[Path]:
    """Every file that a clone holds, and those not committed yet."""
    found = []
    for folder, inside, names in os.walk(ROOT):
        inside[:] = [name for name in inside if name not in _NOT_OURS and not name.endswith(".egg-info")]
        inside[:] = [name for name in inside if not name.startswith(".") or name == ".ci"]
        found += [Path(folder, name) for name in names if not name.endswith((".pyc", ".swp"))]
    return sorted(found)


def files(*suffixes: str) -> list[Path]:
    """Files of the tree by suffix; all of them without one."""
    return [path for path in _tree() if not suffixes or path.suffix in suffixes]


def roles() -> list[Path]:
    """The plant's role folders in ``agents/``."""
    return sorted(path.parent for path in (ROOT / "agents").glob("*/manifest.yaml"))


def sources(package: str) -> list[Source]:
    """The Python files of a package; of ``agents`` without the plant's role folders."""
    own = [path for path in files(".py") if path.is_relative_to(ROOT / package)]
    return [Source(path) for path in own if not any(path.is_relative_to(role) for role in roles())]


def engine() -> list[Source]:
    """Every Python file of the engine."""
    return [source for package in ENGINE for source in sources(package)]
