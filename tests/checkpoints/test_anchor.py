"""The anchor's file: signed lines, a torn last one forgiven, everything else refused; and who is ahead."""

import shutil
from pathlib import Path

import pytest

from checkpoints.anchor import Anchor, Head, open_anchor
from protocol.errors import InvalidFloorError

KEY = b"k" * 64


def head(seq: int, lineage: str = "l1") -> Head:
    return Head(lineage, seq, f"sha256:{seq:064d}", "2026-03-02T09:00:00Z")


@pytest.fixture
def anchor(tmp_path: Path) -> Anchor:
    made = Anchor(tmp_path / "elsewhere" / "heads.log", KEY)
    for seq in (3, 5, 9):
        assert made.append(head(seq))
    return made


def refusal(anchor: Anchor) -> str:
    with pytest.raises(InvalidFloorError) as caught:
        list(anchor.heads())
    return caught.value.error_code


def test_heads_come_back_in_order_and_only_newer_ones_are_added(anchor: Anchor) -> None:
    assert not anchor.append(head(9))
    assert not anchor.append(head(4))
    assert anchor.append(head(4, "l2"))
    assert list(anchor.heads()) == [head(3), head(5), head(9), head(4, "l2")]
    assert anchor.last() == head(4, "l2")
    assert anchor.path.stat().st_mode & 0o777 == 0o600


def test_line_cut_at_any_byte_is_forgiven_and_cut_off_by_the_next_head(anchor: Anchor) -> None:
    whole = anchor.path.read_bytes()
    lines = whole.splitlines(keepends=True)
    start = len(whole) - len(lines[-1])
    for end in range(start, len(whole)):
        anchor.path.write_bytes(whole[:end])
        assert list(anchor.heads()) == [head(3), head(5)]
        assert anchor.last() == head(5)
    assert anchor.append(head(12))
    assert list(anchor.heads()) == [head(3), head(5), head(12)]


def test_any_other_damage_is_refused(anchor: Anchor) -> None:
    whole = anchor.path.read_bytes()
    first, second, third = whole.splitlines(keepends=True)
    for damaged in (
        first[:-9] + b"\n" + second + third,
        first[40:] + second + third,
        first.replace(b'"seq":3', b'"seq":4') + second + third,
        first + b"000002 0000000000000000 {}\n" + third,
        b"\n" + whole,
    ):
        anchor.path.write_bytes(damaged)
        assert refusal(anchor) == "anchor_damaged"


def test_damaged_line_is_told_from_a_forged_one(anchor: Anchor) -> None:
    anchor.path.write_bytes(anchor.path.read_bytes().replace(b'"seq":3', b'"seq":4'))
    with pytest.raises(InvalidFloorError, match="line 1 is not whole"):
        list(anchor.heads())


def test_head_signed_with_another_key_is_refused(anchor: Anchor) -> None:
    assert refusal(Anchor(anchor.path, b"x" * 64)) == "anchor_damaged"
    with pytest.raises(InvalidFloorError):
        Anchor(anchor.path, b"x" * 64).append(head(20))


def test_what_was_not_synced_may_be_lost_and_is_only_behind(anchor: Anchor, tmp_path: Path) -> None:
    """Each head is synced before it counts: a copy taken then is what a power cut leaves at worst."""
    synced = tmp_path / "synced.log"
    shutil.copy(anchor.path, synced)
    anchor.append(head(11))
    continued = Anchor(synced, KEY)
    assert continued.last() == head(9)
    assert continued.append(head(12))
    assert list(continued.heads())[-2:] == [head(9), head(12)]


def test_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path, key = tmp_path / "a.log", tmp_path / "keys" / "a.key"
    assert open_anchor(path, key, make=False) is None
    made = open_anchor(path, key, make=True)
    assert made is not None
    made.append(head(1))
    assert key.stat().st_mode & 0o777 == 0o600
    again = open_anchor(path, key, make=True)
    assert again is not None
    assert again.last() == head(1)
    assert [p.name for p in key.parent.iterdir()] == ["a.key"]


@pytest.mark.parametrize("left", [None, b"short"])
def test_heads_without_their_key_are_refused(tmp_path: Path, left: bytes | None) -> None:
    path, key = tmp_path / "a.log", tmp_path / "a.key"
    made = open_anchor(path, key, make=True)
    assert made is not None
    made.append(head(1))
    key.unlink()
    if left is not None:
        key.write_bytes(left)
    for make in (True, False):
        with pytest.raises(InvalidFloorError) as caught:
            open_anchor(path, key, make=make)
        assert caught.value.error_code == "anchor_key_missing"
