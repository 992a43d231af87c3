"""The ledger's port, part six: drives that were begun, and cases that nobody drives."""

from collections.abc import Callable
from functools import partial

from protocol.ports import Ledger, Tx
from protocol.rows import LeaseHolder
from tests.checkpoints.kit import open_case

HERE, THERE = LeaseHolder("here", 1, "100"), LeaseHolder("there", 1, "100")


def begin(case: str, passes: int) -> Callable[[Tx], int]:
    return lambda tx: tx.begin_try(case, passes)


async def test_drives_without_a_finished_pass_add_up_until_one_ends_in_order(ledger: Ledger) -> None:
    assert await ledger.read(lambda tx: tx.tries("case_1")) == 0
    assert [await ledger.write(lambda tx: tx.begin_try("case_1", 0)) for _ in range(3)] == [1, 2, 3]
    assert await ledger.write(lambda tx: tx.begin_try("case_2", 0)) == 1
    assert await ledger.read(lambda tx: tx.tries("case_1")) == 3
    await ledger.write(lambda tx: tx.end_tries("case_1"))
    assert await ledger.read(lambda tx: (tx.tries("case_1"), tx.tries("case_2"))) == (0, 1)


async def test_finished_pass_begins_the_count_anew(ledger: Ledger) -> None:
    passes = (0, 0, 1, 1, 1, 2)
    found = [await ledger.write(begin("case_1", n)) for n in passes]
    assert found == [1, 2, 1, 2, 3, 1]


async def test_cases_that_nobody_drives_are_those_with_work_and_without_a_living_lease(
    ledger: Ledger,
) -> None:
    for seq, runnable in enumerate((True, True, True, True, False), 1):
        await ledger.write(partial(open_case, number=seq, runnable=runnable))
    await ledger.write(lambda tx: tx.take_lease("case_2", THERE, 100.0, 15.0, False))
    await ledger.write(lambda tx: tx.take_lease("case_3", HERE, 100.0, 15.0, False))
    await ledger.write(lambda tx: tx.take_lease("case_4", THERE, 100.0, 15.0, False))
    await ledger.write(lambda tx: tx.drop_lease("case_4", 1))

    async def unheld(now: float) -> list[str]:
        return [case for case, _ in await ledger.read(lambda tx: tx.unheld(now, "here"))]

    assert await unheld(114.9) == ["case_1", "case_3", "case_4"], "a holder on this host can be looked at"
    assert await unheld(115.0) == ["case_1", "case_2", "case_3", "case_4"]
    found = dict(await ledger.read(lambda tx: tx.unheld(114.9, "here")))
    assert found["case_1"] is None
    assert found["case_3"] is not None and found["case_3"].holder == HERE
    assert found["case_4"] is not None and found["case_4"].holder is None
