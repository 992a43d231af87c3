import socket
from pathlib import Path

import pytest

from tests.network import NetworkBlockedError


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1"])
def test_outside_address_is_refused(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as one:
        one.setblocking(False)
        with pytest.raises(NetworkBlockedError):
            one.connect((host, 443))


def test_outside_name_is_not_even_looked_up() -> None:
    with pytest.raises(NetworkBlockedError):
        socket.create_connection(("example.com", 443), timeout=0.1)


def test_datagram_to_the_outside_is_refused() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as one, pytest.raises(NetworkBlockedError):
        one.sendto(b"x", ("192.0.2.1", 9))


def test_loopback_and_unix_sockets_work(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(("localhost", server.getsockname()[1]), timeout=5).close()
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(path)
        server.listen()
        client.connect(path)
