"""Characters that show nothing on a screen, or change how others are shown."""

import unicodedata

_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
"""Controls, formats (bidi, zero width, tags), surrogates, private use, line and paragraph separators."""

_OTHERS = frozenset(
    {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0, *range(0x180B, 0x1810)}
    | {*range(0xFE00, 0xFE10), *range(0xE0000, 0xE1000)}
)
"""Code points of other categories that show nothing: fillers, joiners, variation selectors, a blank."""


def hides(character: str) -> bool:
    """Whether one character shows nothing of its own. Blanks show their width, except U+2800."""
    return unicodedata.category(character) in _CATEGORIES or ord(character) in _OTHERS
