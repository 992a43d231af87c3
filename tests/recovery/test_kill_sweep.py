"""Kill the process at every write of the ledger and at every model call; go on; the end is the same.

``inside``: within the job's transaction, before COMMIT. ``after``: between COMMIT and everything that
follows it: the gate, the checkpoint, the answer, the next step. Between kill and recovery the
checkpoints are left, deleted or spoilt in turn.
"""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from checkpoints.sqlite_saver import discard
from tests.graph.harbour_app import SHIFT, SOUND, dump, opened, violations
from tests.recovery.programs import FACT, FORKS, KILLED, Counting, Death, play, request, told

MOST = 60


def run(data: Path, what: str, dies: Death | None) -> int | None:
    """Play a request in a process of its own; its exit code."""
    process = FORKS.Process(target=play, args=(data, what, dies, data.parent / f"{data.name}.calls"))
    process.start()
    process.join(60)
    return process.exitcode


def spoil(data: Path, number: int) -> None:
    """What happens to the checkpoints before somebody goes on."""
    file = data / "checkpoints.db"
    match number % 3:
        case 1:
            discard(file)
        case 2 if file.exists():
            discard(file)
            file.write_bytes(b"this was a database once, and it is none any more. " * 100)
        case _:
            pass


async def recover(data: Path, what: str) -> tuple[dict[str, list[Any]], list[Any]]:
    """Go on in another process than the one that died: the ledger's content, and what an audit finds."""
    calls = data.parent / f"{data.name}.later"
    async with opened(data, models=Counting(calls)) as app:
        rows = await app.ledger.read(lambda tx: [(c.id, *t) for c in tx.cases() for t in tx.turns(c.id)])
        known = {f"{case} {number} {turn['agent']}" for case, number, turn in rows}
        await request(app, what)
        assert known.isdisjoint(told(calls)), "a model was asked again for a turn whose row is written"
        return await dump(app), await violations(app)


@pytest.mark.parametrize("phase", ["inside", "after", "model"])
@pytest.mark.parametrize("what", [SOUND, SHIFT, FACT])
def test_killed_anywhere_and_resumed_ends_as_if_undisturbed(tmp_path: Path, what: str, phase: str) -> None:
    wanted = asyncio.run(recover(tmp_path / "undisturbed", what))[0]
    kills = 0
    for number in range(1, MOST):
        data = tmp_path / str(number)
        code = run(data, what, Death(phase, number))
        if code == 0:
            break
        assert code == KILLED
        kills += 1
        spoil(data, number)
        found, violated = asyncio.run(recover(data, what))
        assert json.dumps(found) == json.dumps(wanted), f"killed {phase} job {number}"
        assert violated == []
    assert 0 < kills < MOST - 1
