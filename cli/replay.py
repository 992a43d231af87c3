"""``andon replay``: run a recorded case again, without a network, and name what differs; or fork it, with
something else in its ledger. Reads only.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from cli.exits import DONE, FAILED
from cli.options import Common, given, verb
from cli.output import Output
from protocol.errors import UsageError

MOST_LINES = 12


@verb("replay")
@click.argument("case", metavar="[CASE]", required=False)
@click.option(
    "--until", type=click.IntRange(min=1), metavar="N", help="Stop after pass N, and show where it stood."
)
@click.option("--fork", is_flag=True, help="Let the case go on by itself from there, in a ledger of its own.")
@click.option(
    "--set",
    "sets",
    metavar="TYPE/KEY.FIELD=VALUE",
    multiple=True,
    help="With --fork: what a record holds there instead. May be given several times.",
)
@click.option("--export", "export", metavar="FILE", help="Write the recording to a file, without keys.")
@click.option("--import", "imported", metavar="FILE", help="Replay a file that --export wrote.")
def command(common: Common, case: str | None, imported: str | None, **options: Any) -> int:
    """Run a recorded case again, and name what differs; exit 1 then.

    Answers come from the recording. Beside them the policies are asked again where they played, or what
    --model names: recorded for nothing, openai:NAME for a model at an endpoint.

    With --fork the case goes on by itself from its start, or after pass N: with --set in other records,
    with --model alone asking that model in every turn. It is told where it parts from the recording and how
    each ended; exit 0.
    """
    from graph.replay_case import Wish, replay_case

    export, until, forks = options["export"], options["until"], options["fork"]
    if (case is None) == (imported is None) or (export and imported):
        raise UsageError("Name a case, or a file with --import FILE.", hint="`andon cases` lists the cases.")
    model, sets = given("model"), options["sets"]
    _check_fork(options, model)
    from agents.floor_loader import load_floor
    from cli.keys import own_endpoint

    floor = load_floor(common.floor)
    name, parts, base = (
        _from_file(imported, floor.world.config.floor) if imported else _from_ledger(common, str(case), forks)
    )
    if export is not None:
        return _write(common, export, floor.world.config.floor, name, parts)
    out = Output(common)
    if forks:
        from cli.replay_fork import tell
        from graph.fork_case import ForkWish, fork_case

        shape = fork_case(floor, name, parts, ForkWish(sets, model, own_endpoint(), until, base))
        out.answer(shape, lambda: tell(out, shape))
        return DONE if shape["fork"] else FAILED
    shape, _ = replay_case(floor, name, parts, Wish(model, own_endpoint(), until))
    out.answer(shape, lambda: _print(out, shape))
    return DONE if shape["identical"] else FAILED


def _check_fork(options: Mapping[str, Any], model: str | None) -> None:
    """Raise UsageError for options that do not go together."""
    forks, sets = options["fork"], options["sets"]
    if sets and not forks:
        raise UsageError("--set goes with --fork.", hint="A replay alone changes nothing.", code="bad_fork")
    if forks and not sets and model is None:
        raise UsageError(
            "--fork needs a --set or a --model: with neither nothing would be otherwise.",
            hint="For example --fork --set stock/CX.on_hand=0.",
            code="bad_fork",
        )
    if forks and options["export"]:
        raise UsageError("--fork and --export do not go together.", hint="Leave one out.", code="bad_fork")


def _from_ledger(common: Common, case: str, forks: bool) -> tuple[str, list[Any], Any]:
    """The case, its recording, and for a fork what its ledger held when it began."""
    from checkpoints.recordings import DamagedRecordingError, parts
    from cli.reading import look_at
    from cli.trace import case_row
    from graph.replay_case import damaged

    with look_at(common, f"case {case}") as (_, tx):
        case_row(tx, case)
        try:
            found = parts(tx, case)
            return case, found, _held(tx, case, found) if forks and found else None
        except DamagedRecordingError as error:
            raise damaged(case, error) from error


def _held(tx: Any, case: str, parts: list[Any]) -> Any:
    from checkpoints.history import as_it_was
    from graph.fork_case import statements_of
    from graph.recorded_items import check_parts

    check_parts(parts)
    return as_it_was(tx, case, statements_of(parts))


def _from_file(file: str, floor: str) -> tuple[str, list[Any], None]:
    from graph.recording_file import imported

    found = imported(Path(file))
    if found.floor != floor:
        raise UsageError(
            f"{file} was recorded on the floor {found.floor}, and this is {floor}.",
            hint="Name its floor with --floor DIR.",
            code="other_floor",
        )
    return found.case, list(found.parts), None


def _write(common: Common, file: str, floor: str, case: str, parts: list[Any]) -> int:
    from cli.replay_export import write_file

    shape = write_file(common, Path(file), floor, case, parts)
    out = Output(common)
    words = f"{file}: the recording of {case}, {shape['bytes']} bytes, {shape['redacted']} values redacted"
    out.answer(shape, lambda: out.text(words))
    return DONE


def _print(out: Output, shape: dict[str, Any]) -> None:
    answers = shape["answers"]
    told = f"{shape['jobs']} steps, {_number(len(shape['passes']))}"
    if answers["compared"]:
        told += f", {answers['same']} of {answers['compared']} answers of {shape['model']} the same"
    if shape["identical"]:
        out.text(f"{shape['case']} replayed as recorded: {told}")
    else:
        out.text(f"{shape['case']} differs from its recording: {told}")
        first, others = shape["difference"], shape["differences"][1:]
        out.text(f"  first: {first['text']}")
        for other in others[:MOST_LINES]:
            out.text(f"  then: {other['text']}")
    for number in shape["passes"] if shape["until"] else ():
        out.text(
            f"  pass {number['pass']} of round {number['round']}: {_verdicts(number)}, then {number['route']}"
        )
    if shape["until"] and shape["status"]:
        out.text(f"  after pass {shape['until']} the case was {shape['status']}")
    for note in shape["notes"]:
        out.text(f"  note: {note}")
    if shape["floor_changed"]:
        out.text("  note: the floor is another version than the one that was recorded")


def _number(passes: int) -> str:
    return "1 pass" if passes == 1 else f"{passes} passes"


def _verdicts(number: dict[str, Any]) -> str:
    told = [
        f"{v['agent']}/{v['action']} {v['verdict']}" + (f" ({v['code']})" if v["code"] else "")
        for v in number["verdicts"]
    ]
    return ", ".join(told) or "no verdict"
