"""The oldest libraries Andon runs on: below them, published advisories apply to what it does with them."""

import re
from collections.abc import Iterator
from importlib import metadata

from protocol.errors import DependencyDownError

OLDEST = {
    "langgraph": (1, 2, 0),
    "langgraph-checkpoint": (4, 1, 1),
    "langgraph-checkpoint-sqlite": (3, 1, 1),
    "langgraph-checkpoint-postgres": (3, 1, 1),
    "langgraph-sdk": (0, 4, 4),
}
"""The known advisories end at these versions (faults.md, section 1; docs/reference/storage.md lists them)."""
_NUMBERS = re.compile(r"(\d+)(?:\.(\d+))?(?:\.(\d+))?")


def too_old() -> Iterator[str]:
    """Each installed library below its floor, as ``langgraph 1.0.9, needed is 1.2.0``."""
    for name, oldest in OLDEST.items():
        found = installed(name)
        if found is not None and _numbers(found) < oldest:
            yield f"{name} {found}, needed is {'.'.join(map(str, oldest))}"


def installed(name: str) -> str | None:
    """The version of an installed library, None when it is not there."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def refuse_old_libraries() -> None:
    """Raise DependencyDownError when a library is below its floor."""
    if old := list(too_old()):
        raise DependencyDownError(
            f"Libraries with known vulnerabilities are installed: {'; '.join(old)}.",
            hint="Run `make chat` or `make check` once: either brings them up to date.",
            code="library_too_old",
        )


def _numbers(version: str) -> tuple[int, ...]:
    """``1.2.0rc1`` as (1, 2, 0); what does not begin with a number is below everything."""
    found = _NUMBERS.match(version)
    return tuple(int(part or 0) for part in found.groups()) if found else (0, 0, 0)
