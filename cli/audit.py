"""``andon audit``: the ledger's invariants and its chain, verified from the file alone."""

from typing import Any

from cli.exits import DONE, FAILED
from cli.options import Common, verb
from cli.output import Output
from protocol.errors import NotFoundError


@verb("audit")
def command(common: Common) -> int:
    """Verify the ledger's invariants and its audit chain."""
    from checkpoints.audit import audit
    from cli.reading import look

    with look(common) as (world, tx):
        if tx is None:
            raise NotFoundError(
                f"There is no ledger {common.where} to audit.", hint="Name its directory with --data DIR."
            )
        shape = audit(tx, world)
    out = Output(common)
    out.answer(shape, lambda: _print(out, shape))
    return DONE if shape["ok"] else FAILED


def _print(out: Output, shape: dict[str, Any]) -> None:
    from cli.words import counted

    counts = ", ".join(counted(n, name.replace("_", " ")) for name, n in shape["counts"].items())
    if shape["ok"]:
        out.text(f"The ledger is sound: {counts}.")
    for violation in shape["violations"]:
        out.text(f"{violation['invariant']}: {violation['detail']}")
    out.text(f"head {shape['head']}")
