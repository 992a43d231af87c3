"""A directory as a floor: its contracts read, its Python loaded, everything checked at once (R1)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from agents.floor_approvals import check_approvals
from agents.floor_between import check_between
from agents.floor_bounds import check_bounds
from agents.floor_catalogue import Code, errors_in
from agents.floor_checks import check_agent, check_config
from agents.floor_deliveries import check_deliveries
from agents.floor_drafts import Draft, draft_config, draft_manifest
from agents.floor_events import check_events
from agents.floor_modules import TOOLS, FloorCode, Sources, load_code, read_sources
from agents.floor_opening import check_opening
from agents.floor_parts import Parts
from agents.floor_seed import Seed, instant, read_seed
from agents.floor_text import hidden_problem
from agents.floor_toolbox import check_toolbox, strange_elements
from agents.floor_tree import CONFIG, MANIFEST, PROMPT, Tree, path_problem, read_tree, spelled
from agents.floor_version import describe
from agents.yaml_source import MAX_BYTES, Document, one_line, read_yaml
from protocol.canonical import digest
from protocol.errors import InvalidFloorError, Problem
from protocol.floor import FloorConfig
from protocol.records import Claimed, Ref
from protocol.toolbox import Toolbox
from protocol.turns import Policy
from protocol.world import World

_HINT = "`andon check` lists every problem of a floor with file and line"


@dataclass(frozen=True)
class Floor:
    """A floor that has passed its checks. ``feeds``: its folder of feed mappings, which may not exist."""

    dir: Path
    world: World
    policies: Mapping[str, Policy]
    prompts: Mapping[str, str]
    feeds: Path
    seed: tuple[tuple[Ref, Mapping[str, Any]], ...] = ()
    claims: tuple[Claimed, ...] = ()
    """Intervals that the seed's records hold from the start."""


def load_floor(directory: Path) -> Floor:
    """The floor in ``directory``; raises InvalidFloorError with every error it has."""
    reading = _read(directory)
    parts = reading.parts
    errors = errors_in(reading.problems)
    if errors or parts.toolbox is None:
        raise _invalid(directory, errors)
    manifests = {name: parts.drafts[name].value for name in sorted(parts.drafts)}
    hashes = parts.sources.hashes
    version = describe(parts.config.value, manifests, parts.toolbox, hashes, reading.prompts)
    world = World(
        config=parts.config.value,
        manifests=manifests,
        toolbox=parts.toolbox,
        fingerprint=digest(version),
        manifest_hashes={
            name: digest(m.model_dump(mode="json", by_alias=True)) for name, m in manifests.items()
        },
        version=version,
    )
    root = parts.sources.root
    return Floor(
        dir=root,
        world=world,
        policies=reading.code.policies,
        prompts=reading.prompts,
        feeds=root / "tools" / "feeds",
        seed=reading.seed.records,
        claims=reading.seed.claims,
    )


def check_floor(directory: Path) -> list[Problem]:
    """Every problem of the floor in ``directory``, by file and line: those that keep it from starting and
    those that only warn (``floor_catalogue.severity``).
    """
    return _read(directory).problems


def read_config(directory: Path) -> FloorConfig:
    """``floor.yaml`` alone; raises InvalidFloorError with the problems of that file."""
    draft = _config(read_yaml(directory / CONFIG, directory))
    if draft.problems:
        raise _invalid(directory, list(draft.problems))
    return draft.value


@dataclass(frozen=True, slots=True)
class _Reading:
    parts: Parts
    code: FloorCode
    seed: Seed
    prompts: Mapping[str, str]
    problems: list[Problem]


def _read(directory: Path) -> _Reading:
    tree = read_tree(directory)
    config = _config(_document(tree, CONFIG))
    drafts = {
        name: draft_manifest(_document(tree, f"agents/{name}/{MANIFEST}"), name)
        for name in (*tree.roles, *tree.misnamed)
        if name in tree.roles or (tree.root / "agents" / name / MANIFEST).is_file()
    }
    sources = read_sources(tree)
    code = _code(sources, tree)
    parts = Parts(config, drafts, code.toolbox, sources)
    seed, problems = _seed(tree, config, code.toolbox)
    prompts, more = _prompts(tree)
    problems += [*more, *tree.problems, *config.problems, *code.problems]
    problems += [p for draft in drafts.values() for p in draft.problems]
    if not drafts:
        message = f"the floor has no agent; an agent is a folder agents/NAME with a {MANIFEST}"
        problems.append(Problem(Code.NO_AGENTS, CONFIG, 1, message))
    problems += _checks(parts)
    printable = [replace(p, file=spelled(p.file), message=one_line(p.message)) for p in problems]
    ordered = sorted(dict.fromkeys(printable), key=lambda p: (p.file != CONFIG, p.file, p.line))
    return _Reading(parts, code, seed, prompts, ordered)


def _checks(parts: Parts) -> Iterator[Problem]:
    """What the contracts and tools say against each other."""
    yield from check_config(parts)
    for folder in parts.drafts:
        yield from check_agent(parts, folder)
    yield from check_between(parts)
    yield from check_approvals(parts)
    yield from check_bounds(parts)
    yield from check_deliveries(parts)
    if parts.toolbox is not None:
        yield from check_events(parts, parts.toolbox)
        yield from check_toolbox(parts, parts.toolbox)


def _document(tree: Tree, file: str) -> Document:
    refused = tree.refused.get(file)
    return Document(file, problems=(refused,)) if refused else read_yaml(tree.root / file, tree.root)


def _config(document: Document) -> Draft[FloorConfig]:
    draft = draft_config(document)
    start = draft.value.clock_start
    if start is None:
        return draft
    return replace(draft, value=draft.value.model_copy(update={"clock_start": instant(start)}))


def _code(sources: Sources, tree: Tree) -> FloorCode:
    code = load_code(sources, tree)
    strange = list(strange_elements(code.toolbox)) if code.toolbox else []
    problems = [Problem(Code.NO_TOOLBOX, TOOLS, 1, said) for said in strange]
    return replace(code, toolbox=None, problems=(*code.problems, *problems)) if problems else code


def _seed(tree: Tree, config: Draft[FloorConfig], toolbox: Toolbox | None) -> tuple[Seed, list[Problem]]:
    """The seed with its problems, in themselves and as a state of the floor."""
    name = config.value.seed
    if name is None:
        return Seed(), []
    if found := path_problem(tree.root, name):
        return Seed(), [config.problem(Code.PATH_REFUSED, f"seed: {name!r} {found}", "seed")]
    if toolbox is None:
        return Seed(), []
    document = read_yaml(tree.root / name, tree.root)
    seed = read_seed(document, {t.name: t for t in toolbox.resources})
    problems = list(seed.problems)
    if not problems:
        problems += check_opening(seed, document, toolbox, config.value.clock_start)
    return seed, problems


def _prompts(tree: Tree) -> tuple[dict[str, str], list[Problem]]:
    prompts: dict[str, str] = {}
    problems: list[Problem] = []
    for name in tree.roles:
        file = f"agents/{name}/{PROMPT}"
        if file in tree.refused:
            continue
        text, found = _prompt(tree.root / file, file)
        prompts[name] = text
        problems += [found] if found else []
    return prompts, problems


def _prompt(path: Path, file: str) -> tuple[str, Problem | None]:
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1) if path.is_file() else b""
        text = raw.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        message = f"byte {error.start} is not UTF-8; save the file as UTF-8"
        return "", Problem(Code.BAD_ENCODING, file, raw.count(b"\n", 0, error.start) + 1, message)
    except OSError:
        raw, text = b"", ""
    if len(raw) > MAX_BYTES:
        message = f"{file} is larger than {MAX_BYTES // 1024} KiB; say what the role is in fewer words"
        return "", Problem(Code.FILE_TOO_LARGE, file, 1, message)
    if not text:
        message = f"{file} is missing or empty; it tells a model what the role is"
        return "", Problem(Code.MISSING_PROMPT, file, 1, message)
    for number, line in enumerate(text.split("\n"), 1):
        if found := hidden_problem(line):
            return text, Problem(Code.HIDDEN_CHARACTER, file, number, f"{file} {found}")
    return text, None


def _invalid(directory: Path, problems: list[Problem]) -> InvalidFloorError:
    first = problems[0]
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    said = (
        f"the floor in {directory} has {count}; the first, in {first.file} line {first.line}: {first.message}"
    )
    return InvalidFloorError(said, problems=problems, hint=_HINT)
