"""A person's decision as a step: which item, and how it ended, here or in a fresh process."""

import asyncio
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evals.elsewhere import command
from evals.field_values import in_shape, same
from evals.played import DONE, FAILED, WAITING
from evals.suite_steps import ApprovalStep, Match
from graph.settings import Settings
from protocol.errors import NotFoundError
from protocol.ports import ReadTx
from protocol.rows import EscalationRow, Verdict
from protocol.world import World

ROOT = Path(__file__).resolve().parent.parent
OURS = "ANDON_"
"""Environment variables that would change what the fresh process is told by its options."""
STANDS = frozenset({Verdict.COMMITTED, Verdict.DUPLICATE, Verdict.ESCALATED, Verdict.ASKED})


def pick(tx: ReadTx, world: World, step: ApprovalStep) -> EscalationRow:
    """The one open item that fits. A step that expects to be refused may mean one decided before.

    Raises NotFoundError when none fits, or several: a person knows which one they decide.
    """
    fitting = [row for row in tx.escalations() if fits(row, step.match, world)]
    found = [row for row in fitting if row.state == "pending"]
    if not found and step.expect_exit not in (None, DONE, WAITING):
        found = fitting[-1:]
    if len(found) == 1:
        return found[0]
    items = ", ".join(
        f"{row.id} ({row.role}: {row.summary})" for row in found or tx.escalations(open_only=True)
    )
    what = "Several open items fit" if found else "No open item fits"
    raise NotFoundError(f"{what}. Open: {items or 'nothing'}.", hint="State more in match.", code="no_item")


def fits(row: EscalationRow, match: Match, world: World) -> bool:
    """Whether an item is what a step means. A question fits by any of its options' actions."""
    if match.type not in (None, row.type) or match.role not in (None, row.role):
        return False
    actions = [row.action] if row.action else [option["action"] for option in row.options if option["action"]]
    return match.action is None or any(_is(action, match, world) for action in actions)


def _is(action: Mapping[str, Any], match: Match, world: World) -> bool:
    kind = world.kinds.get(str(action["kind"]))
    if kind is None or kind.name != match.action:
        return False
    wanted = in_shape(kind.params, match.args)
    return all(same(action["params"].get(name), value) for name, value in wanted.items())


def exit_code(shape: Mapping[str, Any], row: EscalationRow, step: ApprovalStep) -> int:
    """The code of DESIGN section 8: more signatures are needed, stale or refused, recorded."""
    if shape["signatures"]["have"] < shape["signatures"]["need"]:
        return WAITING
    key = _signed_key(row, step)
    last = next((v["verdict"] for v in reversed(shape["verdicts"]) if v["key"] == key), None)
    refused = key is not None and last is not None and last not in STANDS
    return FAILED if refused or shape["superseded_by"] is not None else DONE


def _signed_key(row: EscalationRow, step: ApprovalStep) -> str | None:
    if step.decision == "approve":
        return row.key
    if step.decision == "answer" and step.option is not None:
        item = row.options[step.option].get("item")
        return str(item["key"]) if item else None
    return None


async def decide_elsewhere(settings: Settings, row: EscalationRow, step: ApprovalStep) -> tuple[int, str]:
    """Decide with the command line in a process of its own; its exit code, and what it said of an error."""
    process = await asyncio.create_subprocess_exec(
        *command(_words(settings, row, step)),
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith(OURS)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, errors = await process.communicate()
    except BaseException:
        if process.returncode is None:
            process.kill()
            await process.wait()
        raise
    code = process.returncode if process.returncode is not None else FAILED
    return code, _said(errors) if code not in (DONE, WAITING) else _said(out)


def _words(settings: Settings, row: EscalationRow, step: ApprovalStep) -> Sequence[str]:
    """The command as a person would type it, having seen the item."""
    words = [step.decision, row.id, "--as", step.as_, "--json", "--no-input"]
    words += ["--floor", str(settings.floor_dir.absolute()), "--data", str(settings.data_dir.absolute())]
    words += ["--reason", step.reason] if step.reason else []
    words += ["--option", str(step.option)] if step.option is not None else []
    words += ["--text", step.text] if step.text else []
    return [*words, "--expect-hash", row.action_hash]


def _said(output: bytes) -> str:
    """The message of an error, or the last line of whatever was printed."""
    lines = output.decode("utf-8", "replace").strip().splitlines()
    last = lines[-1] if lines else ""
    try:
        error = json.loads(last).get("error")
    except (ValueError, AttributeError):
        return last
    return f"{error['code']}: {error['message']}" if error else ""
