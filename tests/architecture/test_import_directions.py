"""What import-linter's contracts in pyproject.toml cannot see: role folders, and who may read time."""

import ast
from pathlib import Path

import pytest

from tests.architecture.sources import PACKAGES, ROOT, Source, engine, files, roles, sources

TIME_AND_CHANCE = {"time", "random", "secrets", "uuid"}
MAY_READ_THEM = {
    "telemetry/clock.py": "the clocks",
    "telemetry/ids.py": "the random ids",
    "checkpoints/leases.py": "leases compare wall seconds between processes",
    "checkpoints/postgres_ledger.py": "the server's clock is read now and then, and goes on in between",
}
"""File or folder -> why it may."""


def floor_sources() -> list[Source]:
    """Python of floors: the plant's tools and policies, and the floors of the tests."""
    floors = [ROOT / "tools", *roles(), ROOT / "tests" / "floors"]
    return [Source(path) for path in files(".py") if any(path.is_relative_to(floor) for floor in floors)]


@pytest.mark.parametrize("source", floor_sources(), ids=lambda s: s.name)
def test_floor_imports_protocol_and_itself_only(source: Source) -> None:
    ours = {name for _, name in source.imports() if name.partition(".")[0] in PACKAGES}
    assert {name for name in ours if not name.startswith("protocol.")} == set()


def test_no_engine_module_imports_a_role_folder() -> None:
    names = {f"agents.{role.name}" for role in roles()}
    found = [
        f"{source.name}:{line} imports {module}"
        for source in engine()
        for line, module in source.imports()
        if any(module == name or module.startswith(f"{name}.") for name in names)
    ]
    assert found == []


def calls_of(source: Source, modules: set[str]) -> list[str]:
    """Calls into ``modules``: an injected ``time.monotonic`` is no call."""
    found = []
    named = {
        alias.asname or alias.name
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ImportFrom) and node.module in modules
        for alias in node.names
    }
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Call):
            continue
        function = node.func
        if isinstance(function, ast.Name) and function.id in named:
            found.append(f"{source.name}:{node.lineno} {function.id}()")
        if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
            where = function.value.id
            is_clock = where in {"datetime", "date"} and function.attr in {"now", "utcnow", "today"}
            if is_clock or where in modules:
                found.append(f"{source.name}:{node.lineno} {where}.{function.attr}()")
    return found


@pytest.mark.parametrize("source", engine(), ids=lambda s: s.name)
def test_time_and_chance_come_from_telemetry(source: Source) -> None:
    if source.name in MAY_READ_THEM or source.name.startswith("evals/"):
        return  # evals measure; what they run gets its time injected like anything else
    found = [call for call in calls_of(source, TIME_AND_CHANCE) if not call.endswith("random.Random()")]
    assert found == []


def test_list_of_exceptions_names_files_that_exist() -> None:
    assert [name for name in MAY_READ_THEM if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_init_files_hold_a_docstring_only(package: str) -> None:
    inits = [s for s in sources(package) if s.path.name == "__init__.py"]
    assert inits, f"{package} is a package"
    for source in inits:
        assert ast.get_docstring(source.tree), source.name
        assert len(source.tree.body) == 1, source.name


def test_role_folders_and_floors_are_no_packages() -> None:
    floors = [p for p in (ROOT / "tests" / "floors").iterdir() if p.is_dir()]
    inside = [path for folder in [*roles(), *floors] for path in Path(folder).rglob("__init__.py")]
    assert inside == []
