"""What may change between two versions of the harbour and of the engine that runs it, one thing each."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from graph.nodes import NODES
from graph.state import SCHEMA_VERSION
from tests.agents.floor_copies import (
    ACTIONS,
    BERTHING,
    BERTHING_POLICY,
    CONFIG,
    FAIRWAY,
    SEED,
    TOOLBOX,
    Edit,
    apply,
    copy_harbour,
)


@dataclass(frozen=True)
class Change:
    """``what`` changes, in words; by ``edits`` of a copy or by ``more``, or in the ``engine``: values by
    ``module:name``.
    """

    what: str
    edits: Sequence[Edit] = ()
    more: Callable[[Path], None] | None = None
    engine: Mapping[str, Any] = field(default_factory=dict)

    def floor(self, to: Path) -> Path:
        """The harbour after the change."""
        floor = copy_harbour(to, *self.edits)
        if self.more is not None:
            self.more(floor)
        return floor


def _rename_fairway(floor: Path) -> None:
    shutil.move(floor / "agents" / "fairway", floor / "agents" / "channel")
    for file in (f for f in floor.rglob("*.*") if f.suffix in (".py", ".yaml")):
        file.write_text(file.read_text(encoding="utf-8").replace("fairway", "channel"), encoding="utf-8")


def _remove_fairway(floor: Path) -> None:
    """berthing takes over what it owned, and does all it did."""
    shutil.rmtree(floor / "agents" / "fairway")
    tools = floor / TOOLBOX
    tools.write_text(tools.read_text(encoding="utf-8").replace('"fairway"', '"berthing"'), encoding="utf-8")
    for edit in (
        Edit(
            BERTHING,
            "can: [assign_berth, shift_visit]",
            "can: [assign_berth, shift_visit, book_pilot, book_sounding]",
        ),
        Edit(BERTHING, "cannot: [book_sounding]", "cannot: []"),
        Edit(BERTHING, "reads: [berth, visit, sounding]", "reads: [berth, visit, sounding, pilot, passage]"),
        Edit(BERTHING, "owns: [berth, visit]", "owns: [berth, visit, pilot, passage, sounding]"),
        Edit(BERTHING, "      from: [fairway]", "      from: [person]"),
        Edit(BERTHING, "hear: [ship.announced]", "hear: [ship.announced, sounding.due]"),
        Edit(
            BERTHING,
            "events: [berth.assigned, visit.shifted]",
            "events: [berth.assigned, visit.shifted, pilot.booked, sounding.booked]",
        ),
    ):
        apply(floor, edit)


def _add_tide(floor: Path) -> None:
    shutil.copytree(floor / "agents" / "fairway", floor / "agents" / "tide")
    text = (floor / "agents" / "tide" / "manifest.yaml").read_text(encoding="utf-8")
    text = text.replace("agent: fairway", "agent: tide").replace(
        "owns: [pilot, passage, sounding]", "owns: []"
    )
    text = text.replace("asks: {berthing: [find_gap]}", "asks: {}").replace(", sounding.due", "")
    (floor / "agents" / "tide" / "manifest.yaml").write_text(text, encoding="utf-8")


_REMOVED_SOUNDING = (
    Edit(
        TOOLBOX,
        "    resources=(BERTH, VISIT, PILOT, PASSAGE, SOUNDING),",
        "    resources=(BERTH, VISIT, PILOT, PASSAGE),",
    ),
    Edit(TOOLBOX, '        "sounding.booked": SOUNDING.fields,\n', ""),
    Edit(
        TOOLBOX,
        '    consequences=(Consequence("note_sounding", ("sounding.booked",), "berthing", '
        "note_sounding),),\n",
        "",
    ),
    Edit(TOOLBOX, "    actions=ACTIONS,", "    actions=ACTIONS[:3],"),
    Edit(FAIRWAY, "can: [book_pilot, book_sounding]", "can: [book_pilot]"),
    Edit(FAIRWAY, "reads: [berth, visit, pilot, passage, sounding]", "reads: [berth, visit, pilot, passage]"),
    Edit(FAIRWAY, "owns: [pilot, passage, sounding]", "owns: [pilot, passage]"),
    Edit(FAIRWAY, "events: [pilot.booked, sounding.booked]", "events: [pilot.booked]"),
    Edit(BERTHING, "reads: [berth, visit, sounding]", "reads: [berth, visit]"),
    Edit(BERTHING, "cannot: [book_sounding]", "cannot: []"),
    Edit(
        SEED,
        "  sounding:\n    S-1: {berth: B2, start: 2026-05-04T13:00+02:00, end: 2026-05-04T17:00+02:00}\n",
        "",
    ),
    Edit(
        SEED,
        "  - {resource: berth/B2, start: 2026-05-04T13:00+02:00, end: 2026-05-04T17:00+02:00, "
        "holder: sounding/S-1}\n",
        "",
    ),
)
_REMOVED_REQUEST = (
    Edit(FAIRWAY, "  asks: {berthing: [find_gap]}\n", ""),
    Edit(
        BERTHING,
        """    find_gap:
      from: [fairway]
      schema:
        type: object
        required: [berth, minutes, earliest, latest]
        properties:
          berth: {type: string}
          minutes: {type: integer, minimum: 1}
          earliest: {type: string, format: date-time}
          latest: {type: string, format: date-time}
""",
        "",
    ),
    Edit(
        BERTHING,
        "    find_gap: {type: object, required: [start, end], "
        "properties: {start: {type: string}, end: {type: string}}}\n",
        "",
    ),
)
_PLACE = '_PLACE: Shape = {"visit": KeyOf("visit"), "berth": KeyOf("berth"), "start": Instant()}'
_LADDER = "      - {role: berth_master, answer_s: 900}\n"
_KOEN = "  - {id: k.maes, name: Koen Maes, roles: [berth_master]}\n"
_INVARIANT = """    invariants=(
        Invariant("visit_span", "visit", spans_forward),
        Invariant("closed", "visit", closed),
    ),"""
_CLOSED = '''def closed(record: Record, snapshot: Snapshot) -> str | None:
    """Nobody lies here on the sixth of May."""
    return "the harbour is closed" if str(record["start"]).startswith("2026-05-06") else None


def mentions('''
_ORDER = "    mentions=mentions,\n    order=lambda kind, params, snapshot: (kind,),\n"


def _engine_nodes(old: str, new: str) -> dict[str, Any]:
    name = old.upper()
    nodes = tuple(new if node == old else node for node in NODES)
    return {f"graph.nodes:{name}": new, f"graph.build:{name}": new, "graph.versions:NODES": nodes}


CHANGES = (
    Change("nothing"),
    Change("the text of a prompt", [Edit("agents/berthing/prompt.md", "", "Be brief.\n")]),
    Change("the code of a role (`policy.py`)", [Edit(BERTHING_POLICY, "5 * 24 * 60", "6 * 24 * 60")]),
    Change("code of the tools, with the same effect", [Edit("tools/words.py", "", "# read with care\n")]),
    Change(
        "code of the tools, with another effect",
        [
            Edit(
                ACTIONS,
                'end = plus(params["start"], minutes=visit["hours"] * 60)',
                'end = plus(params["start"], minutes=visit["hours"] * 61)',
            )
        ],
    ),
    Change("the order of R3 (`order`)", [Edit(TOOLBOX, "    mentions=mentions,\n", _ORDER)]),
    Change(
        "an invariant added that the action breaks",
        [
            Edit(TOOLBOX, '    invariants=(Invariant("visit_span", "visit", spans_forward),),', _INVARIANT),
            Edit(TOOLBOX, "def mentions(", _CLOSED),
        ],
    ),
    Change("the zone of the site", [Edit(CONFIG, "Europe/Amsterdam", "Europe/London")]),
    Change("an agent added", more=_add_tide),
    Change("an agent renamed", more=_rename_fairway),
    Change("an agent removed", more=_remove_fairway),
    Change("an agent made a shadow", [Edit(BERTHING, "", "mode: shadow\n")]),
    Change("a level lowered", [Edit(BERTHING, "level: 3", "level: 1")]),
    Change("a timeout", [Edit(BERTHING, "call_s: 20", "call_s: 10")]),
    Change(
        "an action left out of `can`",
        [
            Edit(BERTHING, "can: [assign_berth, shift_visit]", "can: [assign_berth]"),
            Edit(
                FAIRWAY, "can: [book_pilot, book_sounding]", "can: [book_pilot, book_sounding, shift_visit]"
            ),
            Edit(FAIRWAY, "cannot: [shift_visit]", "cannot: []"),
        ],
    ),
    Change("a request removed", _REMOVED_REQUEST),
    Change(
        "an escalation path", [Edit(BERTHING, "to: [berth_master, harbour_master]", "to: [harbour_master]")]
    ),
    Change(
        "a required field added to an action",
        [
            Edit(ACTIONS, _PLACE, _PLACE[:-1] + ', "tugs": Integer(0)}'),
            Edit(ACTIONS, "import Instant, KeyOf", "import Instant, Integer, KeyOf"),
        ],
    ),
    Change(
        "a field of an action removed",
        [Edit(ACTIONS, _PLACE, '_PLACE: Shape = {"visit": KeyOf("visit"), "berth": KeyOf("berth")}')],
    ),
    Change(
        "a field of an action narrowed",
        [
            Edit(ACTIONS, _PLACE, _PLACE.replace('KeyOf("berth")', 'Choice(("B1",))')),
            Edit(ACTIONS, "import Instant, KeyOf", "import Choice, Instant, KeyOf"),
        ],
    ),
    Change("a resource type removed, and the action on it", _REMOVED_SOUNDING),
    Change(
        "an approval's quorum raised", [Edit(CONFIG, "  shift_visit:\n", "  shift_visit:\n    quorum: 2\n")]
    ),
    Change("an approval's role", [Edit(CONFIG, _LADDER, "")]),
    Change(
        "an approval's `separate` turned on",
        [Edit(CONFIG, "  shift_visit:\n", "  shift_visit:\n    separate: true\n")],
    ),
    Change(
        "an approval policy removed",
        [Edit(ACTIONS, "        signature=must_sign,\n", "")],
        more=lambda f: _cut(f / CONFIG, "approvals:\n", "rules:"),
    ),
    Change(
        "a person removed", [Edit(CONFIG, _KOEN, "  - {id: t.bos, name: Tim Bos, roles: [berth_master]}\n")]
    ),
    Change(
        "a person without the role",
        [
            Edit(CONFIG, "Koen Maes, roles: [berth_master]", "Koen Maes, roles: [pilot_master]"),
            Edit(
                CONFIG, "Joost Smit, roles: [pilot_master]", "Joost Smit, roles: [berth_master, pilot_master]"
            ),
        ],
    ),
    Change("a role removed", more=lambda f: _replace_all(f, "berth_master", "quay_master")),
    Change(
        "the clock, from the floor's to the system's",
        [Edit(CONFIG, "clock: floor\nclock_start: 2026-05-04T06:00+02:00\n", "clock: system\n")],
    ),
    Change("the engine: its version", engine={"graph.versions:ENGINE": "9.9.9"}),
    Change(
        "the engine: the node that waits for people renamed", engine=_engine_nodes("escalate", "ask_people")
    ),
    Change("the engine: another node of the graph renamed", engine=_engine_nodes("gate", "judge")),
    Change(
        "the engine: the schema of a case's state",
        engine={f"graph.{m}:SCHEMA_VERSION": SCHEMA_VERSION + 1 for m in ("versions", "nodes", "driving")},
    ),
)


def _cut(file: Path, start: str, end: str) -> None:
    text = file.read_text(encoding="utf-8")
    before, _, rest = text.partition(start)
    file.write_text(before + end + rest.partition(end)[2], encoding="utf-8")


def _replace_all(floor: Path, old: str, new: str) -> None:
    for file in (f for f in floor.rglob("*.*") if f.suffix in (".py", ".yaml")):
        file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
