"""One mistake in a made-up floor: a table of changes, each with the code that has to be told for it.

A change gets a floor's plan and a stream of chance; it gives False when the floor has nothing to get wrong.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from agents.floor_catalogue import Code
from tests.generated_floors import Blueprint

Change: TypeAlias = Callable[[Blueprint, random.Random], bool | None]


@dataclass(frozen=True)
class Mistake:
    """A change and its code. ``name`` tells it from others of the code."""

    code: Code
    name: str
    change: Change


OPTIONAL = ("mode", "degraded_mode", "reflexes", "rate", "model", "context")
MISTAKES: list[Mistake] = []


def mistake(code: Code) -> Callable[[Change], Change]:
    """Add a change to the table."""

    def add(change: Change) -> Change:
        MISTAKES.append(Mistake(code, change.__name__, change))
        return change

    return add


def some(plan: Blueprint, rolls: random.Random) -> dict[str, Any]:
    """Any manifest."""
    return plan.manifests[rolls.choice(list(plan.manifests))]


def text(code: Code, name: str, old: str, new: str) -> None:
    """A change of the text of any manifest."""

    def change(plan: Blueprint, rolls: random.Random) -> None:
        folder = rolls.choice(list(plan.manifests))
        plan.edits.append((f"agents/{folder}/manifest.yaml", lambda said: said.replace(old, new, 1)))

    MISTAKES.append(Mistake(code, name, change))


def config_text(code: Code, name: str, old: str, new: str) -> None:
    """A change of the text of floor.yaml."""

    def change(plan: Blueprint, rolls: random.Random) -> None:
        plan.edits.append(("floor.yaml", lambda said: said.replace(old, new, 1)))

    MISTAKES.append(Mistake(code, name, change))


text(Code.DUPLICATE_KEY, "key_twice", "version:", "lane: north\nversion:")
text(Code.ALIAS_REFUSED, "anchor", "version: ", "version: &one ")
text(Code.ALIAS_REFUSED, "merge_key", "version: ", "<<: *one\nversion: ")
text(Code.TAG_REFUSED, "tag", "version: ", "version: !!int ")
text(Code.BAD_YAML, "tab", "version: ", "\tversion: ")
text(Code.BAD_YAML, "open_bracket", 'purpose: "', 'purpose: ["')
text(Code.BAD_YAML, "two_documents", "version: ", "---\nversion: ")
text(Code.BAD_YAML, "number_as_key", "version: ", "12: 12\nversion: ")
text(Code.BAD_YAML, "too_deep", "version: ", f"deep: {'[' * 40}{']' * 40}\nversion: ")
text(Code.BAD_YAML, "raw_control_character", "The ", "The \x07")
text(Code.HIDDEN_CHARACTER, "escaped_control_character", "The ", "The \\u0007")
text(Code.HIDDEN_CHARACTER, "turned_direction", "The ", "The \\u202e")
text(Code.WRONG_VALUE, "lone_surrogate", "The ", "The \\ud800")
text(Code.BAD_ENCODING, "no_utf_8", "The ", "The \udcff")
text(Code.UNKNOWN_FIELD, "unknown_field", "version:", "mood: calm\nversion:")
text(Code.UNKNOWN_FIELD, "unknown_inner_field", "authority:", "authority:\n  mood: calm")
text(Code.WRONG_TYPE, "level_as_text", "  level: ", "  level: x")
text(Code.WRONG_TYPE, "level_as_flag", "  level: ", "  level: true # ")
text(Code.WRONG_TYPE, "version_with_exponent", "version: ", "version: 1e0 # ")
text(Code.WRONG_VALUE, "name_of_two_words", 'lane: "', 'lane: "no ')
config_text(Code.WRONG_TYPE, "octal_zone", 'zone: "', 'zone: 0o17 # "')
config_text(Code.BAD_ZONE, "zone_no", 'zone: "', 'zone: no # "')
config_text(Code.BAD_ZONE, "zone_is_a_path", 'zone: "', 'zone: "../')
config_text(Code.DUPLICATE_KEY, "config_key_twice", "purpose:", "floor: x\npurpose:")
config_text(Code.PATH_REFUSED, "seed_goes_up", '"seed.yaml"', '"../seed.yaml"')
config_text(Code.PATH_REFUSED, "seed_is_absolute", '"seed.yaml"', '"/etc/hostname"')
config_text(Code.PATH_REFUSED, "seed_with_nul", '"seed.yaml"', '"seed\\u0000.yaml"')
config_text(Code.MISSING_FILE, "seed_elsewhere", '"seed.yaml"', '"seeds.yaml"')
config_text(Code.WRONG_VALUE, "no_offset", "+01:00", "")
config_text(Code.CLOCK_START_UNUSED, "two_clocks", 'clock: "floor"', 'clock: "system"')


@mistake(Code.CLOCK_START_MISSING)
def clock_without_a_start(plan: Blueprint, rolls: random.Random) -> None:
    del plan.config["clock_start"]


@mistake(Code.NO_AGENTS)
def no_agents(plan: Blueprint, rolls: random.Random) -> None:
    plan.manifests.clear()


@mistake(Code.FILE_TOO_LARGE)
def huge_manifest(plan: Blueprint, rolls: random.Random) -> None:
    folder = rolls.choice(list(plan.manifests))
    plan.edits.append((f"agents/{folder}/manifest.yaml", lambda said: said + "# more\n" * 40_000))


@mistake(Code.MISSING_FILE)
def lost_manifest(plan: Blueprint, rolls: random.Random) -> None:
    plan.files[f"agents/{rolls.choice(list(plan.manifests))}/manifest.yaml"] = None


@mistake(Code.MISSING_PROMPT)
def empty_prompt(plan: Blueprint, rolls: random.Random) -> None:
    plan.files[f"agents/{rolls.choice(list(plan.manifests))}/prompt.md"] = b" \n"


@mistake(Code.MISSING_POLICY)
def lost_policy(plan: Blueprint, rolls: random.Random) -> None:
    plan.files[f"agents/{rolls.choice(list(plan.manifests))}/policy.py"] = None


@mistake(Code.NO_POLICY)
def policy_without_a_policy(plan: Blueprint, rolls: random.Random) -> None:
    plan.files[f"agents/{rolls.choice(list(plan.manifests))}/policy.py"] = b"POLITE = 1\n"


@mistake(Code.IMPORT_FAILED)
def policy_that_raises(plan: Blueprint, rolls: random.Random) -> None:
    plan.files[f"agents/{rolls.choice(list(plan.manifests))}/policy.py"] = b"raise SystemExit\n"


@mistake(Code.IMPORT_FAILED)
def tools_that_do_not_parse(plan: Blueprint, rolls: random.Random) -> None:
    plan.edits.append(("tools/floor.py", lambda said: said + "def (:\n"))


@mistake(Code.NO_TOOLBOX)
def lost_tools(plan: Blueprint, rolls: random.Random) -> None:
    plan.files["tools/floor.py"] = None


@mistake(Code.FOLDER_NAME)
def renamed_folder(plan: Blueprint, rolls: random.Random) -> None:
    folder = rolls.choice(list(plan.manifests))
    plan.manifests = {f"The {f}" if f == folder else f: m for f, m in plan.manifests.items()}


@mistake(Code.STRAY_CONTRACT)
def flat_contract(plan: Blueprint, rolls: random.Random) -> None:
    plan.files["agents/extra.yaml"] = b"agent: extra\n"


@mistake(Code.AGENT_NAME_MISMATCH)
def other_name(plan: Blueprint, rolls: random.Random) -> None:
    some(plan, rolls)["agent"] = "stranger"


@mistake(Code.DUPLICATE_AGENT)
def two_of_one_name(plan: Blueprint, rolls: random.Random) -> None:
    one, other = rolls.sample(list(plan.manifests), 2)
    plan.manifests[one]["agent"] = other


@mistake(Code.RESERVED_NAME)
def agent_called_person(plan: Blueprint, rolls: random.Random) -> None:
    some(plan, rolls)["agent"] = rolls.choice(("person", "supervisor"))


@mistake(Code.RESERVED_NAME)
def role_called_subject(plan: Blueprint, rolls: random.Random) -> None:
    plan.config["roles"].append(rolls.choice(("subject", "policy")))


@mistake(Code.RESERVED_NAME)
def person_called_guest(plan: Blueprint, rolls: random.Random) -> None:
    rolls.choice(plan.config["people"])["id"] = "guest"


@mistake(Code.MISSING_FIELD)
def lost_field(plan: Blueprint, rolls: random.Random) -> None:
    manifest = some(plan, rolls)
    del manifest[rolls.choice([name for name in manifest if name not in OPTIONAL])]


@mistake(Code.MISSING_FIELD)
def lost_config_field(plan: Blueprint, rolls: random.Random) -> None:
    del plan.config[rolls.choice(("floor", "version", "purpose", "lanes", "roles", "people"))]


@mistake(Code.WRONG_TYPE)
def field_of_another_type(plan: Blueprint, rolls: random.Random) -> None:
    manifest = some(plan, rolls)
    name = rolls.choice([name for name in manifest if name not in OPTIONAL])
    manifest[name] = rolls.choice((True, [1], None))


@mistake(Code.WRONG_TYPE)
def config_field_of_another_type(plan: Blueprint, rolls: random.Random) -> None:
    plan.config[rolls.choice(("floor", "lanes", "roles", "people", "rules", "models"))] = rolls.choice(
        (7, True)
    )


@mistake(Code.BAD_LEVEL)
def level_out_of_range(plan: Blueprint, rolls: random.Random) -> None:
    some(plan, rolls)["authority"]["level"] = rolls.choice((0, 6, -1, 99))


@mistake(Code.WRONG_VALUE)
def timeout_out_of_range(plan: Blueprint, rolls: random.Random) -> None:
    some(plan, rolls)["timeout_policy"][rolls.choice(("call_s", "event_s"))] = rolls.choice((0, -5, 10**6))


@mistake(Code.WRONG_VALUE)
def integer_beyond_what_is_exact(plan: Blueprint, rolls: random.Random) -> None:
    some(plan, rolls)["version"] = 2**60


@mistake(Code.DUPLICATE_NAME)
def name_twice(plan: Blueprint, rolls: random.Random) -> bool:
    manifest = some(plan, rolls)
    lists = [
        manifest["capability_scope"]["can"],
        manifest["capability_scope"]["reads"],
        manifest["input_schema"]["events"]["hear"],
        manifest["output_schema"]["errors"],
        manifest["authority"]["owns"],
        plan.config["lanes"],
        plan.config["roles"],
    ]
    found = rolls.choice([names for names in lists if names])
    found.append(found[0])
    return True


@mistake(Code.DUPLICATE_NAME)
def two_of_one_id(plan: Blueprint, rolls: random.Random) -> None:
    one, other = rolls.sample(plan.config["people"], 2)
    one["id"] = other["id"]


def a_request(plan: Blueprint, rolls: random.Random) -> tuple[dict[str, Any], str] | None:
    """A manifest, and a request it answers."""
    found = [(m, name) for m in plan.manifests.values() for name in m["input_schema"]["requests"]]
    return rolls.choice(found) if found else None


def schemas(plan: Blueprint, rolls: random.Random, change: Callable[[dict[str, Any]], Any]) -> bool:
    """Change a schema of a request or of its answer."""
    if (found := a_request(plan, rolls)) is None:
        return False
    manifest, name = found
    if rolls.random() < 0.5:
        change(manifest["input_schema"]["requests"][name]["schema"])
    else:
        manifest.pop("degraded_mode", None)
        change(manifest["output_schema"]["answers"][name])
    return True


INVALID: tuple[Mapping[str, Any], ...] = (
    {"requird": ["a"]},
    {"type": "objekt"},
    {"$ref": "http://x/y"},
    {"$ref": "#/$defs/nowhere"},
    {"$ref": "#"},
    {"properties": {"a": {"pattern": "["}}},
    {"properties": {"a": {"minLength": -1}}},
    {"properties": ["a"]},
    {"required": "a"},
    {"allOf": []},
    {"$id": "x"},
)


@mistake(Code.SCHEMA_INVALID)
def schema_with_a_mistake(plan: Blueprint, rolls: random.Random) -> bool:
    return schemas(plan, rolls, lambda schema: schema.update(rolls.choice(INVALID)))


@mistake(Code.SCHEMA_UNUSABLE)
def schema_that_takes_anything(plan: Blueprint, rolls: random.Random) -> bool:
    return schemas(plan, rolls, lambda schema: schema.clear())


@mistake(Code.SCHEMA_UNUSABLE)
def schema_of_no_object(plan: Blueprint, rolls: random.Random) -> bool:
    return schemas(
        plan, rolls, lambda schema: schema.update(type=rolls.choice(("string", "array", ["null"])))
    )


@mistake(Code.WRONG_TYPE)
def answer_without_schema(plan: Blueprint, rolls: random.Random) -> bool:
    if (found := a_request(plan, rolls)) is None:
        return False
    found[0]["output_schema"]["answers"][found[1]] = None
    return True


@mistake(Code.REQUEST_WITHOUT_ANSWER)
def request_without_answer(plan: Blueprint, rolls: random.Random) -> bool:
    if (found := a_request(plan, rolls)) is None:
        return False
    del found[0]["output_schema"]["answers"][found[1]]
    return True


@mistake(Code.ANSWER_WITHOUT_REQUEST)
def answer_without_request(plan: Blueprint, rolls: random.Random) -> None:
    some(plan, rolls)["output_schema"]["answers"]["tell_time"] = {"type": "object"}


@mistake(Code.RESERVED_NAME)
def request_called_decide(plan: Blueprint, rolls: random.Random) -> None:
    manifest = some(plan, rolls)
    manifest["input_schema"]["requests"]["decide"] = {"from": ["person"], "schema": {"type": "object"}}


@mistake(Code.ASKER_UNKNOWN)
def stranger_may_ask(plan: Blueprint, rolls: random.Random) -> bool:
    if (found := a_request(plan, rolls)) is None:
        return False
    found[0]["input_schema"]["requests"][found[1]]["from"].append("stranger")
    return True


@mistake(Code.ASKER_WITHOUT_ASK)
def asker_that_never_asks(plan: Blueprint, rolls: random.Random) -> bool:
    if (found := a_request(plan, rolls)) is None:
        return False
    manifest, name = found
    request = manifest["input_schema"]["requests"][name]
    others = [f for f in plan.manifests if f != manifest["agent"] and f not in request["from"]]
    if not others:
        return False
    request["from"].append(rolls.choice(others))
    return True


@mistake(Code.REQUEST_WITHOUT_ASKER)
def request_that_nobody_makes(plan: Blueprint, rolls: random.Random) -> None:
    one, other = rolls.sample(list(plan.manifests), 2)
    manifest = plan.manifests[one]
    manifest["input_schema"]["requests"]["idle"] = {"from": [other], "schema": {"type": "object"}}
    manifest["output_schema"]["answers"]["idle"] = {"type": "object"}


def an_ask(plan: Blueprint, rolls: random.Random) -> tuple[str, str, str] | None:
    """An asker, whom it asks, and what."""
    found = [
        (asker, callee, name)
        for asker, m in plan.manifests.items()
        for callee, names in m["capability_scope"]["asks"].items()
        for name in names
    ]
    return rolls.choice(found) if found else None


@mistake(Code.ASK_AGENT_UNKNOWN)
def asks_a_stranger(plan: Blueprint, rolls: random.Random) -> None:
    some(plan, rolls)["capability_scope"]["asks"]["stranger"] = ["help"]


@mistake(Code.ASK_REQUEST_UNKNOWN)
def asks_what_nobody_answers(plan: Blueprint, rolls: random.Random) -> None:
    one, other = rolls.sample(list(plan.manifests), 2)
    plan.manifests[one]["capability_scope"]["asks"].setdefault(other, []).append("sing")


@mistake(Code.ASK_NOT_ADMITTED)
def asks_without_being_admitted(plan: Blueprint, rolls: random.Random) -> bool:
    if (found := an_ask(plan, rolls)) is None:
        return False
    asker, callee, name = found
    request = plan.manifests[callee]["input_schema"]["requests"][name]
    request["from"] = [a for a in request["from"] if a != asker] or ["person"]
    return True


@mistake(Code.ASK_ITSELF)
def asks_itself(plan: Blueprint, rolls: random.Random) -> None:
    manifest = some(plan, rolls)
    manifest["capability_scope"]["asks"][manifest["agent"]] = ["help"]


@mistake(Code.ASK_IN_SHADOW)
def asks_a_shadow(plan: Blueprint, rolls: random.Random) -> bool:
    if (found := an_ask(plan, rolls)) is None:
        return False
    plan.manifests[found[1]]["mode"] = "shadow"
    return True


@mistake(Code.OWNER_IN_SHADOW)
def shadow_that_owns(plan: Blueprint, rolls: random.Random) -> None:
    owner = rolls.choice([m for m in plan.manifests.values() if m["authority"]["owns"]])
    other = rolls.choice([m for m in plan.manifests.values() if m is not owner])
    kinds = [k for k, told in plan.tools["actions"].items() if told["type"] in owner["authority"]["owns"]]
    owner["mode"] = "shadow"
    other["capability_scope"]["can"].append(rolls.choice(kinds))


@mistake(Code.LANE_UNKNOWN)
def lane_of_nobody(plan: Blueprint, rolls: random.Random) -> None:
    some(plan, rolls)["lane"] = "nowhere"


@mistake(Code.LANE_EMPTY)
def lane_without_agents(plan: Blueprint, rolls: random.Random) -> None:
    plan.config["lanes"].append("nowhere")


@mistake(Code.ROLE_UNHELD)
def role_without_people(plan: Blueprint, rolls: random.Random) -> None:
    plan.config["roles"].append("nobody")


@mistake(Code.PERSON_ROLE_UNKNOWN)
def person_of_an_unknown_role(plan: Blueprint, rolls: random.Random) -> None:
    rolls.choice(plan.config["people"])["roles"].append("cook")


@mistake(Code.ESCALATION_ROLE_UNKNOWN)
def escalation_that_dangles(plan: Blueprint, rolls: random.Random) -> None:
    some(plan, rolls)["escalation_path"]["to"].append("cook")


@mistake(Code.ESCALATION_ROLE_UNHELD)
def escalation_to_no_person(plan: Blueprint, rolls: random.Random) -> None:
    plan.config["roles"].append("nobody")
    some(plan, rolls)["escalation_path"]["to"].append("nobody")


@mistake(Code.ESCALATION_ROLE_REPEATED)
def escalation_in_circles(plan: Blueprint, rolls: random.Random) -> None:
    path = some(plan, rolls)["escalation_path"]["to"]
    path.append(path[0])


@mistake(Code.WRONG_VALUE)
def escalation_to_nobody_at_all(plan: Blueprint, rolls: random.Random) -> None:
    some(plan, rolls)["escalation_path"]["to"].clear()


def an_approval(plan: Blueprint, rolls: random.Random) -> dict[str, Any] | None:
    """Any approval policy."""
    found = list(plan.config.get("approvals", {}).values())
    return rolls.choice(found) if found else None


@mistake(Code.APPROVAL_ROLE_UNKNOWN)
def approval_by_an_unknown_role(plan: Blueprint, rolls: random.Random) -> bool:
    if (policy := an_approval(plan, rolls)) is None:
        return False
    policy["ladder"].append({"role": "cook", "answer_s": 60})
    return True


@mistake(Code.APPROVAL_ROLE_UNHELD)
def approval_by_nobody(plan: Blueprint, rolls: random.Random) -> bool:
    if (policy := an_approval(plan, rolls)) is None:
        return False
    plan.config["roles"].append("nobody")
    policy["ladder"].append({"role": "nobody", "answer_s": 60})
    return True


@mistake(Code.APPROVAL_ROLE_REPEATED)
def approval_in_circles(plan: Blueprint, rolls: random.Random) -> bool:
    if (policy := an_approval(plan, rolls)) is None:
        return False
    policy["ladder"].append(dict(policy["ladder"][0]))
    return True


@mistake(Code.APPROVAL_RUNG_UNREACHED)
def approval_that_expires_first(plan: Blueprint, rolls: random.Random) -> bool:
    policy = an_approval(plan, rolls)
    if policy is None or len(policy["ladder"]) < 2:
        return False
    policy["expires_s"] = policy["ladder"][0]["answer_s"]
    return True


@mistake(Code.APPROVAL_QUORUM_UNREACHABLE)
def approval_by_more_than_there_are(plan: Blueprint, rolls: random.Random) -> bool:
    if (policy := an_approval(plan, rolls)) is None:
        return False
    plan.config["roles"].append("alone")
    plan.config["people"].append({"id": "zoe", "name": "Zoe", "roles": ["alone"]})
    policy.update(ladder=[{"role": "alone", "answer_s": 60}], quorum=2)
    return True


@mistake(Code.APPROVAL_UNUSED)
def approval_of_nothing(plan: Blueprint, rolls: random.Random) -> None:
    ladder = [{"role": plan.config["roles"][0], "answer_s": 60}]
    plan.config.setdefault("approvals", {})["change_tide"] = {"ladder": ladder}


@mistake(Code.APPROVAL_SUBJECT_UNNAMED)
def approval_by_a_subject_that_is_never_named(plan: Blueprint, rolls: random.Random) -> bool:
    if (policy := an_approval(plan, rolls)) is None:
        return False
    policy["ladder"].append({"role": "subject", "answer_s": 60})
    return True


@mistake(Code.SIGNATURE_WITHOUT_POLICY)
def signature_without_policy(plan: Blueprint, rolls: random.Random) -> None:
    kind = rolls.choice(list(plan.tools["actions"]))
    plan.tools["actions"][kind]["signed"] = True
    plan.config.get("approvals", {}).pop(kind, None)


@mistake(Code.TOOLBOX_ROLE)
def signature_of_an_unknown_role(plan: Blueprint, rolls: random.Random) -> bool:
    if not any(told["signed"] for told in plan.tools["actions"].values()):
        return False
    plan.edits.append(("tools/floor.py", lambda said: said.replace('return "policy"', 'return "cook"', 1)))
    return True


@mistake(Code.RULE_UNKNOWN)
def rule_of_nobody(plan: Blueprint, rolls: random.Random) -> None:
    plan.config["rules"].append("no_rain")


@mistake(Code.TIER_UNKNOWN)
def tier_of_nobody(plan: Blueprint, rolls: random.Random) -> None:
    some(plan, rolls)["model"] = {"tier": "huge"}


@mistake(Code.TIER_UNKNOWN)
def router_of_no_tier(plan: Blueprint, rolls: random.Random) -> None:
    plan.config["models"]["router"] = "huge"


@mistake(Code.MODEL_UNKNOWN)
def model_of_nobody(plan: Blueprint, rolls: random.Random) -> None:
    plan.config["models"]["tiers"]["small"] = rolls.choice(("gpt", "openai:", "", "nobody:gpt"))


@mistake(Code.ENDPOINT_URL_INVALID)
def endpoint_nowhere(plan: Blueprint, rolls: random.Random) -> None:
    url = rolls.choice(
        ("", "models.example/v1", "ftp://models.example", "https://", "https://a:b@models.example")
    )
    plan.config["models"]["endpoints"]["spare"]["url"] = url


@mistake(Code.ENDPOINT_UNENCRYPTED)
def endpoint_in_the_clear(plan: Blueprint, rolls: random.Random) -> None:
    host = rolls.choice(("models.example", "10.0.0.7:8000", "[2001:db8::1]"))
    plan.config["models"]["endpoints"]["spare"]["url"] = f"http://{host}/v1"


@mistake(Code.ENDPOINT_KEY_INVALID)
def key_where_its_variable_belongs(plan: Blueprint, rolls: random.Random) -> None:
    plan.config["models"]["endpoints"]["spare"]["key_env"] = rolls.choice(
        ("sk-abc", "", "lower", "A B", "1A")
    )


@mistake(Code.ENDPOINT_UNUSED)
def endpoint_of_no_tier(plan: Blueprint, rolls: random.Random) -> None:
    plan.config["models"]["tiers"]["other"] = rolls.choice(("offline", "openai:other"))


@mistake(Code.TIER_UNKNOWN)
def agents_of_no_tier(plan: Blueprint, rolls: random.Random) -> None:
    plan.config["models"][rolls.choice(("agents", "router"))] = "huge"


@mistake(Code.FALLBACK_CIRCULAR)
def tiers_that_fall_back_on_each_other(plan: Blueprint, rolls: random.Random) -> None:
    plan.config["models"]["fallback"] = {"large": rolls.choice(("large", "small"))}
    if plan.config["models"]["fallback"]["large"] == "small":
        plan.config["models"]["tiers"]["spare"] = "offline"
        plan.config["models"]["fallback"] = {"large": "spare", "spare": "large"}


@mistake(Code.MONEY_UNPRICED)
def money_without_a_price(plan: Blueprint, rolls: random.Random) -> None:
    plan.config["models"]["tiers"]["small"] = "openai:our-own"
    plan.config.setdefault("limits", {})["per_day"] = {"usd": "40"}


@mistake(Code.LIMIT_TOO_SMALL)
def one_round_for_requests(plan: Blueprint, rolls: random.Random) -> bool:
    if an_ask(plan, rolls) is None:
        return False
    plan.config["limits"] = {"rounds": 1}
    return True


@mistake(Code.LIMIT_UNREACHED)
def more_answers_than_rounds(plan: Blueprint, rolls: random.Random) -> None:
    plan.config["limits"] = {
        "rounds": 4,
        rolls.choice(("answers_per_exchange", "rereads")): rolls.randint(4, 9),
    }


@mistake(Code.LIMIT_UNREACHED)
def breaker_that_never_counts(plan: Blueprint, rolls: random.Random) -> None:
    plan.config["engine"] = {"breaker": {"window": 3, "min_calls": 4}}


@mistake(Code.CAN_AND_CANNOT)
def both_can_and_cannot(plan: Blueprint, rolls: random.Random) -> bool:
    able = [m["capability_scope"] for m in plan.manifests.values() if m["capability_scope"]["can"]]
    scope = rolls.choice(able)
    scope["cannot"].append(scope["can"][0])
    return True


@mistake(Code.CANNOT_UNKNOWN)
def boundary_of_nothing(plan: Blueprint, rolls: random.Random) -> None:
    some(plan, rolls)["capability_scope"]["cannot"].append("paint")


@mistake(Code.ACTION_UNKNOWN)
def action_of_nobody(plan: Blueprint, rolls: random.Random) -> None:
    some(plan, rolls)["capability_scope"]["can"].append("paint")


@mistake(Code.ACTION_WITHOUT_PROPOSER)
def action_that_nobody_can(plan: Blueprint, rolls: random.Random) -> None:
    kind = rolls.choice(list(plan.tools["actions"]))
    for manifest in plan.manifests.values():
        scope = manifest["capability_scope"]
        scope["can"] = [k for k in scope["can"] if k != kind]


@mistake(Code.ACTION_UNREADABLE)
def action_on_what_is_not_read(plan: Blueprint, rolls: random.Random) -> None:
    able = [m["capability_scope"] for m in plan.manifests.values() if m["capability_scope"]["can"]]
    scope = rolls.choice(able)
    noun = plan.tools["actions"][rolls.choice(scope["can"])]["type"]
    scope["reads"] = [name for name in scope["reads"] if name != noun]


@mistake(Code.ACTION_WITH_TWO_OWNERS)
def action_of_two_owners(plan: Blueprint, rolls: random.Random) -> bool:
    owners = {n: f for f, m in plan.manifests.items() for n in m["authority"]["owns"]}
    kind = rolls.choice(list(plan.tools["actions"]))
    told = plan.tools["actions"][kind]
    others = [n for n, owner in owners.items() if owner != owners[told["type"]]]
    if not others:
        return False
    told["writes"] = [told["type"], rolls.choice(others)]
    return True


@mistake(Code.TYPE_WITHOUT_OWNER)
def type_of_nobody(plan: Blueprint, rolls: random.Random) -> None:
    rolls.choice([m["authority"]["owns"] for m in plan.manifests.values() if m["authority"]["owns"]]).pop()


@mistake(Code.TYPE_WITH_TWO_OWNERS)
def type_of_two(plan: Blueprint, rolls: random.Random) -> None:
    owner = rolls.choice([m for m in plan.manifests.values() if m["authority"]["owns"]])
    other = rolls.choice([m for m in plan.manifests.values() if m is not owner])
    other["authority"]["owns"].append(owner["authority"]["owns"][0])


@mistake(Code.TYPE_UNKNOWN)
def type_unknown(plan: Blueprint, rolls: random.Random) -> None:
    manifest = some(plan, rolls)
    rolls.choice((manifest["authority"]["owns"], manifest["capability_scope"]["reads"])).append("ghost")


@mistake(Code.EVENT_WITHOUT_SOURCE)
def event_of_nobody(plan: Blueprint, rolls: random.Random) -> None:
    some(plan, rolls)["input_schema"]["events"][rolls.choice(("hear", "project"))].append("ghost.seen")


@mistake(Code.EVENT_WITHOUT_SOURCE)
def consequence_of_nothing(plan: Blueprint, rolls: random.Random) -> None:
    noun = plan.tools["types"][0]
    owner = next(f for f, m in plan.manifests.items() if noun in m["authority"]["owns"])
    plan.tools["events"] = ["ghost.seen"]
    plan.tools["consequences"].append({"name": "haunt", "on": "ghost.seen", "type": noun, "owner": owner})


@mistake(Code.EVENT_UNDECLARED)
def event_undeclared(plan: Blueprint, rolls: random.Random) -> None:
    some(plan, rolls)["output_schema"]["events"].append("ghost.seen")


@mistake(Code.EVENT_UNUSED)
def event_for_nobody(plan: Blueprint, rolls: random.Random) -> None:
    plan.tools["events"] = ["ghost.seen"]


@mistake(Code.EVENT_UNHEARD)
def event_unheard(plan: Blueprint, rolls: random.Random) -> None:
    plan.tools["events"] = ["ghost.seen"]
    some(plan, rolls)["output_schema"]["events"].append("ghost.seen")


@mistake(Code.EVENT_UNLISTED)
def event_unlisted(plan: Blueprint, rolls: random.Random) -> bool:
    listing = [m["output_schema"] for m in plan.manifests.values() if m["output_schema"]["events"]]
    if not listing:
        return False
    rolls.choice(listing)["events"].pop()
    return True


@mistake(Code.HEARD_AND_PROJECTED)
def heard_and_projected(plan: Blueprint, rolls: random.Random) -> bool:
    hearing = [e for m in plan.manifests.values() if (e := m["input_schema"]["events"])["hear"]]
    if not hearing:
        return False
    events = rolls.choice(hearing)
    events["project"].append(events["hear"][0])
    return True


def any_event(plan: Blueprint) -> str | None:
    """An event of the floor."""
    events = [*plan.tools["facts"], *(t["event"] for t in plan.tools["actions"].values() if t["event"])]
    return events[0] if events else None


@mistake(Code.REFLEX_OUTSIDE_CAN)
def reflex_outside_can(plan: Blueprint, rolls: random.Random) -> bool:
    event = any_event(plan)
    if event is None:
        return False
    some(plan, rolls)["reflexes"] = {event: "paint"}
    return True


@mistake(Code.REFLEX_WITHOUT_FUNCTION)
def reflex_without_function(plan: Blueprint, rolls: random.Random) -> bool:
    event = any_event(plan)
    able = [m for m in plan.manifests.values() if m["capability_scope"]["can"]]
    if event is None:
        return False
    manifest = rolls.choice(able)
    kind = manifest["capability_scope"]["can"][0]
    manifest["reflexes"] = {event: kind}
    plan.tools["reflexes"] = [k for k in plan.tools["reflexes"] if k != kind]
    return True


@mistake(Code.REFLEX_UNUSED)
def reflex_of_nobody(plan: Blueprint, rolls: random.Random) -> None:
    for manifest in plan.manifests.values():
        manifest.pop("reflexes", None)
    plan.tools["reflexes"] = [rolls.choice(list(plan.tools["actions"]))]


@mistake(Code.QUERY_UNUSED)
def query_of_nobody(plan: Blueprint, rolls: random.Random) -> None:
    noun = rolls.choice(plan.tools["types"])
    plan.tools["queries"] = [noun]
    for manifest in plan.manifests.values():
        scope = manifest["capability_scope"]
        scope["reads"] = [name for name in scope["reads"] if name != noun]


@mistake(Code.AGENT_UNREACHABLE)
def agent_that_nothing_reaches(plan: Blueprint, rolls: random.Random) -> None:
    folder = rolls.choice(list(plan.manifests))
    manifest = plan.manifests[folder]
    manifest["input_schema"] = {"requests": {}, "events": {"hear": []}}
    manifest["output_schema"]["answers"] = {}
    manifest["authority"]["owns"] = []
    manifest.pop("reflexes", None)
    for other in plan.manifests.values():
        other["capability_scope"]["asks"].pop(folder, None)


@mistake(Code.AGENT_UNREACHABLE)
def agents_that_only_ask_each_other(plan: Blueprint, rolls: random.Random) -> None:
    pair = ("north_ghost", "south_ghost")
    for me, other in (pair, pair[::-1]):
        manifest: dict[str, Any] = {**some(plan, rolls), "agent": me}
        manifest = {
            name: manifest[name] for name in ("agent", "version", "purpose", "lane", "timeout_policy")
        }
        schema = {"type": "object"}
        manifest["capability_scope"] = {"can": [], "cannot": [], "reads": [], "asks": {other: ["haunt"]}}
        manifest["input_schema"] = {"requests": {"haunt": {"from": [other], "schema": schema}}}
        manifest["output_schema"] = {"answers": {"haunt": schema}}
        manifest["authority"] = {"level": 1}
        manifest["escalation_path"] = {"after_retries": 0, "to": plan.config["roles"][:1]}
        plan.manifests[me] = manifest


@mistake(Code.DEGRADED_AGE_MISSING)
def cached_without_age(plan: Blueprint, rolls: random.Random) -> None:
    some(plan, rolls)["degraded_mode"] = {"when_open": "cached"}


@mistake(Code.DEGRADED_DEFAULT_MISSING)
def default_without_default(plan: Blueprint, rolls: random.Random) -> None:
    some(plan, rolls)["degraded_mode"] = {"when_open": "default"}


@mistake(Code.DEGRADED_DEFAULT_UNFIT)
def default_that_fits_nothing(plan: Blueprint, rolls: random.Random) -> None:
    some(plan, rolls)["degraded_mode"] = {"when_open": "default", "default": {"answer": 7}}


@mistake(Code.DEGRADED_FIELD_UNUSED)
def age_without_cache(plan: Blueprint, rolls: random.Random) -> None:
    some(plan, rolls)["degraded_mode"] = {"when_open": "escalate", "max_age_s": 7}


@mistake(Code.BUDGET_TOO_SMALL)
def budget_below_the_smallest_view(plan: Blueprint, rolls: random.Random) -> bool:
    manifest = some(plan, rolls)
    names = [f"a_param_of_a_request_that_cannot_do_without_many_{n:03}" for n in range(40)]
    manifest["input_schema"]["requests"]["weigh"] = {"from": ["person"], "schema": {"type": "object"}}
    manifest["output_schema"]["answers"]["weigh"] = {"type": "object"}
    manifest["context"] = {"budget_tokens": 200}
    manifest["capability_scope"]["asks"]["stranger"] = names
    return True


@mistake(Code.TOOLBOX_DUPLICATE)
def type_defined_twice(plan: Blueprint, rolls: random.Random) -> None:
    plan.tools["types"].append(plan.tools["types"][0])


@mistake(Code.TOOLBOX_NAME)
def type_of_two_words(plan: Blueprint, rolls: random.Random) -> None:
    plan.tools["types"].append("two words")


@mistake(Code.TOOLBOX_REFERENCE)
def consequence_of_a_stranger(plan: Blueprint, rolls: random.Random) -> bool:
    event = any_event(plan)
    if event is None:
        return False
    plan.tools["consequences"].append({"name": "haunt", "on": event, "type": "x", "owner": "stranger"})
    return True


@mistake(Code.TOOLBOX_REFERENCE)
def fact_about_no_type(plan: Blueprint, rolls: random.Random) -> None:
    plan.tools["facts"]["ghost.seen"] = ["ghost", next(iter(plan.manifests))]


@mistake(Code.TOOLBOX_BOUNDS)
def balance_without_room(plan: Blueprint, rolls: random.Random) -> None:
    plan.edits.append(("tools/floor.py", lambda said: said.replace("Bound(0, 9)", "Bound(9, 0)")))


def a_record(plan: Blueprint, rolls: random.Random) -> tuple[dict[str, Any], str]:
    """The records of a type, its own copy, and a key."""
    noun = rolls.choice(list(plan.seed["resources"]))
    records = {key: dict(body) for key, body in plan.seed["resources"][noun].items()}
    plan.seed["resources"][noun] = records
    return records, rolls.choice(list(records))


@mistake(Code.SEED_TYPE_UNKNOWN)
def seed_of_no_type(plan: Blueprint, rolls: random.Random) -> None:
    plan.seed["resources"]["ghost"] = {"G-1": {}}


@mistake(Code.SEED_KEY)
def seed_of_no_key(plan: Blueprint, rolls: random.Random) -> None:
    records, key = a_record(plan, rolls)
    records[rolls.choice(("a-1", "A 1", "", "A" * 65))] = records[key]


@mistake(Code.SEED_FIELD)
def seed_with_a_wrong_field(plan: Blueprint, rolls: random.Random) -> None:
    records, key = a_record(plan, rolls)
    records[key] |= rolls.choice(({"mark": "no"}, {"mark": 10}, {"mood": 1}, {"mark": None}))


@mistake(Code.SEED_BALANCE)
def seed_out_of_bounds(plan: Blueprint, rolls: random.Random) -> None:
    records, key = a_record(plan, rolls)
    records[key]["left"] = rolls.choice((-1, 10, "5", None, True))


@mistake(Code.SEED_REFERENCE)
def seed_that_names_nothing(plan: Blueprint, rolls: random.Random) -> None:
    records, key = a_record(plan, rolls)
    records[key]["with"] = "A-9"


@mistake(Code.SEED_INVARIANT)
def seed_against_an_invariant(plan: Blueprint, rolls: random.Random) -> None:
    plan.edits.append(
        ("tools/floor.py", lambda said: said.replace('record["left"] >= 0', 'record["left"] > 5'))
    )


@mistake(Code.SEED_CLAIM)
def seed_with_a_wrong_claim(plan: Blueprint, rolls: random.Random) -> None:
    noun = rolls.choice(list(plan.seed["resources"]))
    claim = {
        "resource": f"{noun}/A-1",
        "start": "2026-03-02T09:00:00Z",
        "end": "2026-03-02T10:00:00Z",
        "holder": f"{noun}/A-1",
    }
    wrong = rolls.choice(
        ({"holder": "ghost/G-1"}, {"end": "2026-03-02T09:00:00Z"}, {"start": "09:00"}, {"mood": 1})
    )
    plan.seed["claims"] = [claim | wrong]


def _receiver(plan: Blueprint, **fields: Any) -> None:
    good = {
        "name": "erp",
        "url": "https://erp.example/in",
        "secret_env": "ERP_SECRET",
        "events": ["case.ended"],
    }
    plan.config["deliver"] = [{**good, **fields}]


@mistake(Code.DELIVERY_URL_INVALID)
def receiver_by_mail(plan: Blueprint, rolls: random.Random) -> None:
    _receiver(plan, url=rolls.choice(("mailto:erp@erp.example", "https://", "https://u:p@erp.example/in")))


@mistake(Code.DELIVERY_UNENCRYPTED)
def receiver_in_the_open(plan: Blueprint, rolls: random.Random) -> None:
    _receiver(plan, url="http://erp.example/in")


@mistake(Code.DELIVERY_KEY_INVALID)
def key_in_place_of_its_name(plan: Blueprint, rolls: random.Random) -> None:
    _receiver(plan, secret_env=rolls.choice(("hunter2", "", "ERP-SECRET")))


@mistake(Code.DELIVERY_EVENT_UNDECLARED)
def receiver_of_what_nobody_tells(plan: Blueprint, rolls: random.Random) -> None:
    _receiver(plan, events=["weather.changed"])
