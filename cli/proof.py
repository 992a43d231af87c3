"""``andon check --prove``: the proof's progress, its result, and the stories of what is broken."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cli.exits import DONE, FAILED
from cli.options import Common
from cli.output import Output
from evals.proving.proof import Progress, Proof, plan, prove, quick
from evals.proving.scenario import play, read_scenario
from protocol.errors import UsageError
from telemetry.clock import process_clock

EVERY_S = 2.0
"""How often progress is told, in seconds of the process clock."""


def run_proof(
    common: Common,
    out: Output,
    *,
    is_quick: bool,
    limit_states: int | None,
    workers: int | None,
    save: Path | None,
) -> Proof:
    """Search the floor; save the first scenario that breaks an invariant to ``save``, if one does.

    ``workers``: searches at a time; None: as many as there are processors.
    """
    if save is not None and not save.parent.is_dir():
        raise UsageError(f"{save.parent} is no directory.", hint="Choose another path with --save FILE.")

    told_s = process_clock()

    def tell(progress: Progress) -> None:
        nonlocal told_s
        if process_clock() - told_s >= EVERY_S:
            told_s = process_clock()
            out.note(
                f"{progress.done} of {progress.planned} searches, {progress.states} states: {progress.name}"
            )

    at_once = workers or os.cpu_count() or 1
    jobs = quick if is_quick else plan
    proof = prove(common.floor, jobs, limit_states=limit_states, workers=at_once, progress=tell)
    if save is not None and proof.scenarios:
        save.write_text(json.dumps(proof.scenarios[0], indent=1, ensure_ascii=False) + "\n", "utf-8")
    return proof


def print_proof(out: Output, proof: Proof, save: Path | None, *, is_quick: bool) -> None:
    """The result for people: sizes, stories, and what the proof takes for granted."""
    shape = proof.to_json()
    for broken in shape["violations"]:
        out.text(f"Broken: {broken['invariant']}, in {broken['search']}.")
        for sentence in broken["story"]:
            out.text(f"  {sentence}")
    if proof.violations and save is not None and proof.scenarios:
        out.text(f"Play it again with: andon check --play {save}")
    proved = "Proved, but for the long scenes" if is_quick else "Proved"
    verdict = proved if proof.proved else "Broken" if proof.violations else "Not proved"
    out.text(
        f"{verdict}: {shape['matters']} matters of {shape['agents']} agents in {shape['searches']} searches, "
        f"{shape['states']} states, {shape['transitions']} transitions, longest path "
        f"{shape['longest_path']} steps, {proof.violations} violations."
    )
    if not proof.proved and not proof.violations:
        out.text(f"{proof.planned - len(proof.searches)} searches were not made: raise --limit-states.")
    out.text("It takes for granted:")
    for assumption in shape["assumes"]:
        out.text(f"  {assumption}")


def play_scenario(common: Common, out: Output, path: Path) -> int:
    """Play a scenario file on the floor: 1 when it still breaks what it broke, 0 when it does not."""
    from agents.floor_loader import load_floor

    scenario = read_scenario(path)
    played = play(load_floor(common.floor).world, scenario)
    shape: Mapping[str, Any] = {
        "schema": "andon/play/v1",
        "scenario": str(path),
        "invariant": played.invariant,
        "expected": scenario.get("invariant"),
        "story": list(played.story),
    }

    def show() -> None:
        for sentence in played.story:
            out.text(sentence)
        out.text(f"Broken: {played.invariant}." if played.invariant else "No invariant is broken here.")

    out.answer(shape, show)
    return FAILED if played.invariant else DONE
