"""``andon matrix``: the contracts side by side, and what the ledger shows of them."""

import asyncio
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from cli.matrix import matrix_shape
from cli.matrix_table import grid
from protocol.expectations import How
from tests.agents.floor_copies import BERTHING, FAIRWAY, Edit, copy_harbour
from tests.architecture.sources import ROOT
from tests.cli.program import Program
from tests.graph.harbour_app import SOUND, announced, opened
from tests.protocol.ring import ring_world

CELL = {"from", "to", "expects", "data", "authority", "observed"}
_MINUTES = "          minutes: {type: integer, minimum: 1}\n"
NASTY = Edit(BERTHING, _MINUTES, _MINUTES + '          "a|<b>&`*red": {type: string}\n')
"""Names are checked when a floor is loaded; what a request's schema calls its fields is its own affair."""


def test_json_has_the_shape_that_others_rely_on(andon: Program) -> None:
    shape = andon("matrix", "--json").json
    assert set(shape) >= {"schema", "agents", "cells", "gaps"}
    assert (shape["schema"], shape["agents"]) == ("andon/matrix/v1", ["berthing", "fairway"])
    assert all(set(cell) >= CELL for cell in shape["cells"])
    asked = next(c for c in shape["cells"] if (c["from"], c["to"]) == ("fairway", "berthing"))
    assert asked["expects"][0] == "ask find_gap"
    assert {"minutes", "earliest", "start"} <= set(asked["data"])
    assert asked["authority"] == "fairway: level 4 over 3"
    assert [g["what"] for g in shape["gaps"]] == ["berth.assigned", "pilot.booked"]


def test_format_json_is_the_same_object(andon: Program) -> None:
    assert andon("matrix", "--format", "json").json == andon("matrix", "--json").json
    assert andon("matrix", "--format", "md", "--json").json == andon("matrix", "--json").json


def test_unknown_format_is_a_usage_error(andon: Program) -> None:
    done = andon("matrix", "--format", "svg", "--json")
    assert (done.code, done.error["code"], done.out) == (2, "usage", "")


@pytest.mark.parametrize("words", [(), ("--observed",)])
def test_without_a_ledger_nothing_was_observed_and_none_is_made(
    andon: Program, words: tuple[str, ...]
) -> None:
    done = andon("matrix", "--json", *words)
    assert done.code == 0
    assert {cell["observed"] for cell in done.json["cells"]} == {None}
    assert not andon.data.exists()


def test_missing_ledger_is_told_to_whoever_wanted_to_see_it(andon: Program) -> None:
    assert "no ledger yet" in andon("matrix", "--observed").err
    assert andon("matrix").err == ""


def observed(andon: Program) -> dict[tuple[str, str], dict[str, float | None]]:
    """What was observed of each pair."""
    cells = andon("matrix", "--observed", "--json").json["cells"]
    return {(c["from"], c["to"]): c["observed"] for c in cells}


def test_calls_facts_and_escalations_stand_beside_the_cells_that_expect_them(andon: Program) -> None:
    andon("run", SOUND)
    andon.ask_a_person()
    seen = observed(andon)
    assert seen["fairway", "berthing"]["calls"] == 1
    assert seen["fairway", "berthing"]["p95_s"] is not None
    assert seen["person", "fairway"] == {"calls": 1, "retries": 0, "p95_s": None, "events": 0}
    assert seen["person", "berthing"]["calls"] == 1
    assert seen["berthing", "berth_master"]["calls"] == 1
    assert seen["berthing", "harbour_master"]["calls"] == 0, "the second rung was not reached"
    assert seen["berthing", "fairway"]["calls"] == 0


def test_facts_are_counted_for_whoever_records_and_whoever_hears_them(andon: Program) -> None:
    async def announce() -> None:
        async with opened(andon.data) as app:
            await app.accept([announced("1"), announced("2", visit="V-4")])

    asyncio.run(announce())
    seen = observed(andon)
    assert seen["outside", "berthing"] == {"calls": 2, "retries": 0, "p95_s": None, "events": 0}
    assert seen["fairway", "outside"] == {"calls": 0, "retries": 0, "p95_s": None, "events": 2}
    assert seen["outside", "fairway"]["calls"] == 0


def test_events_of_an_agent_are_counted_for_whoever_is_told(andon: Program) -> None:
    escalation = andon.ask_a_person()
    assert observed(andon)["fairway", "berthing"]["events"] == 0
    andon("approve", escalation, "--as", "k.maes")
    assert observed(andon)["fairway", "berthing"]["events"] == 1


def test_calls_that_no_contract_names_are_gaps(andon: Program, tmp_path: Path) -> None:
    andon("run", SOUND)
    floor = copy_harbour(tmp_path / "floor", Edit(FAIRWAY, "asks: {berthing: [find_gap]}", "asks: {}"))
    shape = Program(andon.data, floor)("matrix", "--observed", "--json").json
    gaps = {(g["code"], g["from"], g["to"], g["what"]) for g in shape["gaps"]}
    assert ("undeclared", "fairway", "berthing", "find_gap") in gaps
    assert ("unasked", "fairway", "berthing", "find_gap") in gaps
    assert "undeclared" not in {g["code"] for g in andon("matrix", "--observed", "--json").json["gaps"]}


def test_call_between_strangers_is_a_cell_without_expectations(andon: Program, tmp_path: Path) -> None:
    andon("run", "Where is V-1?")
    floor = copy_harbour(tmp_path / "floor", Edit(BERTHING, "from: [person]", "from: [fairway]"))
    shape = Program(andon.data, floor)("matrix", "--observed", "--json").json
    (cell,) = [c for c in shape["cells"] if c["from"] == "person" and c["to"] == "berthing"]
    assert (cell["expects"], cell["observed"]["calls"]) == ([], 1)
    assert ("undeclared", "a line") in {(g["code"], g["what"]) for g in shape["gaps"]}


def test_table_of_the_plant_fits_80_columns(tmp_path: Path) -> None:
    done = Program(tmp_path / "data", ROOT)("matrix")
    assert done.code == 0
    assert [line for line in done.out.splitlines() if len(line) > 80] == []
    assert re.search(r"^scheduling +ahs +ayhs +ah +\. +\. +hs$", done.out, re.MULTILINE)


def test_grid_numbers_its_columns_where_names_do_not_fit() -> None:
    shape = matrix_shape(ring_world([3] * 8), None)
    assert grid(shape)[0] == ("", *"abcdefgh", "outside")
    long = {name: f"{name}{name * 12}" for name in "abcdefgh"}
    cells = [{**c, "from": long.get(c["from"]), "to": long.get(c["to"])} for c in shape["cells"]]
    head, *rows = grid({**shape, "agents": list(long.values()), "cells": cells})
    assert head == ("", *"123456789")
    assert [(row[0], row[2]) for row in rows][:3] == [
        ("  person", "."),
        ("9 outside", "."),
        (f"1 {long['a']}", "ad"),
    ]


def test_table_says_who_has_the_last_word_and_what_was_observed(andon: Program) -> None:
    andon("run", SOUND)
    shown = andon("matrix", "--observed").out
    assert "  last word: fairway: level 4 over 3\n  observed: 1 calls, 0 retries" in shown
    assert "berth.assigned, which nobody hears" in shown


def test_markdown_is_one_table_whose_cells_hold_nothing_but_text(tmp_path: Path) -> None:
    floor = copy_harbour(tmp_path / "floor", NASTY)
    lines = Program(tmp_path / "data", floor)("matrix", "--format", "md").out.splitlines()
    table = [line for line in lines if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in table} == {6}
    (nasty,) = [line for line in table if "ask find_gap" in line]
    assert r", a\|\<b\>\&\`\*red, " in nasty
    assert "\x1b" not in "".join(lines)


class Tags(HTMLParser):
    """The tags of a page, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_page_is_one_table_that_fetches_and_runs_nothing(tmp_path: Path) -> None:
    floor = copy_harbour(tmp_path / "floor", NASTY)
    page = Tags(Program(tmp_path / "data", floor)("matrix", "--format", "html").out)
    assert set(page.tags) == {"html", "meta", "title", "h1", "h2", "table", "tr", "th", "td", "ul", "li"}
    assert ", a|<b>&`*red, " in page.text
    assert "berth.assigned, which nobody hears" in page.text


def test_pages_show_what_was_observed_in_columns_of_its_own(andon: Program) -> None:
    assert "Calls" not in andon("matrix", "--format", "md").out
    andon("run", SOUND)
    assert "| Calls | Retries | p95 s | Events |" in andon("matrix", "--observed", "--format", "md").out
    assert "<th>Calls</th>" in andon("matrix", "--observed", "--format", "html").out


def test_page_of_the_matrix_names_every_gap_and_every_expectation() -> None:
    page = (ROOT / "docs" / "reference" / "matrix.md").read_text("utf-8")
    made = (ROOT / "protocol" / "gaps.py").read_text("utf-8")
    gaps = {*re.findall(r'Gap\("(\w+)"', made), "undeclared"}
    assert set(re.findall(r"^\| `(\w+)` \| ", page.partition("## Observed")[0], re.MULTILINE)) == gaps
    assert set(re.findall(r"`(\w+)[ `]", page)) >= {str(how) for how in How}


def test_states_show_how_much_manifests_shrink_what_can_happen(andon: Program) -> None:
    done = andon("matrix", "--floor", "tests/floors/harbour", "--states", "--json")
    states = done.json["states"]
    assert [row["agents"] for row in states["unconstrained"]] == list(range(1, 13))
    assert states["unconstrained"][1]["permutations"] == states["per_agent"] ** 2
    assert states["reachable"] == sum(m["reachable"] for m in states["matters"])
    assert states["shrinks_by"] == states["per_agent"] ** 2 // states["reachable"]


def test_states_have_no_page(andon: Program) -> None:
    assert andon("matrix", "--states", "--format", "html").code == 2
