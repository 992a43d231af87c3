"""Questions about what a file means: one case for each file, one question for each cause, asked once.

A cause that was asked about is remembered with its escalation, so that feeding the file again asks
nothing. Answers are read when the next file of the mapping is fed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import Any

from graph.noting import note
from protocol.canonical import digest, dumps, loads
from protocol.escalating import MAX_SUMMARY
from protocol.ids import case_id, derive
from protocol.lifecycle import CaseEvent, advance
from protocol.ports import ReadTx, Tx
from protocol.replying import compose
from protocol.rows import CaseRow, CaseStatus, EscalationRow, EscalationState
from protocol.times import plus
from protocol.world import SUPERVISOR, World

LEAVE = "leave rejected"
"""The last option of every question about a file: nothing changes."""
_LAPSED = (EscalationState.EXPIRED, EscalationState.WITHDRAWN, EscalationState.SUPERSEDED)


@dataclass(frozen=True, slots=True)
class FileOption:
    """One answer: what each cause is taken to mean from then on."""

    title: str
    aliases: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FileQuestion:
    """What is asked about ``count`` rejected lines of the same causes, of ``roles`` in turn."""

    code: str
    text: str
    roles: tuple[str, ...]
    options: tuple[FileOption, ...]
    count: int
    example: str
    causes: tuple[str, ...]


def answered(tx: ReadTx, source: str) -> dict[str, str]:
    """What people have answered so far about the files of a mapping: meanings by cause."""
    aliases: dict[str, str] = {}
    for escalation in dict.fromkeys(_asked(tx, source).values()):
        row, decisions = tx.escalation(escalation), tx.decisions(escalation)
        if row is None or row.state is not EscalationState.ANSWERED or not decisions:
            continue
        option = decisions[-1].option
        if option is not None:
            aliases |= row.options[option].get("aliases") or {}
    return aliases


def cases_asking(tx: ReadTx, source: str, causes: Sequence[str]) -> set[str]:
    """The cases in which questions about these causes are still open."""
    asked = _asked(tx, source)
    rows = (tx.escalation(asked[cause]) for cause in causes if cause in asked)
    return {row.case for row in rows if row is not None and row.state is EscalationState.PENDING}


def open_file_questions(
    tx: Tx, world: World, source: str, source_id: str, questions: Sequence[FileQuestion]
) -> str | None:
    """Open a case with the questions that nobody was asked yet; None when there are none.

    ``source_id`` names the file by its content. What nobody answered in time is asked again.
    """
    asked = _asked(tx, source)
    due = [q for q in questions if not all(_settled(tx, asked.get(cause)) for cause in q.causes)]
    due = _within_limit(due, world.config.limits.open_escalations)
    if not due:
        return None
    case = _open_case(tx, world, source, source_id, due)
    rows = [_escalation(tx, world, case.id, question) for question in due]
    for question, row in zip(due, rows, strict=True):
        tx.put_escalation(row)
        asked |= dict.fromkeys(question.causes, row.id)
        _note(
            tx,
            case.id,
            row.id,
            "question.requested",
            {"role": row.role, "due_at": row.due_at, "summary": row.summary},
        )
    tx.set_meta(_asked_name(source), dumps(asked))
    tx.save_case(_told(world, case, rows))
    tx.audit({"what": "asked", "case": case.id, "escalations": [row.id for row in rows]})
    return case.id


def _settled(tx: ReadTx, escalation: str | None) -> bool:
    row = tx.escalation(escalation) if escalation is not None else None
    return row is not None and row.state not in _LAPSED


def _asked_name(source: str) -> str:
    return f"asked/{source}"


def _asked(tx: ReadTx, source: str) -> dict[str, str]:
    """Escalations by the cause they ask about."""
    found = loads(tx.meta(_asked_name(source)) or "{}")
    return {str(cause): str(row) for cause, row in found.items()} if isinstance(found, dict) else {}


def _within_limit(questions: list[FileQuestion], limit: int) -> list[FileQuestion]:
    """No more questions than a case may have open: the rest are put as one, answered alike."""
    if len(questions) <= limit:
        return questions
    rest = questions[limit - 1 :]
    options = []
    for number, choice in enumerate(zip_longest(*(q.options for q in rest)), 1):
        aliases = {
            cause: to for option in choice if option is not None for cause, to in option.aliases.items()
        }
        meanings = ", ".join(dict.fromkeys(aliases.values()))
        options.append(FileOption(f"choice {number} for each: {meanings}"[:MAX_SUMMARY], aliases))
    merged = FileQuestion(
        code=rest[0].code,
        text=f"{len(rest)} more: " + " ".join(q.text for q in rest),
        roles=rest[0].roles,
        options=tuple(options),
        count=sum(q.count for q in rest),
        example=rest[0].example,
        causes=tuple(cause for q in rest for cause in q.causes),
    )
    return [*questions[: limit - 1], merged]


def _open_case(tx: Tx, world: World, source: str, source_id: str, due: Sequence[FileQuestion]) -> CaseRow:
    number, place = 1, source_id
    while (seq := tx.accept(source, place, "feed", {"causes": [c for q in due for c in q.causes]})) is None:
        number += 1  # asked about this file before, and answered by nobody
        place = f"{source_id}/{number}"
    lines = sum(q.count for q in due)
    case = CaseRow(
        id=case_id(world.config.floor, source, place),
        seq=seq,
        origin="feed",
        source=source,
        source_id=place,
        opened_at=tx.now,
        text=f"{lines} rejected lines of a file read as {source.partition(':')[2]}",
        status=advance(CaseStatus.OPEN, CaseEvent.AWAIT),
        runnable=False,
        fingerprint=world.fingerprint,
    )
    tx.open_case(case)
    _note(tx, case.id, case.id, "case.opened", {"lines": lines})
    return case


def _told(world: World, case: CaseRow, rows: Sequence[EscalationRow]) -> CaseRow:
    return replace(case, reply=compose(world, {}, (), rows))


def _escalation(tx: Tx, world: World, case: str, question: FileQuestion) -> EscalationRow:
    answer_s = world.config.engine.answer_s
    options: list[dict[str, Any]] = [
        {"title": o.title, "action": None, "item": None, "aliases": dict(o.aliases)}
        for o in (*question.options, FileOption(LEAVE))
    ]
    lines = "1 line" if question.count == 1 else f"{question.count} lines"
    text = f"{lines} rejected: {question.text}"
    return EscalationRow(
        id=derive("esc", case, *question.causes),
        type="question",
        case=case,
        agent=SUPERVISOR,
        key="",
        summary=text if len(text) <= MAX_SUMMARY else text[: MAX_SUMMARY - 1] + "…",
        reason=question.code,
        role=question.roles[0],
        requested_at=tx.now,
        due_at=plus(tx.now, seconds=answer_s),
        expires_at=plus(tx.now, seconds=answer_s * len(question.roles)),
        ladder=[{"role": role, "answer_s": answer_s} for role in question.roles],
        options=options,
        action_hash=digest([text, [o["title"] for o in options]]),
        policy=question.code,
        on_exhausted="hold",
        lineage=tx.meta("lineage") or "",
        shown={"question": text, "example": question.example},
    )


def _note(tx: Tx, case: str, subject: str, kind: str, data: Mapping[str, Any]) -> None:
    note(kind, tx, derive("evt", subject, kind), subject, data, case)
