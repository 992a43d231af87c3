"""What may stand nowhere in the tree: where packages come from, and where somebody's files lie."""

import re
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, files

_HOSTS = ("py" + r"pi\.org", "python" + "hosted", "npm" + r"js\.", "debian" + r"\.org")
_PLACES = ("ro" + "ot", "wo" + "rk", "ho" + "me", "Us" + "ers", "fa" + "rm")
FORBIDDEN = re.compile(rf"{'|'.join(_HOSTS)}|(?<![\w.])/(?:{'|'.join(_PLACES)})/")


def found_in(text: str) -> list[str]:
    """The forbidden words of a text, and this machine's own places."""
    here = [place for place in (str(ROOT), str(Path.home())) if len(place) > 1 and place in text]
    return [*FORBIDDEN.findall(text), *here]


def test_tree_names_no_index_host_and_no_place_of_one_machine() -> None:
    found = {}
    for path in files():
        try:
            words = found_in(path.read_text("utf-8"))
        except UnicodeDecodeError:
            continue
        if words:
            found[path.relative_to(ROOT).as_posix()] = words
    assert found == {}


@pytest.mark.parametrize(
    "text", ["--index-url https://py" + "pi.org/simple", "cd /ho" + "me/ann/andon", str(ROOT)]
)
def test_forbidden_words_are_noticed(text: str) -> None:
    assert found_in(text)
