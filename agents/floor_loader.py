"""A directory as a floor: its contracts read, its Python loaded, everything checked at once (R1)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from agents.floor_between import check_between
from agents.floor_catalogue import Code
from agents.floor_checks import check_agent, check_config
from agents.floor_drafts import Draft, draft_config, draft_manifest
from agents.floor_modules import TOOLS, FloorCode, Sources, load_code, read_sources
from agents.floor_parts import Parts
from agents.floor_seed import Seed, instant, read_seed
from agents.floor_toolbox import check_toolbox, strange_elements
from agents.yaml_source import read_yaml
from protocol.canonical import digest
from protocol.errors import InvalidFloorError, Problem
from protocol.floor import FloorConfig
from protocol.records import Claimed, Ref
from protocol.toolbox import Toolbox
from protocol.turns import Policy
from protocol.world import World

CONFIG = "floor.yaml"
MANIFEST = "manifest.yaml"
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
    """The floor in ``directory``; raises InvalidFloorError with every problem it has."""
    reading = _read(directory)
    parts = reading.parts
    if reading.problems or parts.toolbox is None:
        raise _invalid(directory, reading.problems)
    manifests = {name: parts.drafts[name].value for name in sorted(parts.drafts)}
    world = World(
        config=parts.config.value,
        manifests=manifests,
        toolbox=parts.toolbox,
        fingerprint=_fingerprint(parts),
        manifest_hashes={
            name: digest(m.model_dump(mode="json", by_alias=True)) for name, m in manifests.items()
        },
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
    """Every problem of the floor in ``directory``, by file and line; empty when it may start."""
    return _read(directory).problems


def read_config(directory: Path) -> FloorConfig:
    """``floor.yaml`` alone; raises InvalidFloorError with the problems of that file."""
    draft = _config(directory)
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
    config = _config(directory)
    roles = _roles(directory)
    drafts = {
        name: draft_manifest(read_yaml(directory / "agents" / name / MANIFEST, directory), name)
        for name in roles
    }
    sources = read_sources(directory, roles)
    code = _code(sources, roles)
    parts = Parts(config, drafts, code.toolbox, sources)
    seed = _seed(directory, config, code.toolbox)
    prompts, problems = _prompts(directory, roles)
    problems += [*config.problems, *code.problems, *seed.problems]
    problems += [p for draft in drafts.values() for p in draft.problems]
    if not roles:
        message = f"the floor has no agent; an agent is a folder agents/NAME with a {MANIFEST}"
        problems.append(Problem(Code.NO_AGENTS, CONFIG, 1, message))
    problems += check_config(parts)
    problems += [p for name in roles for p in check_agent(parts, name)]
    problems += check_between(parts)
    if code.toolbox is not None:
        problems += check_toolbox(parts, code.toolbox)
    ordered = sorted(dict.fromkeys(problems), key=lambda p: (p.file != CONFIG, p.file, p.line))
    return _Reading(parts, code, seed, prompts, ordered)


def _config(directory: Path) -> Draft[FloorConfig]:
    draft = draft_config(read_yaml(directory / CONFIG, directory))
    start = draft.value.clock_start
    if start is None:
        return draft
    return replace(draft, value=draft.value.model_copy(update={"clock_start": instant(start)}))


def _roles(directory: Path) -> list[str]:
    """The folders of ``agents/`` that mean a role; one without its manifest is a role with a problem.

    ``agents/`` may hold other Python: a folder without manifest, prompt and policy is not looked at.
    """
    marks = (MANIFEST, "prompt.md", "policy.py")
    folders = sorted((directory / "agents").glob("*/"))
    return [path.name for path in folders if any((path / mark).is_file() for mark in marks)]


def _code(sources: Sources, roles: list[str]) -> FloorCode:
    code = load_code(sources, roles)
    strange = list(strange_elements(code.toolbox)) if code.toolbox else []
    problems = [Problem(Code.NO_TOOLBOX, TOOLS, 1, said) for said in strange]
    return replace(code, toolbox=None, problems=(*code.problems, *problems)) if problems else code


def _seed(directory: Path, config: Draft[FloorConfig], toolbox: Toolbox | None) -> Seed:
    name = config.value.seed
    if name is None or toolbox is None:
        return Seed()
    return read_seed(directory, name, {t.name: t for t in toolbox.resources})


def _prompts(directory: Path, roles: list[str]) -> tuple[dict[str, str], list[Problem]]:
    prompts: dict[str, str] = {}
    problems: list[Problem] = []
    for name in roles:
        file = f"agents/{name}/prompt.md"
        try:
            prompts[name] = (directory / file).read_text(encoding="utf-8").strip()
        except UnicodeDecodeError as error:
            message = f"byte {error.start} is not UTF-8; save the file as UTF-8"
            problems.append(Problem(Code.BAD_ENCODING, file, 1, message))
            continue
        except OSError:
            prompts[name] = ""
        if not prompts[name]:
            message = f"{file} is missing or empty; it tells a model what the role is"
            problems.append(Problem(Code.MISSING_PROMPT, file, 1, message))
    return prompts, problems


def _fingerprint(parts: Parts) -> str:
    """A digest of everything that decides how the floor behaves: contracts and Python."""
    root = parts.sources.root
    files = [CONFIG, *(f"agents/{name}/{MANIFEST}" for name in parts.drafts)]
    contracts = {file: sha256((root / file).read_bytes()).hexdigest() for file in files}
    return digest({"contracts": contracts, "python": dict(parts.sources.hashes)})


def _invalid(directory: Path, problems: list[Problem]) -> InvalidFloorError:
    first = problems[0]
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    said = (
        f"the floor in {directory} has {count}; the first, in {first.file} line {first.line}: {first.message}"
    )
    return InvalidFloorError(said, problems=problems, hint=_HINT)
