"""The codes of everything that can be wrong with a floor, in the order of docs/reference/problems.md."""

from collections.abc import Iterable
from enum import StrEnum

from protocol.errors import Problem


class Code(StrEnum):
    """One cause each. The code is stable; the sentence beside it in a Problem is not."""

    # files and YAML
    MISSING_FILE = "missing_file"
    FILE_TOO_LARGE = "file_too_large"
    PATH_REFUSED = "path_refused"
    FOLDER_NAME = "folder_name"
    STRAY_CONTRACT = "stray_contract"
    BAD_ENCODING = "bad_encoding"
    BAD_YAML = "bad_yaml"
    DUPLICATE_KEY = "duplicate_key"
    ALIAS_REFUSED = "alias_refused"
    TAG_REFUSED = "tag_refused"
    HIDDEN_CHARACTER = "hidden_character"
    # fields
    MISSING_FIELD = "missing_field"
    UNKNOWN_FIELD = "unknown_field"
    WRONG_TYPE = "wrong_type"
    WRONG_VALUE = "wrong_value"
    BAD_LEVEL = "bad_level"
    DUPLICATE_NAME = "duplicate_name"
    RESERVED_NAME = "reserved_name"
    SCHEMA_INVALID = "schema_invalid"
    SCHEMA_UNUSABLE = "schema_unusable"
    # floor.yaml
    BAD_ZONE = "bad_zone"
    CLOCK_START_MISSING = "clock_start_missing"
    CLOCK_START_UNUSED = "clock_start_unused"
    LANE_EMPTY = "lane_empty"
    ROLE_UNHELD = "role_unheld"
    PERSON_ROLE_UNKNOWN = "person_role_unknown"
    APPROVAL_ROLE_UNKNOWN = "approval_role_unknown"
    APPROVAL_ROLE_UNHELD = "approval_role_unheld"
    APPROVAL_ROLE_REPEATED = "approval_role_repeated"
    APPROVAL_RUNG_UNREACHED = "approval_rung_unreached"
    APPROVAL_QUORUM_UNREACHABLE = "approval_quorum_unreachable"
    APPROVAL_UNUSED = "approval_unused"
    APPROVAL_SUBJECT_UNNAMED = "approval_subject_unnamed"
    RULE_UNKNOWN = "rule_unknown"
    TIER_UNKNOWN = "tier_unknown"
    MODEL_UNKNOWN = "model_unknown"
    ENDPOINT_URL_INVALID = "endpoint_url_invalid"
    ENDPOINT_UNENCRYPTED = "endpoint_unencrypted"
    ENDPOINT_KEY_INVALID = "endpoint_key_invalid"
    ENDPOINT_UNUSED = "endpoint_unused"
    FALLBACK_CIRCULAR = "fallback_circular"
    MONEY_UNPRICED = "money_unpriced"
    LIMIT_TOO_SMALL = "limit_too_small"
    LIMIT_UNREACHED = "limit_unreached"
    DELIVERY_URL_INVALID = "delivery_url_invalid"
    DELIVERY_UNENCRYPTED = "delivery_unencrypted"
    DELIVERY_KEY_INVALID = "delivery_key_invalid"
    DELIVERY_EVENT_UNDECLARED = "delivery_event_undeclared"
    # agents, each alone
    NO_AGENTS = "no_agents"
    MISSING_PROMPT = "missing_prompt"
    MISSING_POLICY = "missing_policy"
    AGENT_NAME_MISMATCH = "agent_name_mismatch"
    DUPLICATE_AGENT = "duplicate_agent"
    LANE_UNKNOWN = "lane_unknown"
    ESCALATION_ROLE_UNKNOWN = "escalation_role_unknown"
    ESCALATION_ROLE_UNHELD = "escalation_role_unheld"
    ESCALATION_ROLE_REPEATED = "escalation_role_repeated"
    CAN_AND_CANNOT = "can_and_cannot"
    REQUEST_WITHOUT_ANSWER = "request_without_answer"
    ANSWER_WITHOUT_REQUEST = "answer_without_request"
    HEARD_AND_PROJECTED = "heard_and_projected"
    DEGRADED_AGE_MISSING = "degraded_age_missing"
    DEGRADED_DEFAULT_MISSING = "degraded_default_missing"
    DEGRADED_DEFAULT_UNFIT = "degraded_default_unfit"
    DEGRADED_FIELD_UNUSED = "degraded_field_unused"
    BUDGET_TOO_SMALL = "budget_too_small"
    # agents, between them
    TYPE_WITHOUT_OWNER = "type_without_owner"
    TYPE_WITH_TWO_OWNERS = "type_with_two_owners"
    TYPE_UNKNOWN = "type_unknown"
    OWNER_IN_SHADOW = "owner_in_shadow"
    ACTION_UNKNOWN = "action_unknown"
    ACTION_WITH_TWO_OWNERS = "action_with_two_owners"
    ACTION_WITHOUT_PROPOSER = "action_without_proposer"
    ACTION_UNREADABLE = "action_unreadable"
    CANNOT_UNKNOWN = "cannot_unknown"
    QUERY_UNUSED = "query_unused"
    SIGNATURE_WITHOUT_POLICY = "signature_without_policy"
    ASK_AGENT_UNKNOWN = "ask_agent_unknown"
    ASK_REQUEST_UNKNOWN = "ask_request_unknown"
    ASK_NOT_ADMITTED = "ask_not_admitted"
    ASK_ITSELF = "ask_itself"
    ASK_IN_SHADOW = "ask_in_shadow"
    ASKER_UNKNOWN = "asker_unknown"
    ASKER_WITHOUT_ASK = "asker_without_ask"
    REQUEST_WITHOUT_ASKER = "request_without_asker"
    AGENT_UNREACHABLE = "agent_unreachable"
    EVENT_WITHOUT_SOURCE = "event_without_source"
    EVENT_UNDECLARED = "event_undeclared"
    EVENT_UNLISTED = "event_unlisted"
    EVENT_UNHEARD = "event_unheard"
    EVENT_UNUSED = "event_unused"
    REFLEX_OUTSIDE_CAN = "reflex_outside_can"
    REFLEX_WITHOUT_FUNCTION = "reflex_without_function"
    REFLEX_UNUSED = "reflex_unused"
    # the floor's Python
    IMPORT_FAILED = "import_failed"
    NO_TOOLBOX = "no_toolbox"
    NO_POLICY = "no_policy"
    TOOLBOX_DUPLICATE = "toolbox_duplicate"
    TOOLBOX_REFERENCE = "toolbox_reference"
    TOOLBOX_NAME = "toolbox_name"
    TOOLBOX_BOUNDS = "toolbox_bounds"
    TOOLBOX_ROLE = "toolbox_role"
    # the seed
    SEED_TYPE_UNKNOWN = "seed_type_unknown"
    SEED_KEY = "seed_key"
    SEED_FIELD = "seed_field"
    SEED_BALANCE = "seed_balance"
    SEED_REFERENCE = "seed_reference"
    SEED_INVARIANT = "seed_invariant"
    SEED_CLAIM = "seed_claim"


class Severity(StrEnum):
    """What a problem comes to: a floor with an error does not start."""

    ERROR = "error"
    WARNING = "warning"


WARNINGS = frozenset(
    {
        Code.STRAY_CONTRACT,
        Code.CLOCK_START_UNUSED,
        Code.LANE_EMPTY,
        Code.ROLE_UNHELD,
        Code.APPROVAL_RUNG_UNREACHED,
        Code.APPROVAL_UNUSED,
        Code.ENDPOINT_UNENCRYPTED,
        Code.ENDPOINT_UNUSED,
        Code.LIMIT_UNREACHED,
        Code.DELIVERY_UNENCRYPTED,
        Code.HEARD_AND_PROJECTED,
        Code.DEGRADED_FIELD_UNUSED,
        Code.OWNER_IN_SHADOW,
        Code.ACTION_UNREADABLE,
        Code.CANNOT_UNKNOWN,
        Code.QUERY_UNUSED,
        Code.ASK_IN_SHADOW,
        Code.ASKER_WITHOUT_ASK,
        Code.REQUEST_WITHOUT_ASKER,
        Code.EVENT_UNHEARD,
        Code.EVENT_UNUSED,
        Code.REFLEX_UNUSED,
    }
)
"""Codes of what nobody will miss at run time: something is stated and never used, or could be better."""


def severity(code: str) -> Severity:
    """The severity of a code; of one the catalogue does not know, an error."""
    return Severity.WARNING if code in WARNINGS else Severity.ERROR


def errors_in(problems: Iterable[Problem]) -> list[Problem]:
    """The problems that keep a floor from starting."""
    return [problem for problem in problems if severity(problem.code) is Severity.ERROR]
