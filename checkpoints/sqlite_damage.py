"""Files that must not be opened: linked ones, damaged ones, and ones beside which another's journal lies.

SQLite plays back whatever journal it finds under a database's name, whoever's it is, and cannot tell that a
page in the middle of a file was overwritten until somebody reads that page. So a writer looks first.
"""

import sqlite3
from pathlib import Path

from checkpoints.sqlite_connection import patiently
from checkpoints.sqlite_files import place_errors, primary_code
from protocol.errors import InvalidFloorError

LARGEST_CHECKED_BYTES = 32 << 20
"""Up to this size a ledger's pages are checked at every start that writes: 0.65 ms per MiB, measured.

Beyond it `andon doctor` and `andon audit` check them; a page that cannot be read freezes the ledger anyway.
"""
_HEADER_BYTES = 100
_JOURNAL_MAGIC = bytes.fromhex("d9d505f920a163d7")
_JOURNAL_HEADER = 28
_WAL_HEADER = 32
_CHANGES_AT, _PAGES_AT, _JOURNAL_FORMAT_AT = 24, 28, 18


def refuse_links(path: Path) -> None:
    """Raise InvalidFloorError when a data directory or its file is reached by a second name.

    Two names of one database have two journals, and two processes may then each undo the other's work.
    """
    with place_errors(path):
        for place in (path.parent, path):
            if place.is_symlink():
                raise _linked(
                    place, f"is a link to {place.resolve()}", f"Use --data {place.parent.resolve()}"
                )
        if path.exists() and path.stat().st_nlink > 1 and path.is_file():
            raise _linked(path, "has a second name (a hard link)", "Remove the other name")


def _linked(place: Path, why: str, cure: str) -> InvalidFloorError:
    if place.is_symlink() and place.is_dir():
        cure = f"Use --data {place.resolve()}"
    return InvalidFloorError(
        f"{place} {why}: its journal would be looked for in two places.",
        hint=f"{cure}, so that every process knows the ledger under one name.",
        code="linked_data",
    )


def refuse_foreign_journal(path: Path) -> None:
    """Raise InvalidFloorError when a journal beside the file was not left by the file's own last writer."""
    with place_errors(path):
        while (found := _foreign_journal(path, head := _beginning(path))) is not None:
            if _beginning(path) == head:  # else a living writer has gone on meanwhile: look again
                raise _foreign(found, path)


def _foreign_journal(path: Path, head: bytes) -> Path | None:
    if len(head) < _HEADER_BYTES:
        return None
    wal, journal = path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-journal")
    try:
        if head[_JOURNAL_FORMAT_AT] == 1 and wal.stat().st_size > _WAL_HEADER:
            return wal
    except FileNotFoundError:
        pass
    try:
        return None if _may_belong(journal, head) else journal
    except FileNotFoundError:
        return None


def _foreign(journal: Path, path: Path) -> InvalidFloorError:
    return InvalidFloorError(
        f"{journal.name} beside {path} was left by another database: played back, it damages the ledger.",
        hint=f"Move {journal.name} away, run `andon audit`, and restore a backup if that finds anything.",
        code="foreign_journal",
    )


def _may_belong(journal: Path, head: bytes) -> bool:
    """Whether a rollback journal can be this file's. Only what speaks against it counts: without its own
    journal a file would be damaged, too.

    The journal of a commit holds page 1 as it was before, with the counter of changes that the file has now
    or had one change ago. Before that, page 1 is as it was, and so is the number of pages written in it.
    """
    with journal.open("rb") as stream:
        header = stream.read(_JOURNAL_HEADER)
        if len(header) < _JOURNAL_HEADER or not header.startswith(_JOURNAL_MAGIC):
            return True  # no journal: SQLite ignores it, as it does one whose header was zeroed at the end
        records, _, pages, sector, page = (_number(header, at) for at in range(8, 28, 4))
        if page != _page_size(head):
            return False
        stream.seek(sector)
        for _ in range(records):
            record = stream.read(page + 8)
            if len(record) < page + 8:
                return True
            if _number(record, 0) == 1:
                return _number(head, _CHANGES_AT) - _number(record, 4 + _CHANGES_AT) in (0, 1)
    return records == 0 or pages == _number(head, _PAGES_AT)


def _page_size(head: bytes) -> int:
    stored = int.from_bytes(head[16:18], "big")
    return 65536 if stored == 1 else stored


def _number(content: bytes, at: int) -> int:
    return int.from_bytes(content[at : at + 4], "big")


def _beginning(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(_HEADER_BYTES)
    except FileNotFoundError:
        return b""


def refuse_emptied(path: Path, *others: Path) -> None:
    """Raise InvalidFloorError when a ledger of no bytes lies beside files that a ledger in use has made."""
    if path.exists() and path.stat().st_size == 0 and any(o.exists() and o.stat().st_size for o in others):
        raise damaged(path, "it is empty, and files beside it show that it was in use")


def refuse_damaged(
    path: Path, connection: sqlite3.Connection, most_bytes: int = LARGEST_CHECKED_BYTES
) -> None:
    """Raise InvalidFloorError when the pages of a file of at most ``most_bytes`` do not fit together."""
    if path.stat().st_size > most_bytes:
        return
    found = patiently(path, lambda: first_damage(connection))
    if found is not None:
        raise damaged(path, found)


def first_damage(connection: sqlite3.Connection) -> str | None:
    """The first thing that is wrong with a file's pages, None when nothing is."""
    try:
        line = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.DatabaseError as error:
        if primary_code(error) not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise
        return str(error)
    return None if line == "ok" else " ".join(line.split())


def damaged(path: Path, why: str) -> InvalidFloorError:
    """The file cannot be gone on with."""
    return InvalidFloorError(
        f"The ledger {path} is damaged: {why}.",
        hint="Stop every process, keep a copy, and restore it from a backup; `andon doctor` looks again.",
        code="ledger_damaged",
    )
