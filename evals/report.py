"""A run for people and for programs: the summary on a terminal, files when they are asked for."""

import json
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evals.selection import PART
from evals.whole_file import write_whole
from protocol.errors import InvalidFloorError, UsageError

KINDS = ("json", "jsonl")
"""``json``: the whole run. ``jsonl``: one object per attempt."""
SHOWN_FAILURES = 3
SHOWN_CHARS = 300
Target = tuple[str, Path]


def targets(wanted: Sequence[str]) -> list[Target]:
    """``KIND=FILE`` as (kind, file); raises UsageError for another form or kind."""
    found = []
    for text in wanted:
        kind, _, file = text.partition("=")
        if kind not in KINDS or not file:
            raise UsageError(
                f"--report {text} is not KIND=FILE.", hint=f"Kinds: {', '.join(KINDS)}.", code="bad_report"
            )
        found.append((kind, Path(file)))
    return found


def begin_reports(wanted: Sequence[Target]) -> None:
    """Empty the files asked for, before a run that may take long: nobody reads yesterday's for today's.

    Raises InvalidFloorError for one that cannot be written.
    """
    for _, path in wanted:
        _write(path, "")


def write_reports(shape: Mapping[str, Any], wanted: Sequence[Target]) -> None:
    """Write the files asked for; raises InvalidFloorError for one that cannot be written."""
    for kind, path in wanted:
        lines = [shape] if kind == "json" else list(_attempts(shape))
        _write(path, "".join(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n" for line in lines))


def _write(path: Path, text: str) -> None:
    try:
        write_whole(path, text)
    except OSError as error:
        raise InvalidFloorError(
            f"The report {path} cannot be written: {error.strerror}.",
            hint="Name another file with --report.",
            code="unwritable",
        ) from error


def _attempts(shape: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"suite": suite["suite"], "case": case["id"], "severity": case["severity"], "attempt": n, **attempt}
        for suite in shape["suites"]
        for case in suite["cases"]
        for n, attempt in enumerate(case["attempts"], start=1)
    ]


def summary(shape: Mapping[str, Any]) -> str:
    """What a person reads first: each suite, what failed and the command to repeat it, the gates."""
    lines = [line for suite in shape["suites"] for line in _suite(suite)]
    return "\n".join([*lines, _gates(shape), _counts(shape["counts"])])


def _suite(suite: Mapping[str, Any]) -> list[str]:
    cases = suite["cases"]
    repeats = sorted({len(case["attempts"]) for case in cases if case["attempts"]}) or [0]
    times = f"{repeats[0]}" if len(repeats) == 1 else f"{repeats[0]}-{repeats[-1]}"
    head = f"{suite['suite']}  {_many(len(cases), 'case')} x {times}   {_rate(suite)}"
    return [head, *(line for case in cases for line in _case(suite, case))]


def _rate(suite: Mapping[str, Any]) -> str:
    if suite["pass_rate"] is None:
        return "pass rate: nothing to count"
    low, high = suite["interval"]
    return f"pass {suite['pass_rate']:.1%} [{100 * low:.1f}, {100 * high:.1f}]"


def _case(suite: Mapping[str, Any], case: Mapping[str, Any]) -> list[str]:
    name, standing = case["id"], case["status"]
    passed = sum(attempt["passed"] for attempt in case["attempts"])
    ratio = f"{passed}/{len(case['attempts'])}"
    match standing:
        case "skipped":
            return [f"  SKIP {name}: {case['skip']}"]
        case "known_failure":
            return [f"  KNOWN {name}  {ratio}   {case['known_failure']}"]
        case "fixed":
            return [f"  FIXED {name}: {case['known_failure']} is fixed, remove the mark"]
        case "failed" | "error":
            return _failed(suite, case, ratio)
        case _:
            return [f"  ok {name}  {ratio}", *(f"       note: {_finding(check)}" for check in _notes(case))]


def _failed(suite: Mapping[str, Any], case: Mapping[str, Any], ratio: str) -> list[str]:
    number, attempt = next((n, a) for n, a in enumerate(case["attempts"], start=1) if not a["passed"])
    word = "ERROR" if case["status"] == "error" else "FAIL"
    if case["status"] == "error":
        number, attempt = next((n, a) for n, a in enumerate(case["attempts"], start=1) if a["error"])
    lines = [f"  {word} {case['severity']} {case['id']}  {ratio}   (attempt {number})"]
    if attempt["error"]:
        lines += [f"       {line}" for line in attempt["error"].splitlines()]
    failed = [check for check in attempt["checks"] if check["gate"] and not check["pass"]]
    lines += [f"       {_finding(check)}" for check in failed[:SHOWN_FAILURES]]
    if len(failed) > SHOWN_FAILURES:
        lines.append(f"       and {len(failed) - SHOWN_FAILURES} more")
    again = ["andon", "eval", "run", f"{suite['file']}{PART}{case['id']}", "--repeat", "1"]
    again += ["--seed", str(attempt["seed"]), *(["--floor", suite["floor"]] if suite["floor"] else [])]
    return [*lines, f"       again: {shlex.join(again)}"]


def _notes(case: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Checks that do not gate and did not hold, of the first attempt that has any."""
    for attempt in case["attempts"]:
        if found := [check for check in attempt["checks"] if not check["gate"] and not check["pass"]]:
            return found
    return []


def _finding(check: Mapping[str, Any]) -> str:
    name = check["type"] if check["id"].endswith(check["type"]) else f"{check['id']} ({check['type']})"
    where = "" if check["line"] is None else f"   (line {check['line']})"
    return f"{name}: {_short(check['actual'])}, expected {_short(check['expected'])}{where}"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN_CHARS else f"{text[:SHOWN_CHARS]}…"


def _gates(shape: Mapping[str, Any]) -> str:
    words = {False: "FAILED", None: "undecided"}
    news = [g for g in shape["gates"] if not g["ok"]]
    parts = [f"{gate['suite']}.{gate['gate']} {words[gate['ok']]}" for gate in news]
    met = f"{len(shape['gates']) - len(news)} of {len(shape['gates'])} ok"
    return f"GATES  {'   '.join([*parts, met])}"


def _counts(counts: Mapping[str, int]) -> str:
    named = ("passed", "failed", "errors", "skipped", "known_failures", "fixed")
    shown = ", ".join(f"{counts[name]} {name.replace('_', ' ')}" for name in named if counts[name])
    return (
        f"{_many(counts['cases'], 'case')}, {_many(counts['attempts'], 'attempt')}: {shown or 'nothing run'}"
    )


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
