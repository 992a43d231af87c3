"""The reader of console blocks can say no."""

import pytest

from tests.documents.consoles import Ids, commands, program

A, B = "esc_aaaaaaaaaaaaaaaa", "esc_bbbbbbbbbbbbbbbb"
PAGE = f"""\
Text with `$ andon nothing`.

```console
$ make chat
a greeting
you> What next?
R-1 ...
you> /exit
$ andon approve {A}
...
done
$ echo $?
78
```

```sh
$ andon not-this
```
"""


def test_commands_are_read_with_what_is_typed_and_shown() -> None:
    chat, approve = commands(PAGE)
    assert (chat.line, chat.text, chat.typed, chat.shown) == (
        4,
        "make chat",
        "What next?\n/exit\n",
        "a greeting\nR-1 ...",
    )
    assert (approve.text, approve.shown, approve.exit_code) == (f"andon approve {A}", "...\ndone", 78)


@pytest.mark.parametrize(
    ("shown", "printed", "fits"),
    [
        ("one", "one\n", True),
        ("one", "one\ntwo\n", False),
        ("one", "", False),
        ("", "one\n", False),
        ("o...e", "o and more e", True),
        ("o...e", "o\ne", False),
        ("one\n...\nfour", "one\ntwo\nthree\nfour", True),
        ("one\n...\nfour", "one\nfour", True),
        ("one\n...", "one\ntwo", True),
        ("...", "", True),
        ("a.c", "abc", False),
        ("trailing", "trailing   \n\n", True),
    ],
)
def test_dots_stand_for_anything_and_nothing_else_does(shown: str, printed: str, fits: bool) -> None:
    assert Ids().learn(shown, printed) is fits


def test_ids_are_learnt_and_then_hold() -> None:
    ids = Ids()
    assert ids.learn(f"{A} waits, see {A}", f"{B} waits, see {B}")
    assert ids.typed(f"andon show {A}") == f"andon show {B}"
    assert not ids.learn(A, A)
    assert ids.learn(A, B)
    assert not Ids().learn(f"{A} {A}", f"{A} {B}")


def test_programs_are_this_checkout() -> None:
    assert program("make chat", ["py", "-m", "cli"], "py") == "py -m cli chat"
    assert program("make demo", ["py", "-m", "cli"], "py") == "py -m evals.demo"
    assert program(".venv/bin/andon inbox", ["py", "-m", "cli"], "py") == "py -m cli inbox"
    assert program("echo andon | andon chat", ["py", "-m", "cli"], "py") == "echo andon | py -m cli chat"
    with pytest.raises(ValueError, match="make test"):
        program("make test", ["py", "-m", "cli"], "py")
