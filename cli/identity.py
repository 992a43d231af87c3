"""Who is at the terminal: the operating system's word, or ``--as`` where the floor lets it count."""

import getpass
import os
import sys

from protocol.errors import NotAuthorisedError, UsageError
from protocol.floor import FloorConfig
from protocol.ids import PERSON

GUEST = "guest"
"""May ask, holds no role."""


def who(config: FloorConfig, as_person: str | None, user: str | None) -> str:
    """The person of this run. ``user``: the operating system's name, None when it has none.

    Raises NotAuthorisedError when ``--as`` names somebody else than the floor's ``identity: os`` allows.
    """
    own = next((p.id for p in config.people if user is not None and p.os_user == user), GUEST)
    if as_person is None:
        return own
    if not PERSON.fullmatch(as_person):
        raise UsageError(
            f"--as {as_person} is not a person's id.",
            hint="An id is lower-case letters, digits, '.', '_' and '-', such as ann.lee.",
            code="bad_person",
        )
    if config.identity == "claimed" or as_person in (own, GUEST):
        return as_person
    raise NotAuthorisedError(
        f"--as {as_person} is refused: this floor knows you as {own}.",
        hint="Leave out --as, or add your os_user to that person in floor.yaml.",
        code="not_that_person",
    )


def operating_user() -> str | None:
    """The name of the account this process runs under; None for an account without a name.

    Not ``getpass.getuser()`` where it can be helped: that one believes the environment.
    """
    if sys.platform == "win32":
        return getpass.getuser()
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return None
