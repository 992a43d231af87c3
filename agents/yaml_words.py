"""What an unquoted word of YAML 1.2 means: ``no`` and ``10:30`` are text, ``0o17`` and ``1e3`` numbers."""

import re
from collections.abc import Mapping
from typing import Any

MAX_DIGITS = 400
"""A longer number stays text: Python refuses to print one of some thousand digits."""

_INTEGER = re.compile(r"[-+]?[0-9]+")
_OCTAL_OR_HEX = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FRACTION = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_CONSTANTS: Mapping[str, bool | float | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}


def plain(text: str) -> Any:
    """The value of an unquoted word under the YAML 1.2 core schema."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    first = text[0]
    if first not in "+-.0123456789":
        return text
    if _INTEGER.fullmatch(text):
        return int(text) if len(text) < MAX_DIGITS else text
    if _OCTAL_OR_HEX.fullmatch(text):
        return int(text, 0) if len(text) < MAX_DIGITS else text
    return float(text) if _FRACTION.fullmatch(text) else text
