"""A receiver of events on loopback: the one of docs/how-to/deliver.md, behind behaviours that a test sets."""

import json
import re
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "deliver.md"
KEY = "a key of thirty-two characters .."
OK = 200
HANG, CUT, HUGE, DROP, DRIP = "hang", "cut", "huge", "drop", "drip"
"""Behaviours beside status codes. DROP: it answers 200 and forgets what it got."""

SELF_SIGNED = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg84RLaNkP34hwbRV7
T7aTrOvsx41PkYVww/cti24EYmyhRANCAASYKUZmZTbRGz1/gmi2/qGnG5SC3OpH
O3uver0T7/ceyz4u8w6eaRlFR9qUujxDkJA/YllJy3rJwWjy8pm5wtSL
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBkDCCATagAwIBAgIUMFyCPJ9boY8RvBQuMvF66vS+wa0wCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJMTI3LjAuMC4xMCAXDTI2MTEyNjIwNDgzMloYDzIxMjYxMTAy
MjA0ODMyWjAUMRIwEAYDVQQDDAkxMjcuMC4wLjEwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAASYKUZmZTbRGz1/gmi2/qGnG5SC3OpHO3uver0T7/ceyz4u8w6eaRlF
R9qUujxDkJA/YllJy3rJwWjy8pm5wtSLo2QwYjAdBgNVHQ4EFgQUuuf2PxgC1Nwc
lO1slRrglxVLXGEwHwYDVR0jBBgwFoAUuuf2PxgC1NwclO1slRrglxVLXGEwDwYD
VR0TAQH/BAUwAwEB/zAPBgNVHREECDAGhwR/AAABMAoGCCqGSM49BAMCA0gAMEUC
IQDjFFksXew2mzTj/n760Y9X2/DBAsKTof/VpeLEOwFfiQIgZED3ncTPIZ6fpD1i
RNQLCeEREXFoly/lrq9cVJEHlxU=
-----END CERTIFICATE-----
"""
"""Made for 127.0.0.1 by nobody that anybody trusts; it opens nothing."""

_found = re.search(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
assert _found is not None
_documented: dict[str, Any] = {}
exec(_found[1], _documented)
receive: Callable[..., int] = _documented["receive"]


@dataclass
class Receiver:
    """``behaves``: what the n-th request is answered with; the last one goes on.

    ``events``: what had its effect; ``requests``: the bodies of all that came, in order.
    """

    behaves: list[int | str | tuple[int, dict[str, str]]] = field(default_factory=lambda: [OK])
    events: list[dict[str, Any]] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    url: str = ""
    now_s: Callable[[], float] = time.time
    released: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    key: str = KEY

    @property
    def ids(self) -> list[str]:
        """Of all that came, in order."""
        return [str(r["id"]) for r in self.requests]

    def take(self, headers: dict[str, str], body: bytes) -> int | str | tuple[int, dict[str, str]]:
        """What this request is answered with."""
        with self.lock:
            self.requests.append(json.loads(body))
            self.headers.append(headers)
            behaviour = self.behaves.pop(0) if len(self.behaves) > 1 else self.behaves[0]
            if behaviour in (OK, CUT, HUGE, HANG):
                status = receive(headers, body, self.key, self.now_s(), self.seen, self.events.append)
                self.statuses.append(status)
                if status != OK:
                    return status
            return behaviour


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    receiver: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        behaviour = self.receiver.take(dict(self.headers), body)
        status, headers = behaviour if isinstance(behaviour, tuple) else (behaviour, {})
        if status == HANG:
            self.receiver.released.wait(20)
            status = OK
        if status in (HUGE, DRIP):
            self._endless(*((b"x" * 65536, 0) if status == HUGE else (b"x", 0.05)))
            return
        answered = status if isinstance(status, int) else OK
        self.send_response_only(answered)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "100" if status == CUT else "2")
        self.end_headers()
        self.wfile.write(b"{}")
        self.close_connection = status == CUT

    def _endless(self, part: bytes, pause_s: float) -> None:
        self.send_response(OK)
        self.send_header("Content-Length", str(1 << 40))
        self.end_headers()
        try:
            for _ in range(60 if pause_s else 1 << 24):
                self.wfile.write(part)
                self.wfile.flush()
                self.receiver.released.wait(pause_s)
            self.close_connection = True
        except OSError:
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Says nothing."""


@contextmanager
def serving(
    *behaves: int | str | tuple[int, dict[str, str]], certificate: Path | None = None
) -> Iterator[Receiver]:
    """A receiver as long as the block lasts. ``certificate``: it speaks TLS with that."""
    receiver = Receiver()
    if behaves:
        receiver.behaves = list(behaves)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (_Handler,), {"receiver": receiver}))
    server.daemon_threads = True
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    receiver.url = f"http{'s' if certificate else ''}://127.0.0.1:{server.server_address[1]}/in"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.released.set()
        server.shutdown()
        server.server_close()
