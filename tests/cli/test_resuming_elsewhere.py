"""`andon resume` and a case whose holder cannot be seen: it is watched for a lease, then taken over."""

from pathlib import Path

from cli.resume import watched
from tests.graph.harbour_app import ELSEWHERE, WHERE, opened, violations


async def test_case_of_a_host_that_is_gone_is_taken_over_by_a_fresh_process(tmp_path: Path) -> None:
    async with opened(tmp_path, lease_s=0.3) as app:
        case = (await app.enqueue(WHERE, person="guest"))["case"]
        await app.ledger.write(lambda tx: tx.take_lease(case, ELSEWHERE, 0.0, 1e12, False))
        (shape,) = await app.resume(case)
        assert shape["status"] == "open", "nothing is known of its holder yet"
        assert (await watched(app, shape))["status"] == "done"
        assert await violations(app) == []
