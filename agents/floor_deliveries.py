"""The checks on receivers of events: where they are, what signs what they get, and what they ask for."""

import re
from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from agents.floor_catalogue import Code
from agents.floor_drafts import Draft
from agents.floor_parts import Parts
from protocol.delivery import wants
from protocol.engine_events import ENGINE_EVENTS
from protocol.errors import Problem
from protocol.floor import FloorConfig, Receiver

_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{0,127}")
_URL = re.compile(r"[!-~]{1,2048}")
"""What is no blank, no control and in ASCII."""


def check_deliveries(parts: Parts) -> Iterator[Problem]:
    """Every problem of ``deliver``."""
    draft = parts.config
    for number, receiver in enumerate(draft.value.deliver):
        yield from _address(draft, number, receiver)
        if not _VARIABLE.fullmatch(receiver.secret_env):
            message = (  # what stands there may be the key itself: it is not repeated
                f"secret_env of {receiver.name} is no name of an environment variable, such as ERP_SECRET"
            )
            yield draft.problem(Code.DELIVERY_KEY_INVALID, message, "deliver", number, "secret_env")
        yield from _events(parts, number, receiver)


def _address(draft: Draft[FloorConfig], number: int, receiver: Receiver) -> Iterator[Problem]:
    place = ("deliver", number, "url")
    if (wrong := _wrong_with(receiver.url)) is not None:
        message = f"the url of {receiver.name} {wrong}"
        yield draft.problem(Code.DELIVERY_URL_INVALID, message, *place)
    elif urlsplit(receiver.url).scheme == "http" and not is_here(urlsplit(receiver.url).hostname or ""):
        message = f"what {receiver.name} is sent over plain http can be read on the way"
        yield draft.problem(Code.DELIVERY_UNENCRYPTED, message, *place)


def _wrong_with(url: str) -> str | None:
    """Why nothing can be posted there; None when it can. A password in it is not repeated."""
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
        return "holds a user or a password; what signs comes from secret_env"
    return "ends in a fragment, which is never sent" if parts.fragment else None


def is_here(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _events(parts: Parts, number: int, receiver: Receiver) -> Iterator[Problem]:
    """Names that nothing is called by, and names given twice."""
    draft, known = parts.config, parts.event_types | ENGINE_EVENTS
    for place, name in enumerate(receiver.events):
        where = ("deliver", number, "events", place)
        if name in receiver.events[:place]:
            yield draft.problem(Code.DUPLICATE_NAME, f"{receiver.name} asks for {name} twice", *where)
        elif parts.toolbox is not None and name != "*" and not any(wants([name], event) for event in known):
            message = f"{receiver.name} asks for {name}, which neither the tools nor the engine publish"
            yield draft.problem(Code.DELIVERY_EVENT_UNDECLARED, message, *where)
