"""Make .venv from a hash-pinned lock; nothing but a Python and its package index is needed.

``python3 scripts/setup_venv.py requirements.lock`` ends at once when the lock's packages are there
already. A set-up that was broken off is made anew. This file is read by whatever ``python3`` a
machine has, so it keeps to syntax that old ones can read far enough to say what is wrong.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from typing import Any

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
STAMP = os.path.join(VENV, "andon-setup.json")
UNFINISHED = os.path.join(VENV, "andon-setup.unfinished")
INCLUDES = {"requirements-dev.lock": ["requirements.lock"]}
OLDEST = (3, 11)


def say(text: str) -> None:
    """One line for the person who waits; stdout belongs to what runs afterwards."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def check_python() -> None:
    """Leave with one sentence when this Python cannot carry Andon."""
    if sys.version_info < OLDEST:
        found = ".".join(str(part) for part in sys.version_info[:3])
        sys.exit(
            "Andon needs Python 3.11 or newer, and "
            + sys.executable
            + " is "
            + found
            + ": install a newer one"
            " or name it, for example `make chat PYTHON=python3.12`."
        )
    try:
        import ensurepip  # noqa: F401 - only whether it is there
        import venv  # noqa: F401
    except ImportError:
        sys.exit(
            sys.executable + " cannot make virtual environments: install its venv module"
            " (Debian and Ubuntu: the package python3-venv)."
        )


def wanted(lock: str) -> "dict[str, Any]":
    """What the stamp says once ``lock`` is installed: place, Python, and a hash for each lock it holds."""
    names = [lock] + INCLUDES.get(lock, [])
    return {
        "root": ROOT,
        "python": list(sys.version_info[:2]),
        "locks": {name: digest(name) for name in names},
    }


def digest(name: str) -> str:
    """The hash of a lock together with the project file: a new console script needs a new set-up too."""
    found = hashlib.sha256()
    for path in (name, "pyproject.toml"):
        with open(os.path.join(ROOT, path), "rb") as file:
            found.update(file.read())
    return found.hexdigest()


def present() -> "dict[str, Any]":
    """The stamp of the last finished set-up, or an empty one when nothing usable is there."""
    try:
        with open(STAMP) as file:
            stamp = json.load(file)
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) and os.path.exists(PYTHON) else {}


def is_ready(stamp: "dict[str, Any]", want: "dict[str, Any]") -> bool:
    """Whether ``stamp`` covers ``want``."""
    same_place = all(stamp.get(name) == want[name] for name in ("root", "python"))
    locks = stamp.get("locks", {})
    return same_place and all(locks.get(name) == want["locks"][name] for name in want["locks"])


def runs() -> bool:
    """Whether the venv's Python starts, has pip, and is the version that is asked for."""
    code = "import pip, sys; sys.exit(tuple(sys.version_info[:2]) != %r)" % (tuple(sys.version_info[:2]),)
    if not os.path.exists(PYTHON):
        return False
    return subprocess.call([PYTHON, "-c", code], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0


def install(lock: str) -> bool:
    """Install the lock, then the checkout itself (which needs no index); True when both worked."""
    pip = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    for options in (
        ["--require-hashes", "-r", lock],
        ["--no-index", "--no-deps", "--no-build-isolation", "--editable", "."],
    ):
        if subprocess.call(pip + options, cwd=ROOT, stdin=subprocess.DEVNULL) != 0:
            return False
    return True


def make(lock: str, want: "dict[str, Any]") -> bool:
    """Bring .venv to what the lock says; True when it worked."""
    if os.path.exists(UNFINISHED) or not runs():
        shutil.rmtree(VENV, ignore_errors=True)
        if subprocess.call([sys.executable, "-m", "venv", VENV], stdin=subprocess.DEVNULL) != 0:
            return False
    with open(UNFINISHED, "w") as file:
        file.write(lock)
    if os.path.exists(STAMP):
        os.remove(STAMP)
    if not install(lock):
        return False
    with open(STAMP, "w") as file:
        json.dump(want, file)
    os.remove(UNFINISHED)
    return True


def main(lock: str) -> int:
    """Set up for ``lock``; the exit code is 0 or 1."""
    check_python()
    want = wanted(lock)
    if is_ready(present(), want):
        return 0
    with open(__file__) as turnstile:
        fcntl.flock(turnstile, fcntl.LOCK_EX)  # two commands on a fresh checkout: the second one waits
        if is_ready(present(), want):
            return 0
        say("Setting up .venv from " + lock + " (once; about a minute) ...")
        if make(lock, want):
            return 0
    say("Set-up failed: the lines above say why. Mend it and run the same command again; it starts afresh.")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
