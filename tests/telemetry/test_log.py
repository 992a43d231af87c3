import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from protocol.times import is_instant
from telemetry import log as logs
from telemetry.log import HIDDEN, hide, start_logging

KEY = "sk-proj-abcdefghijklmnop"


@pytest.fixture(autouse=True)
def _leave_logging_alone() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("verbosity", "seen"),
    [
        (0, ["warning"]),
        (1, ["info", "warning"]),
        (2, ["debug", "info", "warning"]),
        (7, ["debug", "info", "warning"]),
    ],
)
def test_each_v_shows_one_level_more(verbosity: int, seen: list[str]) -> None:
    stream = io.StringIO()
    start_logging(verbosity, stream=stream)
    log = logging.getLogger("graph.test")
    log.debug("a")
    log.info("b")
    log.warning("c")
    assert [line["level"] for line in lines(stream)] == seen


def test_line_holds_time_place_words_and_extras() -> None:
    stream = io.StringIO()
    start_logging(0, stream=stream)
    logging.getLogger("graph.test").warning("lease of %s lost", "case_x", extra={"case": "case_x"})
    (line,) = lines(stream)
    assert is_instant(line.pop("at"))
    assert line == {
        "level": "warning",
        "logger": "graph.test",
        "message": "lease of case_x lost",
        "case": "case_x",
    }


@pytest.mark.parametrize("secret", [KEY, 'quote"and\\slash', "plain-password"])
def test_secrets_are_seen_nowhere(secret: str) -> None:
    stream = io.StringIO()
    start_logging(2, secrets=["", secret], stream=stream)
    log = logging.getLogger("openai")
    error = ValueError(f"bad key {secret}")
    log.error("key %s", secret, exc_info=error, extra={"header": {"key": secret}})
    assert secret not in stream.getvalue()
    assert json.dumps(secret)[1:-1] not in stream.getvalue()
    (line,) = lines(stream)
    assert line["message"] == f"key {HIDDEN}"
    assert HIDDEN in line["error"]


def test_what_becomes_known_later_is_hidden_from_then_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_HIDDEN", set())
    stream = io.StringIO()
    start_logging(2, stream=stream)
    hide("spare-key-def")
    logging.getLogger("httpx").debug("sent spare-key-def")
    assert [line["message"] for line in lines(stream)] == [f"sent {HIDDEN}"]


@pytest.mark.parametrize("text", [f"using {KEY}", "Authorization: Bearer abcdef0123456789"])
def test_key_shapes_are_hidden_without_being_told(text: str) -> None:
    stream = io.StringIO()
    start_logging(0, stream=stream)
    logging.getLogger("httpx").warning(text)
    (line,) = lines(stream)
    assert line["message"].endswith(HIDDEN)
    assert text.rsplit(maxsplit=1)[-1] not in stream.getvalue()
