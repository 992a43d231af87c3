"""The head of the audit chain kept outside the database, signed: a file that is only ever added to.

A chain alone accepts a cut tail and a full recomputation. A head kept elsewhere exposes both, as far as
whoever changed the ledger could not change that file too, nor read its key (docs/reference/audit.md).
"""

import fcntl
import hmac
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from checkpoints.sqlite_files import place_errors
from protocol.canonical import NotCanonicalError, dumps, loads
from protocol.errors import InvalidFloorError

FILE, KEY = "audit-anchor.log", "audit-anchor.key"
"""Their names in the data directory, when no other place was named."""
_DIGITS = 16
_TAIL = 65_536
"""Bytes looked at for the last line."""
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry of an audit chain: of which ledger's life, its number, its hash, when it stood there."""

    lineage: str
    seq: int
    hash: str
    at: str


class Anchor:
    """The heads in one file. ``key`` signs them; it must not be in the database, and is never shown."""

    def __init__(self, path: Path, key: bytes) -> None:
        self.path = path
        self._key = key

    def append(self, head: Head) -> bool:
        """Write ``head`` durably; False when the file has it, or a later one of that lineage, already.

        What a dead process left of a last line is cut off first.
        """
        with place_errors(self.path), os.fdopen(_opened(self.path), "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            end = file.seek(0, os.SEEK_END)
            file.seek(max(0, end - _TAIL))
            tail = file.read()
            whole = tail.rfind(b"\n") + 1
            last = self._last_of(tail[:whole])
            if last is not None and last.lineage == head.lineage and last.seq >= head.seq:
                return False
            file.truncate(end - len(tail) + whole)
            file.seek(0, os.SEEK_END)
            file.write(self._line(head))
            file.flush()
            os.fsync(file.fileno())
        return True

    def last(self) -> Head | None:
        """The newest head; None without a file, or when nothing whole is in it."""
        try:
            with self.path.open("rb") as file:
                end = file.seek(0, os.SEEK_END)
                file.seek(max(0, end - _TAIL))
                tail = file.read()
        except FileNotFoundError:
            return None
        return self._last_of(tail[: tail.rfind(b"\n") + 1])

    def heads(self) -> Iterator[Head]:
        """All heads, oldest first. A last line that breaks off is left out; any other damage is an error."""
        try:
            with self.path.open("rb") as file:
                for number, line in enumerate(file, 1):
                    if line.endswith(b"\n"):
                        yield self._read(line, f"line {number}")
        except FileNotFoundError:
            return

    def _last_of(self, whole_lines: bytes) -> Head | None:
        lines = whole_lines.splitlines(keepends=True)
        return self._read(lines[-1], "the last line") if lines else None

    def _line(self, head: Head) -> bytes:
        body = dumps({**asdict(head), "mac": self._mac(head)}).encode()
        return b"%06d %s %s\n" % (len(body), _checksum(body), body)

    def _read(self, line: bytes, where: str) -> Head:
        length, _, rest = line.rstrip(b"\n").partition(b" ")
        checksum, _, body = rest.partition(b" ")
        if length != b"%06d" % len(body) or checksum != _checksum(body):
            raise _damaged(self.path, f"{where} is not whole")
        try:
            found = loads(body)
            assert isinstance(found, dict)
            mac = found.pop("mac")
            head = Head(**found)  # type: ignore[arg-type]  # checked by its signature
        except (AssertionError, KeyError, TypeError, NotCanonicalError):
            raise _damaged(self.path, f"{where} is no head") from None
        if not hmac.compare_digest(str(mac), self._mac(head)):
            raise _damaged(self.path, f"{where} is not signed with this key")
        return head

    def _mac(self, head: Head) -> str:
        said = dumps(["andon anchor 1", head.lineage, head.seq, head.hash, head.at])
        return hmac.new(self._key, said.encode(), sha256).hexdigest()


def open_anchor(path: Path, key_path: Path, *, make: bool) -> Anchor | None:
    """The anchor at ``path``. ``make``: with a new key, mode 0600, when there is neither file nor key.

    None when there is none and none is to be made. Raises InvalidFloorError when there are heads and no
    key to them, or when the key's file cannot be used.
    """
    with place_errors(key_path):
        if not key_path.exists():
            if path.exists() and path.stat().st_size > 0:
                raise InvalidFloorError(
                    f"The key {key_path} of the audit anchor {path} is missing.",
                    hint="Put it back, or name it with ANDON_ANCHOR_KEY.",
                    code="anchor_key_missing",
                )
            if not make:
                return None
            _make_key(key_path)
        key = key_path.read_bytes().strip()
    if len(key) < _KEY_BYTES:
        raise InvalidFloorError(
            f"The key {key_path} of the audit anchor is shorter than {_KEY_BYTES} bytes.",
            hint="Put the right file back, or name it with ANDON_ANCHOR_KEY.",
            code="anchor_key_missing",
        )
    return Anchor(path, key)


def _make_key(path: Path) -> None:
    """Another process may make it in the same instant: then its key stands."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(os.urandom(_KEY_BYTES).hex().encode())
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()


def _opened(path: Path) -> int:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _checksum(body: bytes) -> bytes:
    return sha256(body).hexdigest()[:_DIGITS].encode()


def _damaged(path: Path, what: str) -> InvalidFloorError:
    return InvalidFloorError(
        f"The audit anchor {path} is damaged: {what}.",
        hint="Compare it with a copy; `andon audit` says what else is wrong.",
        code="anchor_damaged",
    )
