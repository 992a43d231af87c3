"""The one check of what a person types, before anything is written."""

from protocol.errors import UsageError

MAX_BYTES = 64 * 1024


def check_text(text: str) -> str:
    """``text`` without surrounding blanks; raises UsageError when it is empty, malformed or too long."""
    if not text.strip():
        raise UsageError(
            "The text is empty.", hint="Say what you want to know or to have done.", code="empty_text"
        )
    try:
        size = len(text.encode("utf-8"))
    except UnicodeEncodeError:
        raise UsageError(
            "The text is not valid UTF-8.", hint="Send plain UTF-8 text.", code="not_utf8"
        ) from None
    if size > MAX_BYTES:
        raise UsageError(
            f"The text has {size} bytes; at most {MAX_BYTES} are accepted.",
            hint="Shorten it; large data goes through `andon feed FILE`.",
            code="text_too_long",
        )
    strange = next((c for c in text if (ord(c) < 32 and c not in "\t\n\r") or ord(c) == 127), None)
    if strange is not None:
        raise UsageError(
            f"The text holds the control character U+{ord(strange):04X}.",
            hint="Remove control characters; only tab and line breaks are allowed.",
            code="control_character",
        )
    return text.strip()
