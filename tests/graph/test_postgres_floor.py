"""The harbour and the plant on PostgreSQL: the same stories end as on SQLite, by the real application."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from checkpoints.copying import tables
from checkpoints.plain_serializer import TamperedCheckpointError
from checkpoints.postgres_saver import open_postgres_saver
from checkpoints.sqlite_saver import discard
from graph.app import App, open_app
from graph.feed import feed
from graph.settings import Settings
from tests.agents.floor_copies import HARBOUR
from tests.cli.program import ASKS_A_PERSON, SIGNER, Program
from tests.graph.feed_floor import log_row, silent_plant, write_log
from tests.graph.harbour_app import LAY, SHIFT, SOUND, WHERE, announced, violations
from tests.postgres import OwnServer, some_database
from tests.recovery.crash.canonical import canonical, differences

pytestmark = pytest.mark.long

_CHECKPOINTS = ("checkpoints", "checkpoint_blobs", "checkpoint_writes")


@dataclass
class Home:
    """Where a story is played. ``database`` None: in files; ``forgets``: no checkpoint outlives a pause."""

    data: Path
    database: str | None = None
    floor: Path = HARBOUR
    forgets: bool = False

    @asynccontextmanager
    async def app(self) -> AsyncIterator[App]:
        """The application, in a process's life of its own as far as one process can have several."""
        settings = Settings(floor_dir=self.floor, data_dir=self.data, database=self.database)
        async with open_app(settings) as app:
            yield app
        if self.forgets:
            self.forget()

    def forget(self) -> None:
        """Delete every checkpoint."""
        if self.database is None:
            discard(self.data / "checkpoints.db")
            return
        with psycopg.connect(self.database) as raw:
            raw.execute(f"TRUNCATE {', '.join(f'andon.{name}' for name in _CHECKPOINTS)}".encode())

    async def ledger(self) -> dict[str, list[Any]]:
        """Every row but what tells of the way, and nothing wrong with any."""
        async with self.app() as app:
            assert await violations(app) == []
            kind = "sqlite" if self.database is None else "postgres"
            found = await app.ledger.read(lambda tx: canonical(tx, kind))  # type: ignore[arg-type]
            lineage = await app.ledger.read(lambda tx: tx.meta("lineage"))
        found = json.loads(json.dumps(found).replace(str(lineage), "each has its own"))
        return {table: rows for table, rows in found.items() if table in tables()}


@pytest.fixture
def url() -> Iterator[str]:
    """An empty database."""
    with some_database() as made:
        yield made


def told(shape: dict[str, Any]) -> dict[str, Any]:
    """What a person is told, without how long it took."""
    return {name: value for name, value in shape.items() if name not in {"duration_s", "usage"}}


async def harbour_day(home: Home) -> list[Any]:
    """Requests, a fact, an approval and a question, each decided in another life of the application."""
    said: list[Any] = []
    async with home.app() as app:
        said += [told(await app.ask(text, person="guest")) for text in (WHERE, LAY, SOUND, "Bake a cake")]
        await app.accept([announced()])
        said.append(sorted(await app.drain()))
        waits = await app.ask(SHIFT, person="guest")
        said.append(told(waits))
    async with home.app() as app:
        said += [told(shape) for shape in await app.resume(waits["case"])]
    async with home.app() as app:
        decided = await app.decide(waits["waiting"][0]["id"], "approve", person=SIGNER, reason="fine")
        said.append(told(decided))
        await app.pull("floor", person=SIGNER, reason="smoke")
        asked = await app.ask("Lay V-2 at B3 from 2026-05-05 12:00", person="guest")
        said.append(told(asked))
    async with home.app() as app:
        await app.release("floor", person=SIGNER, reason="no smoke")
        question = asked["waiting"][0]["id"]
        said.append(told(await app.decide(question, "answer", person=SIGNER, option=0)))
        await app.wait(100_000)
        said += [told(await app.outcome(row.id)) for row in await app.ledger.read(lambda tx: tx.cases())]
    return said


async def test_day_at_the_harbour_ends_alike_on_both_and_with_every_checkpoint_deleted(
    tmp_path: Path, url: str
) -> None:
    on_sqlite = Home(tmp_path / "one")
    on_postgres = Home(tmp_path / "two", url)
    said = await harbour_day(on_sqlite)
    assert await harbour_day(on_postgres) == said
    expected = await on_sqlite.ledger()
    assert differences(expected, await on_postgres.ledger()) == []
    with some_database() as other:
        forgetful = Home(tmp_path / "three", other, forgets=True)
        assert await harbour_day(forgetful) == said
        assert differences(expected, await forgetful.ledger()) == []


async def test_feed_ends_alike_on_both(tmp_path: Path, url: str) -> None:
    floor = silent_plant(tmp_path / "floor")
    rows = [log_row(), log_row(case=2), log_row(resource="Nobody knows"), log_row()]
    log = write_log(tmp_path / "log.csv", rows)
    tallies, ledgers = [], []
    for home in (Home(tmp_path / "one", floor=floor), Home(tmp_path / "two", url, floor)):
        async with home.app() as app:
            tallies.append(told(await feed(app, log)))
        ledgers.append(await home.ledger())
    assert tallies[0] == tallies[1]
    assert tallies[0]["rows"] == 4
    assert differences(*ledgers) == []


def test_people_in_processes_of_their_own_share_one_database(tmp_path: Path, url: str) -> None:
    asks, signs = Program(tmp_path / "one"), Program(tmp_path / "two")
    waiting = asks.process("run", ASKS_A_PERSON, "--json", "--database", url)
    assert waiting.code == 75, waiting.err
    item = waiting.json["waiting"][0]["id"]
    seen = signs("inbox", "--json", ANDON_DATABASE=url)
    assert [i["id"] for i in seen.json["items"]] == [item]
    done = signs.process("approve", item, "--as", SIGNER, "--json", ANDON_DATABASE=url)
    assert (done.code, done.json["status"]) == (0, "done"), done.err
    again = asks("approve", item, "--as", SIGNER, "--json", "--database", url)
    assert again.code == 78
    checked = asks("audit", "--json", "--database", url)
    assert (checked.code, checked.json["violations"]) == (0, [])
    assert not (tmp_path / "one" / "ledger.db").exists()


def test_database_that_is_away_is_told_in_one_sentence(tmp_path: Path) -> None:
    done = Program(tmp_path)("run", LAY, "--json", "--database", "postgresql://ann:se-cret@127.0.0.1:1/x")
    assert (done.code, done.error["code"], done.out) == (69, "ledger_down", "")
    assert "se-cret" not in done.err
    assert done.error["message"].count("\n") == 0
    wrong = Program(tmp_path)("run", LAY, "--json", "--database", "mysql://x")
    assert (wrong.code, wrong.error["code"]) == (3, "bad_database")


async def test_case_goes_on_after_its_server_was_restarted_between_pause_and_decision(tmp_path: Path) -> None:
    server = OwnServer()
    home = Home(tmp_path, server.url)
    async with home.app() as app:
        waits = await app.ask(SHIFT, person="guest")
        await asyncio.to_thread(server.stop)
        await asyncio.to_thread(server.start)
        decided = await app.decide(waits["waiting"][0]["id"], "approve", person=SIGNER)
        assert (decided["status"], decided["verdicts"][-1]["verdict"]) == ("done", "committed")
        assert await violations(app) == []
    await asyncio.to_thread(server.stop)


async def test_checkpoint_that_would_build_an_object_is_refused_and_its_case_goes_on(
    tmp_path: Path, url: str
) -> None:
    home = Home(tmp_path, url)
    async with home.app() as app:
        waits = await app.ask(SHIFT, person="guest")
    with psycopg.connect(url, autocommit=True) as raw:
        changed = raw.execute(
            "UPDATE andon.checkpoint_blobs SET type = 'pickle', blob = %s", (b"cos\nsystem\n(S'exit 1'\ntR.",)
        )
        assert changed.rowcount > 0
    async with open_postgres_saver(url) as saver:
        with pytest.raises(Exception, match="encoding is 'pickle'") as caught:
            await saver.aget_tuple({"configurable": {"thread_id": waits["case"]}})
        assert isinstance(caught.value.__cause__, TamperedCheckpointError)
    async with home.app() as app:
        decided = await app.decide(waits["waiting"][0]["id"], "approve", person=SIGNER)
        assert decided["status"] == "done"


def test_postgresql_is_not_imported_by_whoever_does_not_use_it(tmp_path: Path) -> None:
    program = "import sys, graph.app, cli.main; print([n for n in sys.modules if n.startswith('psycopg')])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
