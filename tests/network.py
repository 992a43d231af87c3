"""Keeps a test process off the network (loopback and UNIX sockets only), through Python's audit events."""

import ipaddress
import sys
from typing import Any

_WATCHED = {"socket.connect": 1, "socket.sendto": 1, "socket.getaddrinfo": 0, "socket.gethostbyname": 0}
"""Audit event -> which of its arguments says where to."""


class NetworkBlockedError(RuntimeError):
    """A test reached for the network."""


def block_network() -> None:
    """From now on, and until the process ends, reaching anything but loopback raises NetworkBlockedError."""

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event in _WATCHED and not _is_local(args[_WATCHED[event]]):
            raise NetworkBlockedError(f"tests stay off the network: {event} {args[_WATCHED[event]]!r}")

    sys.addaudithook(hook)


def _is_local(target: object) -> bool:
    host = target[0] if isinstance(target, tuple) else target
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if not isinstance(host, str) or (not isinstance(target, tuple) and "/" in host):
        return True  # a UNIX path, or no host at all
    if host in {"", "localhost"}:
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False
