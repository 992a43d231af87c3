"""The locks install the same everywhere: pinned, hashed, naming no host, and fitting pyproject.toml."""

import re
import tomllib
from functools import cache

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.sources import ROOT

LOCKS = ("requirements.lock", "requirements-dev.lock")
ENTRY = re.compile(r"(?P<name>[a-z0-9.-]+)==(?P<version>\S+)(?: ; (?P<marker>[^\\]+?))? \\?")
PYTHONS = ("3.11", "3.12", "3.13")


def project() -> dict[str, object]:
    """pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


@cache
def entries(lock: str) -> dict[str, tuple[str, int]]:
    """Version and number of hashes of every package of a lock."""
    found: dict[str, tuple[str, int]] = {}
    name = ""
    for line in (ROOT / lock).read_text("utf-8").splitlines():
        if entry := ENTRY.match(line):
            name = entry["name"]
            found[name] = (entry["version"], 0)
        elif "--hash=sha256:" in line:
            version, hashes = found[name]
            found[name] = (version, hashes + 1)
        else:
            assert line.lstrip().startswith("#"), f"{lock}: neither entry, hash nor comment: {line}"
    return found


def direct(*groups: str) -> list[Requirement]:
    """Direct dependencies of the project and of some of its groups."""
    data = project()
    wanted = list(data["project"]["dependencies"])  # type: ignore[index]
    for group in groups:
        wanted += data["dependency-groups"][group]  # type: ignore[index]
    return [Requirement(text) for text in wanted]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_entry_is_pinned_by_hash(lock: str) -> None:
    assert len(entries(lock)) > 30
    assert [name for name, (_, hashes) in entries(lock).items() if hashes == 0] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_names_no_index_and_no_option(lock: str) -> None:
    text = (ROOT / lock).read_text("utf-8")
    assert "://" not in text
    assert re.search(r"^\s*(-i|-f|--(?!hash))", text, re.MULTILINE) is None


@pytest.mark.parametrize(("lock", "groups"), [(LOCKS[0], ["build"]), (LOCKS[1], ["build", "dev"])])
def test_lock_fits_what_the_project_asks_for(lock: str, groups: list[str]) -> None:
    unfit = []
    for wanted in direct(*groups):
        version, _ = entries(lock).get(canonicalize_name(wanted.name), ("none", 0))
        if version == "none" or not wanted.specifier.contains(version):
            unfit.append(f"{wanted}: locked is {version}")
    assert unfit == [], "run `make lock`"


def test_tests_run_on_what_users_run() -> None:
    runtime, dev = (entries(lock) for lock in LOCKS)
    assert {name: dev.get(name) for name in runtime} == runtime


@pytest.mark.parametrize("lock", LOCKS)
def test_supported_pythons_install_the_same(lock: str) -> None:
    differing = []
    for entry in re.findall(r"^[a-z].*==[^\\]*", (ROOT / lock).read_text("utf-8"), re.MULTILINE):
        marker = Requirement(entry).marker
        answers = {
            marker is None or marker.evaluate({"python_version": v, "python_full_version": f"{v}.9"})
            for v in PYTHONS
        }
        if len(answers) > 1:
            differing.append(entry)
    assert differing == []
