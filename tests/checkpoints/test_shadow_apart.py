"""A shadowed proposal changes nothing but its verdict, whatever the code above the ledger believes (R11)."""

from collections.abc import Callable

import pytest

from checkpoints.sql_tx import ShadowWroteError
from protocol.ports import Ledger, Tx
from protocol.records import Ref
from protocol.rows import Verdict
from tests.checkpoints.kit import commit_row, put, verdict_row

SHADOWED = verdict_row(verdict=Verdict.SHADOWED)
KEY = SHADOWED.key
BUSINESS = ("resources", "balances", "claims", "writes", "commits", "events", "outbox")


def lift(tx: Tx) -> None:
    tx.write(Ref("crate", "C1"), 0, {"place": "south"}, {}, "crew", KEY)


JOBS: dict[str, tuple[Callable[[Tx], object], ...]] = {
    "written, then shadowed": (lift, lambda tx: tx.put_verdict(SHADOWED)),
    "committed, then shadowed": (
        lambda tx: tx.put_commit(commit_row(KEY)),
        lambda tx: tx.put_verdict(SHADOWED),
    ),
    "shadowed, then committed": (
        lambda tx: tx.put_verdict(SHADOWED),
        lambda tx: tx.put_commit(commit_row(KEY)),
    ),
}


@pytest.mark.parametrize("order", JOBS)
async def test_shadowed_proposal_that_wrote_is_undone_with_its_transaction(
    ledger: Ledger, order: str
) -> None:
    await ledger.write(put("crate", "C1", place="north"))

    def job(tx: Tx) -> None:
        for step in JOBS[order]:
            step(tx)

    with pytest.raises(ShadowWroteError, match=KEY):
        await ledger.write(job)
    crate = await ledger.read(lambda tx: tx.get("crate", "C1"))
    assert crate is not None
    assert (crate.version, crate["place"]) == (0, "north")
    assert await ledger.read(lambda tx: tx.commit_of(KEY)) is None
    assert list(await ledger.read(lambda tx: tx.verdicts(SHADOWED.case))) == []


async def test_shadowed_verdict_alone_is_kept_and_others_commit_beside_it(ledger: Ledger) -> None:
    other = commit_row("case_1/1/crew/1")
    await ledger.write(lambda tx: tx.put_verdict(SHADOWED))
    await ledger.write(lambda tx: tx.put_commit(other))
    assert [v.verdict for v in await ledger.read(lambda tx: tx.verdicts("case_1"))] == [Verdict.SHADOWED]
    assert await ledger.read(lambda tx: tx.commit_of(other.key)) is not None
