"""mypy over the engine and the tests, then over the plant under a package of its own.

A floor's Python is loaded by path and its imports are relative to the floor's directory, which here
is the repository's root. So the second run sees that directory through a link, as package ``plant``.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LINKS = ROOT / ".tools" / "floor"
MYPY = [sys.executable, "-m", "mypy"]


def main() -> int:
    """0 when both runs found nothing."""
    LINKS.mkdir(parents=True, exist_ok=True)
    link = LINKS / "plant"
    if not link.is_symlink():
        link.symlink_to("../..", target_is_directory=True)
    roles = sorted(path.parent.name for path in (ROOT / "agents").glob("*/policy.py"))
    floor = [
        part for name in ("tools", *(f"agents.{role}" for role in roles)) for part in ("-p", f"plant.{name}")
    ]
    path = os.environ | {"MYPYPATH": f"{LINKS}{os.pathsep}{ROOT}"}
    engine = subprocess.run(MYPY, cwd=ROOT, check=False)
    plant = subprocess.run([*MYPY, *floor], cwd=ROOT, env=path, check=False)
    return engine.returncode or plant.returncode


if __name__ == "__main__":
    sys.exit(main())
