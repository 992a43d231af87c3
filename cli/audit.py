"""``andon audit``: the ledger's invariants and its chain, verified from a copy while others work on it."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import click

from cli.exits import DONE, FAILED
from cli.keys import model_keys
from cli.options import Common, verb
from cli.output import Output
from protocol.errors import NotFoundError

if TYPE_CHECKING:
    from checkpoints.audit_anchor import Beside
    from checkpoints.audit_port import AuditTx
    from protocol.floor import FloorConfig
    from protocol.world import World


@verb("audit")
@click.option("--repair-plan", is_flag=True, help="Say what a person can do about each; nothing is changed.")
def command(common: Common, repair_plan: bool) -> int:
    """Verify the ledger's invariants and its audit chain. Nobody who works on it has to wait."""
    from checkpoints.audit import audit
    from checkpoints.audit_plans import plan

    with _copy(common) as (world, tx):
        shape = audit(tx, world, _beside(common, world.config))
    if repair_plan:
        shape["plan"] = plan(shape["violations"])
    out = Output(common)
    out.answer(shape, lambda: _print(out, shape))
    return DONE if shape["ok"] else FAILED


@contextmanager
def _copy(common: Common) -> "Iterator[tuple[World, AuditTx]]":
    from agents.floor_loader import load_floor
    from checkpoints.sqlite_snapshot import open_snapshot
    from cli.reading import ledger_clock

    world = load_floor(common.floor).world
    floor, clock = world.config.floor, ledger_clock(world.config)
    if common.database is None:
        reader: AbstractContextManager[AuditTx] = open_snapshot(common.ledger, floor, world.types, clock)
    else:
        from checkpoints.postgres_ledger import open_reader

        reader = open_reader(common.database, floor, world.types, clock)
    with ExitStack() as stack:
        try:
            tx = stack.enter_context(reader)
        except NotFoundError:
            raise NotFoundError(
                f"There is no ledger {common.where} to audit.", hint="Name its directory with --data DIR."
            ) from None
        yield world, tx


def _beside(common: Common, config: "FloorConfig") -> "Beside":
    from checkpoints.anchor import open_anchor
    from checkpoints.audit_anchor import Beside
    from graph.anchoring import anchor_files

    path, key = anchor_files(common.data, common.anchor, common.anchor_key)
    return Beside(
        anchor=open_anchor(path, key, make=False),
        checkpoints=None if common.database is not None else common.data / "checkpoints.db",
        secrets=model_keys(config),
    )


def _print(out: Output, shape: dict[str, Any]) -> None:
    from cli.words import counted

    counts = ", ".join(counted(n, name.replace("_", " ")) for name, n in shape["counts"].items())
    if shape["ok"]:
        out.text(f"The ledger is sound: {counts}.")
    for violation in shape["violations"]:
        out.text(f"{violation['invariant']}: {violation['detail']}")
    for item in shape.get("plan", ()):
        out.text(f"what to do about {item['invariant']}:")
        for number, step in enumerate(item["steps"], 1):
            out.text(f"  {number}. {step}")
    out.text(f"head {shape['head']}")
