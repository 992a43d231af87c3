"""The words of a reply, read from its arguments while they come: the same in pieces of any size."""

import json
import random
from typing import Any

import pytest

from agents.model_tools import REPLY
from agents.parsing import MAX_TEXT
from agents.speaking import Speaker, SpokenText, Writing, ask_aloud


def spoken(arguments: str, size: int) -> str:
    reader = SpokenText()
    return "".join(reader.feed(arguments[at : at + size]) for at in range(0, len(arguments), size))


TEXTS = (
    "",
    "M7 runs.",
    'A "quoted" word, a \\ and a /',
    "two\nlines\tand a tab",
    "ünï, 日本, 🚢 and \x1b[31mred",
    '{"text": "inside"}',
)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_words_are_those_of_the_whole(text: str, ascii_only: bool, size: int) -> None:
    around = {"code": 'a "text": "b"', "list": [{"text": "no"}, "text"], "text": text, "clarify": True}
    for given in ({"text": text}, around, dict(reversed(around.items()))):
        assert spoken(json.dumps(given, ensure_ascii=ascii_only), size) == text
        assert spoken(json.dumps(given, ensure_ascii=ascii_only, indent=2), size) == text


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ('{"text": "so far', "so far"),
        ('{"text": "one", "text": "two"}', "one"),
        ('{"tex\\u0074": "by number"}', "by number"),
        ('{"text": "a\\ud83d\\udea2b"}', "a🚢b"),
        ('{"text": "a\\udea2b"}', "a\N{REPLACEMENT CHARACTER}b"),
        ('{"text": "a\\u00zzb"}', "a"),
        ('{"text": 7, "code": "no"}', ""),
        ('{"text": ["no"]}', ""),
        ('{"inner": {"text": "no"}}', ""),
        ('["text", "no"]', ""),
        ('"text": "no"', ""),
        ("not JSON at all", ""),
        ("}}}}" + '{"text": "no"}', ""),
        ('{"text": "yes"}{"text": "no"}', "yes"),
    ],
)
def test_what_is_not_the_words_is_not_told(arguments: str, found: str) -> None:
    for size in (1, 5, len(arguments)):
        assert spoken(arguments, size) == found


def test_no_more_is_told_than_a_reply_may_hold() -> None:
    assert spoken(json.dumps({"text": "x" * (MAX_TEXT * 3)}), 4096) == "x" * MAX_TEXT


def test_whatever_comes_the_reader_goes_on() -> None:
    random_ = random.Random(7)
    for _ in range(500):
        noise = "".join(random_.choice('{}[]":,\\utexd08 \n') for _ in range(60))
        assert spoken(noise, 1) == spoken(noise, 13)
        spoken(json.dumps({"text": noise}) + noise, 3).encode("utf-8")


def test_a_reply_is_told_in_words_and_other_calls_by_name() -> None:
    told: list[Writing] = []
    speaker = Speaker(told.append)
    for place, name, arguments in (
        (0, "assign_berth", ""),
        (0, "assign_berth", '{"visit":'),
        (1, REPLY, '{"text": "It is '),
        (0, "assign_berth", '"V-1"}'),
        (1, REPLY, 'done."}'),
    ):
        speaker(place, name, arguments)
    assert [(w.call, w.text) for w in told] == [
        ("assign_berth", ""),
        (REPLY, "It is "),
        ("assign_berth", ""),
        (REPLY, "done."),
    ]


class _Model:
    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error

    async def ainvoke(self, _: Any, heard: Any = None) -> str:
        if heard is not None:
            heard(0, REPLY, '{"text": "half')
        if self.error is not None:
            raise self.error
        return "answered"


async def test_what_did_not_come_to_its_end_is_void() -> None:
    told: list[Writing] = []
    with pytest.raises(ConnectionError):
        await ask_aloud(_Model(ConnectionError("cut")), [], told.append)  # type: ignore[arg-type]
    assert told == [Writing(is_anew=True), Writing(REPLY, "half"), Writing(is_anew=True)]


async def test_without_a_listener_nobody_is_told() -> None:
    assert await ask_aloud(_Model(), [], None) == "answered"  # type: ignore[arg-type, comparison-overlap]
