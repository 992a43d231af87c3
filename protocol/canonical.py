"""Canonical JSON: one value, one byte string, one hash.

Strings, booleans, null, integers within ±(2^53 − 1), lists and string-keyed objects. Quantities
with fractions travel as decimal strings. Everything else is refused before it can be hashed,
stored or shown (floats: ``1`` and ``1.0`` are equal in Python and hash apart).
"""

import hashlib
import json
import json.encoder
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

Json: TypeAlias = bool | int | str | list["Json"] | dict[str, "Json"] | None

MAX_INTEGER = 2**53 - 1
MAX_DEPTH = 32
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
_ARRAYS = (list, tuple)
"""What is an array. A tuple with names, such as a Ref, is none: whoever means its text writes that."""


def _encoding() -> Callable[[Any], str]:
    """The encoder, made once: the library's own methods make a new one for every value."""
    make = getattr(json.encoder, "c_make_encoder", None)
    if make is None:  # a Python without the extension module
        return _ENCODER.encode
    chunks = make(None, _ENCODER.default, json.encoder.encode_basestring, None, ":", ",", True, False, False)
    return lambda value: "".join(chunks(value, 0))


_encode = _encoding()


class NotCanonicalError(ValueError):
    """The value cannot be written as canonical JSON."""


def problem(value: object, depth: int = 0) -> str | None:
    """Why ``value`` is not canonical, or None when it is."""
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, str):
        return None if _encodable(value) else "text holds a lone surrogate"
    if isinstance(value, int):
        return None if abs(value) <= MAX_INTEGER else f"integer {value} is beyond ±(2^53 − 1)"
    if isinstance(value, float):
        return "a number with a fraction must be a decimal string"
    if depth >= MAX_DEPTH:
        return f"nested deeper than {MAX_DEPTH}"
    if type(value) in _ARRAYS:
        return _problem_within(value, depth)  # type: ignore[arg-type]
    if isinstance(value, dict):
        for key in value:
            if type(key) is str and key.isascii():
                continue
            if not isinstance(key, str) or not _encodable(key):
                return f"object key {key!r} is not text"
        return _problem_within(value.values(), depth)
    return f"{type(value).__name__} is not JSON"


def _problem_within(values: Iterable[object], depth: int) -> str | None:
    """The first problem of what a list or an object holds. Plain text and numbers are passed without a
    call: nearly all there is to write is made of them.
    """
    for value in values:
        kind = type(value)
        if kind is str and value.isascii():  # type: ignore[attr-defined]  # it is a str
            continue
        if kind is int and -MAX_INTEGER <= value <= MAX_INTEGER:  # type: ignore[operator]  # it is an int
            continue
        if value is None or kind is bool:
            continue
        if found := problem(value, depth + 1):
            return found
    return None


def _encodable(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def legible(text: str, most: int = 500) -> str:
    """``text`` from outside, such as an error's, as canonical text: cut, and without lone surrogates."""
    return text[:most].encode("utf-8", "replace").decode("utf-8")


def canonical(value: Any) -> bytes:
    """The one byte string of ``value``; raises NotCanonicalError with the reason."""
    if found := problem(value):
        raise NotCanonicalError(found)
    return dumps(value).encode("utf-8")


def dumps(value: Any) -> str:
    """Canonical text of a value already known to be canonical."""
    return _encode(value)


def digest(value: Any) -> str:
    """``sha256:`` and the hex digest of the canonical bytes."""
    return "sha256:" + hashlib.sha256(canonical(value)).hexdigest()


def loads(text: str | bytes, max_bytes: int = 1 << 20) -> Json:
    """Parse JSON strictly: duplicate keys, NaN, floats, surrogates and oversize are refused."""
    if len(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text) > max_bytes:
        raise NotCanonicalError(f"longer than {max_bytes} bytes")
    try:
        value: Json = json.loads(text, object_pairs_hook=no_duplicates, parse_constant=no_constant)
    except NotCanonicalError:
        raise
    except (ValueError, RecursionError) as error:
        raise NotCanonicalError(f"not JSON: {error}") from None
    if found := problem(value):
        raise NotCanonicalError(found)
    return value


def no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object's pairs, for a reader of JSON; raises NotCanonicalError, a ValueError, for a name twice."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise NotCanonicalError("an object names the same key twice")
    return made


def no_constant(name: str) -> None:
    """Raises NotCanonicalError for what JSON has no word for: NaN and the infinities."""
    raise NotCanonicalError(f"{name} is not a number here")
