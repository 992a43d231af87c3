"""What a check of ``andon doctor`` says."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

OK, WARN, FAIL = "ok", "warn", "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """What was found. ``exit_code``: of the program when this failed."""

    name: str
    status: str
    detail: str
    hint: str = ""
    exit_code: int = 0

    def to_json(self) -> dict[str, Any]:
        """The shape of one check."""
        return {name: value for name, value in asdict(self).items() if name != "exit_code"}


def nearest(path: Path) -> Path:
    """The path itself, or the closest parent that is there."""
    return next(p for p in (path.absolute(), *path.absolute().parents) if p.exists())
