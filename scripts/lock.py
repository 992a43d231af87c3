"""Write both locks from pyproject.toml; run by ``make lock`` inside its throw-away environment.

The runtime lock is resolved first and binds the other one, so both name the same versions. Versions
that still fit stay; ``make lock PACKAGE=name`` raises one, ``make lock PACKAGE=all`` raises all.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UV = str(Path(sys.executable).with_name("uv"))
COMPILE = (
    "pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header"
    " --annotation-style line pyproject.toml --group build"
)


def main(package: str | None) -> None:
    """Resolve; raises CalledProcessError after uv has said what does not fit."""
    raised = {None: [], "all": ["--upgrade"]}.get(package, ["--upgrade-package", str(package)])
    for options in (
        ["--output-file", "requirements.lock"],
        ["--group", "dev", "--constraints", "requirements.lock", "--output-file", "requirements-dev.lock"],
    ):
        subprocess.run([UV, *COMPILE.split(), *options, *raised], cwd=ROOT, check=True)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
