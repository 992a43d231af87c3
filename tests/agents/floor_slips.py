"""More of the table of mistakes: contracts that read well, each alone, and cannot work or say too much."""

from agents.floor_catalogue import Code
from tests.agents.floor_copies import ACTIONS, BERTHING, CONFIG, FAIRWAY, RESOURCES, SEED, TOOLBOX, Edit
from tests.agents.floor_mistakes import Case, case

_MANY = ", ".join(f"the_{n:02}_of_many_params_that_this_request_cannot_do_without" for n in range(12))
_ALONE = (
    Edit(FAIRWAY, "from: [person]", "from: [berthing]"),
    Edit(FAIRWAY, "hear: [ship.announced, sounding.due], ", ""),
    Edit(BERTHING, "  reads: [berth, visit, sounding]\n", "  reads: [berth, visit, sounding]\n  asks: {}\n"),
)
"""Edits that leave the fairway without a person and without an event."""

_ERP = "{name: erp, url: 'https://erp.example/in', secret_env: ERP_KEY, events: [ship.announced]}"
_RULES = "rules: [enough_water]"


def _deliver(code: Code, old: str, new: str) -> Case:
    """A receiver of the harbour with one slip."""
    said = f"{_RULES}\ndeliver:\n  - {_ERP.replace(old, new)}"
    return case(code, CONFIG, _RULES, said, at="- {name: erp")


_SPARE = "    spare: {url: 'https://models.example/v1', key_env: SPARE_API_KEY}\n"


def _endpoint(code: Code, old: str, new: str, at: str = "spare:", also: tuple[Code, ...] = ()) -> Case:
    """An endpoint that a tier uses, with one slip."""
    said = f"models:\n  endpoints:\n{_SPARE}  tiers: {{small: offline, large: 'spare:big'}}\n"
    return case(code, CONFIG, "", said.replace(old, new), at=at, also=also)


FILES = [
    case(Code.PATH_REFUSED, CONFIG, "seed: seed.yaml", "seed: ../harbour/seed.yaml", at="seed:"),
    case(Code.PATH_REFUSED, CONFIG, "seed: seed.yaml", "seed: /etc/hostname", at="seed:"),
    case(Code.PATH_REFUSED, CONFIG, "seed: seed.yaml", "seed: C:\\seed.yaml", at="seed:"),
    case(Code.PATH_REFUSED, CONFIG, "seed: seed.yaml", "seed: ~/seed.yaml", at="seed:"),
    case(Code.PATH_REFUSED, CONFIG, "seed: seed.yaml", "seed: ''", at="seed:"),
    case(
        Code.PATH_REFUSED,
        CONFIG,
        "seed: seed.yaml",
        'seed: "seed.yaml\\0.txt"',
        at="seed:",
        also=(Code.HIDDEN_CHARACTER,),
    ),
    case(Code.MISSING_FILE, CONFIG, "seed: seed.yaml", "seed: tools", where="tools"),
    case(Code.FOLDER_NAME, "agents/Berth 2/prompt.md", "", "Berths.\n", where="agents/Berth 2"),
    case(Code.FOLDER_NAME, "agents/fair-way/policy.py", "", "raise SystemExit\n", where="agents/fair-way"),
    case(Code.STRAY_CONTRACT, "agents/pilotage.yaml", "", "agent: pilotage\n"),
    case(Code.STRAY_CONTRACT, "agents/fairway/manifest.yml", "", "agent: fairway\n"),
    case(Code.BAD_YAML, BERTHING, "lane: quay", "\tlane: quay", at="\tlane"),
    case(Code.ALIAS_REFUSED, BERTHING, "", "<<: *other\n", at="<<"),
    case(Code.UNKNOWN_FIELD, BERTHING, "", "<<: {mood: calm}\n", at="<<"),
    case(Code.BAD_YAML, BERTHING, "", "8: eight\n", at="8: eight", also=(Code.UNKNOWN_FIELD,)),
    case(
        Code.HIDDEN_CHARACTER,
        BERTHING,
        "purpose: Gives every ship a berth, and finds gaps between ships for others.",
        'purpose: "Gives every ship \\e[31m a berth."',
        at="purpose:",
    ),
    case(Code.HIDDEN_CHARACTER, CONFIG, "name: Koen Maes", 'name: "Koen \\u202eseaM"', at="seaM"),
    case(Code.HIDDEN_CHARACTER, SEED, "name: Teun", 'name: "Teun\\b"', at="P2:"),
    case(Code.HIDDEN_CHARACTER, "agents/berthing/prompt.md", "", "\nGo.\x07\n", at="Go."),
]

ENDPOINTS = [
    _endpoint(Code.ENDPOINT_URL_INVALID, "https:", "ftp:"),
    _endpoint(Code.ENDPOINT_URL_INVALID, "//models", "//me:secret@models"),
    _endpoint(Code.ENDPOINT_UNENCRYPTED, "https:", "http:"),
    _endpoint(Code.ENDPOINT_KEY_INVALID, "SPARE_API_KEY", "sk-s3cr3t"),
    _endpoint(Code.ENDPOINT_UNUSED, "'spare:big'", "offline"),
    _endpoint(Code.MODEL_UNKNOWN, "'spare:big'", "'other:big'", "other:big", (Code.ENDPOINT_UNUSED,)),
    _endpoint(Code.MODEL_UNKNOWN, "'spare:big'", "'spare:'", "spare:'", (Code.ENDPOINT_UNUSED,)),
    _endpoint(Code.RESERVED_NAME, "spare", "openai", "openai:"),
    _endpoint(Code.RESERVED_NAME, "spare", "offline", "offline: {url"),
    _endpoint(Code.UNKNOWN_FIELD, "key_env", "key", also=(Code.MISSING_FIELD,)),
]

DELIVERIES = [
    _deliver(Code.DELIVERY_URL_INVALID, "https:", "ftp:"),
    _deliver(Code.DELIVERY_URL_INVALID, "https://erp.example", "https://"),
    _deliver(Code.DELIVERY_URL_INVALID, "//erp", "//me:secret@erp"),
    _deliver(Code.DELIVERY_URL_INVALID, "/in'", "/in#here'"),
    _deliver(Code.DELIVERY_URL_INVALID, "erp.example", "erp.example:many"),
    _deliver(Code.DELIVERY_URL_INVALID, "/in'", "/in it'"),
    _deliver(Code.DELIVERY_UNENCRYPTED, "https:", "http:"),
    _deliver(Code.DELIVERY_KEY_INVALID, "ERP_KEY", "s3cr3t"),
    _deliver(Code.DELIVERY_EVENT_UNDECLARED, "ship.announced", "ship.sunk"),
    _deliver(Code.DELIVERY_EVENT_UNDECLARED, "ship.announced", "ships.*"),
    _deliver(Code.DELIVERY_EVENT_UNDECLARED, "ship.announced", "ship*"),
    _deliver(Code.DUPLICATE_NAME, "[ship.announced]", "[ship.announced, ship.announced]"),
    _deliver(Code.WRONG_VALUE, "events: [ship.announced]", "events: [approval.*], attempts: 0"),
    case(
        Code.DUPLICATE_NAME,
        CONFIG,
        _RULES,
        f"{_RULES}\ndeliver:\n  - {_ERP}\n  - {_ERP}  # again",
        at="# again",
    ),
]

FIELDS = [
    case(Code.WRONG_TYPE, BERTHING, "level: 3", "level: true", at="level:"),
    case(Code.WRONG_TYPE, BERTHING, "level: 3", "level: 3.0", at="level:", also=(Code.WRONG_VALUE,)),
    case(Code.BAD_LEVEL, BERTHING, "level: 3", "level: 0", at="level:"),
    case(Code.WRONG_TYPE, BERTHING, "version: 1", "version: 1e0", at="version:", also=(Code.WRONG_VALUE,)),
    case(Code.WRONG_TYPE, CONFIG, "zone: Europe/Amsterdam", "zone: 0o17", at="zone:"),
    case(Code.BAD_ZONE, CONFIG, "zone: Europe/Amsterdam", "zone: no", at="zone:"),
    case(Code.WRONG_TYPE, CONFIG, "floor: harbour", "floor: true", at="floor:"),
    case(
        Code.WRONG_VALUE,
        CONFIG,
        "roles: [harbour_master]}",
        "roles: [harbour_master], hours: {from: 7:00, to: 15:00}}",
        at="Anna Vos",
    ),
    case(Code.WRONG_VALUE, CONFIG, "version: 1", f"version: {'9' * 20}", at="version:"),
    case(Code.WRONG_TYPE, CONFIG, "version: 1", f"version: 0x{'f' * 9000}", at="version:"),
    case(
        Code.DUPLICATE_NAME,
        BERTHING,
        "can: [assign_berth, shift_visit]",
        "can: [assign_berth, shift_visit, assign_berth]",
        at="can:",
    ),
    case(Code.DUPLICATE_NAME, BERTHING, "from: [person]", "from: [person, person]", at="from: [person"),
    case(Code.DUPLICATE_NAME, FAIRWAY, "[find_gap]", "[find_gap, find_gap]", at="find_gap"),
    case(Code.DUPLICATE_NAME, FAIRWAY, "errors: [closed,", "errors: [unclear, closed,", at="errors:"),
    case(
        Code.DUPLICATE_NAME,
        CONFIG,
        "rules: [enough_water]",
        "rules: [enough_water, enough_water]",
        at="rules:",
    ),
    case(
        Code.DUPLICATE_NAME, CONFIG, "roles: [berth_master]", "roles: [berth_master, berth_master]", at="Koen"
    ),
    case(
        Code.RESERVED_NAME,
        CONFIG,
        "roles: [harbour_master, b",
        "roles: [subject, harbour_master, b",
        at="roles:",
        also=(Code.ROLE_UNHELD,),
    ),
    case(Code.RESERVED_NAME, CONFIG, "id: a.vos", "id: guest", at="id: guest"),
    case(Code.RESERVED_NAME, "tools/queries.py", 'name="free_pilots"', 'name="reply"', at='"reply"'),
    case(Code.SCHEMA_INVALID, BERTHING, "required: [visit]", "requird: [visit]", at="requird"),
    case(Code.SCHEMA_INVALID, BERTHING, "{visit: {type: string}}", "{visit: {pattern: '['}}", at="pattern"),
    case(
        Code.SCHEMA_INVALID,
        BERTHING,
        "{visit: {type: string}}",
        "{visit: {$ref: '#/$defs/visit'}}",
        at="$ref",
    ),
    case(Code.SCHEMA_INVALID, BERTHING, "{visit: {type: string}}}", "{visit: {}}, $ref: '#'}", at="$ref"),
    case(
        Code.SCHEMA_INVALID,
        BERTHING,
        "{visit: {type: string}}",
        "{visit: {$id: 'x', type: string}}",
        at="$id",
    ),
    case(Code.SCHEMA_INVALID, BERTHING, "{visit: {type: string}}", "[visit]", at="properties: [visit]"),
    case(
        Code.SCHEMA_UNUSABLE,
        BERTHING,
        "find_berth: {type: object, required: [berth, start], properties:"
        " {berth: {type: string}, start: {type: string}}}",
        "find_berth: {}",
        at="find_berth: {}",
    ),
    case(
        Code.SCHEMA_UNUSABLE,
        BERTHING,
        "find_gap: {type: object,",
        "find_gap: {type: array,",
        at="type: array",
    ),
    case(Code.SCHEMA_UNUSABLE, BERTHING, "minimum: 1}", "minimum: 1, maximum: 0}", at="maximum: 0"),
    case(
        Code.WRONG_TYPE,
        BERTHING,
        "find_gap: {type: object, required: [start, end], properties: {start:"
        " {type: string}, end: {type: string}}}",
        "find_gap:",
        at="find_gap:\n    find_berth",
    ),
]

CONFIGURATION = [
    case(Code.CLOCK_START_UNUSED, CONFIG, "clock: floor\n", "clock: system\n", at="clock_start:"),
    case(Code.LANE_EMPTY, CONFIG, "[quay, water]", "[quay, water, air]", at="lanes:"),
    case(
        Code.ROLE_UNHELD,
        CONFIG,
        "berth_master, pilot_master]\n",
        "berth_master, pilot_master, diver]\n",
        at="diver",
    ),
    case(
        Code.APPROVAL_ROLE_REPEATED,
        CONFIG,
        "{role: harbour_master, a",
        "{role: berth_master, a",
        at="answer_s: 1800",
    ),
    case(
        Code.APPROVAL_RUNG_UNREACHED,
        CONFIG,
        "  shift_visit:\n",
        "  shift_visit:\n    expires_s: 900\n",
        at="role: harbour_master,",
    ),
    case(
        Code.APPROVAL_UNUSED,
        CONFIG,
        "approvals:\n",
        "approvals:\n  change_tide:\n    ladder: [{role: pilot_master, answer_s: 60}]\n",
        at="change_tide",
    ),
    case(
        Code.APPROVAL_UNUSED,
        CONFIG,
        "approvals:\n",
        "approvals:\n  book_pilot:\n    ladder: [{role: pilot_master, answer_s: 60}]\n",
        at="book_pilot",
    ),
    case(
        Code.APPROVAL_SUBJECT_UNNAMED,
        CONFIG,
        "{role: harbour_master, a",
        "{role: subject, a",
        at="role: subject",
    ),
    case(Code.MODEL_UNKNOWN, CONFIG, "", "models: {tiers: {small: gpt-9}}\n", at="gpt-9"),
    case(
        Code.FALLBACK_CIRCULAR,
        CONFIG,
        "",
        "models:\n  tiers: {small: offline, large: 'openai:big'}\n  fallback: {large: large}\n",
        at="fallback: {large",
    ),
    case(
        Code.MONEY_UNPRICED,
        CONFIG,
        "",
        "models:\n  tiers: {small: offline, large: 'openai:our-own'}\nlimits: {per_day: {usd: '40'}}\n",
        at="our-own",
    ),
    case(Code.LIMIT_TOO_SMALL, CONFIG, "", "limits: {rounds: 1}\n", at="limits:"),
    case(
        Code.LIMIT_UNREACHED,
        CONFIG,
        "",
        "limits:\n  rounds: 4\n  answers_per_exchange: 4\n",
        at="answers_per",
    ),
    case(Code.LIMIT_UNREACHED, CONFIG, "", "limits:\n  rounds: 4\n  rereads: 20\n", at="rereads"),
    case(
        Code.LIMIT_UNREACHED,
        CONFIG,
        "",
        "engine:\n  breaker:\n    window: 5\n    min_calls: 6\n",
        at="min_calls",
    ),
    case(Code.LIMIT_UNREACHED, CONFIG, "", "watch:\n  causal_depth: 6\n", at="causal_depth"),
    case(Code.WRONG_VALUE, CONFIG, "", "limits: {rounds: 0}\n", at="limits:"),
    case(Code.TOOLBOX_ROLE, ACTIONS, 'return "policy" if', 'return "cook" if', at="def must_sign"),
]

AGENTS = [
    case(
        Code.ESCALATION_ROLE_REPEATED,
        BERTHING,
        "harbour_master]}",
        "harbour_master, berth_master]}",
        at="escalation_path",
    ),
    case(
        Code.MISSING_FIELD,
        BERTHING,
        "to: [berth_master, harbour_master]",
        "too: []",
        at="escalation_path",
        also=(Code.UNKNOWN_FIELD,),
    ),
    case(Code.WRONG_VALUE, BERTHING, "to: [berth_master, harbour_master]", "to: []", at="escalation_path"),
    case(
        Code.HEARD_AND_PROJECTED,
        BERTHING,
        "hear: [ship.announced]",
        "hear: [ship.announced], project: [ship.announced]",
        at="project:",
    ),
    case(Code.DEGRADED_AGE_MISSING, BERTHING, "", "degraded_mode: {when_open: cached}\n", at="degraded_mode"),
    case(
        Code.DEGRADED_DEFAULT_MISSING, BERTHING, "", "degraded_mode:\n  when_open: default\n", at="when_open"
    ),
    case(
        Code.DEGRADED_DEFAULT_UNFIT,
        BERTHING,
        "",
        "degraded_mode:\n  when_open: default\n  default: {start: now}\n",
        at="default: {",
    ),
    case(
        Code.DEGRADED_FIELD_UNUSED,
        BERTHING,
        "",
        "degraded_mode:\n  when_open: escalate\n  max_age_s: 60\n",
        at="max_age_s",
    ),
    case(
        Code.DEGRADED_FIELD_UNUSED,
        BERTHING,
        "",
        "degraded_mode:\n  when_open: cached\n  max_age_s: 60\n  default: {start: a, end: b}\n",
        at="default:",
    ),
    Case(
        Code.BUDGET_TOO_SMALL,
        Edit(BERTHING, "", "context:\n  budget_tokens: 200\n"),
        at="budget_tokens",
        file=BERTHING,
        more=(Edit(BERTHING, "required: [berth, minutes, earliest, latest]", f"required: [{_MANY}]"),),
    ),
    Case(
        Code.OWNER_IN_SHADOW,
        Edit(BERTHING, "", "mode: shadow\n"),
        at="authority:",
        file=BERTHING,
        also=frozenset({Code.ASK_IN_SHADOW}),
        more=(
            Edit(FAIRWAY, "  can: [book_pilot, ", "  can: [shift_visit, book_pilot, "),
            Edit(FAIRWAY, "cannot: [shift_visit]", "cannot: []"),
        ),
    ),
    case(Code.ASK_IN_SHADOW, BERTHING, "", "mode: shadow\n", at="asks:", where=FAIRWAY),
    case(Code.ACTION_UNREADABLE, BERTHING, "reads: [berth, visit,", "reads: [berth,", at="can:"),
    case(
        Code.CANNOT_UNKNOWN, BERTHING, "cannot: [book_sounding]", "cannot: [book_sounding, paint]", at="paint"
    ),
    case(
        Code.QUERY_UNUSED,
        "tools/queries.py",
        'reads=("visit", "pilot")',
        'reads=("visit", "pilot", "cargo")',
        at="def free_pilots",
        also=(Code.TOOLBOX_REFERENCE,),
    ),
    case(
        Code.ASK_ITSELF, FAIRWAY, "asks: {berthing:", "asks: {fairway: [sound_berth], berthing:", at="asks:"
    ),
    case(
        Code.ASKER_WITHOUT_ASK,
        BERTHING,
        "from: [person]",
        "from: [person, fairway]",
        at="from: [person, fairway]",
    ),
    case(
        Code.REQUEST_WITHOUT_ASKER,
        FAIRWAY,
        "asks: {berthing: [find_gap]}",
        "asks: {}",
        at="find_gap:",
        where=BERTHING,
    ),
    case(Code.REQUEST_WITHOUT_ASKER, FAIRWAY, "from: [person]", "from: [fairway]", at="sound_berth:"),
    Case(
        Code.AGENT_UNREACHABLE,
        _ALONE[0],
        at="input_schema:",
        file=FAIRWAY,
        more=_ALONE[1:2],
        also=frozenset({Code.REQUEST_WITHOUT_ASKER}),
    ),
    case(
        Code.EVENT_UNHEARD,
        FAIRWAY,
        "project: [visit.shifted]",
        "project: []",
        at="  events: [berth.assigned",
        where=BERTHING,
    ),
    case(
        Code.EVENT_UNUSED,
        TOOLBOX,
        "    events={\n",
        '    events={\n        "ship.sunk": {},\n',
        at='"ship.sunk"',
    ),
    Case(
        Code.EVENT_WITHOUT_SOURCE,
        Edit(TOOLBOX, '("sounding.booked",), "b', '("sounding.booked", "ship.sunk"), "b'),
        at="def note_sounding",
        file=TOOLBOX,
        more=(Edit(TOOLBOX, "    events={\n", '    events={\n        "ship.sunk": {},\n'),),
    ),
    Case(
        Code.REFLEX_UNUSED,
        Edit(TOOLBOX, "Rule, Toolbox", "Reflex, Rule, Toolbox"),
        at="def note_sounding",
        file=TOOLBOX,
        more=(
            Edit(
                TOOLBOX,
                "    mentions=mentions,",
                '    mentions=mentions,\n    reflexes=(Reflex("book_pilot", note_sounding),),',
            ),
        ),
    ),
]

TOOLS = [
    case(
        Code.TOOLBOX_BOUNDS,
        RESOURCES,
        '"max_length_m": Integer(1)',
        '"max_length_m": Integer(1, 0)',
        at='"pilot"',
        also=(Code.SEED_FIELD,),
    ),
    case(
        Code.TOOLBOX_BOUNDS,
        RESOURCES,
        "Bound(minimum=0)",
        "Bound(minimum=0, maximum=-1)",
        at='"berth"',
        also=(Code.SEED_BALANCE,),
    ),
    case(
        Code.TOOLBOX_DUPLICATE,
        "tools/queries.py",
        'name="free_pilots"',
        'name="book_pilot"',
        at='"book_pilot"',
    ),
    case(
        Code.TOOLBOX_REFERENCE,
        TOOLBOX,
        '_PLACED: Shape = {"visit": KeyOf("visit")',
        '_PLACED: Shape = {"visit": KeyOf("ship")',
        at='"berth.assigned"',
    ),
    case(Code.SEED_REFERENCE, SEED, "promised: true, berth: B1", "promised: true, berth: B9", at="berth: B9"),
    case(
        Code.SEED_INVARIANT,
        SEED,
        "start: 2026-05-04T08:00+02:00, end: 2026-05-05T08:00+02:00}",
        "start: 2026-05-06T08:00+02:00, end: 2026-05-05T08:00+02:00}",
        at="V-1:",
    ),
    case(
        Code.SEED_INVARIANT,
        TOOLBOX,
        'return None if good else f"{record.ref} would end',
        'return record.nothing if good else f"{record.ref} would end',
        at="V-1:",
        where=SEED,
    ),
]

SLIPS = [*ENDPOINTS, *DELIVERIES, *FILES, *FIELDS, *CONFIGURATION, *AGENTS, *TOOLS]
