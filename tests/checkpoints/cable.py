"""A cable to a PostgreSQL that can be cut: a proxy on loopback, which looks out for COMMIT."""

import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Literal

from psycopg.conninfo import conninfo_to_dict

Cut = Literal["before", "after", "unseen"]
"""At the next COMMIT: the server never gets it; it has answered, and the answer gets lost; it never gets it,
and does not see either that nobody is there any more."""


class Cable:
    """``url``: the same database by way of this cable. ``cut``: where to cut it next; None: nowhere."""

    def __init__(self, url: str) -> None:
        parts = conninfo_to_dict(url)
        self._server = f"{parts['host']}/.s.PGSQL.{parts.get('port', 5432)}"
        self._listener = socket.create_server(("127.0.0.1", 0))
        port = self._listener.getsockname()[1]
        self.url = f"postgresql://{parts['user']}@127.0.0.1:{port}/{parts['dbname']}"
        self.cut: Cut | None = None
        self.cuts = 0
        self._kept: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """No more connections, and none of those that were left hanging."""
        self._listener.close()
        for left in self._kept:
            left.close()

    def _serve(self) -> None:
        with suppress(OSError):  # closed
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        server = socket.socket(socket.AF_UNIX)
        server.connect(self._server)
        ways = {client: server, server: client}
        with selectors.DefaultSelector() as selector, suppress(OSError):
            for end in ways:
                selector.register(end, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    source = key.fileobj
                    assert isinstance(source, socket.socket)
                    data = source.recv(1 << 16)
                    if not data or (source is client and self._cuts(data, client, server)):
                        raise OSError("cut")
                    ways[source].sendall(data)
        client.close()
        if server not in self._kept:
            server.close()

    def _cuts(self, data: bytes, client: socket.socket, server: socket.socket) -> bool:
        how = self.cut
        if how is None or b"COMMIT\x00" not in data:
            return False
        self.cut = None
        self.cuts += 1
        if how == "after":
            server.sendall(data)
            server.recv(1 << 16)
        if how == "unseen":
            self._kept.append(server)
        return True


@contextmanager
def cable(url: str) -> Iterator[Cable]:
    """A cable for as long as the block lasts."""
    made = Cable(url)
    try:
        yield made
    finally:
        made.close()
