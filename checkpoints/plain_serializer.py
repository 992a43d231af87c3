"""What may come out of a checkpoint: plain data, and langgraph's note of where a case waits. Nothing else.

Whoever can write to the cache could otherwise have objects built on loading (the advisories are listed in
docs/reference/storage.md). langgraph's strict mode hands over the attacker's data in place of the object;
here the whole checkpoint is refused, and the case goes on from the ledger.
"""

from typing import Any

import ormsgpack
from langgraph.checkpoint.serde.jsonplus import EXT_CONSTRUCTOR_KW_ARGS, JsonPlusSerializer
from langgraph.types import Interrupt

_WAITS = ("langgraph.types", "Interrupt")
_TYPES = frozenset({"null", "bytes", "bytearray", "msgpack"})
"""Encodings that langgraph writes today. ``json`` and ``pickle`` build objects, and are read no more."""


class TamperedCheckpointError(Exception):
    """A checkpoint holds what Andon never wrote."""


class PlainSerializer(JsonPlusSerializer):
    """langgraph's serializer, strict whatever the environment says."""

    def __init__(self) -> None:
        super().__init__(allowed_msgpack_modules=None)

    def loads_typed(self, data: tuple[str, bytes]) -> Any:
        """The stored value; TamperedCheckpointError when it is more than plain data."""
        encoding, content = data
        if encoding not in _TYPES:
            raise TamperedCheckpointError(f"the checkpoint is refused: its encoding is {encoding!r}")
        return _unpacked(content) if encoding == "msgpack" else super().loads_typed(data)


def _unpacked(content: bytes) -> Any:
    """The value of a msgpack text. ormsgpack drops an extension's error, so its reason is noted."""
    refused: list[str] = []

    def extension(code: int, inner: bytes) -> Any:
        stored = ormsgpack.unpackb(inner, ext_hook=extension, option=ormsgpack.OPT_NON_STR_KEYS)
        match stored:
            case [str(module), str(name), {"value": value, "id": str(identifier), **others}] if (
                code == EXT_CONSTRUCTOR_KW_ARGS
                and (module, name) == _WAITS
                and others in ({}, {"response_schema": None})
            ):
                return Interrupt(value=value, id=identifier)
            case [str(module), str(name), *_]:
                refused.append(f"it would build {module}.{name}")
            case _:
                refused.append(f"it holds an extension of type {code}")
        raise ValueError(refused[0])

    try:
        return ormsgpack.unpackb(content, ext_hook=extension, option=ormsgpack.OPT_NON_STR_KEYS)
    except ValueError as error:
        if refused:
            raise TamperedCheckpointError(f"the checkpoint is refused: {refused[0]}") from error
        raise
