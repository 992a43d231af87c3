"""A receiver outside, which does its part once for each event, however often it is sent, in order."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from graph.app import App
from graph.delivering import deliver_due
from graph.webhook import Letter
from protocol.delivery import OWN, Answer
from protocol.failpoints import Point, failpoint
from protocol.ports import ReadTx
from tests.recovery.crash.client import Notes

FILE = "consumed"
"""Beside the data: a line for each event that the receiver acted on: aggregate, number in it, id."""
CONFIG = (
    "deliver: [{name: book, url: http://127.0.0.1:9/, secret_env: BOOK_KEY, events: ['*'], history: true}]"
)
KEY = "0123456789abcdef0123456789abcdef"


class Book:
    """Writes down each event once. The line is both its part and how it knows the event again."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def send(self, letter: Letter) -> Answer:
        """As if it had come over a network."""
        event = json.loads(letter.body)
        line = f"{event['aggregate']} {event['aggregate_sequence']} {event['id']}"
        if line not in _lines(self._path):
            with self._path.open("a", encoding="utf-8") as out:
                out.write(line + "\n")
        failpoint(Point.CONSUMED)
        return Answer(200)

    async def aclose(self) -> None:
        """Nothing is open."""


@dataclass(frozen=True, slots=True)
class Deliver:
    """Everything that has happened is sent to the receiver."""

    acknowledged_at: Point | None = None

    def accepted(self, tx: ReadTx, intended: object) -> bool:
        return not tx.rows("SELECT 1 FROM deliveries WHERE state <> 'sent'").fetchall()  # type: ignore[attr-defined]

    async def do(self, app: App, number: int, notes: Notes) -> None:
        await deliver_due(app, make_post=lambda: Book(app.settings.data_dir.parent / FILE))


def missed(home: Path, tx: ReadTx) -> Iterator[str]:
    """What the receiver has not, has twice, or has in another order than it happened."""
    if not (home / FILE).exists():
        return
    lines = [line.split() for line in _lines(home / FILE)]
    ids = [identifier for *_, identifier in lines]
    wanted = {event.id for event in tx.events() if not event.type.startswith(OWN)}
    if lost := wanted - set(ids):
        yield f"{len(lost)} events never came to the receiver"
    if len(ids) != len(set(ids)):
        yield "the receiver has an event under two numbers"
    last: dict[str, int] = {}
    for aggregate, number, _ in lines:
        if int(number) != last.get(aggregate, 0) + 1:
            yield f"{aggregate}: number {number} came after {last.get(aggregate, 0)}"
        last[aggregate] = int(number)


def _lines(path: Path) -> list[str]:
    return path.read_text("utf-8").splitlines() if path.exists() else []
