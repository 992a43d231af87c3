"""The page on changes under waiting cases: what each became, from running all of them.

``python -m tests.recovery.change.page`` writes it anew.
"""

import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.agents.floor_copies import HARBOUR
from tests.architecture.sources import ROOT
from tests.recovery.change.catalogue import CHANGES, Change
from tests.recovery.change.scenes import SCENES, Became, begin, run, taken_over

PAGE = ROOT / "docs" / "reference" / "changes.md"
AT_ONCE = 2
_MARK = "<!-- the table below is written by python -m tests.recovery.change.page -->\n"


def cell(became: Became) -> str:
    """What a case became, in a few words."""
    after, end = became.after, became.end
    states = {(e[0], e[1], e[2] == "floor_changed") for e in after["escalations"]}
    anew = any(state == "superseded" for _, state, _ in states)
    if ("question", "pending", True) in states:
        said = "put to a person" if anew else "stops"
    elif anew:
        said = "asked anew"
    elif after["code"] == "expired":
        return "expired"
    else:
        said = "goes on"
    if said in ("asked anew", "goes on") and not end["commits"]:
        said += f", then {end['status']} [{end['code']}]"
    return said


def row(change: Change, cells: Mapping[str, Became]) -> str:
    """One line of the table."""
    told = next(iter(cells.values())).told
    words = told[0][0] + ("; …" if len(told[0]) > 1 else "") if told else "nothing"
    return f"| {change.what} | {' | '.join(cell(b) for b in cells.values())} | {words} |"


def begun(where: Path) -> dict[str, int | None]:
    """All scenes under the first version, each made in a process of its own; how each process ended."""
    return {scene: run(begin, where / scene, HARBOUR, scene) for scene in SCENES}


def became(where: Path, change: Change, scene: str) -> Became:
    """What one case became under one change; ``where``: the directory with all scenes."""
    number = CHANGES.index(change)
    floor = where / f"floor{number}"
    if not floor.exists():
        change.floor(floor)
    return taken_over(where / scene, where / f"{scene}-{number}", floor, change.engine)


def played(where: Path) -> list[tuple[Change, dict[str, Became]]]:
    """Every change in every scene."""
    begun(where)
    for change in CHANGES:
        change.floor(where / f"floor{CHANGES.index(change)}")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = {(c.what, s): pool.submit(became, where, c, s) for c in CHANGES for s in SCENES}
    return [(c, {s: found[c.what, s].result() for s in SCENES}) for c in CHANGES]


def table(rows: list[tuple[Change, dict[str, Became]]]) -> str:
    """The table."""
    head = f"| what changes | {' | '.join(SCENES)} | what is told |\n|---{'|---' * (len(SCENES) + 1)}|\n"
    scenes = "".join(f"- **{name}**: {words}\n" for name, words in SCENES.items())
    return f"{scenes}\n{head}" + "\n".join(row(*r) for r in rows) + "\n"


def page(rows: list[tuple[Change, dict[str, Became]]]) -> str:
    """The page with its table made anew."""
    return PAGE.read_text("utf-8").partition(_MARK)[0] + _MARK + "\n" + table(rows)


def main() -> None:
    """Write it."""
    with tempfile.TemporaryDirectory() as where:
        PAGE.write_text(page(played(Path(where))), "utf-8")


if __name__ == "__main__":
    main()
