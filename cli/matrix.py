"""``andon matrix``: who expects what from whom, as the contracts say and as the ledger shows. Reads only."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import click

from cli.options import Common, verb
from cli.output import Output

if TYPE_CHECKING:
    from protocol.ports import ReadTx
    from protocol.world import World

FORMATS = ("table", "md", "json", "html")


@verb("matrix")
@click.option("--observed", is_flag=True, help="Beside each cell, the calls that the ledger has.")
@click.option(
    "--states", is_flag=True, help="How many states the agents can be in, with and without manifests."
)
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True)
def command(common: Common, *, observed: bool, states: bool, form: str) -> int:
    """Show who expects what from whom, and what nobody provides or uses."""
    out = Output(common)
    if states and form in ("md", "html"):
        raise click.UsageError("--states is printed as a table or as json.")
    shape = _shape(common, out, observed)
    if states:
        shape["states"] = _states(common, out)
    if states and form == "table":
        out.answer(shape, lambda: show_states(out, shape))
    elif form == "json":
        out.json(shape)
    else:
        out.answer(shape, lambda: _printer(form)(out, shape))
    return 0


def _shape(common: Common, out: Output, observed: bool) -> dict[str, Any]:
    if not observed:
        from agents.floor_loader import load_floor

        return matrix_shape(load_floor(common.floor).world, None)
    from cli.reading import look

    with look(common) as (world, tx):
        if tx is None:
            out.note("Nothing was observed: this floor has no ledger yet.")
        return matrix_shape(world, tx)


def _states(common: Common, out: Output) -> dict[str, Any]:
    from agents.floor_loader import load_floor
    from evals.proving.table import state_table

    return state_table(load_floor(common.floor).world, out.note).to_json()


def show_states(out: Output, shape: Mapping[str, Any]) -> None:
    """The state-space table for people."""
    states = shape["states"]
    own = len(shape["agents"])
    out.text(f"{states['pairs']} interaction pairs, {len(states['matters'])} matters.")
    out.text(f"One agent's exchange, action and escalation: {states['per_agent']} states.")
    rows = [
        (f"{row['agents']}{' *' if row['agents'] == own else ''}", f"{row['permutations']:.3g}")
        for row in states["unconstrained"]
    ]
    out.table(("agents", "permutations without manifests"), rows)
    out.text(f"Reachable under the manifests, over all matters: {states['reachable']} states.")
    if states["shrinks_by"] is not None:
        out.text(
            f"Authority shrinks the {own} agents of this floor by a factor of {states['shrinks_by']:.3g}."
        )


def _printer(form: str) -> Callable[[Output, Mapping[str, Any]], None]:
    from cli import matrix_pages, matrix_table

    return {"table": matrix_table.show, "md": matrix_pages.markdown, "html": matrix_pages.html}[form]


def matrix_shape(world: "World", tx: "ReadTx | None") -> dict[str, Any]:
    """The answer of ``andon matrix``; ``tx`` None: nothing is observed."""
    from dataclasses import asdict

    from cli.observed import Observed
    from protocol.expectations import matrix_of
    from protocol.gaps import gaps_of

    matrix = matrix_of(world)
    seen = Observed(world, tx) if tx is not None else None
    cells = [
        {
            "from": cell.source,
            "to": cell.target,
            "expects": [f"{e.how} {e.what}" for e in cell.expects],
            "data": list(dict.fromkeys(f for e in cell.expects for f in (*e.sends, *e.gets))),
            "authority": cell.authority,
            "observed": seen.of(cell) if seen else None,
            "details": [asdict(e) for e in cell.expects],
        }
        for cell in matrix.cells
    ]
    gaps = [
        {"code": g.code, "from": g.source, "to": g.target, "what": g.what, "message": g.message}
        for g in gaps_of(world)
    ]
    if seen:
        more_cells, more_gaps = seen.undeclared(matrix)
        cells += more_cells
        gaps += more_gaps
    return {
        "schema": "andon/matrix/v1",
        "floor": world.config.floor,
        "agents": list(matrix.agents),
        "ends": list(matrix.ends),
        "cells": cells,
        "gaps": gaps,
    }
