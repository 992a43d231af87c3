"""The table of mistakes: small edits of the harbour, the code each produces, and where."""

from dataclasses import dataclass

from agents.floor_catalogue import Code
from tests.agents.floor_copies import (
    ACTIONS,
    BERTHING,
    BERTHING_POLICY,
    CONFIG,
    FAIRWAY,
    RESOURCES,
    SEED,
    TOOLBOX,
    Edit,
)


@dataclass(frozen=True)
class Case:
    """An edit, the code it produces, and where: the line of ``at`` in ``file`` (1 when empty).

    ``also``: codes that honestly follow from the same mistake.
    """

    code: Code
    edit: Edit
    at: str = ""
    file: str = ""
    also: frozenset[Code] = frozenset()


def case(
    code: Code,
    file: str,
    old: str,
    new: str | bytes | None,
    *,
    at: str = "",
    where: str = "",
    also: tuple[Code, ...] = (),
) -> Case:
    """A row of the table."""
    return Case(code, Edit(file, old, new), at, where or file, frozenset(also))


CASES = [
    case(Code.MISSING_FILE, CONFIG, "", None),
    case(Code.MISSING_FILE, SEED, "", None),
    case(Code.FILE_TOO_LARGE, CONFIG, "", "# filler\n" * 30_000),
    case(Code.BAD_ENCODING, BERTHING, "", b"# \xff\n"),
    case(Code.BAD_ENCODING, "agents/fairway/prompt.md", "", b"\xff\n"),
    case(Code.BAD_YAML, BERTHING, "lane: quay", "lane: [quay", at="capability_scope:"),
    case(Code.BAD_YAML, BERTHING, "lane: quay", "lane: quay\n---", at="---"),
    case(Code.DUPLICATE_KEY, BERTHING, "lane: quay", "lane: quay\nlane: water", at="lane: water"),
    case(Code.ALIAS_REFUSED, BERTHING, "version: 1", "version: &one 1", at="&one"),
    case(Code.ALIAS_REFUSED, CONFIG, "floor: harbour", "floor: *harbour", at="*harbour"),
    case(Code.TAG_REFUSED, BERTHING, "version: 1", "version: !!int 1", at="!!int"),
    case(Code.MISSING_FIELD, BERTHING, "timeout_policy: {call_s: 20, event_s: 60}\n", ""),
    case(Code.MISSING_FIELD, FAIRWAY, "level: 4, owns", "owns", at="authority:"),
    case(Code.UNKNOWN_FIELD, BERTHING, "lane: quay", "lane: quay\nmood: calm", at="mood: calm"),
    case(Code.UNKNOWN_FIELD, CONFIG, "answer_s: 1800}", "answer_s: 1800, call: true}", at="answer_s: 1800"),
    case(Code.UNKNOWN_FIELD, SEED, "", "ships: []\n", at="ships"),
    case(Code.WRONG_TYPE, BERTHING, "version: 1", "version: one", at="version: one"),
    case(Code.WRONG_TYPE, FAIRWAY, "event_s: 60", 'event_s: "60"', at='event_s: "60"'),
    case(Code.WRONG_VALUE, BERTHING, "lane: quay", "lane: Quay side", at="lane: Quay side"),
    case(Code.WRONG_VALUE, CONFIG, "T06:00+02:00", "T06:00", at="clock_start"),
    case(Code.WRONG_VALUE, BERTHING, "minimum: 1", "minimum: 0.5", at="input_schema:"),
    case(Code.BAD_LEVEL, BERTHING, "level: 3", "level: 6", at="level: 6"),
    case(Code.SCHEMA_INVALID, BERTHING, "{type: integer,", "{type: numeral,", at="numeral"),
    case(
        Code.SCHEMA_INVALID,
        FAIRWAY,
        "{berth: {type: string}}",
        "{berth: {$ref: 'http://x/y'}}",
        at="http://x/y",
    ),
    case(Code.BAD_ZONE, CONFIG, "Europe/Amsterdam", "Europe/Atlantis", at="Atlantis"),
    case(Code.BAD_ZONE, CONFIG, "Europe/Amsterdam", "../etc", at="../etc"),
    case(Code.CLOCK_START_MISSING, CONFIG, "clock_start: 2026-05-04T06:00+02:00\n", "", at="clock: floor"),
    case(Code.DUPLICATE_NAME, CONFIG, "[quay, water]", "[quay, water, quay]", at="lanes:"),
    case(Code.DUPLICATE_NAME, CONFIG, "id: j.smit", "id: a.vos", at="name: Joost Smit"),
    case(
        Code.PERSON_ROLE_UNKNOWN,
        CONFIG,
        "roles: [harbour_master]}",
        "roles: [harbour_master, cook]}",
        at="cook",
    ),
    case(Code.APPROVAL_ROLE_UNKNOWN, CONFIG, "{role: harbour_master,", "{role: cook,", at="{role: cook"),
    case(
        Code.APPROVAL_ROLE_UNHELD,
        CONFIG,
        "name: Koen Maes, roles: [berth_master]",
        "name: Koen Maes, roles: [pilot_master]",
        at="{role: berth_master",
        also=(Code.ESCALATION_ROLE_UNHELD,),
    ),
    case(
        Code.APPROVAL_QUORUM_UNREACHABLE,
        CONFIG,
        "    ladder:\n      - {role: berth_master, answer_s: 900}\n",
        "    quorum: 2\n    ladder:\n",
        at="quorum: 2",
    ),
    case(Code.RULE_UNKNOWN, CONFIG, "[enough_water]", "[enough_water, enough_wind]", at="enough_wind"),
    case(Code.TIER_UNKNOWN, BERTHING, "", "model: {tier: huge}\n", at="tier: huge"),
    case(Code.TIER_UNKNOWN, CONFIG, "", "models: {router: huge}\n", at="router: huge"),
    case(Code.MISSING_FILE, FAIRWAY, "", None),
    case(Code.MISSING_PROMPT, "agents/berthing/prompt.md", "", None),
    case(Code.MISSING_POLICY, BERTHING_POLICY, "", None, where=BERTHING),
    case(
        Code.AGENT_NAME_MISMATCH,
        BERTHING,
        "agent: berthing",
        "agent: mooring",
        at="agent: mooring",
    ),
    case(
        Code.DUPLICATE_AGENT,
        FAIRWAY,
        "agent: fairway",
        "agent: berthing",
        at="agent: berthing",
        also=(Code.AGENT_NAME_MISMATCH,),
    ),
    case(
        Code.RESERVED_NAME,
        FAIRWAY,
        "agent: fairway",
        "agent: person",
        at="agent: person",
        also=(Code.AGENT_NAME_MISMATCH,),
    ),
    case(
        Code.RESERVED_NAME,
        FAIRWAY,
        "    sound_berth:\n      from",
        "    decide:\n      from",
        at="decide:",
        also=(Code.ANSWER_WITHOUT_REQUEST,),
    ),
    case(Code.LANE_UNKNOWN, BERTHING, "lane: quay", "lane: kitchen", at="lane: kitchen"),
    case(Code.ESCALATION_ROLE_UNKNOWN, BERTHING, "to: [berth_master,", "to: [cook,", at="cook"),
    case(
        Code.ESCALATION_ROLE_UNHELD,
        CONFIG,
        "Smit, roles: [pilot_master]",
        "Smit, roles: [berth_master]",
        at="escalation_path",
        where=FAIRWAY,
    ),
    case(Code.CAN_AND_CANNOT, BERTHING, "cannot: [book_sounding]", "cannot: [shift_visit]", at="cannot:"),
    case(
        Code.REQUEST_WITHOUT_ANSWER,
        FAIRWAY,
        "    sound_berth: {type: object,",
        "    sound_quay: {type: object,",
        at="sound_berth:",
        also=(Code.ANSWER_WITHOUT_REQUEST,),
    ),
    case(
        Code.ANSWER_WITHOUT_REQUEST,
        BERTHING,
        "  answers:\n",
        "  answers:\n    tell_time: {type: string}\n",
        at="tell_time",
    ),
    case(Code.TYPE_WITHOUT_OWNER, FAIRWAY, "owns: [pilot, ", "owns: [", at='"pilot"', where=RESOURCES),
    case(Code.TYPE_WITH_TWO_OWNERS, FAIRWAY, "owns: [pilot", "owns: [visit, pilot", at="authority:"),
    case(Code.TYPE_UNKNOWN, BERTHING, "owns: [berth, visit]", "owns: [berth, visit, crane]", at="crane"),
    case(Code.TYPE_UNKNOWN, BERTHING, "reads: [berth,", "reads: [crane,", at="crane"),
    case(
        Code.ACTION_UNKNOWN,
        BERTHING,
        "can: [assign_berth, shift_visit]",
        "can: [assign_berth, shift_visit, paint]",
        at="paint",
    ),
    case(
        Code.ACTION_WITH_TWO_OWNERS,
        ACTIONS,
        'writes=("passage",)',
        'writes=("passage", "visit")',
        at="def book_pilot",
    ),
    case(
        Code.ACTION_WITHOUT_PROPOSER,
        FAIRWAY,
        "can: [book_pilot, ",
        "can: [",
        at="def book_pilot",
        where=ACTIONS,
    ),
    case(Code.SIGNATURE_WITHOUT_POLICY, CONFIG, "  shift_visit:\n", "  move_ship:\n", at="approvals:"),
    case(Code.ASK_AGENT_UNKNOWN, FAIRWAY, "asks: {berthing:", "asks: {cook: [eat], berthing:", at="cook:"),
    case(Code.ASK_REQUEST_UNKNOWN, FAIRWAY, "[find_gap]", "[find_gap, find_crane]", at="find_crane"),
    case(Code.ASK_NOT_ADMITTED, BERTHING, "from: [fairway]", "from: [person]", at="asks:", where=FAIRWAY),
    case(Code.ASKER_UNKNOWN, BERTHING, "from: [fairway]", "from: [fairway, cook]", at="cook"),
    case(
        Code.EVENT_WITHOUT_SOURCE,
        BERTHING,
        "hear: [ship.announced]",
        "hear: [ship.announced, ship.sunk]",
        at="ship.sunk",
    ),
    case(
        Code.EVENT_WITHOUT_SOURCE, FAIRWAY, "project: [visit.shifted]", "project: [ship.sunk]", at="ship.sunk"
    ),
    case(
        Code.EVENT_UNDECLARED,
        FAIRWAY,
        "events: [pilot.booked,",
        "events: [pilot.lost, pilot.booked,",
        at="pilot.lost",
    ),
    case(
        Code.EVENT_UNLISTED, FAIRWAY, "events: [pilot.booked, ", "events: [", at="  events: [sounding.booked]"
    ),
    case(Code.REFLEX_OUTSIDE_CAN, FAIRWAY, "", "reflexes: {ship.announced: assign_berth}\n", at="reflexes"),
    case(
        Code.REFLEX_WITHOUT_FUNCTION, FAIRWAY, "", "reflexes: {ship.announced: book_pilot}\n", at="reflexes"
    ),
    case(
        Code.IMPORT_FAILED,
        TOOLBOX,
        "from .queries import QUERIES",
        "from .questions import QUERIES",
        at="from .questions",
    ),
    case(Code.IMPORT_FAILED, RESOURCES, "indexed=(", "indexes=(", at="VISIT ="),
    case(Code.IMPORT_FAILED, ACTIONS, "PASSAGE_MIN = 90", "PASSAGE_MIN = = 90", at="= ="),
    case(
        Code.IMPORT_FAILED,
        BERTHING_POLICY,
        "LOOK_AHEAD_MIN = 5",
        "raise SystemExit(0)",
        at="raise SystemExit",
    ),
    case(Code.NO_TOOLBOX, TOOLBOX, "TOOLBOX = Toolbox(", "TOOLS = Toolbox("),
    case(Code.NO_TOOLBOX, TOOLBOX, "invariants=(", "invariants=(3, "),
    case(Code.NO_TOOLBOX, TOOLBOX, "", None),
    case(Code.NO_TOOLBOX, RESOURCES, '"end": Instant()', '"end": "Instant()"', where=TOOLBOX),
    case(Code.NO_TOOLBOX, ACTIONS, 'writes=("passage",)', 'writes="passage"', where=TOOLBOX),
    case(Code.NO_POLICY, BERTHING_POLICY, "POLICY = ", "POLITE = "),
    case(
        Code.TOOLBOX_DUPLICATE,
        TOOLBOX,
        "resources=(BERTH,",
        "resources=(BERTH, BERTH,",
        at='"berth"',
        where=RESOURCES,
    ),
    case(
        Code.TOOLBOX_DUPLICATE,
        RESOURCES,
        '{"length_m": Integer(1), "depth',
        '{"power_kw": Integer(1), "length_m": Integer(1), "depth',
        at='"berth"',
    ),
    case(Code.TOOLBOX_REFERENCE, RESOURCES, 'indexed=("berth",)', 'indexed=("quay",)', at='"visit"'),
    case(
        Code.TOOLBOX_REFERENCE,
        TOOLBOX,
        '("sounding.booked",), "berthing"',
        '("sounding.lost",), "berthing"',
        at="def note_sounding",
    ),
    case(
        Code.TOOLBOX_REFERENCE,
        TOOLBOX,
        '("sounding.booked",), "berthing"',
        '("sounding.booked",), "cook"',
        at="def note_sounding",
    ),
    case(Code.TOOLBOX_REFERENCE, TOOLBOX, 'kinds=("assign_berth",', 'kinds=("paint",', at="def enough_water"),
    case(Code.TOOLBOX_REFERENCE, ACTIONS, 'writes=("sounding",)', "writes=()", at="def book_sounding"),
    case(
        Code.TOOLBOX_NAME,
        TOOLBOX,
        'Consequence("note_sounding"',
        'Consequence("note sounding"',
        at='"note sounding"',
    ),
    case(Code.SEED_TYPE_UNKNOWN, SEED, "  pilot:\n", "  crane: {C1: {}}\n  pilot:\n", at="crane"),
    case(Code.SEED_KEY, SEED, "    P2:", "    p2:", at="p2:"),
    case(Code.SEED_FIELD, SEED, "name: Teun, ", "", at="P2:"),
    case(Code.SEED_FIELD, SEED, "name: Teun", "name: Teun, mood: calm", at="P2:"),
    case(
        Code.SEED_FIELD,
        SEED,
        "arrives: 2026-05-04T12:00+02:00",
        "arrives: 2026-05-04T12:00",
        at="ship: Bolder",
    ),
    case(Code.SEED_FIELD, SEED, "promised: false", "promised: no", at="promised: no"),
    case(Code.SEED_BALANCE, SEED, "power_kw: 800", "power_kw: -1", at="B2:"),
    case(Code.SEED_BALANCE, SEED, ", power_kw: 800", "", at="B2:"),
    case(Code.SEED_CLAIM, SEED, "holder: visit/V-1", "holder: visit/V-9", at="visit/V-9"),
    case(Code.SEED_CLAIM, SEED, "berth/B2, start", "berth/B1, start", at="sounding/S-1"),
    case(Code.SEED_CLAIM, SEED, "T17:00+02:00, holder", "T12:00+02:00, holder", at="sounding/S-1"),
]
