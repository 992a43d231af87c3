from pathlib import Path

import pytest

from evals.story import read_story
from protocol.errors import InvalidFloorError

GOOD = """\
title: A story
before: Once upon a time.
chapters:
  - title: One
    before: Somebody speaks.
    steps:
      - tell: Listen.
      - fact: {type: ship.arrived, subject: visit/V-1}
      - command: [show, "{waiting}"]
"""


def write(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


def test_story_is_read(tmp_path: Path) -> None:
    story = read_story(write(tmp_path / "s.yaml", GOOD))
    (chapter,) = story.chapters
    assert chapter.steps[0].tell == "Listen."
    assert chapter.steps[2].command == ["show", "{waiting}"]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (GOOD.replace("title: One", "titel: One"), 4, "titel"),
        (GOOD.replace("tell: Listen.", "sing: Listen."), 7, "sing"),
        (GOOD.replace("tell: Listen.", "tell: Listen.\n        command: [cases]"), 7, "exactly one"),
        ("title: [", 1, ""),
    ],
)
def test_mistake_is_told_with_its_line(tmp_path: Path, text: str, line: int, said: str) -> None:
    with pytest.raises(InvalidFloorError) as error:
        read_story(write(tmp_path / "s.yaml", text))
    assert any(problem.line == line and said in problem.message for problem in error.value.problems)


def test_missing_story_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidFloorError, match="is missing"):
        read_story(tmp_path / "none.yaml")
