"""What of a floor's directory is read: its role folders and Python, and nothing that a link leads out to.

A floor is its directory. What a link brings in from elsewhere would change without the floor changing, and
what a name hides would be run unseen; links that stay inside are read, as mounted configurations use them.
Hidden entries are not looked at.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PureWindowsPath

from agents.floor_catalogue import Code
from protocol.errors import Problem
from protocol.ids import NAME

CONFIG = "floor.yaml"
MANIFEST = "manifest.yaml"
PROMPT = "prompt.md"
POLICY = "policy.py"
_MARKS = frozenset({MANIFEST, PROMPT, POLICY})
_FLAT = re.compile(r"(?i).+\.ya?ml")
"""Contracts that lie in ``agents/`` itself."""
_LOOKALIKE = re.compile(r"(?i)manifest\.(ya?ml|json)")
_COMPILED = "__pycache__"


@dataclass(frozen=True, slots=True)
class Tree:
    """The listing of a floor. ``root`` is its real place; files stand relative to it.

    ``roles``: folders of ``agents/`` that mean a role; ``misnamed``: those whose name cannot be an agent's,
    of which only the contract is read. ``python``: files of ``tools/`` and of the roles. ``refused``: files
    and folders that are not read, each with its problem.
    """

    root: Path
    roles: tuple[str, ...]
    misnamed: tuple[str, ...]
    python: tuple[str, ...]
    refused: dict[str, Problem] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def refuses(self, folder: str) -> bool:
        """Whether a folder, or something in it, is not read."""
        return any(name == folder or name.startswith(f"{folder}/") for name in self.refused)


def read_tree(directory: Path) -> Tree:
    """The listing of the floor in ``directory``, which may not exist."""
    return _Lister(directory).tree()


def spelled(name: str) -> str:
    """A file's name as text that can be printed and hashed, whatever bytes it has."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


class _Lister:
    def __init__(self, directory: Path) -> None:
        self.root = Path(os.path.realpath(directory))
        self.refused: dict[str, Problem] = {}
        self.problems: list[Problem] = []
        self.python: list[str] = []

    def tree(self) -> Tree:
        for name in (CONFIG, "tools", "agents"):
            path = self.root / name
            if path.is_symlink():
                self._stays_inside(name, path)
        roles = [] if "agents" in self.refused else list(self._roles())
        named = tuple(role for role in roles if NAME.fullmatch(role))
        misnamed = tuple(role for role in roles if not NAME.fullmatch(role))
        if "tools" not in self.refused:
            self._walk("tools")
        for role in named:
            self._walk(f"agents/{role}")
        problems = (*self.problems, *self.refused.values())
        return Tree(self.root, named, misnamed, tuple(sorted(self.python)), self.refused, problems)

    def _roles(self) -> Iterator[str]:
        """Folders with a contract in them, or part of one: what is missing is then a problem."""
        for entry in self._entries("agents"):
            file = f"agents/{spelled(entry.name)}"
            if entry.is_symlink() and not self._stays_inside(file, Path(entry.path)):
                continue
            if not _is_folder(entry):
                if _FLAT.fullmatch(entry.name):
                    self._stray(file)
                continue
            names = {inner.name for inner in self._entries(f"agents/{entry.name}")}
            strays = sorted(name for name in names - _MARKS if _LOOKALIKE.fullmatch(name))
            for name in strays:
                self._stray(f"{file}/{name}")
            if not names & _MARKS and not strays:
                continue
            if not NAME.fullmatch(entry.name):
                message = f"{file} is no name of an agent: small letters, digits and _, a letter first"
                self.problems.append(Problem(Code.FOLDER_NAME, file, 1, message))
            yield entry.name

    def _stray(self, file: str) -> None:
        message = f"{file} is not read; an agent's contract is agents/NAME/{MANIFEST}"
        self.problems.append(Problem(Code.STRAY_CONTRACT, file, 1, message))

    def _walk(self, folder: str) -> None:
        """Note the Python below a folder, and every link in it that is not followed."""
        for entry in self._entries(folder):
            name = f"{folder}/{spelled(entry.name)}"
            if entry.is_symlink() and not self._stays_inside(name, Path(entry.path)):
                continue
            if entry.is_dir(follow_symlinks=False):
                if entry.name != _COMPILED:
                    self._walk(f"{folder}/{entry.name}")
            elif _is_folder(entry):
                message = f"{name} is a link to a folder; put the files themselves here"
                self.refused[name] = Problem(Code.PATH_REFUSED, name, 1, message)
            elif entry.name.endswith(".py") and _is_file(entry):
                self.python.append(f"{folder}/{entry.name}")

    def _stays_inside(self, name: str, path: Path) -> bool:
        """Whether a link stays inside the floor; noted when it does not."""
        target = Path(os.path.realpath(path))
        if target.is_relative_to(self.root):
            return True
        message = f"{name} is a link that leads out of the floor's directory; put the file itself here"
        self.refused[name] = Problem(Code.PATH_REFUSED, name, 1, message)
        return False

    def _entries(self, folder: str) -> list["os.DirEntry[str]"]:
        try:
            with os.scandir(self.root / folder) as found:
                entries = [entry for entry in found if not entry.name.startswith(".")]
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            name = spelled(folder)
            message = f"{name} cannot be read: {error.strerror}"
            self.problems.append(Problem(Code.MISSING_FILE, name, 1, message))
            return []
        return sorted(entries, key=lambda entry: entry.name)


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def _is_file(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False


def path_problem(root: Path, name: str) -> str | None:
    """What is wrong with a path that a contract names, as the end of a sentence, or None.

    ``root``: the floor's real directory. Whether the file is there is another question.
    """
    if "\0" in name:
        return "holds a NUL character"
    if not name.strip():
        return "is empty"
    windows = PureWindowsPath(name)
    if windows.anchor or name.startswith("~"):
        return "must be relative to the floor's directory"
    if ".." in windows.parts:
        return "must not go up with .."
    if not Path(os.path.realpath(root / name)).is_relative_to(root):
        return "is a link that leads out of the floor's directory"
    return None
