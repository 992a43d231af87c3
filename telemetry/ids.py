"""The only source of randomness: names for what no inbox row names yet."""

import base64
import secrets


def session_id() -> str:
    """``ses_`` and 16 base32 characters (80 random bits): a person's conversation.

    Every id below a session derives from its inbox rows (protocol/ids.py), so a case replays to the
    same ids; only the conversation itself has nothing it could derive from.
    """
    return f"ses_{base64.b32encode(secrets.token_bytes(10)).decode().lower()}"


def new_lineage() -> str:
    """32 hexadecimal digits (128 random bits): the life of a ledger, until it is restored from a copy."""
    return secrets.token_hex(16)
