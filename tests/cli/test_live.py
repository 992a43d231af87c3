"""What is being written, at a terminal: shown while it comes, taken back when it is decided."""

import asyncio
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import Any

import pytest

from cli.live import MOST_ROWS, Row, clipped, words
from cli.options import Common
from cli.output import Output
from cli.progress import EVERY_S, Progress
from protocol.hidden import hides
from tests.agents.floor_copies import CONFIG, Edit, copy_harbour
from tests.architecture.sources import ROOT
from tests.cli.program import Program
from tests.cli.screens import at_terminal, screen
from tests.evals.model_server.test_endpoint import served


class Terminal(io.StringIO):
    """A stream to a screen."""

    def isatty(self) -> bool:
        return True


class Seat:
    """Somebody at a terminal of 60 columns, who is told what happens, a picture's time apart."""

    def __init__(self, *, aside: io.StringIO | None = None, **common: Any) -> None:
        self.terminal = Terminal()
        self.aside = self.terminal if aside is None else aside
        self.now_s = 0.0
        self.output = Output(Common(ROOT, Path("data"), **common))
        self.progress = Progress(self.output, lambda: self.now_s, speaks=True)

    @contextmanager
    def on(self) -> Iterator[None]:
        with redirect_stdout(self.terminal), redirect_stderr(self.aside):
            yield

    def tell(self, *events: dict[str, Any]) -> None:
        for event in events:
            self.now_s += EVERY_S
            with self.on():
                self.progress(event)

    @property
    def written(self) -> str:
        """Every character."""
        return self.terminal.getvalue()

    @property
    def screen(self) -> str:
        """What stands there now."""
        return screen(self.written)


@pytest.fixture(autouse=True)
def _size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("LINES", "24")


def writing(agent: str, call: str = "reply", text: str = "", *, is_anew: bool = False) -> dict[str, Any]:
    event = {"type": "agent.writing", "case": "c", "agent": agent}
    return {**event, "call": call, "text": text, "is_anew": is_anew}


def finished(agent: str, failure: str | None = None) -> dict[str, Any]:
    return {"type": "agent.finished", "case": "c", "agent": agent, "failure": failure, "elapsed_s": 1.5}


SPEAKS = "scheduling is writing; nothing of it is decided yet:"
DECIDED = {"type": "round.decided", "case": "c"}


def test_words_are_shown_while_they_come_and_the_reply_stands_once() -> None:
    seat = Seat()
    seat.tell(writing("scheduling", text="M7 is "), writing("quality", "ask_inventory__is_available"))
    assert seat.screen == f"quality is writing ask_inventory__is_available\n{SPEAKS}\n  M7 is \n"
    seat.tell(writing("scheduling", text="up."), finished("quality"), finished("scheduling"))
    assert seat.screen == f"quality 1.5s\nscheduling 1.5s\n{SPEAKS}\n  M7 is up.\n"
    seat.tell(DECIDED, {"type": "reply.said", "case": "c", "text": "scheduling: M7 is up."})
    assert seat.screen == "quality 1.5s\nscheduling 1.5s\nscheduling: M7 is up.\n"
    assert seat.progress.told == "scheduling: M7 is up."


def test_what_is_void_is_taken_back_and_written_anew() -> None:
    seat = Seat()
    seat.tell(writing("scheduling", text="It is d"), writing("scheduling", is_anew=True))
    assert seat.screen == ""
    seat.tell(writing("scheduling", text="No."))
    assert seat.screen == f"{SPEAKS}\n  No.\n"
    seat.tell(finished("scheduling", "invalid"))
    assert seat.screen == "scheduling 1.5s failed: invalid\n"


def test_a_round_that_is_decided_leaves_nothing_of_what_was_written() -> None:
    seat = Seat()
    seat.tell(writing("scheduling", text="I have moved it."), finished("scheduling"), DECIDED)
    assert seat.screen == "scheduling 1.5s\n"


def test_leaving_in_the_middle_leaves_nothing() -> None:
    seat = Seat()
    with suppress(KeyboardInterrupt), seat.on(), seat.progress:
        seat.tell(writing("scheduling", text="M7 is "))
        raise KeyboardInterrupt
    assert "M7 is" in seat.written
    assert seat.screen == ""


def test_whatever_else_is_printed_stands_above() -> None:
    seat = Seat()
    seat.tell(writing("scheduling", text="M7 is "))
    with seat.on():
        seat.output.note("waiting for a person: esc_1")
        seat.output.table(["id"], [["esc_1"]])
    seat.tell(writing("scheduling", text="up."))
    lines = seat.screen.splitlines()
    assert (lines[0], lines[-2:]) == ("waiting for a person: esc_1", [SPEAKS, "  M7 is up."])
    assert seat.screen.count("is writing") == 1


def test_pictures_are_no_more_than_a_person_sees() -> None:
    seat = Seat()
    seat.tell(*(writing("scheduling", text="x") for _ in range(3)))
    with seat.on():
        for _ in range(1000):
            seat.progress(writing("scheduling", text="x"))
    assert seat.written.count("is writing") == 3


@pytest.mark.parametrize("common", [{"as_json": True}, {"quiet": True}])
def test_who_wants_no_progress_sees_none(common: dict[str, Any]) -> None:
    seat = Seat(**common)
    seat.tell(writing("scheduling", text="M7 is up."))
    assert seat.written == ""


@pytest.mark.parametrize("name", ["dumb", None])
def test_a_terminal_that_cannot_move_its_cursor_shows_none(
    name: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", name) if name else monkeypatch.delenv("TERM")
    seat = Seat()
    seat.tell(writing("scheduling", text="M7 is up."), DECIDED)
    assert seat.written == ""


def test_no_terminal_no_rows(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress(Output(Common(ROOT, Path("data"))), lambda: 0.0, speaks=True)
    for event in (writing("scheduling", text="M7 is up."), DECIDED):
        progress(event)
    assert capsys.readouterr() == ("", "")


def test_rows_aside_are_left_out_where_stderr_is_no_terminal() -> None:
    seat = Seat(aside=io.StringIO())
    seat.tell(writing("quality", "look"), writing("scheduling", text="M7 is up."), DECIDED)
    assert seat.aside.getvalue() == ""
    assert f"{SPEAKS}\n  M7 is up.\n" in seat.written
    assert seat.screen == ""


HOSTILE = "\x1b[2J\x1b]0;title\x07\u202eevil\r\x9b31m"


def test_hostile_text_acts_on_no_terminal() -> None:
    seat = Seat()
    seat.tell(*(writing("scheduling", text=character) for character in HOSTILE), writing("quality", HOSTILE))
    assert seat.screen  # which knows our own two moves, and no other
    assert set(re.findall(r"\x1b\[\d*[A-Za-z]", seat.written)) <= {f"\x1b[{n}F" for n in range(9)} | {
        "\x1b[J"
    }
    rest = re.sub(r"\x1b\[\d*[FJ]", "", seat.written)
    assert not [c for c in rest if hides(c) and c != "\n"]


def test_a_terminal_that_is_gone_stops_nobody() -> None:
    seat = Seat()

    def write(_: str) -> int:
        raise OSError(5, "Input/output error")

    seat.terminal.write = write  # type: ignore[method-assign]
    seat.tell(writing("scheduling", text="M7 is up."), DECIDED)


@pytest.mark.parametrize("text", ["x" * 5000, "word " * 1000, "日本語" * 800, "\n" * 500, "\t\t\tx" * 90])
def test_a_row_is_a_row(text: str) -> None:
    rows = words(text, 40)
    assert len(rows) <= MOST_ROWS
    assert rows[0] == "  ..."
    assert max(map(len, rows)) < 40
    assert all(len(row) <= 20 for row in rows if "日" in row)


def test_a_row_is_clipped_to_its_width() -> None:
    assert clipped("abcdef", 3) == "abc"
    assert clipped("日本語", 5) == "日本"


def test_rows_never_fill_the_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINES", "5")
    seat = Seat()
    with seat.on():
        seat.output.live.show([Row(str(n)) for n in range(9)])
    assert seat.screen == "6\n7\n8\n"


def asked(tmp_path: Path, *, streams: bool) -> tuple[int, str]:
    """``andon run`` at a terminal, its model behind a socket and slow to write."""
    edits = [Edit(CONFIG, "", "models:\n  stream: true\n")] if streams else []
    program = Program(tmp_path / "data", copy_harbour(tmp_path / "floor", *edits))

    async def work() -> tuple[int, str]:
        async with served(per_output_token_ms=40) as (_, url):
            at = program.environment | {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": "any"}
            words_ = ("--model", "openai:m", "run", "Where is V-1?")
            return await asyncio.to_thread(at_terminal, *words_, environment=at)

    return asyncio.run(work())


def test_a_person_at_a_terminal_sees_what_is_being_written(tmp_path: Path) -> None:
    code, written = asked(tmp_path, streams=True)
    assert code == 0
    assert "berthing is writing; nothing of it is decided yet:\r\n  Aurora has B1 " in written
    lines = screen(written).splitlines()
    assert [line for line in lines if "Aurora" in line] == [
        "berthing: Aurora has B1 until 2026-05-05T06:00:00Z."
    ]
    assert "is writing" not in screen(written)


def test_without_streams_nothing_is_shown_before_it_is_decided(tmp_path: Path) -> None:
    code, written = asked(tmp_path, streams=False)
    assert code == 0
    assert "is writing" not in written
    assert "\x1b[" not in written
