"""Folder name = import name, so no installed package may own one of them (docs/adr/0001)."""

import importlib.util
from importlib.metadata import packages_distributions

import pytest

from tests.architecture.sources import PACKAGES, ROOT


@pytest.mark.parametrize("name", PACKAGES)
def test_no_foreign_package_owns_our_name(name: str) -> None:
    assert set(packages_distributions().get(name, [])) <= {"andon"}


@pytest.mark.parametrize("name", PACKAGES)
def test_our_name_means_our_folder(name: str) -> None:
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin == str(ROOT / name / "__init__.py")


def test_every_package_is_declared() -> None:
    import tomllib

    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["packages"]
    assert sorted(declared) == sorted(PACKAGES)
