"""A floor's Python, loaded by file path as a package of its own.

``tools/`` and the role folders become ``floor_<id>.tools`` and ``floor_<id>.agents.<role>``: relative
imports work between them, nothing else of the directory can be reached through the package, and two
floors never meet. The id is a digest of the directory and of every Python file in it, so the same floor
loaded twice reuses its modules and a changed one gets new ones.
"""

import importlib
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec
from pathlib import Path
from traceback import walk_tb
from types import ModuleType
from typing import Any

from agents.floor_catalogue import Code
from agents.floor_tree import POLICY, Tree, spelled
from protocol.canonical import digest
from protocol.errors import Problem
from protocol.toolbox import Toolbox
from protocol.turns import Policy

TOOLS = "tools/floor.py"


@dataclass(frozen=True, slots=True)
class Sources:
    """The Python files of a floor: SHA-256 by path relative to the floor, and the text of the tools."""

    root: Path
    hashes: Mapping[str, str]
    texts: Mapping[str, str]

    @property
    def package(self) -> str:
        """``floor_`` and 12 hex digits."""
        name = digest({"root": str(self.root), "files": dict(self.hashes)})
        return f"floor_{name.removeprefix('sha256:')[:12]}"

    def where(self, function: Callable[..., Any]) -> tuple[str, int]:
        """File and line of a function of the floor; the toolbox's file when it has none."""
        code = getattr(function, "__code__", None)
        path = Path(code.co_filename) if code else None
        if code is None or path is None or not path.is_relative_to(self.root):
            return TOOLS, 1
        return path.relative_to(self.root).as_posix(), int(code.co_firstlineno)

    def where_named(self, maker: str, name: str) -> tuple[str, int]:
        """Where the tools call ``maker("name")`` or map ``"name":``, else where they say ``"name"`` first."""
        literal = rf"""["']{re.escape(name)}["']"""
        called, mapped = rf"\b{maker}\(\s*(?:\w+\s*=\s*)?(?P<at>{literal})", rf"(?P<at>{literal})\s*:"
        for pattern in (called, mapped, rf"(?P<at>{literal})"):
            for file, text in self.texts.items():
                if found := re.search(pattern, text):
                    return file, text.count("\n", 0, found.start("at")) + 1
        return TOOLS, 1


@dataclass(frozen=True, slots=True)
class FloorCode:
    """What the Python defines; ``toolbox`` None when it cannot be had."""

    toolbox: Toolbox | None
    policies: Mapping[str, Policy]
    problems: tuple[Problem, ...] = ()


def read_sources(tree: Tree) -> Sources:
    """The Python files of the tools and of the role folders."""
    hashes: dict[str, str] = {}
    texts: dict[str, str] = {}
    for file in tree.python:
        raw, name = (tree.root / file).read_bytes(), spelled(file)
        hashes[name] = sha256(raw).hexdigest()
        if name.startswith("tools/"):
            texts[name] = raw.decode("utf-8", "replace")
    return Sources(tree.root, hashes, texts)


def load_code(sources: Sources, tree: Tree) -> FloorCode:
    """Import the tools and each role's policy. A file that fails is one Problem, however many import it.

    Nothing is imported where a file or folder was refused: the Python that may be read could import it.
    """
    if tree.refuses("tools") or tree.refuses("agents"):
        return FloorCode(None, {})
    package, roles = sources.package, tree.roles
    _lay_packages(package, sources.root, roles)
    problems: list[Problem] = []
    toolbox = None
    found = _import(f"{package}.tools.floor", TOOLS, sources, problems)
    if isinstance(found, ModuleType):
        toolbox = getattr(found, "TOOLBOX", None)
        if not isinstance(toolbox, Toolbox):
            message = f"{TOOLS} must define TOOLBOX = Toolbox(...)"
            problems.append(Problem(Code.NO_TOOLBOX, TOOLS, 1, message))
            toolbox = None
    policies: dict[str, Policy] = {}
    for role in roles:
        file = f"agents/{role}/{POLICY}"
        if file not in sources.hashes:
            message = f"{role} has no policy.py; without it the offline model cannot play the role"
            problems.append(Problem(Code.MISSING_POLICY, f"agents/{role}/manifest.yaml", 1, message))
            continue
        module = _import(f"{package}.agents.{role}.policy", file, sources, problems)
        policy = getattr(module, "POLICY", None)
        if isinstance(policy, Policy):
            policies[role] = policy
        elif module is not None:
            problems.append(Problem(Code.NO_POLICY, file, 1, f"{file} must define POLICY = Policy(...)"))
    return FloorCode(toolbox, policies, tuple(dict.fromkeys(problems)))


def _lay_packages(package: str, root: Path, roles: Sequence[str]) -> None:
    """Put the floor's folders into ``sys.modules`` as packages that see only their own files."""
    importlib.invalidate_caches()
    folders: dict[str, list[str]] = {
        package: [],
        f"{package}.tools": [str(root / "tools")],
        f"{package}.agents": [],
    }
    folders |= {f"{package}.agents.{role}": [str(root / "agents" / role)] for role in roles}
    for name, path in folders.items():
        if name not in sys.modules:
            spec = ModuleSpec(name, None, is_package=True)
            spec.submodule_search_locations = path
            sys.modules[name] = module_from_spec(spec)


def _import(name: str, file: str, sources: Sources, problems: list[Problem]) -> ModuleType | None:
    if file not in sources.hashes:
        message = f"{file} is missing; it defines the floor's resource types and actions"
        problems.append(Problem(Code.NO_TOOLBOX, file, 1, message))
        return None
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a floor raises is a problem of that floor
        at, line = _origin(error, file, sources.root)
        said = str(error).splitlines()[0] if str(error) else "no message"
        said = said.replace(f"{sources.package}.", "")
        message = f"{at} cannot be imported: {type(error).__name__}: {said}"
        problems.append(Problem(Code.IMPORT_FAILED, at, line, message))
        return None


def _origin(error: BaseException, file: str, root: Path) -> tuple[str, int]:
    """The floor's line that failed: the one the syntax error names, else the innermost frame."""
    if isinstance(error, SyntaxError) and error.filename and Path(error.filename).is_relative_to(root):
        return Path(error.filename).relative_to(root).as_posix(), error.lineno or 1
    found = (file, 1)
    for frame, line in walk_tb(error.__traceback__):
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(root):
            found = path.relative_to(root).as_posix(), line
    return found
