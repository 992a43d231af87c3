"""YAML as the floor reads it: plain data, lines for everything, and a short list of refusals."""

import pytest

from agents.floor_catalogue import Code
from agents.yaml_source import MAX_BYTES, Document, parse_yaml


def read(text: str) -> Document:
    return parse_yaml(text.encode(), "x.yaml")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("10:30", "10:30"),
        ("2026-03-02", "2026-03-02"),
        ("1_000", "1_000"),
        ("0x1F", 31),
        ("0o17", 15),
        ("007", 7),
        ("-3", -3),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("0o8", "0o8"),
        ("0b11", "0b11"),
        ("1:30:00", "1:30:00"),
        ("2026-03-02T10:00:00Z", "2026-03-02T10:00:00Z"),
        ("9" * 500, "9" * 500),
        ("0x" + "f" * 500, "0x" + "f" * 500),
        ("y", "y"),
        ("NO", "NO"),
        ("=", "="),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("null", None),
        ("'null'", "null"),
        ('"7"', "7"),
        ("-", [None]),
        ("+", "+"),
    ],
)
def test_plain_words_follow_the_core_schema_of_yaml_1_2(text: str, value: object) -> None:
    found = read(f"a: {text}" if value != [None] else f"a:\n  {text}").mapping["a"]
    assert (found, type(found)) == (value, type(value))


def test_every_node_knows_its_line() -> None:
    document = read("a:\n  b: 1\n  c: [x,\n    y]\n\n  d:\n    - e: 1\n      f: 2\n")
    paths = [("a",), ("a", "b"), ("a", "c", 0), ("a", "c", 1), ("a", "d"), ("a", "d", 0), ("a", "d", 0, "f")]
    assert [document.line(*path) for path in paths] == [1, 2, 3, 4, 6, 7, 8]


def test_absent_node_has_the_line_of_its_nearest_ancestor() -> None:
    document = read("x: 1\na:\n  b: 1\n")
    assert document.line("a", "z", "q") == 2
    assert document.line("nothing") == 1


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("a: 1\nb: 2\na: 3\n", Code.DUPLICATE_KEY, 3),
        ("a: {b: 1,\n b: 2}", Code.DUPLICATE_KEY, 2),
        ("a: 1\na:\n  b: [1]\n", Code.DUPLICATE_KEY, 2),
        ("a: &x [1]\n", Code.ALIAS_REFUSED, 1),
        ("a: 1\nb: *x\n", Code.ALIAS_REFUSED, 2),
        ("*x : 1\n", Code.ALIAS_REFUSED, 1),
        ("a: 1\nb: !!python/object:os.system ls\n", Code.TAG_REFUSED, 2),
        ("a: !thing {b: 1}\n", Code.TAG_REFUSED, 1),
        ("a: [1\nb: 2\n", Code.BAD_YAML, 2),
        ("a: 1\n---\nb: 1\n", Code.BAD_YAML, 2),
        ("1: a\n", Code.BAD_YAML, 1),
        ("[a]: b\n", Code.BAD_YAML, 1),
        ("a: b\n\x07", Code.BAD_YAML, 2),
        ("a: " + "[" * 40 + "]" * 40, Code.BAD_YAML, 1),
        ("- " * 100_000, Code.BAD_YAML, 1),
        ("{" * 100_000, Code.BAD_YAML, 1),
        ("? " * 1000, Code.BAD_YAML, 1),
        ("a:\n" + "".join(f"{' ' * n}b:\n" for n in range(1, 40)), Code.BAD_YAML, 33),
        ("a: 1\n\tb: 2\n", Code.BAD_YAML, 2),
        ("<<: *x\n", Code.ALIAS_REFUSED, 1),
        ("a: 1\n<<: [*x, *y]\n", Code.ALIAS_REFUSED, 2),
        ("%YAML 3.0\n---\na: 1\n", Code.BAD_YAML, 1),
        ("%TAG ! tag:x,2000:\n---\na: !b 1\n", Code.TAG_REFUSED, 3),
        ("a: 1\n? {b: c}\n: d\n", Code.BAD_YAML, 2),
        ("true: a\n", Code.BAD_YAML, 1),
        ("~: a\n", Code.BAD_YAML, 1),
        ("2026: a\n", Code.BAD_YAML, 1),
        ('a: "b\n', Code.BAD_YAML, 2),
        ("a: `b`\n", Code.BAD_YAML, 1),
        ("a: 'b' c\n", Code.BAD_YAML, 1),
    ],
)
def test_refusals_name_the_line(text: str, code: Code, line: int) -> None:
    first = read(text).problems[:1]
    assert [(p.code, p.line, p.file) for p in first] == [(code, line, "x.yaml")]


def test_bytes_that_are_no_text_are_refused_with_their_line() -> None:
    (problem,) = parse_yaml(b"a: 1\nb: \xff\n", "x.yaml").problems
    assert (problem.code, problem.line) == (Code.BAD_ENCODING, 2)


def test_file_at_the_limit_is_read_and_one_byte_more_is_not() -> None:
    text = b"a: 1\n" + b"#" * (MAX_BYTES - 5)
    assert parse_yaml(text, "x.yaml").mapping == {"a": 1}
    assert parse_yaml(text + b"#", "x.yaml").problems[0].code == Code.FILE_TOO_LARGE


def test_byte_order_mark_and_windows_line_ends_are_read() -> None:
    document = parse_yaml(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n", "x.yaml")
    assert (document.mapping, document.line("b")) == ({"a": 1, "b": 2}, 2)


def test_first_of_two_equal_keys_stands_and_reading_goes_on() -> None:
    document = read("a: {x: 1}\na: {y: 2}\nb: 3\nb: 4\n")
    assert document.mapping == {"a": {"x": 1}, "b": 3}
    assert [p.line for p in document.problems] == [2, 4]


def test_billion_laughs_grow_nothing() -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{k}: &{k} [*{j}, *{j}]\n" for j, k in zip("abcdefgh", "bcdefghi", strict=True)
    )
    document = read(bomb)
    assert set(document.mapping.values()) == {None}
    assert {p.code for p in document.problems} == {Code.ALIAS_REFUSED}
