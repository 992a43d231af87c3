"""``andon doctor``: whether this machine, this floor and this ledger are fit. Reads only."""

from cli.exits import DEPENDENCY, DONE, INVALID
from cli.options import Common, verb
from cli.output import Output


@verb("doctor")
def command(common: Common) -> int:
    """Look whether this machine and this ledger are fit."""
    from cli.checkup import checkup
    from cli.findings import FAIL

    checks = checkup(common)
    failed = [c for c in checks if c.status == FAIL]
    shape = {"schema": "andon/doctor/v1", "ok": not failed, "checks": [c.to_json() for c in checks]}
    out = Output(common)

    def human() -> None:
        out.table(("", "check", "what"), [(c.status, c.name, c.detail) for c in checks])
        for check in checks:
            if check.hint:
                out.note(f"{check.name}: {check.hint}")

    out.answer(shape, human)
    if not failed:
        return DONE
    return DEPENDENCY if all(c.exit_code == DEPENDENCY for c in failed) else INVALID
