"""What a person can do about each violation, in order. Nothing here changes anything."""

from collections.abc import Mapping, Sequence
from typing import Any

Steps = tuple[str, ...]

_STOP = "Stop every process that works on this ledger, and keep a copy of it as it is."
_RESTORE = (
    "Restore the last copy that `andon audit` finds sound, say so with `andon db restored --reason TEXT`,"
    " and feed again what happened since."
)
_WHO = "Find out who or what changed it: the file's times, the machine's log, who may write to it."
_PULL = "Pull the cord on what it concerns (`andon pull SCOPE`) until a person has looked at the real thing."
_CORRECT = "Count or look, and report what is so as a fact (`andon feed`): a fact is recorded with its cause."
_TRACE = "Read how it came about with `andon trace CASE`."
_REPORT = "Report it with the output of `andon audit --json`: the engine should have refused it."
_AGAIN = "Run `andon audit` again."

_DAMAGE: Steps = (_STOP, _WHO, _RESTORE, _AGAIN)
_BROKEN_RULE: Steps = (_PULL, _TRACE, _CORRECT, _REPORT)

PLANS: Mapping[str, Steps] = {
    "database_sound": (_STOP, "Check the disk the ledger lies on.", _RESTORE, _AGAIN),
    "row_hashes": _DAMAGE,
    "lookups": _DAMAGE,
    "balances_in_bounds": (_PULL, *_DAMAGE[:2], _CORRECT, _RESTORE),
    "conservation": (_PULL, *_DAMAGE[:2], _CORRECT, _RESTORE),
    "writes_caused": _DAMAGE,
    "no_lost_update": _DAMAGE,
    "claims_apart": _BROKEN_RULE,
    "floor_invariants": _BROKEN_RULE,
    "written_by_owner": (
        "Look whether the owner changed since (`andon agents`): earlier writes tell of the old one.",
        *_BROKEN_RULE,
    ),
    "committed_once": (_STOP, _TRACE, _CORRECT, _RESTORE),
    "one_turn": _DAMAGE,
    "authority": _BROKEN_RULE,
    "signed_when_asked": (_PULL, _TRACE, "Ask whoever had to sign, and undo the action if the answer is no."),
    "approval_binding": (
        _PULL,
        _TRACE,
        "Ask whoever signed what they signed, and undo what is not that.",
    ),
    "decided_once": (_STOP, "Ask the person named what they decided.", _WHO, _RESTORE),
    "pulls_logged": ("Pull the cord there again (`andon pull SCOPE`).", _STOP, _WHO, _RESTORE),
    "pulls_respected": _BROKEN_RULE,
    "shadow_apart": (_PULL, _TRACE, _REPORT),
    "nothing_forgotten": (
        "Go on with what waits: `andon resume`.",
        "Look at the case named: `andon trace CASE`.",
        "Make the request again if it still matters.",
        _AGAIN,
    ),
    "within_bounds": (_TRACE, _REPORT),
    "people_exist": (
        "Give somebody that role in floor.yaml, or change the ladder; then `andon resume` asks anew.",
        _AGAIN,
    ),
    "inbox_accounted": ("Make the request, or feed the fact, again under another id.", _STOP, _WHO, _RESTORE),
    "outbox_complete": (
        "Tell those who read the events what is missing.",
        *_DAMAGE,
    ),
    "deliveries_complete": (
        _STOP,
        "Tell the receiver what is missing, or send again: `andon outbox resend --from SEQUENCE --to NAME`.",
        _WHO,
        _AGAIN,
    ),
    "delivered_in_order": (
        "Send that receiver its events again from there: `andon outbox resend --from SEQUENCE --to NAME`.",
        _REPORT,
        _AGAIN,
    ),
    "chain_whole": _DAMAGE,
    "changes_logged": _DAMAGE,
    "verdicts_logged": _DAMAGE,
    "rows_as_logged": _DAMAGE,
    "claims_as_logged": _DAMAGE,
    "cases_as_accepted": _DAMAGE,
    "fenced": (_STOP, _TRACE, "Look for a process that worked on the case beside its holder.", _REPORT),
    "breakers_move_on": (
        "Look at it with `andon breakers`, and at the clocks of the machines.",
        "Reset it: `andon breakers reset NAME --reason TEXT`.",
        _AGAIN,
    ),
    "sizes_kept": (_TRACE, "Limit what the tool or the feed it came from may say.", _REPORT),
    "anchored": (
        _STOP,
        "Look for the newer ledger: somebody may have put an older copy in its place.",
        "Put the newer one back; or, if it is lost, `andon db restored --reason TEXT`.",
        "If nobody restored anything, somebody cut or rewrote the log: keep both files, and find out who.",
        _AGAIN,
    ),
    "no_secrets": (
        "Withdraw that key where it was issued: it is no secret any more.",
        "Find out how it came there, and keep the ledger and its copies from others.",
    ),
    "checkpoints_subordinate": (
        "Stop every process that works on this ledger.",
        "Delete checkpoints.db: it is a cache, and every case goes on from the ledger.",
        "If cases are missing in the ledger, it is older than its checkpoints: see `anchored`.",
        _AGAIN,
    ),
}
"""By invariant."""


def plan(violations: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The steps for every invariant that is broken, in the order of the violations."""
    broken = dict.fromkeys(str(v["invariant"]) for v in violations)
    return [{"invariant": name, "steps": list(PLANS[name])} for name in broken]
