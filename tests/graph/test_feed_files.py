"""Files as they come: what is read all the same, what costs one line, and what refuses the whole file."""

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from graph.app import App
from graph.feed import feed
from graph.feed_mapping import choose, collapse
from protocol.errors import AndonError, InvalidFloorError, NotFoundError, UsageError
from tests.graph.feed_floor import EVENTS_HEADER, LOG_HEADER, log_row, opened, silent_plant, write_log

ROWS = [
    log_row(case=n, start=f"2026/02/2{n} 08:00:00.000", end=f"2026/02/2{n} 09:30:00.000") for n in (1, 2, 3)
]


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[App]:
    async with opened(silent_plant(tmp_path / "floor")) as app:
        yield app


def counts(shape: dict[str, Any]) -> tuple[int, int, int]:
    """Accepted, duplicates, rejected; they make up the rows."""
    found = shape["accepted"], shape["duplicates"], len(shape["rejected"])
    assert shape["rows"] == sum(found)
    return found


async def size(app: App) -> int:
    """Everything the ledger has counted."""
    return sum((await app.ledger.read(lambda tx: tx.counts())).values())


async def test_byte_order_mark_and_blank_lines_are_read(app: App, tmp_path: Path) -> None:
    file = tmp_path / "log.csv"
    file.write_bytes(b"\xef\xbb\xbf" + "\r\r\n".join([LOG_HEADER, *ROWS, ""]).encode())
    assert counts(await feed(app, file)) == (3, 0, 0)


@pytest.mark.parametrize(
    ("spoil", "line", "said"),
    [
        (lambda rows: [*rows[:2], rows[2][:40]], 4, "cells"),
        (lambda rows: [*rows[:2], LOG_HEADER, rows[2]], 4, "repeats the header"),
        (lambda rows: [rows[0], f'"{rows[1]}', rows[2]], 3, "quote"),
        (lambda rows: [rows[0], f"{rows[1]},extra", rows[2]], 3, "15 cells"),
    ],
    ids=["truncated last line", "second header", "stray quote", "one cell too many"],
)
async def test_broken_line_costs_itself_only(
    app: App, tmp_path: Path, spoil: Callable[[list[str]], list[str]], line: int, said: str
) -> None:
    spoiled = spoil(ROWS)
    shape = await feed(app, write_log(tmp_path / "log.csv", spoiled))
    assert counts(shape) == (len(spoiled) - 1, 0, 1)
    [rejected] = shape["rejected"]
    assert (rejected["line"], rejected["code"]) == (line, "bad_row")
    assert said in rejected["message"]
    assert shape["cases"] == 0


async def test_quoted_cell_may_go_over_lines(app: App, tmp_path: Path) -> None:
    long = log_row(case=1, worker='"W1\nand W2"')
    shape = await feed(app, write_log(tmp_path / "log.csv", [long, ROWS[1], ROWS[2][:30]]))
    assert counts(shape) == (2, 0, 1)
    assert shape["rejected"][0]["line"] == 5


async def test_inch_mark_is_no_quote(app: App, tmp_path: Path) -> None:
    shape = await feed(app, write_log(tmp_path / "log.csv", [log_row(part='Bar 5"'), ROWS[1]]))
    assert counts(shape) == (2, 0, 0)


async def test_equal_rows_are_one_report(app: App, tmp_path: Path) -> None:
    assert counts(await feed(app, write_log(tmp_path / "log.csv", [ROWS[0], ROWS[1], ROWS[0]]))) == (2, 1, 0)


async def test_columns_in_another_order_make_the_same_rows(app: App, tmp_path: Path) -> None:
    await feed(app, write_log(tmp_path / "log.csv", ROWS))
    turned = [",".join(reversed([*row.split(","), "more"])) for row in ROWS]
    header = ",".join(reversed([*LOG_HEADER.split(","), "Remark"]))
    assert counts(await feed(app, write_log(tmp_path / "turned.csv", turned, header))) == (0, 3, 0)


async def test_json_lines_are_the_same_rows(app: App, tmp_path: Path) -> None:
    await feed(app, write_log(tmp_path / "log.csv", ROWS))
    columns = LOG_HEADER.split(",")
    objects = [json.dumps(dict(zip(columns, row.split(","), strict=True))) for row in ROWS]
    file = tmp_path / "log.jsonl"
    file.write_text("\n".join([*objects, "", '{"Case ID": "Case 1"}', "[1]", "{", ""]), encoding="utf-8")
    shape = await feed(app, file)
    assert counts(shape) == (0, 3, 3)
    assert [r["line"] for r in shape["rejected"]] == [5, 6, 7]


async def test_numbers_in_json_are_cells_like_any(app: App, tmp_path: Path) -> None:
    row = dict(zip(LOG_HEADER.split(","), ROWS[0].split(","), strict=True))
    file = tmp_path / "log.jsonl"
    file.write_text(json.dumps({**row, "Qty Completed": 7, "Rework": None}) + "\n", encoding="utf-8")
    assert counts(await feed(app, file)) == (1, 0, 0)
    [event] = await app.ledger.read(lambda tx: tx.events(type="run.reported"))
    assert (event.data["good"], event.data["rework"]) == (7, False)


WITHOUT_SPAN = LOG_HEADER.replace("Span,", "")


@pytest.mark.parametrize(
    ("content", "code", "kind", "said"),
    [
        (None, "no_file", NotFoundError, "There is no file"),
        (b"", "no_header", UsageError, "is empty"),
        (f"{LOG_HEADER}\n\0\x01\n".encode(), "binary", UsageError, "not text"),
        (f"{LOG_HEADER}\ncaf\xe9\n".encode("latin-1"), "not_utf8", UsageError, "not UTF-8"),
        (f"{WITHOUT_SPAN}\n".encode(), "missing_column", UsageError, "'Span'"),
        (b"a,b\n1,2\n", "unknown_header", UsageError, "a, b"),
        (f"{EVENTS_HEADER},text\n".encode(), "column_twice", UsageError, "'text' twice"),
    ],
    ids=lambda value: value if isinstance(value, str) and "_" in value else None,
)
async def test_whole_file_is_refused_before_its_first_line(
    app: App, tmp_path: Path, content: bytes | None, code: str, kind: type[AndonError], said: str
) -> None:
    file, before = tmp_path / "table.csv", await size(app)
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(kind, match=said) as caught:
        await feed(app, file)
    assert caught.value.error_code == code
    assert await size(app) == before


async def test_missing_column_names_the_known_mappings(app: App, tmp_path: Path) -> None:
    file = write_log(tmp_path / "log.csv", [], WITHOUT_SPAN)
    with pytest.raises(UsageError) as caught:
        await feed(app, file)
    assert "nist_machines, production_log" in caught.value.hint


async def test_mapping_is_chosen_by_the_columns_it_finds(app: App) -> None:
    def chosen(header: str) -> str:
        columns = [collapse(column) for column in header.split(",")]
        return choose(app.floor.feeds, None, app.world, columns, Path("table.csv")).name

    assert chosen(f"{LOG_HEADER},more") == "production_log"
    with pytest.raises(UsageError) as caught:
        chosen(WITHOUT_SPAN)
    assert caught.value.error_code == "missing_column"


async def test_folder_is_no_file(app: App, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        await feed(app, tmp_path)


async def test_progress_is_told_every_500_rows(app: App, tmp_path: Path) -> None:
    rows = [log_row(case=n, start=f"2026/02/20 {n // 60:02d}:{n % 60:02d}:00.000") for n in range(1, 1101)]
    told: list[dict[str, Any]] = []
    await feed(app, write_log(tmp_path / "log.csv", rows), progress=told.append)
    assert [e["rows"] for e in told if e["type"] == "feed.progress"] == [500, 1000]
    assert "UTC is assumed" in told[0]["text"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("reader: production_log", "reader: nobody", "no reader 'nobody'"),
        ("zone: UTC", "zone: Europe/Nowhere", "no time zone"),
        ("known: [machine]", "known: [engine]", "no resource type"),
        ("sort_by: Start Timestamp", "sort_by: Begin", "no column 'Begin'"),
        ("identity: row ", "identity: [Serial] ", "no column 'Serial'"),
        ("default: [production_planner", "default: [planner", "no role 'planner'"),
        ("gap: data.gap_detected", "gap: data.gap", "not a fact"),
        ("purpose:", "aim:", "purpose"),
        ("S: setup", "S: idle", "idle is none of"),
        ("inspection: [QC1, QC2]", "inspection: QC1", "must be a list"),
        ("statuses: {D: done, S: setup, B: breakdown}", "statuses: D", "must map"),
    ],
)
async def test_broken_mapping_is_refused_before_anything_is_written(
    app: App, tmp_path: Path, old: str, new: str, said: str
) -> None:
    text = (app.floor.feeds / "production_log.yaml").read_text(encoding="utf-8")
    assert text.count(old) == 1
    mapping, before = tmp_path / "mine.yaml", await size(app)
    mapping.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(InvalidFloorError, match=said) as caught:
        await feed(app, write_log(tmp_path / "log.csv", ROWS), mapping)
    assert caught.value.error_code == "bad_mapping"
    assert await size(app) == before


async def test_given_mapping_is_its_own_source(app: App, tmp_path: Path) -> None:
    text = (app.floor.feeds / "production_log.yaml").read_text(encoding="utf-8")
    mapping, log = tmp_path / "mine.yaml", write_log(tmp_path / "log.csv", ROWS)
    mapping.write_text(text, encoding="utf-8")
    assert counts(await feed(app, log)) == (3, 0, 0)
    assert counts(await feed(app, log, mapping)) == (3, 0, 0)
    assert counts(await feed(app, log, mapping)) == (0, 3, 0)


async def test_missing_mapping_is_not_found(app: App, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="There is no mapping"):
        await feed(app, write_log(tmp_path / "log.csv", ROWS), tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("identity", "accepted"), [("row", 2), ("line", 3), ("[Case ID, Start Timestamp]", 1)]
)
async def test_identity_decides_what_a_duplicate_is(
    app: App, tmp_path: Path, identity: str, accepted: int
) -> None:
    text = (app.floor.feeds / "production_log.yaml").read_text(encoding="utf-8")
    mapping = tmp_path / "mine.yaml"
    mapping.write_text(text.replace("identity: row ", f"identity: {identity} "), encoding="utf-8")
    log = write_log(tmp_path / "log.csv", [log_row(good="5"), log_row(good="5"), log_row(good="6")])
    assert counts(await feed(app, log, mapping)) == (accepted, 3 - accepted, 0)
    assert counts(await feed(app, log, mapping)) == (0, 3, 0)


async def test_two_mappings_that_fit_need_a_choice(app: App, tmp_path: Path) -> None:
    text = (app.floor.feeds / "production_log.yaml").read_text(encoding="utf-8")
    (app.floor.feeds / "second.yaml").write_text(text, encoding="utf-8")
    log = write_log(tmp_path / "log.csv", ROWS)
    with pytest.raises(UsageError, match="production_log, second") as caught:
        await feed(app, log)
    assert caught.value.error_code == "ambiguous_mapping"
    assert counts(await feed(app, log, app.floor.feeds / "second.yaml")) == (3, 0, 0)


async def test_long_cells_are_cut_to_what_their_fields_hold(app: App, tmp_path: Path) -> None:
    odd = log_row(case=7, ordered="1000000000", activity="x" * 300, worker="W" * 70, part="P" * 70)
    assert counts(await feed(app, write_log(tmp_path / "log.csv", [odd]))) == (1, 0, 0)
    order = await app.ledger.read(lambda tx: tx.get("order", "CASE-7"))
    assert order is not None
    assert order["item"] == "P" * 64


async def test_recent_rows_open_cases_that_are_driven(app: App, tmp_path: Path) -> None:
    recent = log_row(start="2026/03/02 08:00:00.000", end="2026/03/02 08:30:00.000", span="000:30")
    shape = await feed(app, write_log(tmp_path / "log.csv", [recent, ROWS[0].replace("Case 1", "Case 2")]))
    assert (shape["accepted"], shape["history"]) == (2, 1)
    assert shape["cases"] == shape["done"] == 1
    assert await app.ledger.read(lambda tx: tx.runnable()) == []
