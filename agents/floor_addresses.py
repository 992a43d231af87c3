"""What is wrong with an address outside, and with the name of a variable that holds a key."""

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{0,127}")
_URL = re.compile(r"[!-~]{1,2048}")
"""What is no blank, no control and in ASCII."""


def is_variable(name: str) -> bool:
    """Whether it is the name of an environment variable, and not, for example, the key itself."""
    return _VARIABLE.fullmatch(name) is not None


def wrong_with(url: str) -> str | None:
    """Why nothing can be sent there; None when it can. A password in it is not repeated."""
    if not _URL.fullmatch(url):
        return "holds blanks or other characters that no address has, or is too long"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "cannot be read: its host or its port is none"
    if parts.scheme not in ("http", "https"):
        return f"begins with {parts.scheme or 'nothing'}; write https://…"
    if not host:
        return "names no host"
    if parts.username is not None or parts.password is not None:
        return "holds a user or a password; keys come from the environment"
    return "ends in a fragment, which is never sent" if parts.fragment else None


def is_in_the_clear(url: str) -> bool:
    """Whether what is sent there can be read on the way: plain http, and not to this machine."""
    parts = urlsplit(url)
    return parts.scheme == "http" and not _is_here(parts.hostname or "")


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
