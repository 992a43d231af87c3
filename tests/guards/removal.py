"""Taking a guard out of the running engine: a function's code, a statement of a .sql file, a table's entry.

A function keeps its identity, so whoever imported it before has the changed one. The whole module is
compiled anew, which gives methods and generators the code they would have had in its file.
"""

import ast
import importlib
import inspect
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any
from unittest.mock import patch

from checkpoints import named_sql, sqlite_soundness

SQL = "sql/"


@dataclass(frozen=True, slots=True)
class Edit:
    """One fragment in one place.

    ``target``: ``module:function``, ``module:Class.method``, or ``sql/FILE.sql``. ``old`` stands in its
    source exactly once.
    """

    target: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Guard:
    """A guard, what the source is without it, and the tests that must turn red then.

    ``code``: the code of its refusal, or the error, invariant or rule it stands for. ``also``: further
    edits, where one guard stands in two places.
    """

    name: str
    target: str
    old: str
    new: str
    test: tuple[str, ...] = ()
    code: str = ""
    also: tuple[Edit, ...] = ()

    @property
    def edits(self) -> tuple[Edit, ...]:
        """All of them, in order."""
        return (Edit(self.target, self.old, self.new), *self.also)


@contextmanager
def removed(guard: Guard) -> Iterator[None]:
    """The engine without the guard, as long as the block lasts."""
    with ExitStack() as stack:
        statements = [edit for edit in guard.edits if edit.target.startswith(SQL)]
        for edit in guard.edits:
            if edit not in statements:
                stack.enter_context(_without_code(edit))
        if statements:
            stack.enter_context(_without_sql(statements))
        yield


def occurrences(edit: Edit) -> int:
    """How often the fragment stands in its target."""
    if edit.target.startswith(SQL):
        return _sql_file(edit).read_text("utf-8").count(edit.old)
    module, name = _module(edit)
    return _part(module, name).count(edit.old)


def function_of(target: str) -> FunctionType:
    """The function of a target, without its decorators."""
    module, _, name = target.partition(":")
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = inspect.getattr_static(found, part)
        found = found.fget if isinstance(found, property) else found
        found = found.__func__ if isinstance(found, classmethod | staticmethod) else found
    found = inspect.unwrap(found)
    assert isinstance(found, FunctionType), f"{target} is no function"
    return found


@contextmanager
def _without_code(edit: Edit) -> Iterator[None]:
    function, (module, name) = function_of(edit.target), _module(edit)
    part, whole = _part(module, name), inspect.getsource(module)
    assert part.count(edit.old) == 1, f"{edit.old!r} stands {part.count(edit.old)} times in {edit.target}"
    assert whole.count(part) == 1
    changed = whole.replace(part, part.replace(edit.old, edit.new))
    made = compile(changed, function.__code__.co_filename, "exec", dont_inherit=True)
    code = next(c for c in _codes(made) if c.co_qualname == name)
    assert code.co_freevars == function.__code__.co_freevars
    kept, function.__code__ = function.__code__, code
    try:
        yield
    finally:
        function.__code__ = kept


def _module(edit: Edit) -> tuple[ModuleType, str]:
    module, _, name = edit.target.partition(":")
    return importlib.import_module(module), name


def _part(module: ModuleType, name: str) -> str:
    """The source of a function or method, its decorators left out."""
    whole = inspect.getsource(module)
    nodes: list[ast.stmt] = ast.parse(whole).body
    for part in name.split("."):
        kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
        (node,) = [n for n in nodes if isinstance(n, kinds) and n.name == part]
        nodes = node.body
    return "".join(whole.splitlines(keepends=True)[node.lineno - 1 : node.end_lineno])


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


def _sql_file(edit: Edit) -> Path:
    return named_sql.FOLDER / edit.target.removeprefix(SQL)


@contextmanager
def _without_sql(edits: list[Edit]) -> Iterator[None]:
    """Queries and new ledgers as of a changed copy of the files."""
    with tempfile.TemporaryDirectory() as made:
        folder = shutil.copytree(named_sql.FOLDER, Path(made) / "sql")
        for edit in edits:
            file = folder / edit.target.removeprefix(SQL)
            text = file.read_text("utf-8")
            assert text.count(edit.old) == 1, (
                f"{edit.old!r} stands {text.count(edit.old)} times in {file.name}"
            )
            file.write_text(text.replace(edit.old, edit.new), "utf-8")
        caches: list[Callable[[], None]] = [
            named_sql.named_queries.cache_clear,
            sqlite_soundness._expected_schema.cache_clear,
        ]
        try:
            with patch.object(named_sql, "FOLDER", folder):
                for clear in caches:
                    clear()
                yield
        finally:
            for clear in caches:
                clear()
